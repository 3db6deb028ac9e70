"""A response becomes blocks: headings, front matter, and the paragraphs and bullets that are judged."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from policydiff.documents.extract import Hint
from policydiff.documents.front import BlockKind, Span, mark_front
from policydiff.documents.headings import (
    Heading,
    hinted_heading,
    is_noise,
    marked_heading,
    numbered_or_pointing,
    plain_heading,
    template_heading,
)
from policydiff.documents.language import detect_language
from policydiff.documents.layout import Layout, bullet_marker, ends_sentence, layout_of, starts_item, starts_paragraph
from policydiff.documents.lines import Line, lines_of, one_line, trimmed
from policydiff.documents.reading import Document
from policydiff.documents.respondents import guessed_kind, respondent_of
from policydiff.documents.sentences import split_sentences
from policydiff.models import Response

# The width of a line where no measure is known.
_WIDTH = 200
# Characters: a longer paragraph is several passages, parted between sentences. Few real ones reach half of it.
_LONGEST_PASSAGE = 4000
# A heading that text follows on the next line is shorter than this share of the measure.
_NARROW = 0.7


@dataclass(frozen=True, slots=True)
class Block:
    """One contiguous part of a response, ``text == document.text[start:end]``.

    ``section`` is the heading it stands under, on one line, empty before the first. Only "paragraph" and
    "bullet" are judged; "front" is what the respondent did not write as an answer: the letter of the
    authority, the sender's name and address, page numbers, bare link addresses. ``page`` is the one it begins
    on, from 1, None where the document has no pages.
    """

    start: int
    end: int
    kind: BlockKind
    section: str
    text: str
    page: int | None = None


def segment(document: Document, language: str, *, template: re.Pattern[str] | None = None) -> list[Block]:
    """The blocks of a response in order; together they hold every character that is not white space.

    ``template`` matches the headings of the response template at hand, besides those that the language knows.

    Raises:
        SettingsError: there is no pack for ``language``.
    """
    text = document.text
    spans = mark_front(text, _spans(document, language, template), language)
    pages = document.pages if document.format == "pdf" or len(document.pages) > 1 else ()
    blocks: list[Block] = []
    section = ""
    for span in spans:
        if span.heading is not None:
            section = span.heading.name
        kind: BlockKind = "heading" if span.heading is not None else span.kind
        for start, end in _pieces(text, span, language):
            page = bisect_right(pages, start) if pages else None
            blocks.append(Block(start, end, kind, section, text[start:end], page))
    return blocks


def parse_response(
    document: Document, *, response_id: str, language: str | None = None, template: re.Pattern[str] | None = None
) -> tuple[Response, list[Block]]:
    """The record of a response and its blocks.

    The respondent is who a table names, else what stands in the sender's cell, else the sender of the mail, else
    the name line that opens the document or the name below the closing words, else the file's name without its
    suffix.
    """
    language = language or detect_language(document.text)
    blocks = segment(document, language, template=template)
    respondent = respondent_of(document, [(b.kind, b.section, b.text) for b in blocks], language)
    response = Response(
        id=response_id,
        respondent=respondent,
        source=document.source,
        language=language,
        sha256=document.sha256,
        text=document.text,
        kind=document.kind or guessed_kind(respondent, document.text, language),
        kind_guessed=document.kind is None,
        weight=document.weight,
        masked=document.masked,
    )
    return response, blocks


def template_headings(document: Document, language: str | None = None) -> re.Pattern[str]:
    """What matches the headings of a blank response template: all short lines in it that begin no letter."""
    language = language or detect_language(document.text)
    labels = {
        one_line(line).rstrip(": ")
        for block in segment(document, language)
        for line in ([block.text] if block.kind == "heading" else block.text.splitlines())
        if 2 < len(one_line(line)) <= _WIDTH and not one_line(line).endswith((".", ",", ";"))
    }
    words = [r"\s+".join(map(re.escape, label.split())) for label in sorted(labels, key=len, reverse=True)]
    return re.compile(rf"(?:{'|'.join(words)})" if words else r"(?!)", re.IGNORECASE)


def _pieces(text: str, span: Span, language: str) -> list[tuple[int, int]]:
    """A span as it is, or parted between sentences, then between words, where it is too long to be judged as one."""
    if span.end - span.start <= _LONGEST_PASSAGE or span.heading is not None:
        return [(span.start, span.end)]
    sentences = [(span.start + a, span.start + b) for a, b in split_sentences(text[span.start : span.end], language)]
    pieces: list[tuple[int, int]] = []
    for start, end in sentences:
        if pieces and end - pieces[-1][0] <= _LONGEST_PASSAGE:
            pieces[-1] = (pieces[-1][0], end)
            continue
        while end - start > _LONGEST_PASSAGE:
            blank = text.rfind(" ", start + 1, start + _LONGEST_PASSAGE)
            cut = blank if blank > 0 else start + _LONGEST_PASSAGE
            pieces.append(trimmed(text, start, cut))
            start, end = trimmed(text, cut, end)
        if start < end:
            pieces.append((start, end))
    return pieces


def _spans(document: Document, language: str, template: re.Pattern[str] | None) -> list[Span]:
    """Headings, paragraphs, bullets and noise, in order."""
    text, lines = document.text, lines_of(document.text)
    hints = {hint.start: hint for hint in document.hints}
    # The reader of PDF files has told paragraphs by their place. What else a format marks as paragraphs has no
    # layout, but the body of a mail beside it may.
    layout = Layout(None, False, False) if document.format == "pdf" else layout_of(_unmarked(lines, document.hints))
    spans: list[Span] = []
    last: Span | None = None  # the passage that a line may continue
    before: Line | None = None
    index = 0
    while index < len(lines):
        line, hint = lines[index], hints.get(lines[index].start)
        heading = _heading(text, lines, index, before, layout, language, hint, template)
        if heading is not None:
            spans.append(Span(heading.start, heading.end, "heading", heading))
            last = before = None
            while index < len(lines) and lines[index].end <= heading.end:
                index += 1
            if index < len(lines) and lines[index].start < heading.end:
                lines[index] = _rest(lines[index], text, heading.end)
            continue
        index += 1
        if hint is not None and hint.kind == "front":
            spans.append(Span(line.start, hint.end, "front"))
            last = before = None
            while index < len(lines) and lines[index].end <= hint.end:
                index += 1
            continue
        if is_noise(line, language) and hint is None:
            spans.append(Span(line.start, line.end, "front"))
            continue
        in_list = last is not None and last.kind == "bullet"
        if (hint is not None and hint.kind == "bullet") or starts_item(line, before, layout, in_list=in_list):
            last = Span(line.start, line.end, "bullet")
            spans.append(last)
        elif before is None or last is None or hint is not None or starts_paragraph(line, before, layout):
            last = Span(line.start, line.end, "paragraph")
            spans.append(last)
        else:
            last.end = line.end
            while spans[-1] is not last:  # noise inside a passage that runs on belongs to its span
                spans.pop()
        before = line
    return spans


def _unmarked(lines: Sequence[Line], hints: Sequence[Hint]) -> list[Line]:
    """The lines that lie in no hint."""
    starts = [hint.start for hint in hints]
    found = []
    for line in lines:
        at = bisect_right(starts, line.start) - 1
        if at < 0 or hints[at].end < line.end:
            found.append(line)
    return found


def _heading(
    text: str,
    lines: Sequence[Line],
    index: int,
    before: Line | None,
    layout: Layout,
    language: str,
    hint: Hint | None,
    template: re.Pattern[str] | None,
) -> Heading | None:
    """The heading that begins at ``lines[index]``, or None."""
    line = lines[index]
    if hint is not None and hint.kind == "heading":
        return hinted_heading(text, hint.start, hint.end, language)
    if hint is not None and hint.kind in ("bullet", "front"):
        return None
    found = template_heading(text, line, language, template) or marked_heading(line)
    if found is not None:
        return found
    if index + 1 == len(lines) or (bullet_marker(line) and not numbered_or_pointing(line, language)):
        return None
    after, usual = lines[index + 1], int(layout.doubled)
    if before is not None and line.gap <= usual and not (ends_sentence(before) and layout.measure):
        return None
    alone = (before is None or line.gap > usual) and after.gap > usual
    if not alone:
        room = _NARROW * (layout.measure or _WIDTH)
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
