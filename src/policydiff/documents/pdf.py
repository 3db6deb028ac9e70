"""PDF files with a text layer: the pages, and what of them is text in reading order (see ``pdf_layout``)."""

import ctypes
from typing import Any

from policydiff.documents.extract import Extract
from policydiff.documents.limits import Guard
from policydiff.documents.pdf_layout import Page, Piece, laid_out
from policydiff.errors import UnreadableError, UnsupportedError, brief

_OCR = "make one by OCR, e.g. ocrmypdf -l dan IN OUT"
# Two letters that stand further apart than this share of the type size may belong to two columns.
_GAP = 0.55
# Letters whose baseline is this share of the type size off do not stand on the same line.
_OFF = 0.6
_MOST_NAMED = 10
_BOLD = 600  # font weight


def read_pdf(data: bytes, guard: Guard) -> Extract:
    """The text layer of a PDF, pages parted by a form feed; a blank line where lines stand further apart.

    The labels of a template table are headings. Running heads are given once, page numbers not at all.
    Hyphens that pdfium knows to be typographic stay U+FFFE, and bullets of symbol fonts U+F0B7.

    Raises:
        UnreadableError: it is encrypted or broken.
        UnsupportedError: it has no text layer.
        LimitError: it has too many pages.
    """
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            message = "is encrypted; save a copy without a password"
        else:
            message = f"is not a whole PDF ({brief(error)}); open it in a PDF reader and save it again"
        raise UnreadableError(guard.source, message) from error
    pages: list[Page] = []
    scanned: list[int] = []
    size = 0
    try:
        guard.check("pages", len(pdf), "pages")
        for index in range(len(pdf)):
            guard.tick()
            page = pdf[index]
            layer = page.get_textpage()
            pages.append(_page(page, layer))
            size += layer.count_chars()
            guard.check("characters", size, "characters")
            if not pages[-1].pieces and next(page.get_objects(max_depth=1), None) is not None:
                scanned.append(index + 1)
            layer.close()
            page.close()
    except pypdfium2.PdfiumError as error:
        raise UnreadableError(
            guard.source, f"page {len(pages) + 1} is broken ({brief(error)}); save it again from a PDF reader"
        ) from error
    finally:
        pdf.close()
    if not any(page.pieces for page in pages):
        raise UnsupportedError(guard.source, f"the PDF has no text layer; {_OCR}")
    text, starts, hints = laid_out(pages)
    named = ", ".join(map(str, scanned[:_MOST_NAMED])) + (" ..." if len(scanned) > _MOST_NAMED else "")
    warnings = (f"no text layer on page {named} of {len(pages)}; {_OCR}",) if scanned else ()
    return Extract(text, starts, hints, warnings)


def _page(page: Any, layer: Any) -> Page:
    text: str = layer.get_text_range()
    exact = layer.count_chars() == len(text)  # else characters and places do not correspond
    pieces: list[Piece] = []
    at = 0
    for line in text.split("\r\n"):
        if line.strip():
            pieces += _pieces(layer, line, at) if exact else [Piece(line)]
        at += len(line) + 2
    return Page(tuple(pieces), page.get_height(), page.get_width())


def _pieces(layer: Any, line: str, at: int) -> list[Piece]:
    """The parts of a line with wide gaps between them."""
    import pypdfium2.raw as pdfium

    x, y = ctypes.c_double(), ctypes.c_double()
    box = pdfium.FS_RECTF()
    pieces: list[Piece] = []
    start = last = 0
    left = right = base = size = word = 0.0
    in_word = True

    def close() -> None:
        bold = all(pdfium.FPDFText_GetFontWeight(layer, at + n) >= _BOLD for n in (start, last))
        pieces.append(Piece(line[start : last + 1], left, right, base, size, word, bold=bold))

    for n, char in enumerate(line):
        if char.isspace():
            in_word = False
            continue
        pdfium.FPDFText_GetCharOrigin(layer, at + n, x, y)
        pdfium.FPDFText_GetLooseCharBox(layer, at + n, box)
        wide = size and (box.left - right > _GAP * size or box.left < left)
        if not size or wide or abs(y.value - base) > _OFF * size:
            if size:
                close()
            start, left, base, in_word = n, box.left, y.value, True
            size = max(pdfium.FPDFText_GetFontSize(layer, at + n) * _scale(layer, at + n), 0.1)
        right, last = box.right, n
        word = right - left if in_word else word
    if size:
        close()
    return pieces


def _scale(layer: Any, at: int) -> float:
    """How much larger a letter is drawn than its font size says: some producers use size 1 and a matrix."""
    import pypdfium2.raw as pdfium

    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFText_GetMatrix(layer, at, matrix):
        return 1.0
    return float((matrix.b**2 + matrix.d**2) ** 0.5) or 1.0
