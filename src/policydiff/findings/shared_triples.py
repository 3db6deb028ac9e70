"""What texts have in common, by their word triples: a piece of them at a time, however many they are."""

from dataclasses import dataclass

import numpy as np

from policydiff.findings.triples import Floats, Indices, Triples, Values, changes, pieces

_HELD = 1 << 21  # triples that are counted at a time
_PIECE = 1 << 15  # triples that are looked up at a time, so that they stay in the processor's cache


def shared(texts: Triples, numbers: Indices, senders: Indices, fewest: float) -> Values:
    """The triples that at least ``fewest`` different senders have, sorted; ``senders[k]`` sent text ``numbers[k]``."""
    lengths = texts.lengths_of(numbers)
    parts = 1 + int(lengths.sum()) // _HELD  # by what they are, so that each is counted in one part alone
    found = []
    for part in range(parts):
        values, by = [], []
        for piece in pieces(lengths, _HELD, _HELD):
            taken = texts.take(numbers[piece])
            sender = np.repeat(senders[piece], taken.lengths)
            of_part = slice(None) if parts == 1 else np.flatnonzero(taken.values % np.uint64(parts) == np.uint64(part))
            values.append(taken.values[of_part])
            by.append(sender[of_part])
        value, sender = np.concatenate(values), np.concatenate(by)
        order = np.lexsort((sender, value))
        value, sender = value[order], sender[order]
        new = changes(value, sender)
        distinct, count = np.unique(value[new], return_counts=True)
        found.append(distinct[count >= fewest])
    return np.sort(np.concatenate(found))


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of texts is in a set of triples: of each, the different triples, and how many of these are in the set.

    ``common`` is how many triples the set has.
    """

    sizes: Indices
    held: Indices
    common: int

    @property
    def resemblance(self) -> Floats:
        """The Jaccard index of each text and the set; 0 where both are empty."""
        found: Floats = self.held / np.maximum(self.sizes + self.common - self.held, 1)
        return found

    @property
    def share(self) -> Floats:
        """The share of each text that is in the set; of an empty text, all."""
        return np.where(self.sizes > 0, self.held / np.maximum(self.sizes, 1), 1.0)


def overlap(texts: Triples, numbers: Indices, common: Values) -> Overlap:
    """How much of the texts ``numbers`` is in ``common``, which is sorted and holds no triple twice."""
    sizes, held = np.zeros((2, len(numbers)), dtype=np.int64)
    for piece in pieces(texts.lengths_of(numbers), _PIECE, _PIECE):
        taken = texts.take(numbers[piece])
        text = np.repeat(np.arange(len(taken)), taken.lengths)
        order = np.lexsort((taken.values, text))
        text, value = text[order], taken.values[order]
        new = changes(text, value)
        text, value = text[new], value[new]
        sizes[piece] = np.bincount(text, minlength=len(taken))
        if len(common):
            inside = common[np.minimum(np.searchsorted(common, value), len(common) - 1)] == value
            held[piece] = np.bincount(text[inside], minlength=len(taken))
    return Overlap(sizes, held, len(common))
