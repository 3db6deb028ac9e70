"""The headings of a draft, whatever marks them: Markdown, a format's styles, or their wording and place."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from policydiff.documents.headings import plain_heading
from policydiff.documents.kinds import Kinds, Name
from policydiff.documents.layout import Layout, bullet_marker, ends_sentence, layout_of
from policydiff.documents.lines import Line, lines_of, one_line, trimmed
from policydiff.documents.reading import Document

_MARKS = re.compile(r"(#{1,6})\s+(?=\S)")
_BOLD = re.compile(r"(\*\*|__)(?P<text>.+?)\1[:.]?$")
_DECIMAL = re.compile(r"\d{1,2}(?:\.\d{1,3})+\.?\s+(?=[^\W\d_])")
_ITEM = re.compile(r"\(?(?:\d{1,3}|[a-zæøå])[.)]\s+(?=\S)", re.IGNORECASE)
# A contents page repeats the headings with the page each stands on.
_CONTENTS = re.compile(r"(?:\.\s?){4,}\s*\d+$|\t\d+$")
_LONGEST_TITLE = 140
# A title leaves this share of its line free, where the page is not known to be wider than this many characters;
# below it may stand a paragraph on one line, that many times as long.
_FILLED = 0.7
_NARROW_PAGE = 70
_MUCH_LONGER = 1.5
# Levels given to headings that have no marks: groups, then labelled provisions, then parts of these.
_TOP, _GROUP, _PROVISION, _PART = 1, 2, 3, 4


@dataclass(slots=True)
class Head:
    """A heading ``[start, end)`` whose body begins at ``body``.

    ``name`` is set if the heading itself names a provision; ``group`` is the kind it announces; ``chapter`` says that
    it opens a chapter, which no provision goes on over.
    ``title_start`` is where the title begins in the text, at ``end`` if there is none.
    """

    start: int
    end: int
    body: int
    level: int
    title: str
    title_start: int
    name: Name | None = None
    group: str | None = None
    chapter: bool = False


def outline(document: Document, kinds: Kinds, language: str) -> list[Head]:
    """The headings of a draft in order."""
    text, lines = document.text, lines_of(document.text)
    hints = {hint.start: hint for hint in document.hints if hint.kind == "heading"}
    marked = bool(hints) or any(_MARKS.match(line.text) for line in lines)
    layout = layout_of(lines)
    heads: list[Head] = []
    paragraph = ""
    group = False
    index = 0
    while index < len(lines):
        line = lines[index]
        before = lines[index - 1] if index else None
        at_head = bool(heads) and before is not None and heads[-1].end >= before.end
        index += 1
        if _CONTENTS.search(line.text):
            continue
        head = None
        marks = _MARKS.match(line.text)
        bold = _BOLD.match(line.text)
        # The first line of a draft is its title, whatever stands right below it.
        below_title = index == 2 and before is not None and len(before.text) <= _LONGEST_TITLE
        free = at_head or before is None or line.gap > layout.doubled or ends_sentence(before) or below_title
        if marks:
            head = _titled(text, line.start + marks.end(), line, len(marks[1]), kinds)
        elif line.start in hints:
            hint = hints[line.start]
            head = _spanning(text, hint.start, hint.start, hint.end, hint.level, kinds)
        elif (chapter := _chapter(text, lines, index - 1, kinds, layout, free=free)) is not None:
            head = chapter
        elif free:
            head = _by_wording(text, lines, index - 1, kinds, paragraph, group, layout)
            if head is None and bold and (len(line.text) <= _LONGEST_TITLE):
                inner = line.start + bold.start("text")
                head = _spanning(text, line.start, inner, line.start + bold.end("text"), _PROVISION, kinds)
                head.end = head.body = line.end
            if head is None and not marked:
                head = _numbered_short(lines, index - 1, layout, kinds, text, heads[-1] if group else None)
                head = head or _short(lines, index - 1, layout, language, kinds, text)
        if head is None:
            continue
        head.chapter = head.chapter or (head.name is None and kinds.chapter(head.title) is not None)
        if head.chapter and index < len(lines) and lines[index].start not in hints:
            _chapter_title(lines, index, head, kinds, layout)
        if marks is None and line.start not in hints and head.name and head.title_start >= head.end:
            index = _title_below(text, lines, index, head, layout)
        while index < len(lines) and lines[index].end <= head.end:
            index += 1
        heads.append(head)
        if head.name is not None and head.name.label.startswith("§"):
            paragraph = head.name.label
        elif head.level <= _GROUP:
            paragraph = ""
        if head.name is None and head.level <= _GROUP:
            group = head.group is not None
    highest = min((h.level for h in heads if h.name is not None and h.name.label.startswith("§")), default=_PART)
    for head in heads:
        head.level = min(head.level, highest) if head.chapter else head.level
    return _with_bullets(document, lines, heads)


def _with_bullets(document: Document, lines: Sequence[Line], heads: Sequence[Head]) -> list[Head]:
    """``heads`` with the bullets below a group that has no headings or labels, each as a head without a title."""
    bullets = {hint.start for hint in document.hints if hint.kind == "bullet"}
    starts = [line.start for line in lines]
    out: list[Head] = []
    for i, head in enumerate(heads):
        out.append(head)
        after = heads[i + 1] if i + 1 < len(heads) else None
        if head.group is None or (after is not None and after.level > head.level):
            continue
        end = after.start if after is not None else len(document.text)
        first = bisect_left(starts, head.body)
        for line in lines[first : bisect_left(starts, end)]:
            marker = bullet_marker(line)
            if marker or line.start in bullets:
                at = line.start + marker
                out.append(Head(line.start, at, at, head.level + 1, "", at))
    return out


def _titled(text: str, start: int, line: Line, level: int, kinds: Kinds) -> Head:
    end = line.start + len(line.text.rstrip("# "))
    return _spanning(text, line.start, min(start, end), end, level, kinds, body=line.end)


def _spanning(
    text: str, start: int, inner: int, end: int, level: int, kinds: Kinds, *, body: int | None = None
) -> Head:
    """A head whose words are ``text[inner:end]``, all of them heading."""
    while text[inner:end][:2] in ("**", "__") and text[inner:end][-2:] in ("**", "__") and end - inner > 4:
        inner, end = inner + 2, end - 2
    words = text[inner:end]
    name = kinds.paragraph_name(words) or kinds.labelled_name(words)
    at = inner + (name.at if name else 0)
    group = None if name else kinds.group(words)
    return Head(start, end, end if body is None else body, level, one_line(text[at:end]), at, name, group)


def _by_wording(
    text: str, lines: Sequence[Line], index: int, kinds: Kinds, paragraph: str, group: bool, layout: Layout
) -> Head | None:
    """A heading without marks that its words give away: a label, or a kind noun alone."""
    line = lines[index]
    words = line.text
    name = kinds.paragraph_name(words)
    level = _PROVISION
    if name is not None and not _followed(words, name):
        name = None
    if name is None and paragraph:
        name = kinds.part_name(words, paragraph)
        level = _PART
    if name is None:
        level = _PROVISION
        name = kinds.labelled_name(words)
        if name is not None and not name.strong and not (words[name.at].isupper() and _alone(lines, index, layout)):
            name = None
    if name is None and _DECIMAL.match(words) and _title_like(words):
        return Head(line.start, line.end, line.end, _PROVISION, one_line(words), line.start)
    if name is None and group and _ITEM.match(words):
        found = kinds.bare_name(words, "")
        if found is not None:
            at = line.start + found.at
            if _title_like(words) and index + 1 < len(lines) and not _ITEM.match(lines[index + 1].text):
                return Head(line.start, line.end, line.end, _PROVISION, one_line(words), line.start)
            return Head(line.start, at, at, _PROVISION, one_line(text[line.start : at]), line.start)
    if name is None:
        kind = kinds.group(words)
        if kind is None or len(words) > 60 or not words[0].isupper():
            return None
        return Head(line.start, line.end, line.end, _GROUP, one_line(words), line.start, None, kind)
    at = line.start + name.at
    if at == line.end and _runs_on(lines, index, layout):
        return None  # a reference at the beginning of a line of prose
    if at < line.end and _second_line(lines, index, layout):
        end = lines[index + 1].end
        return Head(line.start, end, end, level, one_line(text[at:end]), at, name)
    inline = _runs_on(lines, index, layout) or _fills_line(lines, index, layout)
    if at < line.end and (inline or not _title_like(words[name.at :])):
        return Head(line.start, at, at, level, "", at, name)
    return Head(line.start, line.end, line.end, level, one_line(text[at : line.end]), at, name)


def _chapter(text: str, lines: Sequence[Line], index: int, kinds: Kinds, layout: Layout, *, free: bool) -> Head | None:
    """The heading of a chapter without marks, "Kapitel 2" or "Kapitel 2. Straf", or None.

    Laws are often set without blank lines, so it need not stand alone; then it must not fill its line, as prose does.
    """
    line = lines[index]
    bold = _BOLD.match(line.text)
    inner, end = (bold.start("text"), bold.end("text")) if bold else (0, len(line.text))
    words = line.text[inner:end]
    if kinds.chapter(words) is None or not _title_like(words) or ends_sentence(line) or _runs_on(lines, index, layout):
        return None
    if not free and (len(words) > _FILLED * (layout.measure or _NARROW_PAGE) or _fills_line(lines, index, layout)):
        return None
    head = _spanning(text, line.start, line.start + inner, line.start + end, _GROUP, kinds, body=line.end)
    head.end, head.chapter = line.end, True
    return head


def _chapter_title(lines: Sequence[Line], index: int, head: Head, kinds: Kinds, layout: Layout) -> None:
    """Takes a short line for a chapter's title that stands alone below its number, or before its first provision."""
    if index + 1 >= len(lines) or kinds.chapter(head.title) != len(head.title):
        return
    line, after = lines[index], lines[index + 1]
    named = kinds.paragraph_name(after.text) or kinds.labelled_name(after.text)
    own = kinds.paragraph_name(line.text) or kinds.labelled_name(line.text) or kinds.chapter(line.text)
    if (
        (named is None and after.gap <= layout.doubled)
        or own
        or _MARKS.match(line.text)
        or not _title_like(line.text)
        or ends_sentence(line)
    ):
        return
    head.title, head.end, head.body = f"{head.title} {one_line(line.text)}", line.end, line.end


def _followed(words: str, name: Name) -> bool:
    """A section sign begins a line of prose too ("§ 4 siger, at"): a provision has a stop, a capital or nothing."""
    rest = words[name.at :]
    return not rest or words[: name.at].rstrip().endswith((".", ":", "–", "—", "-")) or rest[0].isupper()


def _title_like(words: str) -> bool:
    return 0 < len(words) <= _LONGEST_TITLE and not re.search(r"[.;,:]$", words)


def _runs_on(lines: Sequence[Line], index: int, layout: Layout) -> bool:
    """Whether the next line goes on in lower case, without a blank line between."""
    if index + 1 >= len(lines):
        return False
    return lines[index + 1].gap <= layout.doubled and lines[index + 1].text[0].islower()


def _fills_line(lines: Sequence[Line], index: int, layout: Layout) -> bool:
    """Whether a line is as long as its neighbour below, as in prose, with no blank line between."""
    if index + 1 >= len(lines) or lines[index + 1].gap > layout.doubled:
        return False
    length, below = len(lines[index].text), len(lines[index + 1].text)
    return length > _FILLED * (layout.measure or _NARROW_PAGE) and below < _MUCH_LONGER * length


def _second_line(lines: Sequence[Line], index: int, layout: Layout) -> bool:
    """Whether a title that was wrapped ends on the next line."""
    if not _runs_on(lines, index, layout) or not _title_like(lines[index].text):
        return False
    beyond = lines[index + 2] if index + 2 < len(lines) else None
    return beyond is not None and beyond.gap > layout.doubled and _title_like(lines[index + 1].text)


def _title_below(text: str, lines: Sequence[Line], index: int, head: Head, layout: Layout) -> int:
    """Takes a short line that stands alone below a label for its title; gives the index of the line after."""
    if head.end != head.body or lines[index - 1].end > head.end or index + 1 >= len(lines):
        return index  # or its text stands on its own line
    line, after = lines[index], lines[index + 1]
    if head.end > line.start or line.gap > 1 or after.gap <= layout.doubled or len(line.text) > _LONGEST_TITLE:
        return index
    if not _title_like(line.text) or text[head.start : head.end].count("\n") or ends_sentence(line):
        return index
    head.title, head.title_start, head.end, head.body = one_line(line.text), line.start, line.end, line.end
    return index + 1


def _alone(lines: Sequence[Line], index: int, layout: Layout) -> bool:
    """Whether a blank line stands before and after a line, or the beginning of the text before it."""
    if index + 1 == len(lines) or lines[index + 1].gap <= layout.doubled:
        return False
    return index == 0 or lines[index].gap > layout.doubled


def _numbered_short(
    lines: Sequence[Line], index: int, layout: Layout, kinds: Kinds, text: str, above: Head | None
) -> Head | None:
    """A short line with a label and no noun, below a heading that announces a kind."""
    line = lines[index]
    two = _second_line(lines, index, layout)
    if above is None or not _title_like(line.text) or not (two or _alone(lines, index, layout)):
        return None
    name = kinds.bare_name(line.text, "")
    if name is None or not line.text[name.at : name.at + 1].isupper():
        return None
    # A lone letter may be a word ("A fair start"): it counts where it goes on from the one before.
    first = above.group is not None and name.label in ("A", "a", "I", "i")
    if not (name.strong or first or name.label == _next_letter(above.title)):
        return None
    return _spanning(text, line.start, line.start, lines[index + two].end, _PROVISION, kinds)


def _next_letter(title: str) -> str:
    return chr(ord(title[0]) + 1) if title[:1].isalpha() and title[1:2] in (" ", ".", ")") else ""


def _short(lines: Sequence[Line], index: int, layout: Layout, language: str, kinds: Kinds, text: str) -> Head | None:
    """A short line that stands alone, in a draft whose headings have no marks."""
    line = lines[index]
    if not _alone(lines, index, layout) or plain_heading(line, language) is None:
        return None
    start, end = trimmed(text, line.start, line.end)
    return _spanning(text, start, start, end, _TOP if index == 0 else _GROUP, kinds)
