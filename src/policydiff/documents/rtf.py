"""Rich text (.rtf), through striprtf, with the rows of tables and the items of lists kept apart."""

import re
from collections.abc import Callable

from policydiff.documents.extract import Extract, Writer
from policydiff.documents.layout import MARKER
from policydiff.documents.limits import Guard
from policydiff.documents.word import LABEL_LENGTH
from policydiff.errors import UnreadableError, brief

# Characters of the private use area stand for what striprtf would write as "|" and line ends.
_ROW, _CELL, _END = "\ue0f0", "\ue0f1", "\ue0f2"
_MARKS = ((r"\\trowd\b", _ROW), (r"\\(?:nest)?cell\b", _CELL), (r"\\(?:nest)?row\b", _END))
_NOTE = re.compile(r"\\footnote\b")


def read_rtf(data: bytes, guard: Guard) -> Extract:
    """The paragraphs of a rich text file; in a row of a short cell and a filled one the short one is a heading.

    Raises:
        UnreadableError: it is no rich text.
    """
    from striprtf import striprtf

    if not data.lstrip().startswith(b"{\\rtf"):
        raise UnreadableError(guard.source, "is no rich text; save it again as .rtf or .docx")
    markup = data.decode("latin-1")  # what is not ASCII is escaped; bytes of old writers are those of cp1252
    for pattern, mark in _MARKS:
        markup = re.sub(pattern, rf"{{\\uc0\\u{ord(mark)} }}", markup)
    try:
        convert: Callable[..., str] = striprtf.rtf_to_text
        text = convert(markup.encode("latin-1").decode("cp1252", errors="replace"), errors="replace")
    except Exception as error:  # it lets whatever it stumbles over through
        raise UnreadableError(guard.source, f"is not whole rich text ({brief(error)}); save it again") from error
    text = text.encode("utf-16", errors="surrogatepass").decode("utf-16", errors="replace").replace("\0", "")
    guard.tick()
    writer = Writer()
    for piece in re.split(f"({_ROW}[^{_END}]*{_END})", text):
        guard.tick()
        if piece.startswith(_ROW):
            _write_row(piece.strip(_ROW + _END), writer)
        else:
            _write(piece, writer)
    warnings = ("has notes, which are not read from rich text; save it as .docx",) if _NOTE.search(markup) else ()
    return writer.extract(warnings=warnings)


def _write_row(row: str, writer: Writer) -> None:
    cells = [cell.strip() for cell in row.replace(_ROW, "").split(_CELL)]
    filled = [cell for cell in cells if cell]
    if len(filled) > 1 and filled[0] is cells[0] and len(filled[0]) <= LABEL_LENGTH:
        writer.add(filled[0], "heading", 2)
        filled = filled[1:]
    for cell in filled:
        _write(cell, writer)


def _write(text: str, writer: Writer) -> None:
    for line in re.sub(f"[{_ROW}{_CELL}{_END}]", "\n", text).split("\n"):
        bare = line.strip()
        # A number may as well be a heading's; the words decide.
        bullet = MARKER.match(bare) and not bare[0].isalnum() and bare[0] != "("
        writer.add(bare, "bullet" if bullet else "paragraph")
