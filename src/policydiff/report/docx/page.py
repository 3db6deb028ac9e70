"""Word's building blocks: paragraphs, headings, tables, fields, and controls that an officer fills in.

Built from elements rather than through python-docx's objects, which look up each style by its name: a memo of
thousands of quotations is written in seconds.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.text.run import Run

from policydiff.report.docx.quoting import NOT_SHOWN, plain
from policydiff.report.docx.template import style_ids

_SHADE = "DDE6EE"  # of the header row of a table
_TO_FILL = "FFF2CC"  # behind what the officer fills in
_TABLE_SIZE = "19"  # half points
_SPACES = re.compile(r"\s+")
_LEVELS = 2  # of headings that the table of contents shows


class Text(NamedTuple):
    """Some words of a paragraph and how they look; ``target`` is a bookmark that they lead to."""

    text: str
    bold: bool = False
    italic: bool = False
    small: bool = False
    locale: str | None = None  # where it is not the document's
    target: str | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    level: int
    text: str
    bookmark: str


class Page:
    """Writes into a python-docx document, from top to bottom. All text is made one line that Word can hold."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self._styles = style_ids(document)
        self._body = document.element.body
        self._section = self._body.find(qn("w:sectPr"))
        if self._section is None:
            self._section = OxmlElement("w:sectPr")
        else:
            self._body.remove(self._section)
        self._entries: list[_Entry] = []
        self._bookmarks = 0

    def paragraph(self, *texts: Text | str, style: str | None = None, keep: bool = False) -> list[Run]:
        """Write a paragraph, ``keep`` on the page of the next one; returns its runs, for a comment to be anchored on.

        A tab in a text is a tab.
        """
        element = self._add(self._body, "w:p")
        if style is not None or keep:
            self._style(element, style, keep=keep)
        runs = [self._run(element, Text(text) if isinstance(text, str) else text) for text in texts]
        return [Run(run, None) for run in runs]  # type: ignore[arg-type]

    def comment(self, runs: Sequence[Run], text: str, *, author: str, initials: str) -> None:
        """Anchor a comment on ``runs``; a line of ``text`` is a paragraph. It tells no time."""
        comment = self.document.add_comment(runs, text.translate(NOT_SHOWN), author=author, initials=initials)
        comment._comment_elm.attrib.pop(qn("w:date"), None)

    def heading(self, text: str, level: int, bookmark: str | None = None, *, new_page: bool = False) -> None:
        """Write a heading in the style "heading LEVEL", with a bookmark that links can lead to."""
        self._bookmarks += 1
        bookmark = bookmark or f"_Toc{self._bookmarks:08d}"
        element = self._add(self._body, "w:p")
        self._style(element, f"heading {level}")
        if new_page:
            self._add(element[0], "w:pageBreakBefore")
        number = str(self._bookmarks)
        self._add(element, "w:bookmarkStart", id=number, name=bookmark)
        self._run(element, Text(text))
        self._add(element, "w:bookmarkEnd", id=number)
        if level <= _LEVELS:
            self._entries.append(_Entry(level, plain(text), bookmark))

    def field_to_fill(self, hint: str, name: str) -> None:
        """Write a control over whole paragraphs that shows ``hint`` until somebody writes into it."""
        control = self._control(self._body, name, several=True)
        self._hint(self._add(control, "w:p"), hint)

    def table(
        self, rows: Iterable[Sequence[Text | str]], widths: Sequence[float], *, right: Sequence[int] = ()
    ) -> None:
        """Write a table whose first row is its header, repeated on each page.

        ``widths`` are shares of the page's width, ``right`` the columns of numbers.
        """
        total = self._text_width()
        table = self._table([round(total * w / sum(widths)) for w in widths])
        for number, cells in enumerate(rows):
            row = self._add(table, "w:tr")
            properties = self._add(row, "w:trPr")
            self._add(properties, "w:cantSplit")
            if not number:
                self._add(properties, "w:tblHeader")
            for column, text in enumerate(cells):
                cell = self._cell(row, round(total * widths[column] / sum(widths)), shaded=not number)
                element = self._add(cell, "w:p")
                self._style(element, None, align="right" if column in right else None, tight=True)
                text = Text(text) if isinstance(text, str) else text
                self._run(element, text._replace(bold=text.bold or not number, small=True))
        self._gap()

    def facts(self, rows: Iterable[tuple[str, str | None]], hint: str) -> None:
        """Write a table of names and values; where a value is missing, there is a control to fill in."""
        total = self._text_width()
        widths = (round(total * 0.3), round(total * 0.7))
        table = self._table(widths)
        for name, value in rows:
            row = self._add(table, "w:tr")
            self._add(self._add(row, "w:trPr"), "w:cantSplit")
            for width, text in zip(widths, (name, value), strict=True):
                element = self._add(self._cell(row, width), "w:p")
                self._style(element, None, tight=True)
                if text is None:
                    self._hint(self._control(element, name), hint, small=True)
                else:
                    self._run(element, Text(text, bold=text is name, small=True))
        self._gap()

    def contents(self, title: str) -> Any:
        """A place for the table of contents; ``finish`` fills it in."""
        control = self._add(self._body, "w:sdt")
        part = self._add(self._add(control, "w:sdtPr"), "w:docPartObj")
        self._add(part, "w:docPartGallery", val="Table of Contents")
        self._add(part, "w:docPartUnique")
        content = self._add(control, "w:sdtContent")
        element = self._add(content, "w:p")
        self._style(element, "toc heading")
        self._run(element, Text(title))
        return content

    def finish(self, contents: Any) -> None:
        """Fill in the table of contents, and put back the page's own settings.

        Its entries lead to the headings. Page numbers come when it is updated in Word: only Word knows the pages, and
        to have it update fields on opening makes it ask the reader first.
        """
        for number, entry in enumerate(self._entries):
            element = self._add(contents, "w:p")
            self._style(element, f"toc {entry.level}")
            if not number:
                self._field_start(element, f' TOC \\o "1-{_LEVELS}" \\h \\z \\u ')
            link = self._add(element, "w:hyperlink", anchor=entry.bookmark, history="1")
            self._run(link, Text(entry.text))
        self._mark(self._add(contents, "w:p"), "end")
        self._body.append(self._section)

    def number_pages(self, page: str, of: str, title: str) -> None:
        """Put title and page number into the footer, unless the template has something there."""
        footer = self.document.sections[-1].footer
        if not footer.is_linked_to_previous and (footer.tables or any(p.text.strip() for p in footer.paragraphs)):
            return
        element = footer.paragraphs[0]._p
        for child in list(element):
            element.remove(child)
        self._style(element, "footer", align="right")
        for word, field in ((f"{title} · {page} ", "PAGE"), (f" {of} ", "NUMPAGES")):
            self._run(element, Text(word))
            self._field_start(element, f" {field} ")
            self._run(element, Text("1"))
            self._mark(element, "end")

    def _add(self, parent: Any, tag: str, **values: str) -> Any:
        element = OxmlElement(tag)
        for name, value in values.items():
            element.set(qn(f"w:{name}"), value)
        parent.append(element)
        return element

    def _style(
        self, element: Any, style: str | None, *, align: str | None = None, tight: bool = False, keep: bool = False
    ) -> None:
        properties = self._add(element, "w:pPr")
        if style is not None:
            self._add(properties, "w:pStyle", val=self._styles[style])
        if keep:
            self._add(properties, "w:keepNext")
        if tight:
            self._add(properties, "w:spacing", before="40", after="40", line="240", lineRule="auto")
        if align:
            self._add(properties, "w:jc", val=align)

    def _run(self, parent: Any, text: Text) -> Any:
        if text.target:
            parent = self._add(parent, "w:hyperlink", anchor=text.target, history="1")
        run = self._add(parent, "w:r")
        if text.bold or text.italic or text.small or text.locale:
            properties = self._add(run, "w:rPr")
            if text.bold:
                self._add(properties, "w:b")
            if text.italic:
                self._add(properties, "w:i")
            if text.small:
                self._add(properties, "w:sz", val=_TABLE_SIZE)
            if text.locale:
                self._add(properties, "w:lang", val=text.locale)
        for number, part in enumerate(text.text.split("\t")):
            if number:
                self._add(run, "w:tab")
            if not part:
                continue
            words = self._add(run, "w:t")
            words.text = _SPACES.sub(" ", part).translate(NOT_SHOWN)
            words.set(qn("xml:space"), "preserve")
        return run

    def _table(self, widths: Sequence[int]) -> Any:
        table = self._add(self._body, "w:tbl")
        properties = self._add(table, "w:tblPr")
        self._add(properties, "w:tblStyle", val=self._styles["table grid"])
        self._add(properties, "w:tblW", w=str(sum(widths)), type="dxa")
        self._add(properties, "w:tblLayout", type="fixed")
        grid = self._add(table, "w:tblGrid")
        for width in widths:
            self._add(grid, "w:gridCol", w=str(width))
        return table

    def _cell(self, row: Any, width: int, *, shaded: bool = False) -> Any:
        cell = self._add(row, "w:tc")
        properties = self._add(cell, "w:tcPr")
        self._add(properties, "w:tcW", w=str(width), type="dxa")
        if shaded:
            self._add(properties, "w:shd", val="clear", color="auto", fill=_SHADE)
        return cell

    def _gap(self) -> None:
        """A low empty paragraph, or the next table would grow onto this one."""
        properties = self._add(self._add(self._body, "w:p"), "w:pPr")
        self._add(properties, "w:spacing", before="0", after="0", line="160", lineRule="exact")

    def _text_width(self) -> int:
        """Between the margins, in twentieths of a point."""
        size, margins = self._section.find(qn("w:pgSz")), self._section.find(qn("w:pgMar"))
        if size is None or margins is None:
            return 9070  # A4 with margins of 2.5 cm
        return int(size.get(qn("w:w"))) - int(margins.get(qn("w:left"))) - int(margins.get(qn("w:right")))

    def _control(self, parent: Any, name: str, *, several: bool = False) -> Any:
        control = self._add(parent, "w:sdt")
        properties = self._add(control, "w:sdtPr")
        self._add(properties, "w:alias", val=plain(name)[:64])
        self._add(properties, "w:showingPlcHdr")
        if not several:
            self._add(properties, "w:text")
        return self._add(control, "w:sdtContent")

    def _hint(self, parent: Any, hint: str, *, small: bool = False) -> None:
        run = self._run(parent, Text(hint, italic=True, small=small))
        self._add(run[0], "w:shd", val="clear", color="auto", fill=_TO_FILL)

    def _field_start(self, parent: Any, instruction: str) -> None:
        self._mark(parent, "begin")
        words = self._add(self._add(parent, "w:r"), "w:instrText")
        words.text = instruction
        words.set(qn("xml:space"), "preserve")
        self._mark(parent, "separate")

    def _mark(self, parent: Any, kind: str) -> None:
        self._add(self._add(parent, "w:r"), "w:fldChar", fldCharType=kind)
