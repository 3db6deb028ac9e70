"""A stretch of a passage and a stretch of the draft, word by word: how much of them agrees."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

_HALF_MASS = 2.0  # the mass at which a perfect quotation scores .5
AGREED = 0.02  # what a word that agrees adds to the mass besides its weight
_SHARED = 0.3  # share of the words of a quotation that a better one may have too


@dataclass(frozen=True, slots=True)
class Found:
    """Half-open word ranges in the passage and in the draft, and how much of them agrees."""

    start: int
    end: int
    at: int
    until: int
    mass: float
    similarity: float

    @property
    def score(self) -> float:
        """The raw score of a match."""
        return self.similarity * self.mass / (self.mass + _HALF_MASS)


def alike(one: str, other: str) -> bool:
    """The same word but for an ending or a misread letter."""
    if one == other:
        return True
    shorter = min(len(one), len(other))
    return shorter >= 4 and Levenshtein.distance(one, other, score_cutoff=2) <= (1 if shorter < 6 else 2)


def align(passage: Sequence[str], draft: Sequence[str], weights: Sequence[float], start: int, at: int) -> Found | None:
    """The heaviest stretch of the word alignment of a window of a passage with one of the draft.

    ``weights`` are those of the draft's words; the windows begin at word ``start`` and word ``at``.
    """
    gains: list[float] = []
    left: list[int] = []  # the word of the passage and of the draft at each step, -1 where there is none
    right: list[int] = []
    for op in Levenshtein.opcodes(passage, draft):
        here, there = range(op.src_start, op.src_end), range(op.dest_start, op.dest_end)
        if op.tag == "equal":
            gains += [weight + AGREED for weight in weights[op.dest_start : op.dest_end]]
        elif op.tag == "replace":
            gains += [
                0.9 * weights[j] + AGREED if alike(passage[i], draft[j]) else -0.25
                for i, j in zip(here, there, strict=True)
            ]
        elif op.tag == "insert":
            gains += [-0.5 * weight - 0.05 for weight in weights[op.dest_start : op.dest_end]]
        else:
            gains += [-0.25] * len(here)
        left += here or [-1] * len(there)
        right += there or [-1] * len(here)
    first, last = _heaviest(gains)
    if first == last:
        return None
    agreed = [gain for gain in gains[first:last] if gain > 0]  # the first and the last step of the run are of these
    words = last - first - left[first:last].count(-1)
    return Found(
        start + left[first],
        start + left[last - 1] + 1,
        at + right[first],
        at + right[last - 1] + 1,
        sum(agreed),
        len(agreed) / words,
    )


def _heaviest(gains: Sequence[float]) -> tuple[int, int]:
    """The run with the greatest sum (Bentley 1984, "Programming pearls", column 8); empty where none is above 0."""
    best, run, begin, span = 0.0, 0.0, 0, (0, 0)
    for k, gain in enumerate(gains):
        if run <= 0:
            run, begin = 0.0, k
        run += gain
        if run > best:
            best, span = run, (begin, k + 1)
    return span


def best_of(found: Sequence[tuple[Found, str]]) -> list[tuple[Found, str]]:
    """Without the weaker of two quotations that share most of their words in the passage."""
    kept: list[tuple[Found, str]] = []
    holders: defaultdict[int, list[int]] = defaultdict(list)  # word of the passage -> numbers of the kept quotations
    for quote, form in sorted(found, key=lambda f: (-f[0].mass * f[0].similarity, f[0].start, f[0].at)):
        words = range(quote.start, quote.end)
        shared = Counter(number for word in words for number in holders.get(word, ()))
        if max(shared.values(), default=0) <= _SHARED * len(words):
            for word in words:
                holders[word].append(len(kept))
            kept.append((quote, form))
    return kept
