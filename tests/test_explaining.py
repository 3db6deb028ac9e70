import pytest

from policydiff import Comparer, EmbeddedJudge, StancePair, explain_stances
from policydiff.findings.explaining import pair_of

TEXT = "Princip E kunne fremstå mere eksplicit i udkastet."


@pytest.fixture(scope="module")
def compared(koebenhavn):
    return Comparer(koebenhavn / "udkast.md").compare([koebenhavn / "hoeringssvar-tingbjerg.txt"])


@pytest.mark.parametrize("tagged", [True, False])
def test_a_stance_is_explained_by_its_words(tagged):
    judge = EmbeddedJudge("da", tagged=tagged)
    explained = explain_stances(judge, StancePair(TEXT, "Integration", "Integration er en proces.", focus=((0, 9),)))
    assert len(explained) == 5
    first = explained[0]
    assert (first.stance, first.given) == ("more_explicit", True)
    assert first.probability >= first.threshold
    assert {r.kind for r in first.reasons} >= ({"cue", "reading"} if tagged else {"cue", "word"})
    cue = next(r for r in first.reasons if r.kind == "cue")
    assert cue.weight > 0
    assert any("mere eksplicit" in TEXT[a:b] for a, b in cue.spans)
    assert [abs(r.weight) for r in first.reasons] == sorted((abs(r.weight) for r in first.reasons), reverse=True)


def test_a_stance_that_is_not_given_says_why_not():
    explained = explain_stances(EmbeddedJudge("da"), StancePair(TEXT, "Integration", "", focus=((0, 9),)))
    for stance in explained:
        if not stance.given:
            assert stance.probability < stance.threshold
    assert any(r.weight < 0 for s in explained if not s.given for r in s.reasons)


def test_the_pair_behind_a_finding_is_the_one_that_was_judged(compared):
    judge = EmbeddedJudge("da")
    findings = [f for f in compared.findings if f.accepted]
    assert findings
    for finding, row in zip(findings, judge.judge([pair_of(compared, f) for f in findings]), strict=True):
        assert list(finding.stances.values()) == pytest.approx(row.tolist(), abs=1e-5)
