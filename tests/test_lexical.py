import numpy as np

from policydiff.evidence.lexical import LexicalMatcher, OwnWords

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


def test_own_words_are_those_that_only_one_provision_has():
    own = OwnWords(["Integration er en gensidig proces i byen.", "Integration er den enkeltes ansvar i byen."])
    passage = "Den gensidige proces i byen, og den GENSIDIGE integration, er den enkeltes sag."
    assert own.find(0, passage) == ("gensidige", "proces", "GENSIDIGE")
    assert own.find(1, passage) == ("enkeltes",)
    assert own.find(0, passage, most=1) == ("gensidige",)
    assert own.find(0, "") == ()
