"""The readers of formats that carry layout: Word and PDF.

Both give an ``Extract``. The libraries are imported when first used, so that reading plain text needs
neither.
"""

import io
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from policydiff.errors import UnreadableError, UnsupportedError

if TYPE_CHECKING:
    from docx.table import Table
    from docx.text.paragraph import Paragraph

# A label cell of a response template holds a question, not an answer.
_LABEL_LENGTH = 200
# A line further below the one before than this many usual line distances begins a paragraph.
_PARAGRAPH_GAP = 1.3
_HEADING_STYLE = re.compile(r"(?:heading|overskrift)\s*(\d)", re.IGNORECASE)
_BULLET_STYLE = re.compile(r"list\s*(?:bullet|number|paragraph)|opstilling|liste", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hint:
    """What the format says of ``text[start:end]``; ``level`` is that of a heading, else 0."""

    start: int
    end: int
    kind: Literal["heading", "bullet", "paragraph"]
    level: int = 0


@dataclass(frozen=True, slots=True)
class Extract:
    """Text with the offsets where its pages start and with hints in order."""

    text: str
    pages: tuple[int, ...]
    hints: tuple[Hint, ...]


class _Writer:
    """Collects paragraphs, a blank line between them, and the hint of each."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.hints: list[Hint] = []

    def add(self, text: str, kind: Literal["heading", "bullet", "paragraph"], level: int = 0) -> None:
        text = text.strip()
        if not text:
            return
        if self.parts:
            self.parts.append("\n\n")
            self.length += 2
        self.hints.append(Hint(self.length, self.length + len(text), kind, level))
        self.parts.append(text)
        self.length += len(text)


def read_docx(data: bytes, source: str) -> Extract:
    """Paragraphs and tables of a Word file in document order, a blank line between paragraphs.

    In a table whose rows hold a short cell and then a longer one, as response templates do, the short
    cell is a heading of the other.

    Raises:
        UnreadableError: it is not a Word file, or parts of it are missing.
    """
    import docx

    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableError(source, "is encrypted or an old .doc; save it as .docx without a password")
    try:
        document = docx.Document(io.BytesIO(data))
        writer = _Writer()
        _write_all(document.element.body, document, writer)
    except Exception as error:  # python-docx lets zipfile, lxml and KeyError through
        raise UnreadableError(
            source, f"is not a whole Word file ({_brief(error)}); open it in Word and save it again"
        ) from error
    return Extract("".join(writer.parts), (0,), tuple(writer.hints))


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:80] or type(error).__name__


def _write_all(parent: Any, owner: Any, writer: _Writer) -> None:
    """The paragraphs and tables under an element in order, those in content controls (w:sdt) included."""
    from docx.oxml.ns import qn
    from docx.table import Table
    from docx.text.paragraph import Paragraph

    for element in parent:
        if element.tag == qn("w:p"):
            _write_paragraph(Paragraph(element, owner), writer)
        elif element.tag == qn("w:tbl"):
            _write_table(Table(element, owner), writer)
        elif element.tag in (qn("w:sdt"), qn("w:sdtContent"), qn("w:ins")):
            _write_all(element, owner, writer)


def _text(paragraph: "Paragraph") -> str:
    """All text of a paragraph, tracked insertions and content controls included, deletions left out."""
    from docx.oxml.ns import qn

    breaks = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
    runs = (e for run in paragraph._p.iter(qn("w:r")) for e in run)
    return "".join((e.text or "") if e.tag == qn("w:t") else breaks.get(e.tag, "") for e in runs)


def _write_paragraph(paragraph: "Paragraph", writer: _Writer) -> None:
    style = (paragraph.style.name if paragraph.style is not None else None) or ""
    heading = _HEADING_STYLE.match(style)
    properties = paragraph._p.pPr
    if heading or style in ("Title", "Titel"):
        writer.add(_text(paragraph), "heading", int(heading[1]) + 1 if heading else 1)
    elif (properties is not None and properties.numPr is not None) or (
        _BULLET_STYLE.match(style) and "paragraph" not in style.lower()
    ):
        writer.add(_text(paragraph), "bullet")
    else:
        writer.add(_text(paragraph), "paragraph")


def _write_table(table: "Table", writer: _Writer) -> None:
    cells = table._cells  # table.cell() walks the whole table each time
    width = max(len(table.columns), 1)
    written: list[Any] = []
    for at in range(0, len(cells), width):
        row: list[Any] = []
        for cell in cells[at : at + width]:
            if all(cell._tc is not known for known in written):  # a merged cell is listed in each row and column
                row.append(cell)
                written.append(cell._tc)
        texts = ["\n".join(map(_text, cell.paragraphs)) for cell in row]
        filled = [(cell, text) for cell, text in zip(row, texts, strict=True) if text.strip() or len(cell._tc) > 1]
        label = " ".join(filled[0][1].split()) if len(filled) > 1 and filled[0][0] is row[0] else ""
        if label and len(label) <= _LABEL_LENGTH:
            writer.add(filled[0][1], "heading", 2)
            filled = filled[1:]
        for cell, _ in filled:
            _write_all(cell._tc, cell, writer)


def read_pdf(data: bytes, source: str) -> Extract:
    """The text layer of a PDF, pages parted by a form feed; a blank line where lines stand further apart.

    Hyphens that pdfium knows to be typographic stay U+FFFE, and bullets of symbol fonts U+F0B7.

    Raises:
        UnreadableError: it is encrypted or broken.
        UnsupportedError: it has no text layer.
    """
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            message = "is encrypted; save a copy without a password"
        else:
            message = f"is not a whole PDF ({_brief(error)}); open it in a PDF reader and save it again"
        raise UnreadableError(source, message) from error
    pages: list[list[_PdfLine]] = []
    try:
        for index in range(len(pdf)):
            page = pdf[index]
            layer = page.get_textpage()
            pages.append(_pdf_lines(layer))
            layer.close()
            page.close()
    except pypdfium2.PdfiumError as error:
        raise UnreadableError(
            source, f"page {len(pages) + 1} is broken ({_brief(error)}); save it again from a PDF reader"
        ) from error
    finally:
        pdf.close()
    texts = _with_paragraphs(pages)
    if not any(text.strip() for text in texts):
        raise UnsupportedError(source, "the PDF has no text layer; make one by OCR, e.g. ocrmypdf -l dan IN OUT")
    starts = [0]
    for text in texts[:-1]:
        starts.append(starts[-1] + len(text) + 1)
    return Extract("\f".join(texts), tuple(starts), ())


# A line and the height of its top on the page in points, None where it is not known.
_PdfLine = tuple[str, float | None]


def _pdf_lines(layer: Any) -> list[_PdfLine]:
    text: str = layer.get_text_range()
    lines = text.split("\r\n")
    if layer.count_chars() != len(text):  # then characters and boxes do not correspond
        return [(line, None) for line in lines]
    found: list[_PdfLine] = []
    at = 0
    for line in lines:
        first = at + len(line) - len(line.lstrip())
        found.append((line, layer.get_charbox(first, loose=True)[3] if line.strip() else None))
        at += len(line) + 2
    return found


def _with_paragraphs(pages: list[list[_PdfLine]]) -> list[str]:
    """The text of each page, with an empty line wherever the distance between lines says paragraph."""
    steps = sorted(step for page in pages for above, below in pairwise(page) if (step := _step(above, below)) > 0)
    # The usual distance is among the small ones: in short texts most may be between paragraphs.
    usual = steps[len(steps) // 4] if steps else 0.0
    texts: list[str] = []
    for page in pages:
        lines = [page[0][0]] if page else []
        for above, below in pairwise(page):
            if usual and _step(above, below) > usual * _PARAGRAPH_GAP:
                lines.append("")
            lines.append(below[0])
        texts.append("\n".join(lines))
    return texts


def _step(above: _PdfLine, below: _PdfLine) -> float:
    return 0.0 if above[1] is None or below[1] is None else above[1] - below[1]
