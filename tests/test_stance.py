import pickle
from importlib.resources import files

import numpy as np
import pytest
from training.stance_cases import read_cases

from policydiff.errors import SettingsError
from policydiff.findings.stance import EmbeddedJudge, ShowingJudge, clauses_shown, labels, takes_position
from policydiff.findings.stance_features import StancePair, cues_say, masked, view
from policydiff.models import STANCES

CASES = read_cases()
# Shares of the cases with all labels right, where a cue decides: the cues alone, and the judge on the heldout ones.
CUES_RIGHT = {"dev": 0.98, "heldout": 0.9}
JUDGE_RIGHT = 0.95

TITLE = "Integration som en gensidig proces"
BODY = (
    "Integration er en gensidig proces, som fremmer at københavnere med integrationsbehov får lige mulighed for at "
    "være en del af København og samtidig styrkes i at tage et personligt ansvar for egen integration og medborgerskab."
)
BIFALDER = (
    "Vi bifalder det princip (E) der beskriver integration som en gensidig proces: ”…forståelsen af at integration er "
    "en gensidig proces, som fremmer at københavnere med integrationsbehov får lige mulighed for at være en del af "
    "København og samtidig styrkes i at tage et personligt ansvar for egen integration og medborgerskab”."
)
EKSPLICIT = (
    "Netop dette princip kunne, efter vores mening, fremstå mere eksplicit i udkastet til ny integrations- og "
    "medborgerpolitik."
)
AMBITION = (
    "Vi støtter den vigtige ambition om at fremme social lighed i sundhed i Københavns Kommune. På baggrund af "
    "mangeårige erfaringer med sundhedsfremmende arbejde i Tingbjerg har vi følgende anbefalinger:"
)


@pytest.fixture(scope="module", params=[True, False], ids=["tagged", "untagged"])
def judge(request):
    return EmbeddedJudge("da", tagged=request.param)


@pytest.mark.parametrize(
    ("passage", "title", "body", "expected", "absent"),
    [
        (BIFALDER, TITLE, BODY, "endorsed", "challenged"),
        (EKSPLICIT, TITLE, BODY, "more_explicit", "challenged"),
        (AMBITION, "Lighed i sundhed", "Vi vil fremme social lighed i sundhed.", "endorsed", "challenged"),
    ],
)
def test_seed_sentences(judge, passage, title, body, expected, absent):
    found = labels(judge.judge([StancePair(passage, title, body)])[0], judge.thresholds)
    assert expected in found
    assert absent not in found


def test_shape_range_and_determinism(judge):
    pairs = [
        StancePair(BIFALDER, TITLE, BODY),
        StancePair(EKSPLICIT, TITLE, BODY, focus=((0, 19),)),
        StancePair("", "", ""),
    ]
    first = judge.judge(pairs)
    assert first.shape == (3, len(STANCES))
    assert first.dtype == np.float32
    assert np.all((first >= 0) & (first <= 1))
    np.testing.assert_array_equal(first, EmbeddedJudge("da", tagged=judge.tagger is not None).judge(pairs))
    np.testing.assert_allclose(first[1:2], judge.judge(pairs[1:2]))
    assert judge.judge([]).shape == (0, len(STANCES))


def test_pickling(judge):
    pair = StancePair(AMBITION, TITLE, BODY)
    copy = pickle.loads(pickle.dumps(judge))  # noqa: S301 our own bytes
    np.testing.assert_array_equal(copy.judge([pair]), judge.judge([pair]))


def test_quotation_is_masked_in_place():
    pair = StancePair(BIFALDER, TITLE, BODY)
    text = masked(pair)
    assert len(text) == len(BIFALDER)
    assert "personligt ansvar" not in text
    assert "Vi bifalder" in text


def test_labels_are_never_empty_and_mentioned_stands_alone():
    needed = dict.fromkeys(STANCES, 0.5)
    assert labels([0.1, 0.1, 0.1, 0.1, 0.1], needed) == ("mentioned",)
    assert labels([0.9, 0.1, 0.5, 0.1, 0.9], needed) == ("endorsed", "more_explicit")
    assert labels([0, 0, 0, 0, 1], needed) == ("mentioned",)


def shown(pair, language, chosen):
    return [(stance, pair.passage[a:b]) for stance, a, b in clauses_shown(view(pair, language)) if stance in chosen]


def test_the_clauses_shown_are_those_of_the_labels():
    pair = StancePair("Vi støtter målet, men det bør uddybes.", "", "")
    assert shown(pair, "da", ("endorsed", "more_explicit")) == [
        ("endorsed", "Vi støtter målet,"),
        ("more_explicit", "men det bør uddybes."),
    ]


def test_every_stance_can_show_a_clause_of_the_passage(judge):
    pair = StancePair("Vi støtter målet, men det bør uddybes. Hvem betaler?", "", "")
    probabilities, (clauses,) = judge.judge_with_clauses([pair])
    np.testing.assert_array_equal(probabilities, judge.judge([pair]))
    assert {stance for stance, _, _ in clauses} == set(STANCES)
    assert all(0 <= a < b <= len(pair.passage) for _, a, b in clauses)
    assert isinstance(judge, ShowingJudge)
    assert judge.judge_with_clauses([StancePair("", "", "")])[1] == [()]


def test_a_clause_about_another_provision_is_not_shown():
    text = "Princip A kan vi støtte, men princip B bør udgå."
    a, b = (
        (text.index("Princip A"), text.index("Princip A") + 9),
        (text.index("princip B"), text.index("princip B") + 9),
    )
    pair = StancePair(text, "", "", focus=(b,), others=(a,))
    assert {words for _, words in shown(pair, "da", ("challenged", "endorsed"))} == {"men princip B bør udgå."}


def test_line_ends_do_not_cut_a_clause():
    text = "Netop dette princip kunne fremstå mere \n\neksplicit i udkastet."
    assert shown(StancePair(text, "", ""), "da", ("more_explicit",)) == [("more_explicit", text)]


def test_without_a_cue_the_clause_about_the_provision_is_shown():
    pair = StancePair("Mål 2 står på side 4.", "", "", focus=((0, 5),))
    assert shown(pair, "da", ("mentioned",)) == [("mentioned", "Mål 2 står på side 4.")]


def test_only_strong_cues_take_a_position():
    assert takes_position("Vi foreslår en bus.", "da", ("proposal",))
    assert not takes_position("Vi støtter skolen.", "da", ("proposal", "challenged"))
    assert not takes_position("Bussen er vigtig.", "da", STANCES)
    assert not takes_position("", "da", STANCES)


def exact(cases, decided):
    """The share of cases with all labels right, and those that are not."""
    wrong = [c.pair.passage for c in cases if set(decided(c)) != set(c.stances)]
    return 1 - len(wrong) / len(cases), wrong


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("split", ["dev", "heldout"])
def test_labelled_cases_where_a_cue_decides(language, split):
    cases = [c for c in CASES if (c.language, c.split, c.cue) == (language, split, True)]
    assert len(cases) > 50
    right, wrong = exact(cases, lambda c: cues_say(view(c.pair, language).about.own))
    assert right >= CUES_RIGHT[split], wrong


@pytest.mark.parametrize("tagged", [True, False])
def test_the_judge_follows_the_cues_of_labelled_cases(tagged):
    judges = {language: EmbeddedJudge(language, tagged=tagged) for language in ("da", "en")}
    cases = [c for c in CASES if (c.split, c.cue) == ("heldout", True)]
    right, wrong = exact(cases, lambda c: labels(judges[c.language].judge([c.pair])[0], judges[c.language].thresholds))
    assert right >= JUDGE_RIGHT, wrong


def test_cases_are_a_fair_sample():
    assert len(CASES) > 300
    assert {c.split for c in CASES} == {"dev", "heldout"}
    assert {s for c in CASES for s in c.stances} == set(STANCES)
    assert all("mentioned" not in c.stances or len(c.stances) == 1 for c in CASES)


def test_a_judge_without_its_tagger_is_refused(tmp_path):
    import json
    import shutil

    shutil.copytree(files("policydiff") / "models_data" / "judge", tmp_path / "judge")
    card = json.loads((tmp_path / "judge" / "stance.json").read_text())
    (tmp_path / "judge" / "stance.json").write_text(json.dumps(card | {"tagger": "another@123"}))
    with pytest.raises(SettingsError, match="another@123"):
        EmbeddedJudge("da", folder=tmp_path / "judge")


def test_unknown_language():
    with pytest.raises(SettingsError, match="xx"):
        EmbeddedJudge("xx")
