"""How a text was laid out: the width its lines were wrapped at, and whether every line has a blank one after it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from policydiff.documents.lines import Line

# Fewer lines say nothing about a layout.
_FEWEST = 6
# Text wrapped for a page or a mail has lines of at most about this many characters.
_WIDEST = 130
# A line shorter than this share of the measure was not wrapped at it.
_SHORT = 0.82
# As letters differ in width, a word had room on a line if both together stay below this share of the measure.
_ROOM = 0.97
_FULL = 0.7  # a line that was wrapped at the measure is longer than this share of it
_VERY_SHORT = 0.4  # where spaces after a line tell paragraphs, and a short line alone means little
FINAL = re.compile(r"[.!?:…][”\"“’'»«)\]]*$")
MARKER = re.compile(
    r"(?:[-–—•*·▪■●○◦‣⁃\uf0b7\uf0a7\uf0d8\uf02d]|\(?\d{1,3}[.)]|\(?[a-zæøå][.)])\s+(?=\S)|[•▪●\uf0b7\uf0a7](?=\S)",
    re.IGNORECASE,
)
_DASH_OR_NUMBER = re.compile(r"[-–—*(\w]")


@dataclass(frozen=True, slots=True)
class Layout:
    """``measure`` is the width in characters that lines were wrapped at, None where they were not.

    ``doubled``: each line is followed by a blank one that means nothing. ``lost_bullets``: items are
    recognised by their indent, because the bullets of a symbol font were lost. ``spaced_ends``: the last
    line of a paragraph is told by more than one space after it. ``tight``: there are no blank lines, not
    even between paragraphs.
    """

    measure: int | None
    doubled: bool
    lost_bullets: bool
    spaced_ends: bool = False
    tight: bool = False


def layout_of(lines: Sequence[Line]) -> Layout:
    """The layout of a text with these lines, by counting."""
    pairs = list(pairwise(lines))
    if len(pairs) < 2:
        return Layout(None, False, False)
    running = [(a, b) for a, b in pairs if not ends_sentence(a) and b.text[0].islower()]
    lengths = sorted(line.end - line.start for line in lines)
    width = lengths[int(len(lengths) * 0.9)]
    one_gap = sum(b.gap == 1 for _, b in pairs)
    # Lines that run on over a blank one; full ones, because some write short lines without stops and capitals.
    over_gap = sum(b.gap == 1 and a.end - a.start > _FULL * width for a, b in running)
    doubled = (
        len(lines) >= _FEWEST
        and width <= _WIDEST
        and one_gap > 0.4 * len(pairs)
        and over_gap > 0.3 * one_gap
        and sum(b.gap == 0 for _, b in pairs) < 0.3 * len(pairs)
    )
    wrapped = doubled or (len(running) >= 2 and len(running) > 0.2 * sum(b.gap == 0 for _, b in pairs))
    indented = sum(line.indent > 0 for line in lines)
    lost = doubled and 0 < indented < 0.3 * len(lines)
    spaced = doubled and 2 < sum(line.trailing > 1 for line in lines) < 0.5 * len(lines)
    tight = wrapped and sum(b.gap > 0 for _, b in pairs) < 0.03 * len(pairs)
    return Layout(width if wrapped and width <= _WIDEST else None, doubled, lost, spaced, tight)


def ends_sentence(line: Line) -> bool:
    """Whether the line ends with the stop of a sentence, quotation marks aside."""
    return FINAL.search(line.text) is not None


def bullet_marker(line: Line) -> int:
    """The length of the list marker the line begins with, 0 if there is none."""
    found = MARKER.match(line.text)
    return found.end() if found else 0


def starts_item(line: Line, before: Line | None, layout: Layout, *, in_list: bool) -> bool:
    """Whether a list item begins at ``line``; ``in_list`` says that ``before`` belongs to one.

    Dashes and numbers also stand at the beginning of wrapped lines ("den / 10. april"), so these need a
    place where an item can begin.
    """
    marker = bullet_marker(line)
    if marker:
        if before is None or not _DASH_OR_NUMBER.match(line.text) or line.gap > layout.doubled:
            return True
        if ends_sentence(before) or (before.text.endswith((",", ";")) and in_list):
            return True
        if line.text[0].isalnum() or line.text[0] == "(":
            return in_list and line.text[marker].isupper()
        room = before.end - before.start < _SHORT * (layout.measure or _WIDEST)
        return line.text[marker].isupper() or (in_list and room)
    if not layout.lost_bullets or not line.indent or not line.text[0].isupper():
        return False
    # One space at the top of a page is the page's, so there an item needs two.
    return line.gap > 0 or line.indent > 1


def starts_paragraph(line: Line, before: Line, layout: Layout) -> bool:
    """Whether a new paragraph begins at ``line``, given the line ``before`` it."""
    if line.gap > layout.doubled:
        return True
    if layout.doubled or layout.measure is not None:
        length, measure = before.end - before.start, layout.measure or _WIDEST
        if layout.spaced_ends:
            short = length < _VERY_SHORT * measure
        else:  # the next word would have had room
            short = length + 1 + len(line.text.split(maxsplit=1)[0]) < _ROOM * measure
        # More paragraphs than sentences end with the last line of a page.
        marked = before.trailing > 1 if layout.spaced_ends else line.page_top
        return ends_sentence(before) and (short or marked) and not line.text[0].islower()
    # Lines that were not wrapped and end a sentence are paragraphs of their own.
    return ends_sentence(before) and before.end - before.start > _WIDEST
