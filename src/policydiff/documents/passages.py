"""A response becomes blocks: headings, front matter, and the paragraphs and bullets that are judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from policydiff.documents.formats import Hint
from policydiff.documents.front import BlockKind, Span, mark_front
from policydiff.documents.headings import (
    Heading,
    hinted_heading,
    is_noise,
    marked_heading,
    numbered_or_pointing,
    plain_heading,
    template_heading,
    without_label,
)
from policydiff.documents.language import detect_language
from policydiff.documents.layout import Layout, bullet_marker, ends_sentence, layout_of, starts_item, starts_paragraph
from policydiff.documents.lines import Line, lines_of, one_line, trimmed
from policydiff.documents.reading import Document
from policydiff.models import Response

# A respondent's name is cut at this many characters.
_NAME_LENGTH = 200
# A heading that text follows on the next line is shorter than this share of the measure.
_NARROW = 0.7


@dataclass(frozen=True, slots=True)
class Block:
    """One contiguous part of a response, ``text == document.text[start:end]``.

    ``section`` is the heading it stands under, on one line, empty before the first. Only "paragraph" and
    "bullet" are judged; "front" is what the respondent did not write as an answer: the letter of the
    authority, the sender's name and address, page numbers, bare link addresses.
    """

    start: int
    end: int
    kind: BlockKind
    section: str
    text: str


def segment(document: Document, language: str) -> list[Block]:
    """The blocks of a response in order; together they hold every character that is not white space.

    Raises:
        SettingsError: there is no pack for ``language``.
    """
    text = document.text
    spans = mark_front(text, _spans(document, language), language)
    blocks: list[Block] = []
    section = ""
    for span in spans:
        if span.heading is not None:
            section = span.heading.name
        kind: BlockKind = "heading" if span.heading is not None else span.kind
        blocks.append(Block(span.start, span.end, kind, section, text[span.start : span.end]))
    return blocks


def parse_response(
    document: Document, *, response_id: str, language: str | None = None
) -> tuple[Response, list[Block]]:
    """The record of a response and its blocks.

    The respondent is what stands in the sender's cell, else the name line that opens the document, else
    the file's name without its suffix.
    """
    language = language or detect_language(document.text)
    blocks = segment(document, language)
    response = Response(
        id=response_id,
        respondent=_respondent(document, blocks, language),
        source=document.source,
        language=language,
        sha256=document.sha256,
        text=document.text,
    )
    return response, blocks


def _spans(document: Document, language: str) -> list[Span]:
    """Headings, paragraphs, bullets and noise, in order."""
    text, lines = document.text, lines_of(document.text)
    hints = {hint.start: hint for hint in document.hints}
    layout = layout_of(lines) if not hints else Layout(None, False, False)
    spans: list[Span] = []
    last: Span | None = None  # the passage that a line may continue
    before: Line | None = None
    index = 0
    while index < len(lines):
        line, hint = lines[index], hints.get(lines[index].start)
        heading = _heading(text, lines, index, before, layout, language, hint)
        if heading is not None:
            spans.append(Span(heading.start, heading.end, "heading", heading))
            last = before = None
            while index < len(lines) and lines[index].end <= heading.end:
                index += 1
            if index < len(lines) and lines[index].start < heading.end:
                lines[index] = _rest(lines[index], text, heading.end)
            continue
        index += 1
        if is_noise(line, language) and hint is None:
            spans.append(Span(line.start, line.end, "front"))
            continue
        in_list = last is not None and last.kind == "bullet"
        if (hint is not None and hint.kind == "bullet") or starts_item(line, before, layout, in_list=in_list):
            last = Span(line.start, line.end, "bullet")
            spans.append(last)
        elif before is None or last is None or starts_paragraph(line, before, layout):
            last = Span(line.start, line.end, "paragraph")
            spans.append(last)
        else:
            last.end = line.end
            while spans[-1] is not last:  # noise inside a passage that runs on belongs to its span
                spans.pop()
        before = line
    return spans


def _heading(
    text: str,
    lines: Sequence[Line],
    index: int,
    before: Line | None,
    layout: Layout,
    language: str,
    hint: Hint | None,
) -> Heading | None:
    """The heading that begins at ``lines[index]``, or None."""
    line = lines[index]
    if hint is not None and hint.kind == "heading":
        return hinted_heading(text, hint.start, hint.end, language)
    if hint is not None and hint.kind == "bullet":
        return None
    found = template_heading(text, line, language) or marked_heading(line)
    if found is not None:
        return found
    if index + 1 == len(lines) or (bullet_marker(line) and not numbered_or_pointing(line, language)):
        return None
    after, usual = lines[index + 1], int(layout.doubled)
    if before is not None and line.gap <= usual and not (ends_sentence(before) and layout.measure):
        return None
    alone = (before is None or line.gap > usual) and after.gap > usual
    if not alone:
        room = _NARROW * (layout.measure or _NAME_LENGTH)
        runs_on = not after.text[0].isupper() or line.end - line.start > room
        if runs_on or not (layout.tight or numbered_or_pointing(line, language)):
            return None
    return plain_heading(line, language)


def _rest(line: Line, text: str, start: int) -> Line:
    """What is left of a line after the heading that ends within it."""
    start, end = trimmed(text, start, line.end)
    if text[start] == ":" and end - start > 1:
        start, end = trimmed(text, start + 1, end)
    return Line(start, end, text[start:end], 0, line.trailing, 0, False)


def _respondent(document: Document, blocks: Sequence[Block], language: str) -> str:
    """The first line of the sender's cell or of the front matter that is no letter, else the file's stem."""
    first = blocks[0] if blocks else None
    sender = [block for block in blocks if block.kind == "front" and block.section]
    if sender:
        return one_line(sender[0].text.splitlines()[0])[:_NAME_LENGTH]
    if first is not None and first.kind == "front" and len(first.text.splitlines()) == 1:
        return without_label(one_line(first.text), language)[:_NAME_LENGTH]
    return PurePath(document.source).stem
