from policydiff.findings.tally import tally
from policydiff.models import STANCES, Finding, Policy, Provision

PROVISIONS = tuple(
    Provision(id=i, kind="princip", label=i, title="", text=i, start=n, end=n + 1) for n, i in enumerate("ABC")
)
POLICY = Policy(id="p", title="", language="da", text="ABC", provisions=PROVISIONS)


def finding(passage, provision, *labels, accepted=True):
    return Finding(
        passage_id=passage,
        provision_id=provision,
        confidence=0.9,
        accepted=accepted,
        review=False,
        stances=dict.fromkeys(STANCES, 0.5),
        labels=labels,
        via="reference",
        evidence=(),
    )


def test_respondents_count_once_a_stance_and_silent_provisions_stay():
    found = [
        finding("r1/1", "A", "endorsed"),
        finding("r1/2", "A", "endorsed", "more_explicit"),
        finding("r2/1", "A", "challenged"),
        finding("r2/2", "B", "endorsed", accepted=False),
    ]
    a, b, c = tally(POLICY, found, {"r1/1": "r1", "r1/2": "r1", "r2/1": "r2", "r2/2": "r2"})
    assert a.respondents == {
        "endorsed": 1,
        "challenged": 1,
        "more_explicit": 1,
        "proposal": 0,
        "mentioned": 0,
        "any": 2,
    }
    assert a.passages["endorsed"] == 2
    assert a.passages["any"] == 3
    assert b.respondents["any"] == c.respondents["any"] == 0
    assert (a.provision_id, b.provision_id, c.provision_id) == ("A", "B", "C")
