"""Many small decision trees asked at once, with numpy alone.

No row walks down a tree: every test of every tree is made, and a test that fails rules out the leaves on its left. The
leaf that a row comes to is the leftmost one that nothing rules out (Lucchese et al. 2015, QuickScorer).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_TOGETHER = 256  # rows that are asked about at once: more would not fit the processor's cache


class Forest:
    """The sum of decision trees.

    A tree is a mapping of ``feature``, ``threshold``, ``left``, ``right`` and ``value``, a number each a node: a row
    goes left where its feature is at most the threshold; a leaf has a feature below 0. At most 64 leaves a tree.
    """

    def __init__(self, trees: Sequence[Mapping[str, Sequence[float]]]) -> None:
        walked = [_walked(tree) for tree in trees]
        inner = max((len(nodes) for nodes, _ in walked), default=0)
        kind = np.min_scalar_type((1 << (inner + 1)) - 1)
        # Where a tree has fewer nodes than the largest, the rest test nothing and rule out nothing.
        self._feature = np.zeros((inner, len(trees)), dtype=np.int64)
        self._threshold = np.full((inner, len(trees), 1), np.inf)
        self._kept = np.full((inner, len(trees), 1), np.iinfo(kind).max, dtype=kind)  # leaves where the test fails
        self._value = np.zeros((len(trees), inner + 1))
        for t, (nodes, values) in enumerate(walked):
            self._value[t, : len(values)] = values
            for k, (feature, threshold, ruled_out) in enumerate(nodes):
                self._feature[k, t], self._threshold[k, t] = feature, threshold
                self._kept[k, t] &= ~np.array(ruled_out, dtype=kind)

    def sums(self, features: Floats, base: float) -> Floats:
        """``base`` and the values of all trees, added in their order, for each row of features; shape (rows,)."""
        sums = np.full(len(features), base)
        for start in range(0, len(features), _TOGETHER):
            for values in self._values(features[start : start + _TOGETHER]):
                sums[start : start + _TOGETHER] += values
        return sums

    def _values(self, features: Floats) -> Floats:
        """What each tree says of each row; shape (trees, rows)."""
        columns = np.ascontiguousarray(features.T)
        every = np.iinfo(self._kept.dtype).max
        left = np.full((len(self._value), len(features)), every, dtype=self._kept.dtype)
        for feature, threshold, kept in zip(self._feature, self._threshold, self._kept, strict=True):
            left &= np.where(columns[feature] <= threshold, every, kept)
        leaf = np.log2(left & -left).astype(np.int64)
        return np.take_along_axis(self._value, leaf, axis=1)


def _walked(tree: Mapping[str, Sequence[float]]) -> tuple[list[tuple[int, float, int]], list[float]]:
    """The inner nodes of a tree as feature, threshold and the bits of the leaves on its left; the leaves' values."""
    nodes: list[tuple[int, float, int]] = []
    values: list[float] = []

    def walk(at: int) -> None:
        if tree["feature"][at] < 0:
            values.append(tree["value"][at])
            return
        first = len(values)
        walk(int(tree["left"][at]))
        nodes.append((int(tree["feature"][at]), tree["threshold"][at], (1 << len(values)) - (1 << first)))
        walk(int(tree["right"][at]))

    walk(0)
    return nodes, values
