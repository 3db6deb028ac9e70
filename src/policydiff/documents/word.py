"""Word files: paragraphs, lists with the labels Word counts itself, tables, text boxes and notes."""

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from policydiff.documents.extract import Extract, Writer
from policydiff.documents.limits import Guard, office_parts
from policydiff.documents.word_numbering import Numbering
from policydiff.errors import LimitError, UnreadableError, brief

if TYPE_CHECKING:
    from docx.table import Table
    from docx.text.paragraph import Paragraph

# A label cell of a response template holds a question, not an answer.
LABEL_LENGTH = 200
_HEADING_STYLE = re.compile(r"(?:heading|overskrift)\s*(\d)", re.IGNORECASE)
_BULLET_STYLE = re.compile(r"list\s*(?:bullet|number|paragraph)|opstilling|liste", re.IGNORECASE)
_NOTES = ("word/footnotes.xml", "word/endnotes.xml")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_BOX = f"{_W}txbxContent"
_BREAKS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}


def read_docx(data: bytes, guard: Guard) -> Extract:
    """Paragraphs and tables of a Word file in document order, a blank line between paragraphs.

    In a table whose rows hold a short cell and then a longer one, as response templates do, the short
    cell is a heading of the other. Text boxes follow the paragraph they are anchored in, notes the text.

    Raises:
        UnreadableError: it is not a Word file, or parts of it are missing.
        LimitError: it is larger than the settings allow.
    """
    import docx

    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableError(guard.source, "is encrypted or an old .doc; save it as .docx without a password")
    try:
        notes = office_parts(data, guard, *_NOTES)
        document = docx.Document(io.BytesIO(data))
        writer = _WordWriter(Numbering(document), guard)
        try:
            writer.write_all(document.element.body, document)
        finally:
            _release(document)
        for name in _NOTES:
            if name in notes:
                _write_notes(notes[name], writer)
    except LimitError:
        raise
    except Exception as error:  # python-docx lets zipfile, lxml and KeyError through
        message = error.message if isinstance(error, UnreadableError) else brief(error)
        raise UnreadableError(
            guard.source, f"is not a whole Word file ({message}); open it in Word and save it again"
        ) from error
    return writer.extract()


def _release(document: Any) -> None:
    """Undoes the references of a file's parts to each other.

    Its trees then go with the last reference; as circles they would wait for the garbage collector, which counts
    objects and not how large they are.
    """
    for part in [*document.part.package.iter_parts(), document.part.package]:
        part.rels.related_parts.clear()
        part.rels.clear()


class _WordWriter(Writer):
    def __init__(self, numbering: Numbering, guard: Guard) -> None:
        super().__init__()
        self.numbering = numbering
        self.guard = guard
        self._styles: dict[str | None, Any] = {}

    def write_all(self, parent: Any, owner: Any) -> None:
        """The paragraphs and tables under an element in order, those in content controls (w:sdt) included."""
        from docx.table import Table
        from docx.text.paragraph import Paragraph

        for element in parent:
            self.guard.tick()
            if element.tag == f"{_W}p":
                self.write_paragraph(Paragraph(element, owner))
                for box in _boxes(element):
                    self.write_all(box, owner)
            elif element.tag == f"{_W}tbl":
                self.write_table(Table(element, owner))
            elif element.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml", f"{_W}smartTag"):
                self.write_all(element, owner)

    def write_paragraph(self, paragraph: "Paragraph") -> None:
        words = _text(paragraph._p)
        if not words.strip():
            return
        found = self._style(paragraph)
        style = (found.name if found is not None else None) or ""
        heading = _HEADING_STYLE.match(style)
        number = self.numbering.label(paragraph._p, found)
        text = f"{number.text} {words}" if number is not None and number.text else words
        if heading or style in ("Title", "Titel"):
            self.add(text, "heading", int(heading[1]) + 1 if heading else 1)
        elif number is not None or (_BULLET_STYLE.match(style) and "paragraph" not in style.lower()):
            # "§ 4" and "Princip A:" are labels of what they stand before, "1." and a dot only mark an item.
            self.add(text, "paragraph" if number is not None and number.named else "bullet")
        else:
            self.add(text, "paragraph")

    def _style(self, paragraph: "Paragraph") -> Any:
        """The style of a paragraph, looked up once: python-docx goes through all styles each time."""
        name = paragraph._p.style
        if name not in self._styles:
            self._styles[name] = paragraph.style
        return self._styles[name]

    def write_table(self, table: "Table") -> None:
        cells = table._cells  # table.cell() walks the whole table each time
        self.guard.check("table_cells", len(cells), "cells in a table")
        width = max(len(table.columns), 1)
        written: set[Any] = set()
        for at in range(0, len(cells), width):
            row: list[Any] = []
            for cell in cells[at : at + width]:
                if cell._tc not in written:  # a merged cell is listed in each row and column
                    row.append(cell)
                    written.add(cell._tc)
            texts = ["\n".join(_text(p._p) for p in cell.paragraphs) for cell in row]
            filled = [(cell, text) for cell, text in zip(row, texts, strict=True) if text.strip() or len(cell._tc) > 1]
            label = " ".join(filled[0][1].split()) if len(filled) > 1 and filled[0][0] is row[0] else ""
            if label and len(label) <= LABEL_LENGTH:
                self.add(filled[0][1], "heading", 2)
                filled = filled[1:]
            for cell, _ in filled:
                self.write_all(cell._tc, cell)


def _text(paragraph: Any) -> str:
    """All text of a paragraph, tracked insertions and content controls included, deletions and boxes left out."""
    return "".join((e.text or "") if e.tag == f"{_W}t" else _BREAKS.get(e.tag, "") for e in _run_parts(paragraph))


def _run_parts(element: Any) -> Iterator[Any]:
    for child in element:
        if child.tag in (_BOX, f"{_W}moveFrom", f"{_W}del", f"{_W}pPr", f"{_W}rPr", _FALLBACK):
            continue
        yield child
        if len(child):
            yield from _run_parts(child)


def _boxes(paragraph: Any) -> list[Any]:
    """The text boxes anchored in a paragraph; their older twins for old programs (mc:Fallback) are left out."""
    return [
        box for box in paragraph.iter(_BOX) if not any(a.tag in (_FALLBACK, _BOX) for a in _ancestors(box, paragraph))
    ]


def _ancestors(element: Any, top: Any) -> Iterator[Any]:
    above = element.getparent()
    while above is not None and above is not top:
        yield above
        above = above.getparent()


def _write_notes(part: bytes, writer: Writer) -> None:
    from docx.oxml import parse_xml

    for note in parse_xml(part):
        if note.get(f"{_W}type") is None:  # separators have a type
            writer.add("\n".join(filter(None, (_text(p).strip() for p in note.iter(f"{_W}p")))), "paragraph")
