"""A file becomes a ``Document``: its text, what it came from, and what its layout said.

The readers of each format are in ``formats``; this module chooses among them and guards the way in.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from policydiff.documents.decoding import decode
from policydiff.documents.formats import Extract, Hint, read_docx, read_pdf
from policydiff.errors import UnreadableError, UnsupportedError

Format = Literal["txt", "md", "docx", "pdf"]


@dataclass(frozen=True)
class Document:
    """What was read from one file.

    ``text`` is the text all spans count in (for .txt and .md exactly the decoded file), ``source`` the
    file's name, ``sha256`` of the file's bytes, ``pages`` the offsets where pages start, and ``hints``
    what the format said of headings, bullets and paragraphs, in order.
    """

    text: str
    source: str
    sha256: str
    format: Format
    pages: tuple[int, ...] = (0,)
    hints: tuple[Hint, ...] = ()


def document_from_text(text: str, source: str = "<text>") -> Document:
    """A document of text that is already at hand; ``sha256`` is of its UTF-8 bytes.

    Raises:
        UnreadableError: there is nothing but white space in it.
    """
    if not text.strip():
        raise UnreadableError(source, "there is no text in it; give a document with at least one word")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise UnreadableError(source, "holds lone surrogates, which are no characters; decode it again")
    digest = hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()
    return Document(text, source, digest, "txt", _page_starts(text))


def read_document(path: Path | str) -> Document:
    """The document in a .txt, .md, .docx or .pdf file.

    Raises:
        UnreadableError: the file is missing, a folder, empty, broken or encrypted.
        UnsupportedError: the format is not read, or a PDF has no text layer.
    """
    path = Path(path)
    source = path.name or str(path)
    suffix = path.suffix.lower()
    try:
        folder = path.is_dir()
    except (OSError, ValueError):  # a name that no file can have: most often the text itself was given
        raise UnreadableError(
            f"{source:.40}", "is no file name; give a path, or a text through document_from_text"
        ) from None
    if folder:
        raise UnreadableError(source, "is a folder; give the files in it")
    if suffix == ".doc":
        raise UnsupportedError(
            source, "the old Word format is not read; save it as .docx, e.g. soffice --convert-to docx"
        )
    if suffix not in _READERS:
        raise UnsupportedError(source, f"cannot read {suffix or 'files without a suffix'!r}; read are {_KNOWN}")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise UnreadableError(source, f"there is no such file; looked in {path.absolute().parent}") from None
    except OSError as error:
        raise UnreadableError(source, f"cannot be opened ({error.strerror}); check the path and the rights") from None
    name, reader = _READERS[suffix]
    if data:
        extract = reader(data, source)
        if extract.text.strip():
            digest = hashlib.sha256(data).hexdigest()
            return Document(extract.text, source, digest, name, extract.pages, extract.hints)
    raise UnreadableError(source, "the file is empty; give one with text in it")


def _read_plain(data: bytes, source: str) -> Extract:
    if data.startswith((b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise UnreadableError(source, "holds a PDF or Office file under another suffix; rename it to .pdf or .docx")
    text = decode(data)
    return Extract(text, _page_starts(text), ())


def _page_starts(text: str) -> tuple[int, ...]:
    return (0, *(i + 1 for i, char in enumerate(text) if char == "\f"))


_READERS: dict[str, tuple[Format, Callable[[bytes, str], Extract]]] = {
    ".txt": ("txt", _read_plain),
    ".text": ("txt", _read_plain),
    ".md": ("md", _read_plain),
    ".markdown": ("md", _read_plain),
    ".docx": ("docx", read_docx),
    ".pdf": ("pdf", read_pdf),
}
_KNOWN = ", ".join(sorted(_READERS))
