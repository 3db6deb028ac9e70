"""The tables as one .xlsx file, a sheet a table, to be sorted and filtered by hand.

Written row by row with XlsxWriter, which holds one row in memory and takes half the time of openpyxl.
"""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

from policydiff.errors import SettingsError
from policydiff.models import Comparison
from policydiff.report.frames import require
from policydiff.report.tables import KINDS, Column, columns
from policydiff.report.tables_files import FORMULA_STARTS, writing

_CELL_UNITS = 32_767  # UTF-16 units that a cell holds
_TEXT_FORMAT_LENGTH = 255  # some versions of Excel show longer cells of the format "@" as ####
_CUT = " […]"
_ROWS = 1_048_575  # below the header
_WIDE = {"text": 80, "message": 60, "cues": 45}  # column widths in characters of the default font
_WIDTHS = (9, 36)  # of the other columns, at the least and at the most
_SAMPLE = 200  # rows that the width of a column is taken from
_DATE = datetime(1980, 1, 1)  # the file must not tell when it was made: same input, same bytes
# Control characters are no XML; U+FFFE is a line-end hyphen of a PDF, a carriage return half a line end.
_NOT_XML = {**dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0xFFFF), " "), 0xFFFE: "-"}
_LINE_END = re.compile(r"\r\n?")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def cell_text(text: str) -> str:
    """``text`` as a cell can hold it, cut to what fits."""
    text = _LINE_END.sub("\n", text).translate(_NOT_XML)
    if len(text) + len(_ASTRAL.findall(text)) <= _CELL_UNITS:
        return text
    cut = text[: _CELL_UNITS - len(_CUT)]
    return cut[: len(cut) - len(_ASTRAL.findall(cut))] + _CUT


def write_xlsx(comparison: Comparison, path: Path) -> None:
    """Write every table as a sheet. Findings are filtered to the accepted ones; clear the filter to see the others.

    Every text is written as text, never as a formula, and stays text when its cell is edited.

    Raises:
        SettingsError: XlsxWriter is not installed, or there are more rows than a sheet can hold.
        UnreadableError: the file cannot be written.
    """
    xlsxwriter = require("xlsxwriter")
    with writing(path):
        path.open("ab").close()  # XlsxWriter has an error of its own for a place that cannot be written
        book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_urls": False})
        book.set_properties({"title": cell_text(comparison.policy.title), "created": _DATE})
        formats = {
            "head": book.add_format({"bold": True, "bg_color": "#DDE6EE", "bottom": 1, "valign": "top"}),
            "long": book.add_format({"text_wrap": True, "valign": "top"}),
            "text": book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"}),
            # A cell with a quote prefix stays text when somebody edits it.
            "quoted": book.add_format({"text_wrap": True, "valign": "top", "num_format": "@", "quote_prefix": True}),
            "number": book.add_format({"valign": "top", "num_format": "0.000"}),
            "integer": book.add_format({"valign": "top", "num_format": "0"}),
            "truth": book.add_format({"valign": "top"}),
        }
        for kind in KINDS:
            _write_sheet(book.add_worksheet(kind), columns(comparison, kind), formats)
        book.close()


def _write_sheet(sheet: Any, table: list[Column], formats: dict[str, Any]) -> None:
    rows = len(table[0].values)
    if rows > _ROWS:
        raise SettingsError(f"{rows} rows are more than a sheet can hold; write csv or parquet files instead")
    for number, column in enumerate(table):
        form = formats["text"] if column.type in ("text", "texts") else formats[column.type]
        sheet.set_column(number, number, _width(column), form)
        sheet.write_string(0, number, column.name, formats["head"])
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(rows, 1), len(table) - 1)
    accepted = next((c for c in table if c.name == "accepted"), None)
    if accepted is not None:
        sheet.filter_column(table.index(accepted), "x == TRUE")
    for row in range(rows):
        if accepted is not None and not accepted.values[row]:
            sheet.set_row(row + 1, None, None, {"hidden": True})
        for number, column in enumerate(table):
            _write_cell(sheet, row + 1, number, column, row, formats)


def _write_cell(sheet: Any, row: int, number: int, column: Column, index: int, formats: dict[str, Any]) -> None:
    value = column.values[index]
    if value is None:
        return
    if column.type in ("text", "texts"):
        text = cell_text("\n".join(value) if isinstance(value, tuple) else value)
        if text.startswith(FORMULA_STARTS):
            form = formats["quoted"]
        else:
            form = formats["text" if len(text) <= _TEXT_FORMAT_LENGTH else "long"]
        sheet.write_string(row, number, text, form)
    elif column.type == "truth":
        sheet.write_boolean(row, number, value, formats["truth"])
    else:
        sheet.write_number(row, number, value, formats[column.type])


def _width(column: Column) -> int:
    if column.name in _WIDE:
        return _WIDE[column.name]
    sample = [
        len(word) for v in column.values[:_SAMPLE] for word in ([str(v)] if not isinstance(v, tuple) else map(str, v))
    ]
    return min(max(_WIDTHS[0], len(column.name) + 3, max(sample, default=0) + 1), _WIDTHS[1])
