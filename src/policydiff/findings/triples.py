"""The word triples of texts as numbers, by which texts are compared: see ``near_copies``."""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from policydiff.documents.mapping import normalise

Values = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_TOGETHER = 80  # texts that are taken apart at one time: what is made of them stays in the processor's cache
_SIEVE = 1 << 22
_PIECE = 1 << 15  # triples

_WORD = re.compile(r"\w+")
# What normalise() undoes within words; it is too slow to be asked about every text.
_LINE_HYPHEN = re.compile(r"-[ \t]*[\n\r\f]")
_TYPESET = "\u00ad\u2010\ufffe\u200b\ufeff\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06"
MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))  # odd, so that no bit of a word is lost
_UNKNOWN = np.uint64(2**64 - 1)


@dataclass(frozen=True, slots=True)
class Triples:
    """The word triples of texts as 64-bit numbers: those of text i are ``values[offsets[i]:offsets[i + 1]]``.

    They stand in the order of the words and may repeat. A text of one or two words has one. ``values`` may lie in a
    file (``numpy.memmap``).
    """

    values: Values
    offsets: Indices

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> Values:
        return self.values[self.offsets[index] : self.offsets[index + 1]]

    @property
    def lengths(self) -> Indices:
        """How many triples each text has."""
        return np.diff(self.offsets)

    def lengths_of(self, numbers: Indices) -> Indices:
        """How many triples the texts with these numbers have."""
        found: Indices = self.offsets[numbers + 1] - self.offsets[numbers]
        return found

    def take(self, numbers: Indices) -> "Triples":
        """The texts with these numbers, in memory."""
        lengths = self.lengths_of(numbers)
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        places = np.arange(offsets[-1]) + np.repeat(self.offsets[numbers] - offsets[:-1], lengths)
        return Triples(np.asarray(self.values[places]), offsets)

    def without(self, others: Values) -> "Triples":
        """The same texts without the triples in ``others``."""
        if not len(others):
            return self
        others = np.unique(others)
        sieve = np.zeros(_SIEVE, dtype=bool)  # asks about most triples without looking them up
        place = np.uint64(_SIEVE - 1)
        sieve[others & place] = True
        found = [np.zeros(0, dtype=np.int64)]
        for start in range(0, len(self.values), _PIECE):
            part = self.values[start : start + _PIECE]
            doubtful = np.flatnonzero(sieve[part & place])
            nearest = np.minimum(np.searchsorted(others, part[doubtful]), len(others) - 1)
            found.append(start + doubtful[others[nearest] == part[doubtful]])
        places = np.concatenate(found)
        return Triples(np.delete(self.values, places), self.offsets - np.searchsorted(places, self.offsets))


def pieces(lengths: Indices, most: int, texts: int) -> Iterator[slice]:
    """Runs of texts of these ``lengths`` with ``most`` triples and ``texts`` texts at the most, one text at least."""
    ends = np.cumsum(lengths)
    start = 0
    while start < len(ends):
        full = int(np.searchsorted(ends, ends[start] - lengths[start] + most, side="right"))
        stop = min(max(full, start + 1), start + texts)
        yield slice(start, stop)
        start = stop


def changes(*columns: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Whether each row of these columns is another than the one before it; the first one is."""
    new = np.ones(len(columns[0]), dtype=bool)
    if len(new):
        new[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return new


def words_of(text: str) -> list[str]:
    """The words of a text in one case, without what line ends and typesetting did to them."""
    return _WORD.findall(_plain(text).casefold())


def _plain(text: str) -> str:
    if any(mark in text for mark in _TYPESET) or _LINE_HYPHEN.search(text):
        text = normalise(text).text
    return unicodedata.normalize("NFC", text)


def triples(texts: Iterable[str]) -> Triples:
    """The word triples of each text."""
    remaining = iter(texts)
    values = [np.zeros(0, dtype=np.uint64)]
    counts = [np.zeros(0, dtype=np.int64)]
    letters = _letters()
    while chunk := [_plain(text) for text in itertools.islice(remaining, _TOGETHER)]:
        found, count = _word_numbers(chunk, letters)
        missing = np.where(count > 0, np.maximum(3 - count, 0), 0)
        if missing.any():
            found = np.insert(found, np.repeat(np.cumsum(count), missing), 0)
            count = count + missing
        made = (found[:-2] * MIX[0] + found[1:-1]) * MIX[1] + found[2:]
        within = np.ones(len(made), dtype=bool)  # no triple reaches into the next text
        ends = np.cumsum(count)
        for back in (1, 2):
            within[ends[(ends >= back) & (ends - back < len(made))] - back] = False
        values.append(made[within])
        counts.append(np.maximum(count - 2, 0))
    return Triples(np.concatenate(values), np.concatenate(([0], np.cumsum(np.concatenate(counts)))))


class _Letters:
    """A number for each character, 0 for what belongs to no word; what was not met yet is looked up once."""

    def __init__(self) -> None:
        self._numbers = np.full(1 << 8, _UNKNOWN)

    def of(self, codes: npt.NDArray[np.uint32]) -> Values:
        """The numbers of these code points."""
        table, last = self._numbers, int(codes.max())
        if last >= len(table):
            table = np.append(table, np.full((1 << last.bit_length()) - len(table), _UNKNOWN))
            self._numbers = table
        numbers = table[codes]
        unknown = numbers == _UNKNOWN
        if unknown.any():
            for code in np.unique(codes[unknown]).tolist():
                letter = chr(code).casefold()
                number = 0
                if _WORD.match(letter):
                    number = ord(letter) if len(letter) == 1 else code
                table[code] = number
            numbers = table[codes]
        return numbers


@cache
def _letters() -> _Letters:
    """The only one: many are asked for the triples of a few texts. Threads may write the same numbers twice."""
    return _Letters()


def _word_numbers(texts: Sequence[str], letters: _Letters) -> tuple[Values, Indices]:
    """A 64-bit number for each word of the texts, the same in every process, and how many words each text has.

    The words of ``words_of``, found for all texts at once, which is several times faster. A word's number is the
    value of a polynomial of its letters, modulo 2 to the 64th.
    """
    codes = np.frombuffer("\n".join((*texts, "")).encode("utf-32-le", errors="surrogatepass"), dtype="<u4")
    letter_at = letters.of(codes)
    inside = letter_at != 0
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    if inside[0]:
        edges = np.concatenate(([0], edges))
    starts, stops = edges[::2], edges[1::2]  # the line end after the last text closes its last word
    room = 1 << len(codes).bit_length()
    powers, inverses = (_powers(base, room) for base in (int(MIX[0]), pow(int(MIX[0]), -1, 2**64)))
    letter_at *= powers[: len(codes)]
    sums = np.zeros(len(codes) + 1, dtype=np.uint64)
    np.cumsum(letter_at, out=sums[1:])
    numbers = (sums[stops] - sums[starts]) * inverses[starts]
    numbers = (numbers ^ (numbers >> np.uint64(32))) * MIX[1]
    ends = np.cumsum([len(text) + 1 for text in texts])
    count = np.diff(np.searchsorted(starts, ends), prepend=0)
    return numbers ^ (numbers >> np.uint64(29)), count


@lru_cache(maxsize=4)
def _powers(base: int, count: int) -> Values:
    """The powers of ``base`` from 0 on, modulo 2 to the 64th."""
    factors = np.full(count, base, dtype=np.uint64)
    factors[:1] = 1
    return np.cumprod(factors, dtype=np.uint64)
