"""Tables as rows of strings: .csv, .tsv, .xlsx and .jsonl. No type is ever guessed: "4.10" stays "4.10"."""

import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from policydiff.documents.decoding import decode
from policydiff.documents.limits import Guard, office_parts, open_zip
from policydiff.errors import InputError, UnreadableError, brief, valid

TABLE_SUFFIXES = frozenset((".csv", ".tsv", ".xlsx", ".jsonl"))
_DELIMITERS = ";,\t|"
_SAMPLE_LINES = 20
_CELL = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_CHUNK = 1 << 20
# The module's own limit (131,072 characters a field) is one for the whole process, and the guard has a better one.
csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with a header; ``rows`` are given with the number that a spreadsheet shows beside them."""

    name: str
    header: tuple[str, ...]
    rows: Iterator[tuple[int, list[str]]]


def read_sheets(name: str, data: bytes, guard: Guard) -> list[Sheet]:
    """The tables in the bytes of a file called ``name``; sheets without any cell are left out.

    Raises:
        UnreadableError: it is no table, or has no rows.
        LimitError: it has more cells than the settings allow.
    """
    guard.check("file_bytes", len(data), "bytes")
    suffix = PurePath(name).suffix.lower()
    try:
        if suffix == ".xlsx":
            sheets = _xlsx(data, guard)
        elif suffix == ".jsonl":
            sheets = _jsonl(data, guard)
        else:
            sheets = _csv(data, guard, "\t" if suffix == ".tsv" else None)
    except InputError:
        raise
    except Exception as error:  # the readers let through what they stumble over
        raise UnreadableError(guard.source, f"is no table that can be read ({brief(error)}); save it again") from error
    if not sheets:
        raise UnreadableError(guard.source, "the table is empty; give one with a header and a row a response")
    return sheets


def _csv(data: bytes, guard: Guard, delimiter: str | None) -> list[Sheet]:
    if data.startswith((b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise UnreadableError(guard.source, "holds a PDF or Office file under another suffix; rename it")
    text = decode(data)
    first = text.split("\n", 1)[0]
    if delimiter is None and first.lower().startswith("sep=") and len(first.strip()) == 5:
        delimiter, text = first.strip()[4], text[len(first) + 1 :]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or _delimiter(text))
    return _with_header("", _checked(((reader.line_num, row) for row in reader), guard))


def _delimiter(text: str) -> str:
    """The one that parts most first lines into the same number of cells, more than one; a comma where none does."""

    def agreement(mark: str) -> tuple[int, int]:
        rows = []
        for row in csv.reader(io.StringIO(text[:200_000], newline=""), delimiter=mark):
            rows.append(len(row))
            if len(rows) == _SAMPLE_LINES:
                break
        width = rows[0] if rows else 0
        return (sum(n == width for n in rows), width) if width > 1 else (0, 0)

    best = max(_DELIMITERS, key=agreement)
    return best if agreement(best) > (0, 0) else ","


def _jsonl(data: bytes, guard: Guard) -> list[Sheet]:
    records: list[tuple[int, dict[str, Any]]] = []
    header: dict[str, None] = {}
    for number, line in enumerate(decode(data).split("\n"), 1):
        if not line.strip():
            continue
        guard.tick()
        try:
            record = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
        except (ValueError, RecursionError) as error:
            raise UnreadableError(guard.source, f"line {number} is no JSON ({brief(error)}); correct it") from error
        if not isinstance(record, dict):
            raise UnreadableError(guard.source, f"line {number} is no JSON object; give one with a name a value")
        record = {valid(name): value for name, value in record.items()}
        header.update(dict.fromkeys(record))
        records.append((number, record))
        guard.check("table_cells", len(header) * len(records), "cells")
    rows = ((number, [_json_text(record.get(name)) for name in header]) for number, record in records)
    return [Sheet("", tuple(header), rows)] if records else []


def _json_text(value: Any) -> str:
    if value is None:
        return ""
    return valid(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _xlsx(data: bytes, guard: Guard) -> list[Sheet]:
    """The visible sheets with any text in them."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    office_parts(data, guard)
    _check_extent(data, guard)
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    sheets: list[Sheet] = []
    for about in book.sheets_metadata:
        if about.typ != SheetTypeEnum.WorkSheet or about.visible != SheetVisibleEnum.Visible:
            continue
        sheet = book.get_sheet_by_name(about.name)
        first = sheet.start[0] if sheet.start else 0
        rows = enumerate(([_shown(cell) for cell in row] for row in sheet.to_python()), first + 1)
        sheets += _with_header(about.name, _checked(rows, guard))
    return sheets


def _check_extent(data: bytes, guard: Guard) -> None:
    """A sheet is a full rectangle in memory, so two cells far apart would take all of it."""
    with open_zip(data, guard) as archive:
        for member in archive.infolist():
            if not re.fullmatch(r"xl/worksheets/[^/]+\.xml", member.filename):
                continue
            width = height = 0
            with archive.open(member) as file:
                rest = b""
                while chunk := file.read(_CHUNK):
                    for column, row in _CELL.findall(rest + chunk):
                        width = max(width, _column(column))
                        height = max(height, int(row))
                    rest = chunk[-20:]
            guard.check("table_cells", width * height, f"cells in {member.filename}")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _shown(cell: Any) -> str:
    """A cell as a reader sees it: whole numbers without a decimal point, dates in ISO form."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)


def _checked(rows: Iterator[tuple[int, list[str]]], guard: Guard) -> Iterator[tuple[int, list[str]]]:
    cells = 0
    for number, row in rows:
        guard.tick()
        cells += len(row)
        guard.check("table_cells", cells, "cells")
        yield number, row


def _with_header(name: str, rows: Iterator[tuple[int, list[str]]]) -> list[Sheet]:
    """The sheet whose header is the first row with any text; none where there is no such row."""
    for _, row in rows:
        if any(cell.strip() for cell in row):
            return [Sheet(name, tuple(" ".join(cell.split()) for cell in row), rows)]
    return []
