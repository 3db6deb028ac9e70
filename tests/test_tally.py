from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policydiff.findings.identity import numbers_of, respondents, resubmissions
from policydiff.findings.tally import KEYS, tally
from policydiff.models import STANCES, Finding, Policy, Provision, Response, Tally

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


def response(number, respondent, text="", source="", **more):
    source = source or f"r{number}.txt"
    more = {"sha256": f"{number:064}", **more}
    return Response(id=f"r{number}", respondent=respondent, source=source, language="da", text=text, **more)


def ids(*responses):
    return [person.response_ids for person in respondents(responses)]


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
    assert a.collapsed == a.respondents
    assert a.weighted == a.respondents
    assert b.respondents["any"] == c.respondents["any"] == 0
    assert (a.provision_id, b.provision_id, c.provision_id) == ("A", "B", "C")


def test_a_campaign_counts_once_and_what_a_member_adds_counts_as_their_own():
    found = [finding(f"r{n}/1", "A", "endorsed") for n in range(1, 6)]
    found += [finding("r5/2", "A", "endorsed"), finding("r4/2", "B", "challenged"), finding("r9/1", "A", "endorsed")]
    who = {f.passage_id: f.passage_id.split("/")[0] for f in found}
    units = {f"r{n}/1": ("campaign",) for n in range(1, 6)}
    a, b, _ = tally(POLICY, found, who, units_of=units)
    assert a.respondents["endorsed"] == 6
    assert a.collapsed["endorsed"] == 3  # the campaign, the member who said it again in own words, and r9
    assert b.collapsed["challenged"] == 1


def test_those_who_are_linked_by_several_copied_texts_count_once_together():
    found = [finding(f"r{n}/1", "A", "endorsed") for n in range(4)]
    who = {f.passage_id: f.passage_id for f in found}
    units = {"r0/1": ("one",), "r1/1": ("two",), "r2/1": ("one", "two"), "r3/1": ("three",)}
    assert tally(POLICY, found, who, units_of=units)[0].collapsed["endorsed"] == 2


def test_a_member_who_turns_the_copied_text_counts():
    found = [finding("r1/1", "A", "endorsed"), finding("r2/1", "A", "endorsed"), finding("r3/1", "A", "challenged")]
    who = {f.passage_id: f.passage_id for f in found}
    a, *_ = tally(POLICY, found, who, units_of=dict.fromkeys(who, ("campaign",)))
    assert (a.collapsed["endorsed"], a.collapsed["challenged"]) == (1, 1)


def test_weights_add_up():
    found = [finding("r1/1", "A", "endorsed"), finding("r2/1", "A", "endorsed"), finding("r3/1", "A", "endorsed")]
    a, b, _ = tally(POLICY, found, {"r1/1": 1, "r2/1": 2, "r3/1": 3}, weight_of={1: 0.1, 2: 0.2, 3: 0.0})
    assert a.weighted["endorsed"] == 0.3
    assert b.weighted["endorsed"] == 0


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.integers(0, 6), st.integers(0, 2), st.sampled_from("ABC"), st.sampled_from(STANCES), st.integers(0, 3)
        ),
        max_size=20,
    )
)
def test_collapsed_is_never_more_than_respondents_and_never_loses_a_position(rows):
    found = [finding(f"r{who}/{n}", where, stance) for who, n, where, stance, _ in rows]
    units = {f"r{who}/{n}": (f"u{unit}",) for who, n, _, _, unit in rows if unit}
    for row in tally(POLICY, found, {f.passage_id: f.passage_id.split("/")[0] for f in found}, units_of=units):
        for key in KEYS:
            assert (row.respondents[key] > 0) <= row.collapsed[key] <= row.respondents[key] <= row.passages[key]


def test_tallies_of_older_results_load():
    old = {"provision_id": "A", "respondents": {"any": 1}, "passages": {"any": 2}}
    assert Tally.model_validate(old).collapsed == {}


def test_a_name_is_the_same_name_in_another_case_and_spacing():
    assert ids(
        response(1, "Ældrerådet i Birkevad"), response(2, "ÆLDRERÅDET  i Birkevad."), response(3, "Lejerne")
    ) == [
        ("r1", "r2"),
        ("r3",),
    ]


def test_who_is_not_named_counts_by_file():
    assert ids(response(1, "svar", source="a/svar.pdf"), response(2, "svar", source="b/svar.docx")) == [
        ("r1",),
        ("r2",),
    ]
    for name in ("", "Borger i Nordby", "Anonym", "Citizen, dog owner", "████ ████"):
        assert len(ids(response(1, name), response(2, name))) == 2, name
    organisation = {"kind": "organisation"}
    assert (
        len(ids(response(1, "Tenant Federation", **organisation), response(2, "Tenant Federation", **organisation)))
        == 1
    )


def test_a_file_without_a_name_that_came_twice_counts_once_but_rows_and_short_texts_do_not():
    long = "ord " * 30
    same = {"sha256": "a" * 64}
    assert (
        len(ids(response(1, "svar", long, "a/svar.pdf", **same), response(2, "svar-1", long, "svar-1.pdf", **same)))
        == 1
    )
    assert len(ids(response(1, "", long, "t.csv#1", **same), response(2, "", long, "t.csv#2", **same))) == 2
    assert len(ids(response(1, "", "Ja tak", **same), response(2, "", "Ja tak", **same))) == 2


def test_every_response_belongs_to_one_respondent_with_the_kind_that_was_told_and_the_largest_weight():
    people = respondents(
        [
            response(1, "Lejerne", kind="company", weight=2),
            response(2, "lejerne", kind="organisation", kind_guessed=False),
            response(3, "Ejerne"),
        ]
    )
    assert numbers_of(people) == {"r1": 0, "r2": 0, "r3": 1}
    assert (people[0].kind, people[0].kind_guessed, people[0].weight) == ("organisation", False, 2)
    assert (people[1].kind, people[1].kind_guessed) == (None, True)


def test_what_one_respondent_sends_twice_is_said():
    responses = [
        response(1, "Lejerne", "Vi er imod."),
        response(2, "Lejerne", "Vi  er IMOD"),
        response(3, "Lejerne", "Nyt"),
    ]
    (found,) = resubmissions(respondents(responses), {r.id: r for r in responses})
    assert found.response_ids == ("r1", "r2", "r3")
    assert found.copies == ("r2",)
    assert resubmissions(respondents(responses[:1]), {"r1": responses[0]}) == ()
