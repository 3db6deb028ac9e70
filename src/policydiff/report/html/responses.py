"""A response in full: every character of it in order, what stands between the passages included."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from policydiff.models import Passage, Response
from policydiff.report.html.marking import one_line, shown
from policydiff.report.html.quotations import Quotation

_BLANK = re.compile(r"(\s*\n\s*\n\s*|^\s*\n\s*|\s*\n\s*$)")  # blank lines, and the ends of lines at either end


@dataclass(frozen=True, slots=True)
class Stretch:
    """Text of a response: a passage with its disposition and the quotations made of it, or what stands between two."""

    text: str
    blank: bool = False
    disposition: str = ""
    anchor: str = ""
    quotations: tuple[Quotation, ...] = ()


@dataclass(frozen=True, slots=True)
class FullResponse:
    """A response; the texts of ``stretches`` put together are its own text."""

    anchor: str
    respondent: str
    kind: str | None
    kind_guessed: bool
    source: str
    language: str
    passages: int
    masked: int
    stretches: tuple[Stretch, ...]


def full_response(
    response: Response,
    passages: Sequence[Passage],
    anchors: Mapping[str, str],
    quotations: Mapping[str, Sequence[Quotation]],
    anchor: str,
) -> FullResponse:
    """The whole of one response; ``anchors`` names the passages by id, ``quotations`` are found by these names."""
    source = one_line(response.source)
    return FullResponse(
        anchor=anchor,
        respondent=one_line(response.respondent) or source,
        kind=response.kind,
        kind_guessed=response.kind_guessed,
        source=source,
        language=response.language,
        passages=len(passages),
        masked=len(response.masked),
        stretches=tuple(_stretches(response.text, passages, anchors, quotations)),
    )


def _stretches(
    text: str,
    passages: Sequence[Passage],
    anchors: Mapping[str, str],
    quotations: Mapping[str, Sequence[Quotation]],
) -> Iterator[Stretch]:
    """No character is left out or repeated, even where passages should overlap."""
    at = 0
    for passage in sorted(passages, key=lambda p: (p.start, p.end)):
        start, end = max(at, passage.start), max(at, passage.end)
        if at < start:
            yield from _between(text[at:start])
        anchor = anchors[passage.id]
        yield Stretch(shown(text[start:end]), False, passage.disposition, anchor, tuple(quotations.get(anchor, ())))
        at = end
    if at < len(text):
        yield from _between(text[at:])


def _between(text: str) -> Iterator[Stretch]:
    for part in _BLANK.split(text):
        if part:
            yield Stretch(shown(part), blank="\n" in part and part.isspace())
