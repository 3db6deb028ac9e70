"""The spreadsheet that annotators fill in: a row a passage, drop-downs for provisions, grades and stances."""

import re
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policydiff.errors import SettingsError, UnreadableError
from policydiff.gold import GoldPassage
from policydiff.models import STANCES, Provision

if TYPE_CHECKING:
    from openpyxl.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

SHEET = "Passages"
GIVEN = ("response", "passage", "section", "text")
PER_ROW = 3  # provisions a row; a passage with more of them gets a further row
LETTERS = "abc"  # stances a provision


def columns_of(number: int) -> tuple[str, ...]:
    """The headings of the ``number``-th provision in a row."""
    stances = (f"stance {number}{letter}" for letter in LETTERS)
    return (f"provision {number}", f"grade {number}", *stances, f"evidence {number}")


COLUMNS = (*GIVEN, *(name for n in range(1, PER_ROW + 1) for name in columns_of(n)))

_WIDTHS = {"response": 10, "passage": 10, "section": 18, "text": 64, "provision": 16, "grade": 7, "stance": 14}
_EVIDENCE_WIDTH = 36
_SPARE = 500  # rows below the last passage that have drop-downs, for passages with more provisions
_CELL_LENGTH = 16_000  # a cell holds 32,767 UTF-16 units, so half as many characters of any kind
_TEXT_FORMAT_LENGTH = 255  # some versions of Excel show longer cells of the format "@" as ####
_CUT = " […]"
_NOT_XML = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0xFFFF), " ")
# U+FFFE is a line-end hyphen of a PDF; a carriage return is half a line end.
_SHOWN = str.maketrans({**_NOT_XML, 0xFFFE: "-", 13: " "})
_OLD_LINE_END = re.compile(r"\r(?!\n)")

_HOW_TO = (
    "How to fill in",
    f"One row is one passage. Fill in up to {PER_ROW} provisions that it addresses; leave all empty where it addresses "
    "none. For more, add a row anywhere with the same passage id and fill in the others there.",
    "provision: its id, from the list; the sheet Provisions says which is which. grade: 2 it is about this provision, "
    "1 it touches it. stance: one to three, in any order. evidence: copied word by word from the text, or empty.",
    "Whole rows may be sorted and filtered, and columns added for notes. Do not change response, passage or text.",
    "",
)


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


def write_sheet(target: Path, passages: Iterable[GoldPassage], provisions: Sequence[Provision]) -> None:
    """Write the spreadsheet of ``passages``, none of them labelled yet.

    Raises:
        SettingsError: openpyxl is not installed.
        UnreadableError: the file cannot be written.
    """
    book = require_openpyxl().Workbook()
    sheet = book.active
    sheet.title = SHEET
    _head(sheet, COLUMNS, [_WIDTHS.get(name.split()[0], _EVIDENCE_WIDTH) for name in COLUMNS])
    sheet.freeze_panes = sheet.cell(2, len(GIVEN) + 1)
    row = 1
    for row, passage in enumerate(passages, 2):
        values = (passage.response, passage.passage, passage.section or "", passage.text)
        for column, value in enumerate(values, 1):
            _put(sheet.cell(row, column), value)
    sheet.auto_filter.ref = f"A1:{sheet.cell(max(row, 2), len(COLUMNS)).coordinate}"
    _write_provisions(book.create_sheet("Provisions"), provisions)
    _offer(sheet, 2, row + _SPARE, len(provisions))
    _write_guidelines(book.create_sheet("Guidelines"))
    try:
        book.save(target)
    except OSError as error:
        raise UnreadableError(str(target), f"cannot be written ({error.strerror}); choose another place") from error


def _put(cell: "Cell | MergedCell", value: str, *, bold: bool = False) -> None:
    """Write ``value`` as text, never as a formula, and as text it stays when the cell is edited."""
    from openpyxl.styles import Alignment, Font

    cell.value = shortened(value)
    cell.data_type = "s"
    cell.number_format = "@" if len(value) <= _TEXT_FORMAT_LENGTH else "General"
    cell.quotePrefix = value.startswith(("=", "+", "-", "@"))
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if bold:
        cell.font = Font(bold=True)


def _head(sheet: "Worksheet", names: Sequence[str], widths: Sequence[int]) -> None:
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter

    for number, (name, width) in enumerate(zip(names, widths, strict=True), 1):
        _put(sheet.cell(1, number), name, bold=True)
        column = sheet.column_dimensions[get_column_letter(number)]
        column.width = width
        column.alignment = Alignment(wrap_text=True, vertical="top")
        # Cells that are still empty take this: a program would make a number of the id "4.10".
        column.number_format = "General" if name.startswith("grade") else "@"
    sheet.freeze_panes = "A2"


def _offer(sheet: "Worksheet", first: int, last: int, provisions: int) -> None:
    """Drop-downs. The ids are a range of the other sheet, since a list of values may have 255 characters."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    choices = {
        "provision": (f"Provisions!$A$2:$A${provisions + 1}", "an id of the sheet Provisions"),
        "grade": ('"1,2"', "2: about this provision; 1: touches it"),
        "stance": (f'"{",".join(STANCES)}"', ", ".join(STANCES)),
    }
    for name, (formula, hint) in choices.items():
        validation = DataValidation(type="list", formula1=formula, allow_blank=True, showErrorMessage=True)
        validation.errorTitle, validation.error = f"Not a {name}", f"Choose from the list: {hint}"
        for number, column in enumerate(COLUMNS, 1):
            if column.startswith(name):
                letter = get_column_letter(number)
                validation.add(f"{letter}{first}:{letter}{last}")
        sheet.add_data_validation(validation)


def _write_provisions(sheet: "Worksheet", provisions: Sequence[Provision]) -> None:
    _head(sheet, ("id", "kind", "label", "title", "text"), (20, 14, 14, 40, 100))
    for row, p in enumerate(provisions, 2):
        for column, value in enumerate((p.id, p.kind, p.label, p.title, p.text), 1):
            _put(sheet.cell(row, column), value)


def _write_guidelines(sheet: "Worksheet") -> None:
    text = (files("policydiff.annotate") / "guidelines.md").read_text(encoding="utf-8")
    _head(sheet, ("Guidelines",), (130,))
    for row, line in enumerate((*_HOW_TO, *_paragraphs(text)), 2):
        heading = line.startswith("#") or line == _HOW_TO[0]
        _put(sheet.cell(row, 1), line.lstrip("# "), bold=heading)


def _paragraphs(markdown: str) -> list[str]:
    """The lines of ``markdown``, those that only continue a paragraph or bullet joined to it."""
    out: list[str] = []
    for line in markdown.splitlines():
        after_bullet = bool(out) and out[-1].startswith("- ")
        continues = line.startswith("  ") if after_bullet else bool(out) and out[-1] != "" and out[-1][0] != "#"
        if continues and line.strip() and not line.startswith(("#", "- ")):
            out[-1] += " " + line.strip()
        else:
            out.append(line.strip())
    return out
