"""Texts that are near-copies of one another, among very many: MinHash of their word triples, banding, union-find.

The resemblance of two texts is the Jaccard index of their sets of word triples (Broder 1997, "On the resemblance and
containment of documents"). MinHash signatures of 144 values in 48 bands of 3 bring together what may resemble
(Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3); every pair that joins two groups is then
compared exactly. The result does not depend on the order of the texts. The triples may lie in a file: only a piece of
them is held at a time, and of each text a few numbers.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from policydiff.findings.groups import Groups
from policydiff.findings.triples import MIX, Floats, Indices, Triples, Values, changes, pieces

FLOOR = 0.4  # resemblance from which two texts are near-copies: a form letter with one and a half times as much added
_BANDS, _ROWS = 48, 3  # a pair at the floor is brought together with probability .96, at .5 with .998
# Triples below which only the same words are a copy: short sentences resemble one another by chance.
_SURE = 25
# And below which nothing is (eight words): "Ingen bemærkninger" is no copy of another.
FEWEST = 6
_HELD = 1 << 15  # triples that are worked on at a time, so that they stay in the processor's cache
_PAIRS = 256  # that are compared at a time: the number of one has 8 bits
_KEYS = 1 << 23  # of bands that are held at a time, 8 bytes each; what does not fit is hashed in another round


def _odd_numbers(count: int) -> npt.NDArray[np.uint32]:
    """Odd numbers of 32 bits without a pattern, the same ones always (splitmix64: Steele, Lea and Flood 2014)."""
    state = np.arange(1, count + 1, dtype=np.uint64) * MIX[0]
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        state = (state ^ (state >> np.uint64(shift))) * np.uint64(factor)
    return (state >> np.uint64(32)).astype(np.uint32) | np.uint32(1)


# A triple's hashes are its products with these.
_FACTORS = _odd_numbers(_BANDS * _ROWS).reshape(_BANDS, _ROWS)


def near_copies(texts: Triples) -> list[Indices]:
    """Groups of two or more texts that are near-copies, as sorted numbers of texts, the first group first.

    A text belongs to a group by its resemblance to one of it; two in one group may resemble one another less.
    """
    groups = Groups(len(texts))
    distinct = _same_words(texts, groups)
    long = distinct[texts.lengths_of(distinct) >= _SURE]
    for keys in _band_keys(texts, long):
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        again = np.flatnonzero(ordered[1:] == ordered[:-1]) + 1
        if not len(again):
            continue
        these = long[order[again]]
        for others in (np.searchsorted(ordered, ordered[again]), again - 1):  # the first of the bucket, the one before
            _join_alike(texts, groups, long[order[others]], these)
    return groups.several()


def _same_words(texts: Triples, groups: Groups) -> Indices:
    """Join texts of the same words; returns one text of each, in an order that depends on what they say alone."""
    some = np.flatnonzero(texts.lengths >= FEWEST)
    if not len(some):
        return some
    digests = np.zeros((2, len(some)), dtype=np.uint64)
    for piece in pieces(texts.lengths_of(some), _HELD, _HELD):
        part = texts.take(some[piece])
        starts = part.offsets[:-1]
        place = (np.arange(len(part.values)) - np.repeat(starts, part.lengths)).astype(np.uint64)
        mixed = (part.values ^ (place * MIX[0])) * MIX[1]
        mixed ^= mixed >> np.uint64(32)
        digests[0, piece] = np.add.reduceat(mixed, starts)
        digests[1, piece] = np.add.reduceat(mixed * mixed, starts)
    order = np.lexsort((some, digests[1], digests[0]))
    new = changes(*digests[:, order])
    distinct = some[order[new]]
    groups.join(distinct[np.cumsum(new) - 1], some[order])
    return distinct


def _band_keys(texts: Triples, numbers: Indices) -> Iterator[Values]:
    """For each band a key of each text in ``numbers``; near-copies are likely to have one of them in common."""
    in_order = np.argsort(numbers)  # texts are read from front to back
    at_once = max(1, _KEYS // max(1, len(numbers)))
    for first in range(0, _BANDS if len(numbers) > 1 else 0, at_once):
        factors = _FACTORS[first : first + at_once]
        keys = np.zeros((len(factors), len(numbers)), dtype=np.uint64)
        for piece in pieces(texts.lengths_of(numbers[in_order]), _HELD, _HELD):
            which = in_order[piece]
            part = texts.take(numbers[which])
            hashes = (part.values >> np.uint64(32)).astype(np.uint32)
            hashed = np.empty_like(hashes)
            for band, of_band in enumerate(factors):
                key = np.zeros(len(which), dtype=np.uint64)
                for factor in of_band:
                    np.multiply(hashes, factor, out=hashed)
                    key = key * MIX[0] + np.minimum.reduceat(hashed, part.offsets[:-1])
                keys[band, which] = key
        yield from keys


def _join_alike(texts: Triples, groups: Groups, one: Indices, other: Indices) -> None:
    """Join the groups of those pairs that resemble one another; pairs within a group are not looked at."""
    apart = np.flatnonzero(groups.first[one] != groups.first[other])
    if not len(apart):
        return
    one, other = one[apart], other[apart]
    alike = resemblances(texts, one, other) >= FLOOR
    groups.join(one[alike], other[alike])


def resemblances(texts: Triples, one: Indices, other: Indices) -> Floats:
    """The resemblance of text ``one[k]`` with text ``other[k]``, for every k."""
    found = np.zeros(len(one))
    for piece in pieces(texts.lengths_of(one) + texts.lengths_of(other), _HELD, _PAIRS):
        keys = []
        for side, numbers in enumerate((one[piece], other[piece])):
            part = texts.take(numbers)
            pair = np.repeat(np.arange(len(part), dtype=np.uint64), part.lengths)
            # The pair, 55 bits of the triple, and on which side it stands: sorted, what both have lies together.
            keys.append((pair << np.uint64(56)) | (part.values >> np.uint64(9) << np.uint64(1)) | np.uint64(side))
        both = np.sort(np.concatenate(keys))
        both = both[changes(both)]
        shared = np.flatnonzero(~changes(both >> np.uint64(1)))
        count = piece.stop - piece.start
        pair_of = (both >> np.uint64(56)).astype(np.int64)
        together = np.bincount(pair_of[shared], minlength=count)
        union = np.bincount(pair_of, minlength=count) - together
        found[piece] = together / np.maximum(union, 1)
    return found
