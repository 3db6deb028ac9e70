import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policydiff.errors import SettingsError
from policydiff.findings.cues import CueFinder

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
