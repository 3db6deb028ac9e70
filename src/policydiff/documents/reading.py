"""A file becomes a ``Document``: its text, what it came from, and what its layout said.

The readers are in a module each (``word``, ``pdf``, ``odt``, ``html``, ``rtf``, ``mail``); this one chooses among
them and guards the way in.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Literal

from policydiff.documents.decoding import decode
from policydiff.documents.extract import Extract, Hint
from policydiff.documents.html import read_html
from policydiff.documents.limits import Guard
from policydiff.documents.mail import read_eml
from policydiff.documents.odt import read_odt
from policydiff.documents.pdf import read_pdf
from policydiff.documents.repairing import repaired
from policydiff.documents.rtf import read_rtf
from policydiff.documents.word import read_docx
from policydiff.errors import InputError, UnreadableError, UnsupportedError, brief, valid
from policydiff.models import Masking, RespondentKind
from policydiff.settings import LimitSettings

Format = Literal["txt", "md", "docx", "pdf", "odt", "rtf", "html", "eml", "row"]

# Control characters that no text holds: so many of them in its beginning, and a file is no text.
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\r\f\v\x1b")
_MOST_CONTROLS = 0.02
_SAMPLE = 4096
_UNREAD = {
    ".doc": "the old Word format is not read; save it as .docx, e.g. soffice --convert-to docx",
    ".dot": "the old Word format is not read; save it as .docx, e.g. soffice --convert-to docx",
    ".wpd": "WordPerfect is not read; save it as .docx, e.g. soffice --convert-to docx",
    ".pages": "Pages is not read; export it as .docx or .pdf",
    ".xls": "the old Excel format is not read; save it as .xlsx",
    ".ods": "this table format is not read; save it as .xlsx or .csv",
    ".msg": "Outlook's own mail format is not read; save the mail as .eml",
    **dict.fromkeys((".7z", ".rar", ".tar", ".gz", ".tgz"), "this archive is not read; unpack it, or pack it as .zip"),
}
_PICTURES = frozenset((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".gif", ".bmp", ".webp", ".heic"))
_MANY = frozenset((".zip", ".csv", ".tsv", ".xlsx", ".jsonl"))


@dataclass(frozen=True)
class Document:
    """What was read from one file, or from one row of a table of responses.

    ``text`` is the text all spans count in (for .txt and .md exactly the decoded file, for all of them with
    letters repaired that were decoded wrongly once), ``source`` the file's name, with as much of the folders
    above it as tells it from others, ``sha256`` of the file's bytes, ``pages`` the offsets where pages start,
    and ``hints`` what the format said of headings, bullets and paragraphs, in order. ``warnings`` name what
    could not be read of it.

    ``respondent`` is who sent it as a table says, ``sender`` as the format says (a mail's From); ``kind``
    and ``weight`` come from a table too. ``masked`` is the contact data that was overwritten in ``text``.
    """

    text: str
    source: str
    sha256: str
    format: Format
    pages: tuple[int, ...] = (0,)
    hints: tuple[Hint, ...] = ()
    warnings: tuple[str, ...] = ()
    respondent: str = ""
    sender: str = ""
    kind: RespondentKind | None = None
    weight: float = 1.0
    masked: tuple[Masking, ...] = ()


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


def read_document(path: Path | str, *, limits: LimitSettings | None = None) -> Document:
    """The document in a .txt, .md, .html, .docx, .odt, .rtf, .pdf or .eml file.

    Raises:
        UnreadableError: the file is missing, a folder, empty, broken or encrypted.
        UnsupportedError: the format is not read, or a PDF has no text layer.
        LimitError: it is larger or slower to read than ``limits`` allow.
    """
    path = Path(path)
    source = path.name or str(path)
    return document_from_bytes(path.name, file_bytes(path, Guard(source, limits or LimitSettings())), source, limits)


def file_bytes(path: Path, guard: Guard) -> bytes:
    """The bytes of a file that is small enough and of a format that is read.

    Raises:
        InputError: as ``read_document``.
    """
    source = guard.source
    try:
        folder = path.is_dir()
        size = path.stat().st_size if path.is_file() else 0
    except (OSError, ValueError):  # a name that no file can have: most often the text itself was given
        raise UnreadableError(
            f"{source:.40}", "is no file name; give a path, or a text through document_from_text"
        ) from None
    if folder:
        raise UnreadableError(source, "is a folder; give the files in it")
    _format(path.name, source)
    guard.check("file_bytes", size, "bytes")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UnreadableError(source, f"there is no such file; looked in {path.absolute().parent}") from None
    except OSError as error:
        raise UnreadableError(source, f"cannot be opened ({error.strerror}); check the path and the rights") from None


def document_from_bytes(
    name: str, data: bytes, source: str = "", limits: LimitSettings | None = None, *, guard: Guard | None = None
) -> Document:
    """The document in the bytes of a file called ``name``; ``source`` is what the result calls it, by default the name.

    Raises:
        InputError: as ``read_document``.
    """
    source = source or PurePath(name).name or "<bytes>"
    guard = guard or Guard(source, limits or LimitSettings())
    extract = extract_bytes(name, data, guard)
    if not extract.text.strip():
        raise UnreadableError(source, "the file is empty; give one with text in it")
    return Document(
        extract.text,
        valid(source),
        hashlib.sha256(data).hexdigest(),
        _format(name, source),
        extract.pages,
        extract.hints,
        tuple(map(valid, extract.warnings)),
        sender=valid(extract.respondent),
    )


def extract_bytes(name: str, data: bytes, guard: Guard) -> Extract:
    """The text and layout in the bytes of a file called ``name``.

    Raises:
        InputError: as ``read_document``.
    """
    reader = _READERS[_format(name, guard.source)]
    guard.check("file_bytes", len(data), "bytes")
    if not data:
        raise UnreadableError(guard.source, "the file is empty; give one with text in it")
    try:
        extract = repaired(reader(data, guard))
        extract = replace(extract, text=valid(extract.text))
    except InputError:
        raise
    except Exception as error:  # a library stumbled over a broken file; the other files shall still be read
        raise UnreadableError(
            guard.source, f"cannot be read ({type(error).__name__}: {brief(error)}); save it again"
        ) from error
    guard.check("characters", len(extract.text), "characters")
    guard.tick()
    return extract


def _format(name: str, source: str) -> Format:
    """The format of a file with this name.

    Raises:
        UnsupportedError: it is not read.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix in _UNREAD:
        raise UnsupportedError(source, _UNREAD[suffix])
    if suffix in _PICTURES:
        raise UnsupportedError(
            source, f"is a picture; make a PDF with a text layer of it, e.g. by ocrmypdf; read are {_KNOWN}"
        )
    if suffix in _MANY:
        raise UnsupportedError(source, f"a {suffix} holds many responses; give it to compare; single ones are {_KNOWN}")
    if suffix not in SUFFIXES:
        raise UnsupportedError(source, f"cannot read {suffix or 'files without a suffix'!r}; read are {_KNOWN}")
    return SUFFIXES[suffix]


def _read_plain(data: bytes, guard: Guard) -> Extract:
    if data.startswith((b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise UnreadableError(
            guard.source, "holds a PDF or Office file under another suffix; rename it to .pdf or .docx"
        )
    if data.startswith(b"{\\rtf"):
        raise UnreadableError(guard.source, "holds rich text under another suffix; rename it to .rtf")
    text = decode(data)
    guard.check("characters", len(text), "characters")
    sample = text[:_SAMPLE]
    if sum(ord(char) in _CONTROLS or char == "\ufffd" for char in sample) > _MOST_CONTROLS * len(sample):
        raise UnreadableError(guard.source, "is no text, but binary data; give the file its right suffix")
    return Extract(text, _page_starts(text))


def _page_starts(text: str) -> tuple[int, ...]:
    return (0, *(found.end() for found in re.finditer("\f", text)))


def _read_mail(data: bytes, guard: Guard) -> Extract:
    return read_eml(data, guard, extract_bytes)


_READERS: dict[Format, Callable[[bytes, Guard], Extract]] = {
    "txt": _read_plain,
    "md": _read_plain,
    "docx": read_docx,
    "pdf": read_pdf,
    "odt": read_odt,
    "rtf": read_rtf,
    "html": read_html,
    "eml": _read_mail,
}
SUFFIXES: dict[str, Format] = {
    ".txt": "txt",
    ".text": "txt",
    ".md": "md",
    ".markdown": "md",
    ".docx": "docx",
    ".docm": "docx",
    ".pdf": "pdf",
    ".odt": "odt",
    ".ott": "odt",
    ".rtf": "rtf",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".eml": "eml",
}
_KNOWN = ", ".join(sorted(SUFFIXES))
