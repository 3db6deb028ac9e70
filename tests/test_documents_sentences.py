import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policydiff.documents import split_sentences

CASES = json.loads((Path(__file__).parent / "cases" / "sentences.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_labelled_cases(case):
    text = case["separator"].join(case["sentences"])
    found = [text[start:end] for start, end in split_sentences(text, case["language"])]
    assert found == case["sentences"]


@given(st.text(alphabet=st.sampled_from("aÅb. !?…\n\t”»§10)") | st.characters(), max_size=200))
def test_spans_are_in_order_trimmed_and_hold_all_text(text):
    at = 0
    for start, end in split_sentences(text, "da"):
        assert at <= start < end <= len(text)
        assert not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


def test_a_list_of_sentences_is_ones_own():
    text = "Det er godt. Det er dyrt."
    split_sentences(text, "da").clear()
    assert len(split_sentences(text, "da")) == 2
    assert len(split_sentences(text * 200, "da")) == 201  # too long to be remembered
