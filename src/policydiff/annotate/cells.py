"""Cells of a spreadsheet that people fill in: text that stays text, drop-downs, and reading back by place."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policydiff.errors import SettingsError, UnreadableError

if TYPE_CHECKING:
    from openpyxl.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

_NAMED = 5  # names that a message gives before it counts the others
_CELL_LENGTH = 16_000  # a cell holds 32,767 UTF-16 units, so half as many characters of any kind
_TEXT_FORMAT_LENGTH = 255  # some versions of Excel show longer cells of the format "@" as ####
_CUT = " […]"
_NOT_XML = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0xFFFF), " ")
# U+FFFE is a line-end hyphen of a PDF; a carriage return is half a line end.
_SHOWN = str.maketrans({**_NOT_XML, 0xFFFE: "-", 13: " "})
_OLD_LINE_END = re.compile(r"\r(?!\n)")


def shown(text: str) -> str:
    """``text`` as a spreadsheet can hold it, character for character, so that offsets are the same in both."""
    return _OLD_LINE_END.sub("\n", text).translate(_SHOWN)


def shortened(text: str) -> str:
    """``shown(text)``, cut to what a cell can hold."""
    text = shown(text)
    return text if len(text) <= _CELL_LENGTH else text[: _CELL_LENGTH - len(_CUT)] + _CUT


def require_openpyxl() -> Any:
    """The openpyxl module.

    Raises:
        SettingsError: it is not installed.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise SettingsError('spreadsheets need openpyxl; pip install "policydiff[annotate]"') from error
    return openpyxl


def put(cell: "Cell | MergedCell", value: str, *, bold: bool = False) -> None:
    """Write ``value`` as text, never as a formula, and as text it stays when the cell is edited."""
    from openpyxl.styles import Alignment, Font

    cell.value = shortened(value)
    cell.data_type = "s"
    cell.number_format = "@" if len(value) <= _TEXT_FORMAT_LENGTH else "General"
    cell.quotePrefix = value.startswith(("=", "+", "-", "@"))
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if bold:
        cell.font = Font(bold=True)


def head(sheet: "Worksheet", names: Sequence[str], widths: Sequence[float], numbers: Collection[str] = ()) -> None:
    """Write the headings, and give their columns widths (in characters) and the format of text but for ``numbers``."""
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter

    for number, (name, width) in enumerate(zip(names, widths, strict=True), 1):
        put(sheet.cell(1, number), name, bold=True)
        column = sheet.column_dimensions[get_column_letter(number)]
        column.width = width
        column.alignment = Alignment(wrap_text=True, vertical="top")
        # Cells that are still empty take this: a program would make a number of the id "4.10".
        column.number_format = "General" if name in numbers else "@"
    sheet.freeze_panes = "A2"


def offer(
    sheet: "Worksheet", columns: Iterable[int], first: int, last: int, formula: str, title: str, error: str
) -> None:
    """A drop-down in the rows ``first`` to ``last`` of the columns with these numbers.

    ``formula`` is a range of cells or a list in quotation marks, which may have 255 characters.
    """
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    validation = DataValidation(type="list", formula1=formula, allow_blank=True, showErrorMessage=True)
    validation.errorTitle, validation.error = title, error
    for letter in map(get_column_letter, columns):
        validation.add(f"{letter}{first}:{letter}{last}")
    sheet.add_data_validation(validation)


def save(book: Any, target: Path) -> None:
    """Write a workbook.

    Raises:
        UnreadableError: the file cannot be written.
    """
    try:
        book.save(target)
    except OSError as error:
        raise UnreadableError(str(target), f"cannot be written ({error.strerror}); choose another place") from error


@dataclass(frozen=True)
class Row:
    """One row: its number as the program shows it, its cells by heading, and the letters of the columns."""

    source: str
    number: int
    cells: dict[str, Any]
    letters: dict[str, str]

    def fault(self, column: str, message: str) -> UnreadableError:
        """What is wrong with a cell, named by row and column, to be raised."""
        return UnreadableError(f"{self.source}, row {self.number}, column {self.letters[column]} ({column})", message)

    def text(self, column: str) -> str:
        """What stands in a cell that was meant as text."""
        value = self.cells[column]
        if value is None:
            return ""
        if isinstance(value, str):
            return value.strip()
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        kind = type(value).__name__
        raise self.fault(
            column, f"holds the {kind} {value}, not text, so what was typed is lost; format the cell as text, retype it"
        )


def open_book(source: Path, instead: str) -> Any:
    """The workbook in a file; ``instead`` is what an error says to give.

    Raises:
        SettingsError: openpyxl is not installed.
        UnreadableError: the file cannot be read or is no workbook.
    """
    openpyxl = require_openpyxl()
    try:
        return openpyxl.load_workbook(source)
    except OSError as error:
        raise UnreadableError(str(source), f"cannot be read ({error.strerror or error}); give {instead}") from error
    except Exception as error:  # openpyxl lets zipfile, KeyError and its own errors through
        raise UnreadableError(
            str(source), f"is no .xlsx spreadsheet ({type(error).__name__}); save it as one"
        ) from error


def rows_of(book: Any, source: str, sheet: str, columns: Sequence[str]) -> list[Row]:
    """The rows of a sheet that are not empty, by these headings, in whatever order they stand.

    ``source`` is what faults call the file and the sheet.

    Raises:
        UnreadableError: the sheet or a heading is not there, or a heading is there twice.
    """
    if sheet not in book.sheetnames:
        raise UnreadableError(source, f"has no sheet {sheet!r}, but {some(book.sheetnames)}; do not rename it")
    rows = book[sheet].iter_rows()
    letters: dict[str, str] = {}
    for cell in next(rows):
        if isinstance(cell.value, str):
            name = cell.value.strip()
            if name in letters and name in columns:
                raise UnreadableError(
                    f"{source}, row 1, column {cell.column_letter}",
                    f"{name!r} stands over column {letters[name]} too; a heading once",
                )
            letters[name] = cell.column_letter
    absent = [name for name in columns if name not in letters]
    if absent:
        raise UnreadableError(f"{source}, row 1", f"there is no column {some(absent)}; keep the headings as they were")
    found: list[Row] = []
    for number, cells in enumerate(rows, 2):
        by_letter = {cell.column_letter: cell.value for cell in cells if cell.value is not None}
        values = {name: by_letter.get(letters[name]) for name in columns}
        if any(str(value).strip() for value in values.values() if value is not None):
            found.append(Row(source, number, values, letters))
    return found


def some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def words_in(text: str) -> list[str]:
    """The words of a cell: programs change line ends and what is pasted, so white space may differ."""
    return text.split()
