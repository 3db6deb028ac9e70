"""A folder as a hearing office has it: 2,000 files in all formats, and what it costs to read them.

The responses are grown from the gold sets, each to the draft of one (see ``growing``). CPU-seconds are measured a
format at a time, peak memory in a process of its own, for a tenth of the folder and for all of it.

``python -m benchmarks.folders FOLDER`` reads a folder and prints how many responses it held and the peak memory in MB.
"""

import csv
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from email.message import EmailMessage
from html import escape
from pathlib import Path
from typing import Any

from benchmarks.growing import Grower, Grown
from benchmarks.material import material
from benchmarks.measuring import cpu_seconds, peak_mb
from policydiff.documents import Document, parse_response
from policydiff.documents.inputs import ResponseInputs
from policydiff.gold import gold_folders, read_gold

FILES = 2_000
_BATCH = 200  # files in each folder within the folder
_ROWS = 10  # responses in a table
_PACKED = 5  # responses in a .zip


def _markdown(response: Grown) -> bytes:
    marks = {"heading": "## ", "bullet": "- "}
    return ("\n\n".join(marks.get(kind, "") + words for kind, words in response.parts) + "\n").encode()


def _html(response: Grown) -> bytes:
    tags = {"heading": "h2", "bullet": "li", "paragraph": "p"}
    body = "\n".join(f"<{tags[kind]}>{escape(words)}</{tags[kind]}>" for kind, words in response.parts)
    return f"<!DOCTYPE html><html><head><meta charset='utf-8'></head><body>{body}</body></html>".encode()


def _docx(response: Grown) -> bytes:
    import docx

    file = docx.Document()
    for kind, words in response.parts:
        if kind == "heading":
            file.add_heading(words, level=2)
        else:
            file.add_paragraph(words, style="List Bullet" if kind == "bullet" else None)
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


def _docx_table(response: Grown) -> bytes:
    """The table of a response template: headings to the left, answers to the right."""
    import docx

    file = docx.Document()
    table = file.add_table(rows=0, cols=2)
    label, answer = table.add_row().cells
    for kind, words in response.parts:
        if kind == "heading":
            if label.text or answer.text:
                label, answer = table.add_row().cells
            label.text = words
        else:
            answer.add_paragraph(words, style="List Bullet" if kind == "bullet" else None)
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


def _pdf(response: Grown) -> bytes:
    from fpdf import FPDF

    pdf = FPDF()
    pdf.core_fonts_encoding = "windows-1252"
    pdf.add_page()
    for kind, words in response.parts:
        pdf.set_font("helvetica", size=13 if kind == "heading" else 10)
        words = words.encode("cp1252", errors="replace").decode("cp1252")
        pdf.multi_cell(0, 5, f"- {words}" if kind == "bullet" else words, align="L", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(3)
    return bytes(pdf.output())


def _odt(response: Grown) -> bytes:
    def element(kind: str, words: str) -> str:
        if kind == "heading":
            return f'<text:h text:outline-level="2">{escape(words)}</text:h>'
        text = f"<text:p>{escape(words)}</text:p>"
        return f"<text:list><text:list-item>{text}</text:list-item></text:list>" if kind == "bullet" else text

    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text", "table")
    )
    body = "".join(element(kind, words) for kind, words in response.parts)
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {names} office:version="1.2">'
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    return _zipped({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": content.encode()})


def _rtf(response: Grown) -> bytes:
    def escaped(words: str) -> str:
        return "".join(
            f"\\{c}" if c in "\\{}" else c if c.isascii() else "".join(f"\\u{unit}?" for unit in _units(c))
            for c in words
        )

    marks = {"heading": r"\b\fs28 ", "bullet": r"\'95\tab "}
    body = "\n".join(rf"\pard {marks.get(kind, '')}{escaped(words)}\b0\fs22\par" for kind, words in response.parts)
    return rf"{{\rtf1\ansi\ansicpg1252\deff0{{\fonttbl{{\f0 Calibri;}}}}\fs22 {body}}}".encode("ascii")


def _units(char: str) -> Iterator[int]:
    """RTF writes a character as signed 16-bit numbers."""
    data = char.encode("utf-16-le")
    for at in range(0, len(data), 2):
        yield int.from_bytes(data[at : at + 2], "little", signed=True)


def _mail(response: Grown) -> bytes:
    mail = EmailMessage()
    mail["From"] = f"{response.sender} <svar@example.dk>"
    mail["Subject"] = "Høringssvar"
    mail.set_content("Vedhæftet er vores svar.\n")
    mail.add_attachment(_docx(response), "application", "octet-stream", filename="høringssvar.docx")
    return mail.as_bytes()


def _zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def _zip(responses: Sequence[Grown]) -> bytes:
    return _zipped({f"{n}/svar.md": _markdown(response) for n, response in enumerate(responses)})


_HEADER = ("id", "navn", "høringssvar")


def _rows(responses: Sequence[Grown]) -> list[tuple[str, str, str]]:
    return [(str(n), response.sender, response.plain()) for n, response in enumerate(responses, 1)]


def _csv(responses: Sequence[Grown]) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([_HEADER, *_rows(responses)])
    return out.getvalue().encode("utf-8-sig")


def _jsonl(responses: Sequence[Grown]) -> bytes:
    lines = (json.dumps(dict(zip(_HEADER, row, strict=True)), ensure_ascii=False) for row in _rows(responses))
    return "\n".join(lines).encode()


def _xlsx(responses: Sequence[Grown]) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (_HEADER, *_rows(responses)):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _encoded(encoding: str) -> Callable[[Grown], bytes]:
    return lambda response: response.plain().encode(encoding, errors="replace")


# Each format with its suffix, how a file of it is written, and how many responses one holds.
_ONE: dict[str, tuple[str, Callable[[Grown], bytes]]] = {
    "docx": (".docx", _docx),
    "docx table": (".docx", _docx_table),
    "pdf": (".pdf", _pdf),
    "odt": (".odt", _odt),
    "rtf": (".rtf", _rtf),
    "html": (".html", _html),
    "eml": (".eml", _mail),
    "md": (".md", _markdown),
    "txt utf-8": (".txt", _encoded("utf-8")),
    "txt utf-16": (".txt", _encoded("utf-16")),
    "txt cp1252": (".txt", _encoded("cp1252")),
}
_MANY: dict[str, tuple[str, Callable[[Sequence[Grown]], bytes], int]] = {
    "csv": (".csv", _csv, _ROWS),
    "xlsx": (".xlsx", _xlsx, _ROWS),
    "jsonl": (".jsonl", _jsonl, _ROWS),
    "zip": (".zip", _zip, _PACKED),
}
FORMS = (*_ONE, *_MANY)


def build(folder: Path, files: int, grower: Grower) -> dict[str, list[Path]]:
    """Writes ``files`` files of all formats in turn, 200 to a folder within ``folder``; gives those of each format."""
    written: dict[str, list[Path]] = {form: [] for form in FORMS}
    grown = map(grower.grow, iter(range(sys.maxsize)))
    for number in range(files):
        form = FORMS[number % len(FORMS)]
        if form in _ONE:
            suffix, write_one = _ONE[form]
            data = write_one(next(grown))
        else:
            suffix, write_many, size = _MANY[form]
            data = write_many([next(grown) for _ in range(size)])
        path = folder / f"{number // _BATCH:02}" / f"{number:04} {form}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        written[form].append(path)
    return written


def read(sources: Sequence[Path]) -> tuple[int, int]:
    """Reads all responses as ``compare`` does, up to their passages; gives their number and that of the passages."""
    responses = passages = 0
    for number, document in enumerate(ResponseInputs(sources)):
        if not isinstance(document, Document):
            raise document
        _, blocks = parse_response(document, response_id=f"r{number}")
        responses += 1
        passages += sum(block.kind in ("paragraph", "bullet") for block in blocks)
    return responses, passages


def _memory(folder: Path) -> tuple[int, float]:
    command = [sys.executable, "-m", "benchmarks.folders", str(folder)]
    count, peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()  # noqa: S603
    return int(count), float(peak)


def rows(gold: Path, files: int = FILES) -> list[dict[str, Any]]:
    """CPU-seconds a format and peak memory of ``files`` files grown from the sets under ``gold``."""
    sets = [material(read_gold(f)) for f in gold_folders([gold / "natural", gold / "hard"])]
    out: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        written = build(folder, files, Grower(sets))
        read([paths[0] for paths in written.values()])  # imports the readers
        for form, paths in written.items():
            (responses, passages), seconds = cpu_seconds(lambda paths=paths: read(paths))
            out.append(
                {
                    "part": "folder",
                    "system": form,
                    "files": len(paths),
                    "responses": responses,
                    "passages": passages,
                    "cpu_s": round(seconds, 2),
                    "cpu_s_per_1000": round(seconds * 1000 / responses, 2),
                }
            )
        for part in (folder / "00", folder):
            responses, peak = _memory(part)
            count = sum(path.is_file() for path in part.rglob("*"))
            out.append(
                {
                    "part": "folder",
                    "system": f"peak memory, {count:,} files",
                    "files": count,
                    "responses": responses,
                    "peak_mb": round(peak),
                }
            )
    return out


if __name__ == "__main__":
    print(read([Path(sys.argv[1])])[0], peak_mb())
