"""Union-find over very many things at once."""

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]


class Groups:
    """Groups of 0 … n-1, at first each alone; ``first[i]`` is the lowest number in the group of i."""

    def __init__(self, count: int) -> None:
        self.first: Indices = np.arange(count, dtype=np.int64)

    def join(self, one: Indices, other: Indices) -> None:
        """Make the groups of ``one[k]`` and ``other[k]`` one, for every k."""
        first = self.first
        one, other = first[one], first[other]
        while len(apart := np.flatnonzero(one != other)):
            one, other = one[apart], other[apart]
            np.minimum.at(first, np.maximum(one, other), np.minimum(one, other))
            while not np.array_equal(nearer := first[first], first):
                first[:] = nearer
            one, other = first[one], first[other]

    def several(self) -> list[Indices]:
        """The numbers in each group of two or more, the group with the lowest number first."""
        order = np.argsort(self.first, kind="stable")
        starts = np.flatnonzero(np.diff(self.first[order], prepend=-1))
        sizes = np.diff(starts, append=len(order))
        return [order[start : start + size] for start, size in zip(starts, sizes, strict=True) if size > 1]
