"""A filled-in spreadsheet, read back: every cell is checked, and a fault is named by its row and column."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal

from policydiff.annotate.cells import Row, open_book, rows_of, shown, some, words_in
from policydiff.annotate.cells import shortened as in_cell
from policydiff.annotate.sheet import COLUMNS, GIVEN, LETTERS, PER_ROW, SHEET, columns_of
from policydiff.errors import UnreadableError
from policydiff.gold import GoldAlignment, GoldPassage
from policydiff.models import STANCES, Stance


def read_sheet(
    source: Path, passages: Sequence[GoldPassage], provisions: Collection[str]
) -> dict[str, tuple[GoldAlignment, ...]]:
    """The alignments of each passage id, in the order of the sheet.

    Raises:
        SettingsError: openpyxl is not installed.
        UnreadableError: the file is none of ours, or a cell is wrong; names the row and the column.
    """
    known = {p.passage: p for p in passages}
    twice = sorted({p.passage for p in passages if known[p.passage] is not p})
    if twice:
        raise UnreadableError("gold.jsonl", f"two passages are called {some(twice)}; give each its own id")
    found: dict[str, list[GoldAlignment]] = {}
    for row in rows_of(open_book(source, "--sheet FILE"), str(source), SHEET, COLUMNS):
        name = row.text("passage")
        passage = known.get(name)
        if passage is None:
            raise row.fault("passage", f"{name!r} is no passage of gold.jsonl; a row that labels needs its passage id")
        _check_given(row, passage)
        alignments = found.setdefault(name, [])
        for number in range(1, PER_ROW + 1):
            alignment = _alignment(row, number, passage, provisions)
            if alignment is None:
                continue
            if any(a.provision == alignment.provision for a in alignments):
                raise row.fault(
                    f"provision {number}", f"{name} has {alignment.provision!r} already; a provision once a passage"
                )
            alignments.append(alignment)
    missing = [name for name in known if name not in found]
    if missing:
        raise UnreadableError(str(source), f"has no row for {some(missing)}; keep a row for every passage")
    return {name: tuple(alignments) for name, alignments in found.items()}


def _check_given(row: Row, passage: GoldPassage) -> None:
    """Cells that were sorted apart from their row would label another passage."""
    expected = dict(zip(GIVEN, (passage.response, passage.passage, passage.section or "", passage.text), strict=True))
    for column in ("response", "text"):
        value = row.cells[column]
        if value is not None and words_in(str(value)) != words_in(in_cell(expected[column])):
            raise row.fault(
                column,
                f"is not the {column} of passage {passage.passage}; restore it (sort whole rows, never single columns)",
            )


def _alignment(row: Row, number: int, passage: GoldPassage, provisions: Collection[str]) -> GoldAlignment | None:
    columns = columns_of(number)
    provision_column, grade_column, evidence_column = columns[0], columns[1], columns[-1]
    provision = row.text(provision_column)
    if not provision:
        for column in columns[1:]:
            if row.cells[column] is not None and str(row.cells[column]).strip():
                raise row.fault(column, f"is filled in, but {provision_column} is empty; choose the provision")
        return None
    if provision not in provisions:
        raise row.fault(
            provision_column, f"{provision!r} is no provision of this draft; it has {some(list(provisions))}"
        )
    return GoldAlignment(
        provision=provision,
        grade=_grade(row, grade_column),
        stances=_stances(row, number),
        evidence=_evidence(row, evidence_column, passage),
    )


def _grade(row: Row, column: str) -> Literal[1, 2]:
    value = row.cells[column]
    # Whether a grade is kept as a number or as text is the program's choice.
    written = "" if value is None else str(value).strip()
    if written in ("1", "1.0"):
        return 1
    if written in ("2", "2.0"):
        return 2
    got = f"got {written!r}" if written else "it is empty"
    raise row.fault(column, f"a grade is 2 (about the provision) or 1 (touches it); {got}")


def _stances(row: Row, number: int) -> tuple[Stance, ...]:
    """The stances in the order of ``STANCES``."""
    chosen: set[str] = set()
    columns = [f"stance {number}{letter}" for letter in LETTERS]
    for column in columns:
        value = row.text(column)
        if not value:
            continue
        if value not in STANCES:
            raise row.fault(column, f"{value!r} is no stance; they are {', '.join(STANCES)}")
        if value in chosen:
            raise row.fault(column, f"{value!r} stands here twice; a stance once")
        chosen.add(value)
        if "mentioned" in chosen and len(chosen) > 1:
            raise row.fault(column, "'mentioned' stands alone, never beside another stance; clear one of them")
    if not chosen:
        raise row.fault(columns[0], f"a provision needs a stance; they are {', '.join(STANCES)}")
    return tuple(stance for stance in STANCES if stance in chosen)


def _evidence(row: Row, column: str, passage: GoldPassage) -> tuple[int, int] | None:
    """The span of the copied words in the response's text; the first place where they stand.

    Only white space may differ, since programs change line ends and what is pasted.
    """
    value = row.cells[column]
    # Words that begin with "=" may have become a formula, whose text openpyxl gives as it was typed.
    words = words_in(shown(value if isinstance(value, str) else "" if value is None else str(value)))
    if not words:
        return None
    match = re.search(r"\s+".join(map(re.escape, words)), shown(passage.text))
    if match is None:
        beginning = " ".join(words)[:60]
        raise row.fault(
            column,
            f"{beginning!r} does not stand in passage {passage.passage}; copy the words as they are, or clear it",
        )
    return passage.start + match.start(), passage.start + match.end()
