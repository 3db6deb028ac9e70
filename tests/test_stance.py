import pickle

import numpy as np
import pytest

from policydiff.errors import SettingsError
from policydiff.findings.stance import EmbeddedJudge, StancePair, labels, masked, stance_cues
from policydiff.models import STANCES

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


@pytest.fixture(scope="module")
def judge():
    return EmbeddedJudge("da")


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
    np.testing.assert_array_equal(first, EmbeddedJudge("da").judge(pairs))
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


def test_cues_shown_are_those_of_the_labels():
    text = "Vi støtter målet, men det bør uddybes."
    shown = [(stance, text[a:b]) for stance, a, b in stance_cues(text, "da", ("endorsed", "more_explicit"))]
    assert shown == [("endorsed", "støtter"), ("more_explicit", "uddybes")]
    assert stance_cues(text, "da", ()) == ()


def test_unknown_language():
    with pytest.raises(SettingsError, match="xx"):
        EmbeddedJudge("xx")
