"""Which texts may hold a quotation, asked of many texts at once.

A quotation needs quotation marks or a seed: two or three words that stand side by side in the draft as well. Words
become numbers, those of all texts in a few passes over their characters, and word pairs and triples are looked up
together. A text with neither costs a few microseconds, however long the draft is.

Nothing that the exact search would find is lost: a text in which that search might see other words than this one
always may hold a quotation.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache, reduce

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.uint32]
Indices = npt.NDArray[np.intp]

_KNOWN = 0x2100  # Latin, Greek, Cyrillic and punctuation; a text with any other character is searched
_SEARCHED = "»«”“„\"'‘’‚"  # quotation marks, and the apostrophe of a word
_SIGMA = "Σ"  # its lower case depends on what stands beside it
_LETTER = re.compile(r"[^\W_]")
_TOGETHER = 1 << 16  # characters, about, that are looked at at one time: what is made of them stays in the cache
_SIEVE = 18  # bits of a number that say whether it need be looked up
_BASE = 0x9E3779B1  # these are odd, so that no bit is lost
_MIX = (np.uint32(0x85EBCA77), np.uint32(0xC2B2AE3D))
# What is known of a character: what it counts for in a word, 0 where it belongs to none, and these bits.
_COUNT, _DIGIT, _DOUBTFUL = np.uint32(0xFFFF), np.uint32(1 << 16), np.uint32(1 << 17)


@cache
def _alphabet() -> Numbers:
    """What is known of each character up to ``_KNOWN``, which stands for all others."""
    known = np.zeros(_KNOWN + 1, dtype=np.uint32)
    for code, letter in enumerate(map(chr, range(_KNOWN))):
        if _LETTER.match(letter):
            low = letter.lower()
            known[code] = ord(low[0])
            if len(low) > 1 or low.lower() != low or ord(low) >= _KNOWN or letter == _SIGMA:
                known[code] |= _DOUBTFUL
            elif letter.isdecimal():
                known[code] |= _DIGIT
    known[[_KNOWN, *map(ord, _SEARCHED)]] |= _DOUBTFUL
    return known


@cache
def _powers() -> tuple[Numbers, Numbers]:
    """The powers of the base and of its inverse from 0 on, modulo 2 to the 32nd."""
    factors = np.ones((2, 2 * _TOGETHER), dtype=np.uint32)
    factors[0, 1:], factors[1, 1:] = _BASE, pow(_BASE, -1, 2**32)
    powers, inverses = np.cumprod(factors, axis=1, dtype=np.uint32)
    return powers, inverses


def _read(texts: Sequence[str]) -> tuple[Numbers, Indices, Indices]:
    """The number of each word, where the words of each text end among them, and the doubtful texts.

    A word's number is the value of a polynomial of its letters. The texts have no line ends.
    """
    powers, inverses = _powers()
    encoded = "\n".join(("", *texts, "\n")).encode("utf-32-le", errors="surrogatepass")
    codes = np.frombuffer(encoded, dtype="<u4")
    text_ends = np.cumsum([len(text) + 1 for text in texts])
    known = _alphabet().take(codes, mode="clip")
    counts = known & _COUNT
    within = counts != 0
    edges = np.flatnonzero(within[1:] != within[:-1]) + 1
    starts = edges[::2]
    counts *= powers[: len(counts)]
    words = np.add.reduceat(counts, edges, dtype=np.uint32)[::2] if len(edges) else counts[:0]
    words *= inverses.take(starts)
    words = (words ^ (words >> np.uint32(16))) * _MIX[0]
    words ^= words >> np.uint32(13)
    special = np.flatnonzero(known > _COUNT)
    odd = _parted(codes, known, special)
    return words, np.searchsorted(starts, text_ends, side="right"), np.searchsorted(text_ends, special[odd])


def _parted(codes: Numbers, known: Numbers, places: Indices) -> npt.NDArray[np.bool_]:
    """Whether the exact search may see other words at these places: "2a" is two, and "2,5" one."""
    following, after = known[places + 1], codes[places + 1]
    further = ((after == ord(".")) | (after == ord(","))) & (known[places + 2] & _DIGIT != 0)
    lettered = (following & _COUNT != 0) & (following & _DIGIT == 0)
    parted: npt.NDArray[np.bool_] = (known[places] & _DOUBTFUL != 0) | further | lettered
    return parted


def _joined(some: Numbers, words: Numbers) -> Numbers:
    """The numbers of what a word follows, with it."""
    numbers = (some * _MIX[0] + words) * _MIX[1]
    numbers ^= numbers >> np.uint32(15)
    return numbers


class Seeds:
    """The seeds of one draft: pairs and triples of words. Prepared once; picklable, and safe in threads."""

    def __init__(self, seeds: Collection[tuple[str, ...]]) -> None:
        known = sorted({word for seed in seeds for word in seed})
        numbers: dict[str, np.uint32] = {}
        for chunk in _chunks(known):
            words, ends, doubtful = _read(chunk)
            sure = np.setdiff1d(np.arange(len(chunk)), doubtful)  # where another one stands, the text is doubtful
            numbers |= zip([chunk[n] for n in sure], words[ends[sure] - 1], strict=True)
        found = []
        for length in (2, 3):
            rows = [[numbers[w] for w in g] for g in seeds if len(g) == length and all(w in numbers for w in g)]
            found.append(reduce(_joined, np.array(rows, dtype=np.uint32).reshape(-1, length).T))
        self._sorted = np.append(np.unique(np.concatenate(found)), np.uint32(0))
        self._sieve = np.zeros(1 << _SIEVE, dtype=bool)
        self._sieve[self._sorted >> np.uint32(32 - _SIEVE)] = True

    def may_quote(self, texts: Sequence[str]) -> list[bool]:
        """For each normalised text whether it may hold a quotation; False is sure."""
        return [may for chunk in _chunks(texts) for may in self._may_quote(chunk)]

    def _may_quote(self, texts: Sequence[str]) -> list[bool]:
        may = np.zeros(len(texts), dtype=bool)
        if sum(map(len, texts)) + len(texts) >= 2 * _TOGETHER - 3:
            return [True] * len(texts)
        words, ends, doubtful = _read(texts)
        may[doubtful] = True
        pairs = _joined(words[:-1], words[1:])
        numbers = np.concatenate((pairs, _joined(pairs[:-1], words[2:])))
        places = np.flatnonzero(self._sieve.take(numbers >> np.uint32(32 - _SIEVE)))
        if len(places):
            found = numbers[places]
            places = places[self._sorted[np.searchsorted(self._sorted[:-1], found)] == found]
            reach = np.where(places < len(pairs), 1, 2)
            places = np.where(places < len(pairs), places, places - len(pairs))
            owners = np.searchsorted(ends, places, side="right")
            may[owners[places + reach < ends[owners]]] = True
        return may.tolist()


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """The texts in order, as many at one time as are worth it."""
    first, size = 0, 0
    for n, text in enumerate(texts):
        size += len(text) + 1
        if size >= _TOGETHER:
            yield texts[first : n + 1]
            first, size = n + 1, 0
    if first < len(texts):
        yield texts[first:]
