"""The spreadsheet that annotators fill in: a row a passage, drop-downs for provisions, grades and stances."""

from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from policydiff.annotate.cells import head, offer, put, require_openpyxl, save
from policydiff.gold import GoldPassage
from policydiff.models import STANCES, Provision

if TYPE_CHECKING:
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

_HOW_TO = (
    "How to fill in",
    f"One row is one passage. Fill in up to {PER_ROW} provisions that it addresses; leave all empty where it addresses "
    "none. For more, add a row anywhere with the same passage id and fill in the others there.",
    "provision: its id, from the list; the sheet Provisions says which is which. grade: 2 it is about this provision, "
    "1 it touches it. stance: one to three, in any order. evidence: copied word by word from the text, or empty.",
    "Whole rows may be sorted and filtered, and columns added for notes. Do not change response, passage or text.",
    "",
)


def write_sheet(target: Path, passages: Iterable[GoldPassage], provisions: Sequence[Provision]) -> None:
    """Write the spreadsheet of ``passages``, none of them labelled yet.

    Raises:
        SettingsError: openpyxl is not installed.
        UnreadableError: the file cannot be written.
    """
    book = require_openpyxl().Workbook()
    sheet = book.active
    sheet.title = SHEET
    numbers = [name for name in COLUMNS if name.startswith("grade")]
    head(sheet, COLUMNS, [_WIDTHS.get(name.split()[0], _EVIDENCE_WIDTH) for name in COLUMNS], numbers)
    sheet.freeze_panes = sheet.cell(2, len(GIVEN) + 1)
    row = 1
    for row, passage in enumerate(passages, 2):
        values = (passage.response, passage.passage, passage.section or "", passage.text)
        for column, value in enumerate(values, 1):
            put(sheet.cell(row, column), value)
    sheet.auto_filter.ref = f"A1:{sheet.cell(max(row, 2), len(COLUMNS)).coordinate}"
    _write_provisions(book.create_sheet("Provisions"), provisions)
    _offer(sheet, 2, row + _SPARE, len(provisions))
    _write_guidelines(book.create_sheet("Guidelines"))
    save(book, target)


def _offer(sheet: "Worksheet", first: int, last: int, provisions: int) -> None:
    """Drop-downs for what is filled in."""
    choices = {
        "provision": (f"Provisions!$A$2:$A${provisions + 1}", "an id of the sheet Provisions"),
        "grade": ('"1,2"', "2: about this provision; 1: touches it"),
        "stance": (f'"{",".join(STANCES)}"', ", ".join(STANCES)),
    }
    for name, (formula, hint) in choices.items():
        columns = [number for number, column in enumerate(COLUMNS, 1) if column.startswith(name)]
        offer(sheet, columns, first, last, formula, f"Not a {name}", f"Choose from the list: {hint}")


def _write_provisions(sheet: "Worksheet", provisions: Sequence[Provision]) -> None:
    head(sheet, ("id", "kind", "label", "title", "text"), (20, 14, 14, 40, 100))
    for row, p in enumerate(provisions, 2):
        for column, value in enumerate((p.id, p.kind, p.label, p.title, p.text), 1):
            put(sheet.cell(row, column), value)


def _write_guidelines(sheet: "Worksheet") -> None:
    text = (files("policydiff.annotate") / "guidelines.md").read_text(encoding="utf-8")
    head(sheet, ("Guidelines",), (130,))
    for row, line in enumerate((*_HOW_TO, *_paragraphs(text)), 2):
        heading = line.startswith("#") or line == _HOW_TO[0]
        put(sheet.cell(row, 1), line.lstrip("# "), bold=heading)


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
