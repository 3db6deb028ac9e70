"""Two columns of prose that a producer wrote line by line across the page, put one after the other."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from policydiff.documents.layout import FINAL

if TYPE_CHECKING:
    from policydiff.documents.pdf_layout import Piece

# A label beside its answer is wrapped over few lines; prose in columns goes on for longer.
_FEWEST = 5
# Of the lines in each column, this share goes on in lower case on the next one, as only prose does.
_RUNNING = 0.3
_SAME = 2.0  # points


def columns_parted(lines: Sequence["Piece"]) -> list["Piece"]:
    """``lines`` with the left column before the right one, wherever both were written across the page.

    Two columns are a run of lines that stand side by side in pairs, at the same two margins, where both sides read on
    downwards. The cells of a table do not read on so, or not for as long.
    """
    out: list[Piece] = []
    at = 0
    while at < len(lines):
        end = _run(lines, at)
        left, right = list(lines[at:end:2]), list(lines[at + 1 : end : 2])
        if len(left) >= _FEWEST and _reads_on(left) and _reads_on(right):
            out += left + right
            at = end
        else:
            out.append(lines[at])
            at += 1
    return out


def _run(lines: Sequence["Piece"], start: int) -> int:
    """Where the pairs end that begin at ``start``; ``start`` itself where none does."""
    end = start
    while end + 1 < len(lines) and _side_by_side(lines[end], lines[end + 1], lines[start], lines[start + 1]):
        if end > start and (lines[end].base or 0.0) >= (lines[end - 2].base or 0.0):
            break  # back up the page
        end += 2
    return end


def _side_by_side(left: "Piece", right: "Piece", first_left: "Piece", first_right: "Piece") -> bool:
    if left.base is None or right.base is None or left.right is None or right.left is None or left.left is None:
        return False
    return (
        abs(left.base - right.base) <= _SAME
        and abs(left.left - (first_left.left or 0.0)) <= _SAME
        and abs(right.left - (first_right.left or 0.0)) <= _SAME
        and left.right < right.left
    )


def _reads_on(column: Sequence["Piece"]) -> bool:
    pairs = [(above.text.strip(), below.text.strip()) for above, below in pairwise(column)]
    running = sum(FINAL.search(above) is None and below[:1].islower() for above, below in pairs)
    return running > _RUNNING * len(pairs)
