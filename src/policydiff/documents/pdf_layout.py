"""Pieces of lines, with their places on the page, become text in reading order.

Producers write cells and columns one after the other, so the order of the file is kept, but for columns that were
written across the page (``pdf_columns``). What is found by place is which pieces belong on one line, which are labels
of a template's rows, where paragraphs end, and what repeats on every page.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from policydiff import languages
from policydiff.documents.extract import Hint
from policydiff.documents.pdf_columns import columns_parted

# A line further below the one before than this many usual line distances begins a paragraph.
_PARAGRAPH_GAP = 1.3
# Starts of lines that differ by no more than this, in points, are the same margin.
_SAME = 2.0
# A label is shorter than this, and the column beside it begins no further right than this share of the page.
_LABEL_LENGTH = 200
_LABEL_SHARE = 0.6
# Running heads and page numbers stand among this many first or last lines of a page.
_EDGE = 2
_DIGITS = re.compile(r"\d+")
_FOOTNOTE = re.compile(r"(?:\d{1,3}|[*†‡])[.)]?\s*\S")
_SMALLER = 0.9  # of the usual size: the type of footnotes
_LARGER = 1.08  # of the usual size: the type of headings
# A word fits on a line if it and a blank do, and this many points more: printers round.
_ROOM = 1.0
_BLANK = 0.35  # of the type size: no blank is wider, but in justified lines
_LONG = 65  # characters: lines of a page that has one column
_HEADING_LENGTH = 150
_HEADING_LINES = 3
_MOST_LEVELS = 6
_ENDS = re.compile(r"[.!?:][”\"“’'»«)\]]*\s*$")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line; ``left``, ``right``, ``base`` and ``size`` in points, all None where they are not known.

    ``word`` is the width of its first word in points. ``label`` stands beside an answer, ``front`` on every page,
    ``level`` is that of a heading in larger type.
    """

    text: str
    left: float | None = None
    right: float | None = None
    base: float | None = None
    size: float | None = None
    word: float | None = None
    bold: bool = False
    label: bool = False
    front: bool = False
    level: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """The pieces of a page in the order of the file."""

    pieces: tuple[Piece, ...]
    height: float = 0.0
    width: float = 0.0


@cache
def _page_number() -> re.Pattern[str]:
    """A page number in any language: "- 3 -", "Side 3 af 8", "p. 3"."""
    packs = [languages.load(code)["documents"] for code in languages.available()]
    page, of = ("|".join(re.escape(word) for pack in packs for word in pack[key]) for key in ("page", "page_of"))
    return re.compile(rf"[-–—\s|]*(?:(?:{page})\s*)?\d{{1,4}}(?:\s*(?:/|{of})\s*\d{{1,4}})?[-–—\s|]*", re.IGNORECASE)


def laid_out(pages: Sequence[Page]) -> tuple[str, tuple[int, ...], tuple[Hint, ...]]:
    """The text with a form feed between pages, the offset where each page starts, and the headings of a template."""
    lines = _without_running([_lines(page, margins) for page, margins in zip(pages, _margins(pages), strict=True)])
    return _written(_with_headings(_with_footnotes_last(lines)))


def _margins(pages: Sequence[Page]) -> list[list[float]]:
    """Where lines start on each page, in points: at two lines at least, of it or a page next to it."""
    starts = [sorted(p.left for p in page.pieces if p.left is not None) for page in pages]
    found = []
    for n in range(len(pages)):
        near = sorted(left for other in starts[max(0, n - 1) : n + 2] for left in other)
        found.append([a for a, b in pairwise(near) if b - a <= _SAME])
    return found


def _lines(page: Page, margins: Sequence[float]) -> list[Piece]:
    """The pieces of a page, those joined that stand on one line and are no columns, the labels of rows marked."""
    joined: list[Piece] = []
    for piece in page.pieces:
        last = joined[-1] if joined else None
        if last is not None and _goes_on(last, piece, margins):
            joined[-1] = replace(last, text=f"{last.text.rstrip()} {piece.text.lstrip()}", right=piece.right)
        else:
            joined.append(piece)
    return _with_labels(columns_parted(joined), page.width)


def _goes_on(last: Piece, piece: Piece, margins: Sequence[float]) -> bool:
    """Whether a piece stands on the line of the one before and is no cell of its own."""
    if None in (last.base, piece.base, last.right, piece.left, last.size):
        return False
    assert last.base is not None  # noqa: S101  (for the type checker, as are the next two)
    assert piece.base is not None and piece.left is not None  # noqa: S101, PT018
    assert last.right is not None and last.size is not None  # noqa: S101, PT018
    if abs(last.base - piece.base) > 0.5 * last.size or piece.left < last.right - _SAME:
        return False
    bullet = len(last.text.strip()) == 1 and not last.text.strip().isalnum()
    numbered = re.fullmatch(r"\(?\w{1,3}[.)]", last.text.strip()) is not None
    return bullet or numbered or not any(abs(m - piece.left) <= _SAME for m in margins)


def _with_labels(lines: list[Piece], width: float) -> list[Piece]:
    """``lines`` with the labels of rows marked.

    Lines are a label's if the next one in the file stands to the right of all of them, level with the first of
    them, or if they stand halfway down what stands there.
    """
    out = list(lines)
    first = 0
    for n, (line, below) in enumerate(pairwise(lines)):
        if line.base is None or below.base is None or line.left is None or below.left is None or line.size is None:
            first = n + 1
            continue
        if below.base < line.base - 0.5 * line.size:  # further down
            step, usual = line.base - below.base, 2.0 * line.size
            if abs(below.left - line.left) > _SAME or step > usual:
                first = n + 1
            continue
        label = lines[first : n + 1]
        rights = [piece.right or 0.0 for piece in label]
        beside = max(rights) < below.left and below.left < _LABEL_SHARE * width
        level = below.base <= (label[0].base or 0.0) + 0.5 * line.size
        level = level or _centred(label, lines[n + 1 :])
        if beside and level and sum(len(piece.text) for piece in label) <= _LABEL_LENGTH:
            for m in range(first, n + 1):
                out[m] = replace(out[m], label=True)
        first = n + 1
    return out


def _centred(label: Sequence[Piece], after: Sequence[Piece]) -> bool:
    """Whether a label stands in the middle of the answer beside it, within three quarters of a line."""
    answer: list[float] = []
    for piece in after:
        if piece.base is None or piece.left is None or (answer and piece.base > answer[-1] + _SAME):
            break
        if piece.left < (after[0].left or 0.0) - _SAME:
            break
        answer.append(piece.base)
    if not answer or label[0].base is None or label[-1].base is None or label[-1].size is None:
        return False
    return abs((answer[0] + answer[-1]) / 2 - (label[0].base + label[-1].base) / 2) < 0.75 * label[-1].size


def _without_running(pages: list[list[Piece]]) -> list[list[Piece]]:
    """The pages without what recurs at the same height: a running head stays once, page numbers go."""
    seen: Counter[tuple[str, int]] = Counter()
    for page in pages:
        seen.update({_place(piece) for _, piece in _edges(page)})
    enough = max(2, len(pages) // 2)
    usual, usual_step = _usual_size(pages), _usual_step(pages)
    kept: set[str] = set()
    out = []
    for page in pages:
        drop: set[int] = set()
        front: set[int] = set()
        for n, piece in _edges(page):
            if piece.base is None:
                continue
            if len(pages) == 1 and (piece.size or usual) < _SMALLER * usual and not _FOOTNOTE.match(piece.text):
                front.add(n)  # with one page, its small type at the edge tells
            if len(pages) == 1 or piece.label or _recurring(seen, piece) < enough:
                continue
            inner = [abs((p.base or 0.0) - piece.base) for p in page if p.base is not None and _inside(p, piece, page)]
            recurring_too = [p for p in page if _recurring(seen, p) >= enough and p is not piece]
            if inner and min(inner) < _PARAGRAPH_GAP * usual_step and not recurring_too:
                continue  # the first line of a paragraph that looks alike on two pages
            words = _DIGITS.sub("0", piece.text.strip())
            if _page_number().fullmatch(piece.text) or words in kept:
                drop.add(n)
            else:
                kept.add(words)
                front.add(n)
        out.append([replace(p, front=n in front) for n, p in enumerate(page) if n not in drop])
    return out


def _edges(page: Sequence[Piece]) -> Iterator[tuple[int, Piece]]:
    """The uppermost and lowest lines of a page, with their number in it."""
    order = sorted((-p.base, n) for n, p in enumerate(page) if p.base is not None)
    chosen = {n for _, n in order[:_EDGE]} | {n for _, n in order[-_EDGE:]}
    return ((n, page[n]) for n in sorted(chosen))


def _inside(other: Piece, piece: Piece, page: Sequence[Piece]) -> bool:
    """Whether ``other`` stands between ``piece`` and the middle of the page's lines."""
    bases = [p.base for p in page if p.base is not None]
    middle = (max(bases) + min(bases)) / 2
    if piece.base is None or other.base is None or other is piece:
        return False
    return other.base < piece.base if piece.base > middle else other.base > piece.base


def _place(piece: Piece) -> tuple[str, int]:
    return _DIGITS.sub("0", piece.text.strip()), round(piece.base or 0.0)


def _recurring(seen: Counter[tuple[str, int]], piece: Piece) -> int:
    words, height = _place(piece)
    return sum(seen[words, height + off] for off in (-1, 0, 1))


def _with_footnotes_last(pages: list[list[Piece]]) -> list[list[Piece]]:
    """Notes at the foot of a page in smaller type stand after the paragraph that runs on over it."""
    usual = _usual_size(pages)
    out: list[list[Piece]] = []
    held: list[Piece] = []
    for number, page in enumerate(pages):
        at = len(page)
        while at and page[at - 1].size is not None and (page[at - 1].size or 0.0) < _SMALLER * usual:
            at -= 1
        first = next((n for n in range(at, len(page)) if _FOOTNOTE.match(page[n].text)), len(page))
        body, notes = page[:first], page[first:]
        held += notes
        last = body[-1].text if body else ""
        if number + 1 == len(pages) or not body or _ENDS.search(last):
            body, held = [*body, *held], []
        out.append(body)
    return out


def _usual_size(pages: Sequence[Sequence[Piece]]) -> float:
    """The size that most characters have, 0 where none is known."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for piece in page:
            if piece.size is not None:
                sizes[round(piece.size, 1)] += len(piece.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _with_headings(pages: list[list[Piece]]) -> list[list[Piece]]:
    """``pages`` with the level of short lines in larger or bold type, the largest type being level 1."""
    usual = _usual_size(pages)
    pieces = [piece for page in pages for piece in page if piece.size is not None]
    letters = sum(len(piece.text) for piece in pieces)
    bold_tells = sum(len(piece.text) for piece in pieces if piece.bold) < 0.3 * letters

    def style(piece: Piece) -> tuple[float, bool] | None:
        if piece.size is None or piece.front or piece.label or not usual:
            return None
        larger, bold = piece.size > _LARGER * usual, piece.bold and bold_tells and piece.size >= _SMALLER * usual
        return (round(piece.size, 1), piece.bold) if larger or bold else None

    styles = sorted({s for page in pages for p in page if (s := style(p)) is not None}, reverse=True)
    out = []
    for page in pages:
        marked = list(page)
        first = 0
        for n in range(1, len(page) + 1):
            if n < len(page) and style(page[n]) == style(page[first]) and _step(page[n - 1], page[n]) > 0:
                continue
            run, kind = page[first:n], style(page[first])
            words = " ".join(piece.text for piece in run)
            if (
                kind is not None
                and len(run) <= _HEADING_LINES
                and len(words) <= _HEADING_LENGTH
                and words[-1] not in ".,;"
            ):
                level = min(styles.index(kind) + 1, _MOST_LEVELS)
                marked[first:n] = [replace(piece, level=level) for piece in run]
            first = n
        out.append(marked)
    return out


def _written(pages: list[list[Piece]]) -> tuple[str, tuple[int, ...], tuple[Hint, ...]]:
    usual = _usual_step(pages)
    parts: list[str] = []
    length = 0
    starts: list[int] = []
    hints: list[Hint] = []

    def add(text: str) -> None:
        nonlocal length
        parts.append(text)
        length += len(text)

    edges: dict[int, float] = {}
    for number, page in enumerate(pages):
        if number:
            add("\f")
            before = pages[number - 1]
            if before and page and (_had_room(before[-1], page[0], edges) or _full(before[-1], page[0])):
                add("\n")
        edges = _right_edges(page)
        starts.append(length)
        for n, piece in enumerate(page):
            above = page[n - 1] if n else None
            if above is not None:
                parted = _parted(above, piece, usual) or _had_room(above, piece, edges)
                add("\n\n" if parted else "\n")
            text = piece.text.rstrip()
            lead = len(text) - len(text.lstrip())
            heading = 2 if piece.label else piece.level
            goes_on = above is not None and (2 if above.label else above.level) == heading
            if heading and not (goes_on and above is not None and not _parted(above, piece, usual)):
                hints.append(Hint(length + lead, length + len(text), "heading", heading))
            elif heading:
                hints[-1] = replace(hints[-1], end=length + len(text))
            elif piece.front:
                hints.append(Hint(length + lead, length + len(text), "front"))
            add(text)
    return "".join(parts), tuple(starts), tuple(hints)


def _parted(above: Piece, below: Piece, usual: float) -> bool:
    """Whether a blank line belongs between two lines."""
    if above.label != below.label or above.front or below.front or above.level != below.level:
        return True
    if above.base is None or below.base is None:
        return False
    step = _step(above, below)
    if step > usual * _PARAGRAPH_GAP > 0:
        return True
    # Back up the page, to another column or the next cell; a paragraph may run on there.
    return step < 0 and bool(_ENDS.search(above.text))


def _usual_step(pages: Sequence[Sequence[Piece]]) -> float:
    """The usual distance of lines, 0 where none is known.

    It is among the small ones: in short texts most may be between paragraphs.
    """
    steps = sorted(step for page in pages for above, below in pairwise(page) if (step := _step(above, below)) > 0)
    return steps[len(steps) // 4] if steps else 0.0


def _right_edges(page: Sequence[Piece]) -> dict[int, float]:
    """How far the lines of each left margin reach, by that margin in points."""
    edges: dict[int, float] = {}
    for piece in page:
        if piece.left is not None and piece.right is not None and not piece.label:
            edges[round(piece.left)] = max(edges.get(round(piece.left), 0.0), piece.right)
    return edges


def _had_room(above: Piece, below: Piece, edges: dict[int, float]) -> bool:
    """Whether a sentence ends where the next word had room on its line, so that someone began a new paragraph."""
    if above.left is None or above.right is None or below.word is None:
        return False
    if not _ENDS.search(above.text) or below.text[0].islower() or above.label:
        return False
    edge = max(edges.get(round(above.left) + off, 0.0) for off in (-1, 0, 1))
    return above.right + _BLANK * (above.size or 0.0) + below.word + _ROOM < edge


def _full(above: Piece, below: Piece) -> bool:
    """Whether a sentence ends with the long last line of a page: more paragraphs do so than sentences within one."""
    return len(above.text) >= _LONG and bool(_ENDS.search(above.text)) and not below.text[0].islower()


def _step(above: Piece, below: Piece) -> float:
    return 0.0 if above.base is None or below.base is None else above.base - below.base
