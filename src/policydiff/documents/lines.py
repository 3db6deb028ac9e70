"""Lines of a text with their offsets: what provisions and passages are both found in."""

import re
from dataclasses import dataclass

_LINE = re.compile(r"[^\n\r\f]*")
_BREAK = re.compile(r"\r\n|[\n\r\f]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line that holds text: ``[start, end)`` without surrounding white space.

    ``indent`` and ``trailing`` count the white space before and after it on its line, ``gap`` the lines
    without text since the line before, and ``page_top`` says that a page break (form feed) precedes it.
    """

    start: int
    end: int
    text: str
    indent: int
    trailing: int
    gap: int
    page_top: bool


def lines_of(text: str) -> list[Line]:
    """The lines of ``text`` that hold more than white space, in order."""
    lines: list[Line] = []
    at, gap, page_top = 0, 0, False
    while at <= len(text):
        found = _LINE.match(text, at)
        end = found.end() if found else at
        raw = text[at:end]
        stripped = raw.strip()
        if stripped:
            indent = len(raw) - len(raw.lstrip())
            start = at + indent
            stop = start + len(stripped)
            lines.append(Line(start, stop, stripped, indent, end - stop, gap, page_top))
            gap, page_top = 0, False
        elif end < len(text):
            gap += 1
        ending = _BREAK.match(text, end)
        if ending is None:
            break
        page_top = page_top or ending.group() == "\f"
        at = ending.end()
    return lines


def one_line(text: str) -> str:
    """``text`` with all white space made single, for names and titles."""
    return " ".join(text.split())


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """``[start, end)`` without white space at either end; empty where there is nothing else."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
