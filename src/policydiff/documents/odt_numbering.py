"""The labels that OpenDocument programs count themselves, of list items and headings; like ``word_numbering``."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from policydiff.documents.word_numbering import NumberLabel, number_label, written_number

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_LOEXT = "{urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0}"
_ID = "{http://www.w3.org/XML/1998/namespace}id"
_PLACE = re.compile(r"%(\d{1,2})%")
_FORMS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_MOST_LEVELS = 10  # of lists and of an outline, by the standard
_STYLES_ABOVE = 20  # no style is based on more others; a circle would never end


@dataclass(frozen=True, slots=True)
class _Level:
    """How numbers of a level are written; ``pattern`` has %1% for the number of level 1, empty for a bullet."""

    form: str
    pattern: str
    start: int


@dataclass(slots=True)
class _OpenList:
    style: str
    counts: dict[int, int]
    item: Any = None  # the list item whose label is not written yet


@dataclass(slots=True)
class Numbering:
    """The list and outline styles of one file, and how far each has counted.

    ``enter``, ``leave`` and ``item`` follow the reader through the lists.
    """

    _styles: dict[str, dict[int, _Level]] = field(default_factory=dict)
    _of_paragraphs: dict[str, str] = field(default_factory=dict)
    _parents: dict[str, str] = field(default_factory=dict)
    _outline: dict[int, _Level] = field(default_factory=dict)
    _outline_counts: dict[int, int] = field(default_factory=dict)
    _open: list[_OpenList] = field(default_factory=list)
    _by_id: dict[str, dict[int, int]] = field(default_factory=dict)
    _latest: dict[str, dict[int, int]] = field(default_factory=dict)

    def add(self, root: Any) -> None:
        """Takes the styles in content.xml or styles.xml."""
        for style in root.iter(f"{_TEXT}list-style"):
            self._styles[style.get(f"{_STYLE}name") or ""] = dict(_levels(style))
        for style in root.iter(f"{_TEXT}outline-style"):
            self._outline.update(_levels(style))
        for style in root.iter(f"{_STYLE}style"):
            name = style.get(f"{_STYLE}name") or ""
            self._parents[name] = style.get(f"{_STYLE}parent-style-name") or ""
            if style.get(f"{_STYLE}list-style-name"):
                self._of_paragraphs[name] = style.get(f"{_STYLE}list-style-name")

    def enter(self, element: Any) -> None:
        """A list begins: anew, or it goes on from another one of its style or from the one it names."""
        above = self._open[-1] if self._open else None
        style = element.get(f"{_TEXT}style-name") or (above.style if above else "")
        if above is not None:
            counts = above.counts
        elif element.get(f"{_TEXT}continue-list") in self._by_id:
            counts = self._by_id[element.get(f"{_TEXT}continue-list")]
        elif element.get(f"{_TEXT}continue-numbering") == "true":
            counts = self._latest.get(style, {})
        else:
            counts = {}
        if above is None:
            self._latest[style] = counts
            self._by_id[element.get(_ID) or ""] = counts
        self._open.append(_OpenList(style, counts))

    def leave(self) -> None:
        """A list ends."""
        self._open.pop()

    def item(self, element: Any | None) -> None:
        """An item begins, None for the header of a list, which has no number."""
        if self._open:
            self._open[-1].item = element

    def label(self, paragraph_style: str, outline_level: int) -> NumberLabel | None:
        """The label of the paragraph or heading that comes next, None where it has none.

        Only the first paragraph of an item has one; ``outline_level`` is 0 for paragraphs.
        """
        if not self._open:
            return self._of_outline(outline_level)
        inner = self._open[-1]
        if inner.item is None:
            return None
        item, inner.item = inner.item, None
        depth = len(self._open)
        levels = self._styles.get(inner.style or self._list_style(paragraph_style), {})
        level = levels.get(depth)
        if level is None or not level.pattern:
            return NumberLabel("")
        start = _number(item.get(f"{_TEXT}start-value"))
        inner.counts[depth] = inner.counts.get(depth, level.start - 1) + 1 if start is None else start
        return _label(depth, levels, inner.counts)

    def _of_outline(self, at: int) -> NumberLabel | None:
        level = self._outline.get(at)
        if level is None or not level.pattern:
            return None
        self._outline_counts[at] = self._outline_counts.get(at, level.start - 1) + 1
        return _label(at, self._outline, self._outline_counts)

    def _list_style(self, name: str) -> str:
        for _ in range(_STYLES_ABOVE):
            if name in self._of_paragraphs or not name:
                break
            name = self._parents.get(name, "")
        return self._of_paragraphs.get(name, "")


def _label(at: int, levels: dict[int, _Level], counts: dict[int, int]) -> NumberLabel:
    for deeper in [n for n in counts if n > at]:
        del counts[deeper]

    def shown(found: re.Match[str]) -> str:
        n = int(found[1])
        of = levels.get(n, levels[at])
        return written_number(counts.get(n, of.start), of.form)

    return number_label(_PLACE.sub(shown, levels[at].pattern), levels[at].pattern)


def _levels(style: Any) -> Iterable[tuple[int, _Level]]:
    for element in style:
        at = _number(element.get(f"{_TEXT}level"))
        if at is None or not 1 <= at <= _MOST_LEVELS:
            continue
        form = element.get(f"{_STYLE}num-format") or ""
        pattern = ""
        if form and element.tag in (f"{_TEXT}list-level-style-number", f"{_TEXT}outline-level-style"):
            shown = min(_number(element.get(f"{_TEXT}display-levels")) or 1, at)
            places = ".".join(f"%{n}%" for n in range(at - shown + 1, at + 1))
            around = (element.get(f"{_STYLE}num-prefix") or "", element.get(f"{_STYLE}num-suffix") or "")
            # LibreOffice writes the whole pattern besides, as prefix and suffix cannot hold all that Word can say.
            pattern = element.get(f"{_LOEXT}num-list-format") or f"{around[0]}{places}{around[1]}"
        start = _number(element.get(f"{_TEXT}start-value"))
        yield at, _Level(_FORMS.get(form, "decimal"), pattern, 1 if start is None else start)


def _number(value: str | None) -> int | None:
    return int(value) if value is not None and value.isascii() and value.isdecimal() and len(value) < 10 else None
