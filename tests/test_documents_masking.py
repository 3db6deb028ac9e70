"""Contact data: labelled cases, recall first, and spans that survive."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policydiff import Comparer, Settings, document_from_text
from policydiff.documents.masking import BLOCK, contacts, mask_document

CASES = json.loads((Path(__file__).parent / "cases" / "contacts.json").read_text(encoding="utf-8"))


def shown(text):
    return [[m.kind, text[m.start : m.end]] for m in contacts(text)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:40])
def test_contact_data_is_found(case):
    assert shown(case["text"]) == case["contacts"]


def test_recall_by_character_over_all_cases():
    wanted = covered = extra = 0
    for case in CASES:
        text = case["text"]
        masked = {i for m in contacts(text) for i in range(m.start, m.end)}
        gold: set[int] = set()
        at = 0
        for _, words in case["contacts"]:
            at = text.index(words, at)
            gold |= set(range(at, at + len(words)))
        wanted, covered, extra = wanted + len(gold), covered + len(gold & masked), extra + len(masked - gold)
    print(f"recall {covered / wanted:.3f}, {extra} characters masked beyond")
    assert covered / wanted >= 0.99


@given(
    st.text(max_size=80) | st.lists(st.sampled_from(["12 34 56 78", "a@b.dk", "\n", "Nygade 3", " ", "ø"])).map("".join)
)
def test_masking_keeps_lengths_lines_and_everything_else(text):
    if not text.strip():
        return
    try:
        document = document_from_text(text)
    except ValueError:
        return
    masked = mask_document(document)
    assert len(masked.text) == len(text)
    inside = {i for m in masked.masked for i in range(m.start, m.end)}
    for i, (before, after) in enumerate(zip(text, masked.text, strict=True)):
        assert after == (before if i not in inside or before.isspace() else BLOCK)


def test_a_comparison_never_sees_what_was_masked(koebenhavn):
    text = "Vi støtter princip C. Ring 12 34 56 78 eller skriv til a@b.dk, cpr 010190-1234.\n\nMvh. Bo, Nygade 3"
    comparer = Comparer(koebenhavn / "udkast.md", settings=Settings(documents={"mask": True}))
    result = comparer.compare([document_from_text(text)])
    dumped = result.model_dump_json()
    assert not any(words in dumped for words in ("12 34 56 78", "a@b.dk", "010190", "Nygade 3"))
    assert [m.kind for m in result.responses[0].masked] == ["phone", "email", "cpr", "address"]
    assert any(f.accepted for f in result.findings)


@pytest.mark.parametrize(
    "row", ["010101" + " " * 20_000, "12345678 ", "1 2 ", "1234\n", "31 12 99 ", "00 ", "Vej 12 ", "1 000 000 ", "(0"]
)
def test_time_grows_with_the_length_of_a_row_of_digits(row):
    def seconds(size):
        text = (row * size)[:size]
        started = time.process_time()
        contacts(text)
        return time.process_time() - started

    seconds(100)
    assert seconds(20_000) < 10 * max(min(seconds(5_000) for _ in range(2)), 0.002)
