"""Texts that are near-copies of one another, among very many: MinHash of their word triples, banding, union-find.

The resemblance of two texts is the Jaccard index of their sets of word triples (Broder 1997, "On the resemblance and
containment of documents"). MinHash signatures of 126 values in 42 bands of 3 bring together what may resemble
(Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3); every pair that joins two groups is then
compared exactly. The result does not depend on the order of the texts.
"""

import hashlib
import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from rensa import RMinHash

from policydiff.documents.mapping import normalise

Values = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]

FLOOR = 0.4  # resemblance from which two texts are near-copies: a form letter with one and a half times as much added
_BANDS, _ROWS = 42, 3  # a pair at the floor is brought together with probability .94, at .5 with .996
# Agreement of two signatures below which the pair is not compared: 4.5 standard errors below the floor.
_HOPELESS = FLOOR - 0.2
_SEED = 20  # any will do, the same one always
# Triples below which only the same words are a copy: short sentences resemble one another by chance.
_SURE = 25
# And below which nothing is (eight words): "Ingen bemærkninger" is no copy of another.
FEWEST = 6
_CHUNK = 10_000  # texts whose signatures are Python numbers at one time
_TOGETHER = 500  # texts that are taken apart at one time
_SIEVE = np.uint64(1 << 22)

_WORD = re.compile(r"\w+")
# What normalise() undoes within words; it is too slow to be asked about every text.
_LINE_HYPHEN = re.compile(r"-[ \t]*[\n\r\f]")
_TYPESET = "\u00ad\u2010\ufffe\u200b\ufeff\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06"
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))  # odd, so that no bit of a word is lost


@dataclass(frozen=True, slots=True)
class Triples:
    """The word triples of texts as 64-bit numbers: those of text i are ``values[offsets[i]:offsets[i + 1]]``.

    They stand in the order of the words and may repeat. A text of one or two words has one.
    """

    values: Values
    offsets: Indices

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> Values:
        return self.values[self.offsets[index] : self.offsets[index + 1]]

    def without(self, others: Values) -> "Triples":
        """The same texts without the triples in ``others``."""
        sieve = np.zeros(_SIEVE, dtype=bool)  # asks about most triples without looking them up
        sieve[others % _SIEVE] = True
        keep = ~sieve[self.values % _SIEVE]
        doubtful = np.flatnonzero(~keep)
        keep[doubtful] = ~np.isin(self.values[doubtful], others)
        return Triples(self.values[keep], np.concatenate(([0], np.cumsum(keep)))[self.offsets])

    def joined(self, parts: Sequence[Sequence[int]]) -> "Triples":
        """Texts made of these: ``parts`` says of which, one sequence of numbers a text."""
        lengths = [sum(int(self.offsets[i + 1] - self.offsets[i]) for i in part) for part in parts]
        pieces = [self[i] for part in parts for i in part]
        values = np.concatenate(pieces) if pieces else self.values[:0]
        return Triples(values, np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))))


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
    words: list[Values] = []
    counts: list[Indices] = []
    while chunk := [_plain(text) for text in itertools.islice(remaining, _TOGETHER)]:
        found, count = _word_numbers(chunk)
        missing = np.where(count > 0, np.maximum(3 - count, 0), 0)
        words.append(np.insert(found, np.repeat(np.cumsum(count), missing), 0))
        counts.append(count + missing)
    flat = np.concatenate([*words, np.zeros(2, dtype=np.uint64)])
    values = (flat[:-2] * _MIX[0] + flat[1:-1]) * _MIX[1] + flat[2:]
    count = np.concatenate([*counts, np.zeros(0, dtype=np.int64)])
    ends = np.cumsum(count)
    within = np.ones(len(values), dtype=bool)  # no triple reaches into the next text
    for back in (1, 2):
        within[ends[ends >= back] - back] = False
    return Triples(values[within], np.concatenate(([0], np.cumsum(np.maximum(count - 2, 0)))))


def _word_numbers(texts: Sequence[str]) -> tuple[Values, Indices]:
    """A 64-bit number for each word of the texts, the same in every process, and how many words each text has.

    The words of ``words_of``, found for all texts at once, which is several times faster. A word's number is the
    value of a polynomial of its letters, modulo 2 to the 64th.
    """
    codes = np.frombuffer("\n".join((*texts, "")).encode("utf-32-le", errors="surrogatepass"), dtype="<u4")
    seen = np.zeros(0x110000, dtype=bool)
    seen[codes] = True
    letters = np.zeros(0x110000, dtype=np.uint64)  # of what belongs to no word: 0
    for code in np.flatnonzero(seen).tolist():
        letter = chr(code).casefold()
        if _WORD.match(letter):
            letters[code] = ord(letter) if len(letter) == 1 else code
    letter_at = letters[codes]
    edges = np.flatnonzero(np.diff(letter_at != 0, prepend=False, append=False))
    starts, stops = edges[::2], edges[1::2]
    room = 1 << len(codes).bit_length()
    powers, inverses = (_powers(base, room) for base in (int(_MIX[0]), pow(int(_MIX[0]), -1, 2**64)))
    sums = np.concatenate((np.zeros(1, dtype=np.uint64), np.cumsum(letter_at * powers[: len(codes)], dtype=np.uint64)))
    numbers = (sums[stops] - sums[starts]) * inverses[starts]
    numbers = (numbers ^ (numbers >> np.uint64(32))) * _MIX[1]
    ends = np.cumsum([len(text) + 1 for text in texts])
    count = np.bincount(np.searchsorted(ends, starts, side="right"), minlength=len(texts))
    return numbers ^ (numbers >> np.uint64(29)), count


@lru_cache(maxsize=4)
def _powers(base: int, count: int) -> Values:
    """The powers of ``base`` from 0 on, modulo 2 to the 64th."""
    factors = np.full(count, base, dtype=np.uint64)
    factors[:1] = 1
    return np.cumprod(factors, dtype=np.uint64)


def resemblance(one: Iterable[int], other: Iterable[int]) -> float:
    """The Jaccard index of two sets, 0 where both are empty."""
    a, b = set(one), set(other)
    return len(a & b) / len(a | b) if a or b else 0.0


def near_copies(texts: Triples) -> list[list[int]]:
    """Groups of two or more texts that are near-copies, as sorted numbers of texts, the first group first.

    A text belongs to a group by its resemblance to one of it; two in one group may resemble one another less.
    """
    same: dict[bytes, list[int]] = defaultdict(list)
    for index in range(len(texts)):
        if len(texts[index]) >= FEWEST:
            same[hashlib.blake2b(texts[index].tobytes(), digest_size=16).digest()].append(index)
    # By what they say and not by their place, so that another order of the texts gives the same groups.
    distinct = [same[key] for key in sorted(same)]
    long = [n for n, members in enumerate(distinct) if len(texts[members[0]]) >= _SURE]
    groups = UnionFind(len(distinct))
    for i, j in _candidates(texts.joined([distinct[n][:1] for n in long])):
        one, other = long[i], long[j]
        if groups.of(one) != groups.of(other):
            a, b = (texts[distinct[n][0]].tolist() for n in (one, other))
            if resemblance(a, b) >= FLOOR:
                groups.join(one, other)
    members: dict[int, list[int]] = defaultdict(list)
    for n, equal in enumerate(distinct):
        members[groups.of(n)] += equal
    return sorted(sorted(group) for group in members.values() if len(group) > 1)


def _candidates(texts: Triples) -> list[tuple[int, int]]:
    """Pairs that share a band: each text with the one before it and with the first in the same bucket."""
    if len(texts) < 2:
        return []
    signatures = _signatures(texts)
    pairs = []
    for band in range(_BANDS):
        keys = np.zeros(len(texts), dtype=np.uint64)
        for column in range(band * _ROWS, (band + 1) * _ROWS):
            keys = keys * _MIX[0] + signatures[:, column]
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        again = np.flatnonzero(ordered[1:] == ordered[:-1]) + 1
        first = order[np.searchsorted(ordered, ordered[again])]
        pairs += [
            np.minimum(one, order[again]) * len(texts) + np.maximum(one, order[again])
            for one in (order[again - 1], first)
        ]
    one, other = np.divmod(np.unique(np.concatenate(pairs)), len(texts))
    alike = [(signatures[a] == signatures[b]).mean(axis=1) for a, b in _chunked(one, other)]
    hopeful = np.concatenate(alike or [np.zeros(0)]) >= _HOPELESS
    return list(zip(one[hopeful].tolist(), other[hopeful].tolist(), strict=True))


def _chunked(one: Indices, other: Indices) -> Iterator[tuple[Indices, Indices]]:
    for start in range(0, len(one), _CHUNK):
        yield one[start : start + _CHUNK], other[start : start + _CHUNK]


def _signatures(texts: Triples) -> Values:
    """The MinHash signatures, one row a text."""
    rows = []
    for start in range(0, len(texts), _CHUNK):
        offsets = texts.offsets[start : start + _CHUNK + 1]
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(
            texts.values[offsets[0] : offsets[-1]], (offsets - offsets[0]).astype(np.uint64), _BANDS * _ROWS, _SEED
        )
        flat = itertools.chain.from_iterable(matrix.to_rows())
        count = (len(offsets) - 1) * _BANDS * _ROWS
        rows.append(np.fromiter(flat, dtype=np.uint64, count=count).reshape(-1, _BANDS * _ROWS))
    return np.concatenate(rows)


class UnionFind:
    """Union-find over 0 … n-1; a group is known by its lowest number."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def of(self, item: int) -> int:
        """The number of the group that ``item`` is in."""
        while self._parent[item] != item:
            self._parent[item] = item = self._parent[self._parent[item]]
        return item

    def join(self, one: int, other: int) -> None:
        """Make the groups of two items one."""
        low, high = sorted((self.of(one), self.of(other)))
        self._parent[high] = low
