import copy
import json
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policydiff.documents import normalise
from policydiff.evidence.reference_sought import Sought
from policydiff.evidence.references import ReferenceMatcher
from policydiff.gold import read_gold

GOLD = Path("fixtures/gold/natural")
READERS = {
    f"{name}-{code}": ReferenceMatcher(read_gold(GOLD / name).policy)._reader(code)
    for name in ("erhverv", "rule")
    for code in ("da", "en")
}
CASES = [
    normalise(text).text
    for name in ("references", "references_heldout")
    for case in json.loads((Path(__file__).parent / "cases" / f"{name}.json").read_text(encoding="utf-8"))["cases"]
    for text in [*case.get("before", ()), case["text"]]
]


def sought(thing: object, seen: set[int]) -> list[Sought]:
    """All there are in an object of ours."""
    if id(thing) in seen:
        return []
    seen.add(id(thing))
    if isinstance(thing, Sought):
        return [thing]
    if isinstance(thing, tuple | list):
        parts = list(thing)
    elif type(thing).__module__.startswith("policydiff.evidence"):
        slots = getattr(type(thing), "__slots__", ())
        parts = [*getattr(thing, "__dict__", {}).values(), *(getattr(thing, name) for name in slots)]
    else:
        return []
    return [found for part in parts for found in sought(part, seen)]


PATTERNS = {name: sought(reader, set()) for name, reader in READERS.items()}


def test_the_readers_are_looked_through():
    assert all(len(patterns) >= 20 for patterns in PATTERNS.values())


@pytest.mark.parametrize("name", PATTERNS)
def test_what_is_possible_never_misses_a_match(name):
    matched = set()
    for text in CASES:
        for n, pattern in enumerate(PATTERNS[name]):
            if not pattern.possible(text):
                assert pattern.pattern.search(text) is None, (pattern.pattern.pattern, text)
            else:
                matched.add(n)
    assert len(matched) >= 0.8 * len(PATTERNS[name])


@pytest.mark.parametrize("name", PATTERNS)
def test_most_that_is_not_there_is_not_possible(name):
    texts = [normalise(p.text).text for p in read_gold(GOLD / name.split("-")[0]).passages]
    tried = sum(pattern.possible(text) for text in texts for pattern in PATTERNS[name])
    assert tried < 0.25 * len(texts) * len(PATTERNS[name])


WORDS = ["i princippet", "nr.", "#", "pkt", "hele planen"]
PATTERN = Sought(r"(?<!\w)(?:i\s+princippet|nr\.|pkt|hele\s+planen)(?!\w)|#|\w+spor", ["spor"], whole=WORDS)
PIECES = st.sampled_from(
    [*WORDS, "princippet", "spor", "cykelſpor", "İ princippet", "NR.", "\n", " ", "\u00a0", "x", "3"]
)


@settings(max_examples=300)
@given(st.lists(PIECES | PIECES.map(str.upper) | st.text(max_size=3), max_size=6).map(" ".join))
def test_every_match_is_possible(text):
    assert [m.span() for m in PATTERN.finditer(text)] == [m.span() for m in PATTERN.pattern.finditer(text)]


def test_words_are_whole_or_parts():
    assert [PATTERN.possible(t) for t in ("Et cykelspor.", "IPRINCIPPET", "I princippet", "i  princippet", "pkt3")] == [
        True,
        False,
        True,
        True,
        False,
    ]


def test_lower_case_shows_every_letter_that_matches_when_case_is_ignored():
    letters = {c for patterns in PATTERNS.values() for p in patterns for c in re.sub(r"\W", "", p.pattern.pattern)}
    every = "".join(map(chr, [*range(0xD800), *range(0xE000, sys.maxunicode + 1)]))
    alike = re.findall(f"[{''.join(sorted(letters))}]", every, re.IGNORECASE)
    assert {c for c in alike if c.lower() not in {x.lower() for x in letters}} <= set("İıſ")
    assert all(Sought("x", ["y"]).possible(c) for c in "İıſ")


@pytest.mark.parametrize("name", READERS)
def test_only_letters_that_are_labels_need_be_looked_at(name):
    scanner = READERS[name].scanner
    thorough = copy.copy(scanner)
    for attribute in ("_bare_label", "_word_label"):
        narrow = getattr(scanner, attribute).pattern
        wide = re.sub(r"\[[A-Za-z]+\](?=\(\?!(?:\[|\\w\)\|))|\(\?!\)(?=\(\?!)", "[A-Za-z]", narrow, count=1)
        setattr(thorough, attribute, re.compile(wide))
    assert "[A-Za-z]" in thorough._bare_label.pattern
    assert "[A-Za-z]" in thorough._word_label.pattern
    for text in CASES:
        assert scanner.scan(text) == thorough.scan(text)
