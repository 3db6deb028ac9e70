"""Clauses of a passage: what a negator reaches, what a cue stands in, what speaks of one provision.

Two grains. A *segment* ends at every comma and conjunction: no negator reaches beyond it. A *clause* keeps what
hangs on it: complements ("we are glad that …"), relative clauses and the members of a list.
"""

import bisect
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

Word = tuple[int, int, str]

_MARK = re.compile(r"[,.;:!?()»«\"”“]|\s[–—-]\s")
_HARD = re.compile(r"[.;:!?…]")
# A piece of this many words, without a cue, is a member of a list or an aside, not a clause.
_FRAGMENT = 3


@dataclass(frozen=True, slots=True)
class Clause:
    """``text[start:end]``; ``sentence`` is the number of its sentence, ``opposed`` whether it opens with a "but"."""

    start: int
    end: int
    sentence: int
    opposed: bool


@dataclass(frozen=True, slots=True)
class Openers:
    """Words that begin a clause set against the one before, and those that begin one that hangs on it."""

    breaks: frozenset[str]
    dependents: frozenset[str]


def segment_cuts(low: str, words: Sequence[Word], openers: Openers) -> list[int]:
    """Where segments end: marks, and words that set a clause against the one before."""
    marks = [m.start() for m in _MARK.finditer(low)]
    return sorted(marks + [start for start, _, word in words if word in openers.breaks])


def split_clauses(
    low: str,
    words: Sequence[Word],
    sentences: Sequence[tuple[int, int]],
    openers: Openers,
    cues: Sequence[int],
) -> list[Clause]:
    """The clauses of ``low`` in order; together they hold every sentence. ``cues`` says where cues start."""
    starts = [start for start, _, _ in words]
    clauses: list[Clause] = []
    for number, (begin, end) in enumerate(sentences):
        first, last = bisect.bisect_left(starts, begin), bisect.bisect_left(starts, end)
        cuts = _clause_cuts(low, words[first:last], openers)
        bounds = [begin, *(c for c in cuts if begin < c < end), end]
        pieces = [(a, b) for a, b in itertools.pairwise(bounds) if low[a:b].strip()]
        opposed = [_first(words, starts, a, last) in openers.breaks for a, _ in pieces]
        fragments = [
            not opens and not _count(cues, a, b) and _count(starts, a, b) <= _FRAGMENT
            for (a, b), opens in zip(pieces, opposed, strict=True)
        ]
        clauses += [
            Clause(*_trimmed(low, a, b), number, _first(words, starts, a, last) in openers.breaks)
            for a, b in _merged(pieces, fragments)
        ]
    return clauses


def _clause_cuts(low: str, words: Sequence[Word], openers: Openers) -> list[int]:
    cuts = []
    for (_, stop, _), (start, _, word) in itertools.pairwise(words):
        between = low[stop:start]
        if between == " " and word not in openers.breaks:
            continue
        hard = _HARD.search(between) is not None or any(d in between for d in (" – ", " — ", " - "))
        if word in openers.breaks or hard or ("," in between and word not in openers.dependents):
            cuts.append(start)
    return cuts


def _merged(pieces: Sequence[tuple[int, int]], fragments: Sequence[bool]) -> list[tuple[int, int]]:
    """Pieces with fragments joined to the piece they belong to: the next if they come first, else the one before."""
    out: list[tuple[int, int]] = []
    held: int | None = None
    for (a, b), fragment in zip(pieces, fragments, strict=True):
        start = a if held is None else held
        if fragment and not out:
            held = start
            continue
        held = None
        if fragment:
            out[-1] = out[-1][0], b
        else:
            out.append((start, b))
    if held is not None:
        out.append((held, pieces[-1][1]))
    return out


def _count(starts: Sequence[int], begin: int, end: int) -> int:
    return bisect.bisect_left(starts, end) - bisect.bisect_left(starts, begin)


def _first(words: Sequence[Word], starts: Sequence[int], at: int, last: int) -> str:
    """The first word from the character ``at`` on, before word ``last``; empty where there is none."""
    number = bisect.bisect_left(starts, at)
    return words[number][2] if number < last else ""


def _trimmed(low: str, start: int, end: int) -> tuple[int, int]:
    piece = low[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
