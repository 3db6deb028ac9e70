"""Text cut at the edges of its marks, so that overlapping marks show as what they are."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise
from typing import NamedTuple

from policydiff.documents import normalise

# What a page cannot hold or fonts lack, character for character: control pictures for controls, the bullet and the
# hyphen that PDF files bring.
SHOWN = {code: 0x2400 + code for code in (*range(9), 11, *range(14, 32))}
SHOWN |= dict.fromkeys((*range(127, 160), 0xFFFF), 0xFFFD) | {0xF0B7: 0x2022, 0xFFFE: 0x2D}

_NOT_SHOWN = re.compile(f"[{''.join(re.escape(chr(code)) for code in SHOWN)}]")
# Where a text does not flow as it stands; in most nothing is to be done, which is quicker found out than done.
_UNEVEN = re.compile(r"[^\S ]|  |^ | $|[\u00ad\ufffe\u200b\ufeff\ufb00-\ufb06]")
# Between paragraphs and before list items of a provision.
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*|\n\s*(?=(?:[-–•*\uf0b7]|\d{1,2}[.)])\s)")


def shown(text: str) -> str:
    """``text`` as the page can hold it, of the same length."""
    return text.translate(SHOWN) if _NOT_SHOWN.search(text) else text


def one_line(text: str) -> str:
    """A name or a heading without its line ends."""
    return " ".join(shown(text).split())


class Span(NamedTuple):
    """``text[start:end]`` bears ``mark``, the name of a class in style.css."""

    start: int
    end: int
    mark: str


class Piece(NamedTuple):
    """A stretch of text with all marks that cover it, as a value for the attribute ``class``; "" is none."""

    text: str
    marks: str


def pieces(text: str, spans: Iterable[Span]) -> tuple[Piece, ...]:
    """``text`` in order, cut wherever a mark begins or ends. Spans are clipped to the text, empty ones dropped."""
    inside = [s for s in (Span(max(s.start, 0), min(s.end, len(text)), s.mark) for s in spans) if s.start < s.end]
    whole = shown(text)
    edges = sorted({0, len(text), *(s.start for s in inside), *(s.end for s in inside)})
    return tuple(
        Piece(whole[a:b], " ".join(sorted({s.mark for s in inside if s.start <= a and b <= s.end})))
        for a, b in pairwise(edges)
    )


def flowing(text: str, spans: Iterable[Span]) -> tuple[Piece, ...]:
    """The same for a passage that is to flow: without its line ends, and with words joined that a line end cut."""
    if not _UNEVEN.search(text):
        return pieces(text, spans)
    mapped = normalise(text)
    placed = [(bisect_left(mapped.starts, s.start), s) for s in spans]
    return pieces(mapped.text, (Span(at, bisect_left(mapped.starts, s.end, at), s.mark) for at, s in placed))


def paragraphs(text: str, spans: Iterable[Span]) -> Iterator[tuple[Piece, ...]]:
    """The paragraphs and list items of a longer text, each flowing."""
    spans = tuple(spans)
    at = 0
    for gap in (*_PARAGRAPH.finditer(text), None):
        end = len(text) if gap is None else gap.start()
        if text[at:end].strip():
            yield flowing(text[at:end], (Span(s.start - at, s.end - at, s.mark) for s in spans))
        at = end if gap is None else gap.end()


def layered(spans: Iterable[tuple[int, int]]) -> Iterator[Span]:
    """How many spans lie over each other where: adjoining spans marked quoted-1, quoted-2, and quoted-3 for more."""
    change: Counter[int] = Counter()
    for start, end in spans:
        change[start] += 1
        change[end] -= 1
    edges = sorted(change)
    depths = accumulate(change[edge] for edge in edges)
    for (start, end), depth in zip(pairwise(edges), depths, strict=False):
        if depth:
            yield Span(start, end, f"quoted-{min(depth, 3)}")
