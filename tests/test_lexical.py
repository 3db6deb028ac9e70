import numpy as np

from policydiff.evidence.lexical import LexicalMatcher

TITLES = ["Foreningslivet som partner", "Sundhed for alle"]
TEXTS = ["Kommunen skal støtte foreninger og frivillige.", "Kommunen skal forebygge sygdom og fremme sundhed."]


def matcher():
    return LexicalMatcher(TITLES, TEXTS, ["Kommunen skal følge op på politikken."])


def test_shape_and_range():
    scores = matcher().scores(["foreningerne", "", "intet af det"])
    assert scores.shape == (3, 2, 3)
    assert ((scores >= 0) & (scores <= 1 + 1e-9)).all()


def test_inflection_and_compounds_meet():
    scores = matcher().scores(["De frivillige foreningers arbejde", "sundhedsfremmende tilbud"])
    assert scores[:, :, 0].argmax(axis=1).tolist() == [0, 1]


def test_a_text_is_its_own_best_match():
    scores = matcher().scores([f"{TITLES[1]} {TEXTS[1]}"])
    np.testing.assert_allclose(scores[0, 1, :2], 1)


def test_what_all_provisions_say_weighs_little():
    scores = matcher().scores(["Kommunen skal"])
    assert scores[0, :, 0].max() < 0.3
