"""What stands in a response but is no answer: the authority's letter, the sender's name and address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from policydiff.documents.headings import Heading, letter_words, may_be_name
from policydiff.documents.lines import one_line

BlockKind = Literal["heading", "paragraph", "bullet", "front"]


@dataclass(slots=True)
class Span:
    """A block in the making; ``heading`` is set where it is one."""

    start: int
    end: int
    kind: BlockKind
    heading: Heading | None = None


def mark_front(text: str, spans: Sequence[Span], language: str) -> list[Span]:
    """``spans`` with kind "front" where they are not the respondent's answer.

    Front are: everything before the template's first heading if it reads like the letter that asks for
    responses; what stands in the sender's cell, where another heading of the template or of the format
    closes it; and a first line that is a name. Anything doubtful stays a passage, to be judged.
    """
    out = list(spans)
    template = next((i for i, s in enumerate(out) if s.heading and (s.heading.template or s.heading.sender)), None)
    if template and _is_letter(text[: out[template].start], language):
        out[:template] = [Span(s.start, s.end, "front") for s in out[:template]]
    for i, span in enumerate(out):
        if span.heading is None or not span.heading.sender:
            continue
        closing = next((j for j in range(i + 1, len(out)) if _closes(out[j])), None)
        if closing is not None:
            out[i + 1 : closing] = [Span(s.start, s.end, "front") for s in out[i + 1 : closing]]
    # The subject of a mail and page numbers may stand before the first line.
    at = next((i for i, s in enumerate(spans) if s.kind != "front"), len(out))
    first = out[at] if len(out) - at > 1 else None
    if first is not None and first.kind in ("paragraph", "heading") and not _fixed(first):
        line = text[first.start : first.end]
        if len(line.splitlines()) == 1 and may_be_name(line, language):
            out[at] = Span(first.start, first.end, "front")
    return out


def _fixed(span: Span) -> bool:
    return span.heading is not None and (span.heading.template or span.heading.sender or span.heading.marked)


def _closes(span: Span) -> bool:
    return span.heading is not None and (span.heading.template or span.heading.marked)


def _is_letter(text: str, language: str) -> bool:
    folded = one_line(text).lower()
    return any(phrase in folded for phrase in letter_words(language))
