from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policydiff.evidence.quote_seeds import Seeds
from policydiff.evidence.quotes import QuoteMatcher, _words
from policydiff.gold import read_gold
from policydiff.models import Policy, Provision

BODY = (
    "Den 2.5 km lange sti's bænke koster 1.500 kr. i 2a og H2O, siger İbrahim og ΟΔΥΣΣΕΑΣ, 四季 og Ꭰ-huset don't lukke"
)
DRAFT = Policy(
    id="",
    title="",
    language="da",
    text=BODY,
    provisions=(Provision(id="1", kind="mål", label="1", text=BODY, start=0, end=len(BODY)),),
)
MATCHER = QuoteMatcher(DRAFT)
WORDS = BODY.split()
NOISE = st.sampled_from(
    ["»", "«", '"', "'", "’", "\n", "\u00ad", "ﬁ", "ſ", "2", ",", ".", "-", "_", "ß", "é", "😀", " "]
)
STRETCHES = st.tuples(st.integers(0, len(WORDS)), st.integers(1, 6)).map(lambda s: " ".join(WORDS[s[0] : s[0] + s[1]]))
TEXTS = st.lists(STRETCHES | STRETCHES.map(str.upper) | NOISE | st.text(max_size=4), max_size=8)
PASSAGES = st.tuples(TEXTS, st.sampled_from([" ", ""])).map(lambda parts: parts[1].join(parts[0]))


@settings(max_examples=300, deadline=None)
@given(st.lists(PASSAGES, max_size=5))
def test_nothing_that_the_exact_search_finds_is_lost(texts):
    assert MATCHER.find_all(texts) == [MATCHER.find(text) for text in texts]


@pytest.mark.parametrize("start", range(len(WORDS) - 5))
def test_every_stretch_of_an_odd_draft_is_found_again(start):
    quote = " ".join(WORDS[start : start + 6])
    for text in (quote, f"({quote})", f"{quote}.", quote.replace(" ", "\n"), f"x\u00ady {quote}"):
        assert MATCHER.find_all(["Intet.", text, "2"])[1] == MATCHER.find(text) != []


@pytest.mark.parametrize("name", ["erhverv", "rule"])
def test_most_passages_of_a_hearing_need_no_exact_search(name):
    gold = read_gold(Path("fixtures/gold/natural") / name)
    matcher = QuoteMatcher(gold.policy)
    texts = [p.text for p in gold.passages]
    plain = [t for t in texts if not set("»«”“„\"'‘’‚").intersection(t)]
    assert sum(matcher._seeds.may_quote(plain)) < 0.3 * len(plain)
    assert matcher.find_all(texts) == [matcher.find(text) for text in texts]


@pytest.mark.parametrize(
    ("seed", "text"),
    [
        (("2", "a"), "Rute 2a kører"),
        (("2,5", "km"), "Der er 2,5 km"),
        (("koster", "2.5"), "Det koster 2.5 mio."),
        (("h2o", "er"), "H2O er vand"),
        (("i̇brahim", "er"), "Også İbrahim er her"),
        (("οδυσσεας", "er"), "Også ΟΔΥΣΣΕΑΣ er her"),
        (("ꭰ", "er"), "Også Ꭰ er her"),
        (("四季", "er"), "Også 四季 er her"),
        (("don't", "er"), "Også don’t er her"),
        (("ær", "ér"), "ÆR-ÉR!"),
        (("40", "41"), "40 41"),
    ],
)
def test_seeds_of_odd_words(seed, text):
    assert seed in pairwise(_words(text))
    assert Seeds([seed]).may_quote(["Intet her.", text, "Intet 40", "41 her."]) == [False, True, False, False]


def test_seeds_are_found_within_one_text_only():
    seeds = Seeds([("grønne", "bånd"), ("mere", "plads", "her")])
    texts = ["De grønne", "bånd", "", "Grønne BÅND!", "mere plads", "her", "mere: plads - her", "mereplads her"]
    assert seeds.may_quote(texts) == [False, False, False, True, False, False, True, False]
    assert seeds.may_quote([]) == []
    assert Seeds([]).may_quote(texts) == [False] * len(texts)


def test_texts_of_any_length_and_number():
    seeds = Seeds([("grønne", "bånd")])
    filler = "ord " * 1000
    texts = [filler, filler + "grønne bånd", "grønne bånd"] * 40
    assert seeds.may_quote(texts) == [False, True, True] * 40
    # What is too long, with what was to be looked at together with it, is left to the exact search.
    assert seeds.may_quote([filler, filler * 50, "bånd"]) == [True, True, False]
    assert seeds.may_quote([filler * 20, "grønne bånd", "bånd"]) == [False, True, False]
