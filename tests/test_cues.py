import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policydiff import languages
from policydiff.errors import SettingsError
from policydiff.findings.cues import STRONG, CueFinder
from policydiff.models import STANCES

CASES = json.loads((Path(__file__).parent / "cases" / "cues.json").read_text(encoding="utf-8"))
FINDERS = {"da": CueFinder("da"), "en": CueFinder("en")}


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["text"][:40])
def test_labelled_sentences(case):
    finder = FINDERS[case["language"]]
    found = finder.find(case["text"])
    if case["kind"] == "irony":
        assert finder.ironic(case["text"])
        return
    ours = [m for m in found if m.stance == case["stance"]]
    assert ours
    assert not [m for m in found if m.stance in case["absent"] and m.strength >= 0.5]
    if case["kind"] in ("concession", "reported"):
        assert {m.scope for m in ours} == {case["kind"]}
        assert max(m.strength for m in ours) <= 0.5


@pytest.mark.parametrize(
    ("text", "span"), [("Vi bifal-\nder det.", "bifal-\nder"), ("Det må være mere\n eksplicit", "mere\n eksplicit")]
)
def test_spans_survive_line_breaks(text, span):
    assert span in [text[m.start : m.end] for m in FINDERS["da"].find(text)]


def test_a_negator_in_another_clause_turns_nothing():
    found = FINDERS["da"].find("Det er ikke alt, vi støtter målet.")
    assert [m.stance for m in found if m.strength == 1] == ["endorsed"]


def test_unknown_language():
    with pytest.raises(SettingsError, match="xx"):
        CueFinder("xx")


def test_a_pack_without_a_list_says_which(monkeypatch):
    whole = languages.load("da")
    modifiers = {k: v for k, v in whole["cues"]["modifiers"].items() if k != "doubts"}
    monkeypatch.setattr(languages, "load", lambda _: {"cues": {**whole["cues"], "modifiers": modifiers}})
    with pytest.raises(SettingsError, match="doubts"):
        CueFinder("da")


def test_pickling():
    copy = pickle.loads(pickle.dumps(FINDERS["da"]))  # noqa: S301 our own bytes
    assert copy.find("Vi støtter det") == FINDERS["da"].find("Vi støtter det")


@given(st.text(alphabet="vi støtterikkeuklart.,-\n\u00ad mens ", max_size=120))
def test_spans_lie_in_the_text_in_order(text):
    at = 0
    for match in FINDERS["da"].find(text):
        assert at <= match.start < match.end <= len(text)
        assert 0 < match.strength <= 1
        at = match.end


@pytest.mark.parametrize(
    ("language", "text", "stance", "clause"),
    [
        ("da", "Mål 1 bifalder vi, men mål 2 er urealistisk.", "challenged", "men mål 2 er urealistisk."),
        (
            "da",
            "Vi er glade for, at skolen er med, og vi ser frem til det.",
            "endorsed",
            "Vi er glade for, at skolen er med,",
        ),
        ("en", "We welcome it – the rest is unclear.", "more_explicit", "the rest is unclear."),
    ],
)
def test_a_cue_knows_its_clause(language, text, stance, clause):
    reading = FINDERS[language].read(text)
    cue = next(c for c in reading.cues if c.stance == stance)
    start, end = reading.span(cue)
    assert text[start:end] == clause


@pytest.mark.parametrize(
    ("language", "text", "stance"),
    [
        ("da", "Vi støtter ikke målet.", "challenged"),
        ("da", "Målet støtter vi ikke.", "challenged"),
        ("da", "Vi støtter ikke mindst målet.", "endorsed"),
        ("da", "Vi tror ikke, at målet er realistisk.", "challenged"),
        ("da", "Vi er ikke i tvivl om, at målet er rigtigt.", "endorsed"),
        ("da", "Nogle mener, at målet er urealistisk. Det er vi uenige i.", "endorsed"),
        ("da", "Vi ville støtte målet, hvis det kostede mindre.", "challenged"),
        ("en", "We agree with neither of them.", "challenged"),
        ("en", "We do not think that the aim is realistic.", "challenged"),
        ("en", "Critics say that it is wrong. We disagree.", "endorsed"),
    ],
)
def test_the_strongest_cue_stands_in_its_scope(language, text, stance):
    found = [m for m in FINDERS[language].find(text) if m.stance in ("endorsed", "challenged")]
    assert max(found, key=lambda m: m.strength).stance == stance


def test_a_request_is_filled_by_what_it_asks_for():
    found = FINDERS["da"].find("Vi foreslår, at mål 1 udgår.")
    assert [(m.stance, m.strength >= STRONG) for m in found] == [("proposal", False), ("challenged", True)]


def test_several_hundred_cues_a_language():
    for language in FINDERS:
        pack = languages.load(language)["cues"]
        assert sum(len(v) for stance in STANCES for v in pack[stance].values()) > 500


@given(st.text(alphabet="vi støtterikkeuklart.,-\n\u00ad mens ", max_size=120))
def test_clauses_lie_in_the_text_in_order(text):
    at = 0
    for clause in FINDERS["da"].read(text).clauses:
        assert at <= clause.start < clause.end <= len(text)
        at = clause.end
