"""The filled-in review, read back as decisions: every cell is checked, and a fault names sheet, row and column."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from policydiff.annotate.cells import Row, open_book, rows_of, shortened, some, words_in
from policydiff.errors import InputError, UnreadableError
from policydiff.models import Comparison, Stance, Verdict
from policydiff.review.original import identity
from policydiff.review.words import (
    FILLED_IN,
    FINDINGS,
    MISSED,
    STANCE_COLUMNS,
    Words,
    names_of,
    text_shown,
    words_in_use,
)


@dataclass(frozen=True)
class Decision:
    """One filled-in row. ``place`` says where it stands; ``labels`` are the stances from then on."""

    place: str
    passage_id: str
    provision_id: str
    verdict: Verdict
    instead: str | None
    labels: tuple[Stance, ...]
    reviewer: str
    reason: str


@dataclass(frozen=True)
class Filled:
    """A filled-in review: when it was last saved (UTC, as its program noted it), and what was decided."""

    at: datetime
    decisions: tuple[Decision, ...]


def read_review(source: Path | str, comparison: Comparison, *, reviewer: str = "") -> Filled:
    """The decisions in a review of ``comparison``; ``reviewer`` is who made those of rows that do not say.

    Raises:
        SettingsError: openpyxl is not installed.
        UnreadableError: the file is no review, or a cell is wrong; names sheet, row, column, value and what may stand.
        InputError: it is the review of another result.
    """
    source = Path(source)
    book = open_book(source, "the spreadsheet that `policydiff review` wrote")
    words = words_in_use(book.sheetnames)
    if words is None:
        raise UnreadableError(
            str(source), f"is no review, its sheets are {some(book.sheetnames)}; make one with `policydiff review`"
        )
    _check_result(book[words.sheets["guide"]], source, comparison, words)
    reader = _Reader(comparison, words, reviewer.strip())
    decisions: list[Decision] = []
    for sheet, columns, read in (("findings", FINDINGS, reader.finding), ("missed", MISSED, reader.missed)):
        name = words.sheets[sheet]
        headings = {column: words.columns[column] for column in columns}
        for row in rows_of(book, f"{source}, sheet {name}", name, list(headings.values())):
            decision = read(_by_column(row, headings))
            if decision is not None:
                decisions.append(decision)
    _check_agreeing(decisions)
    return Filled(_saved(book), tuple(decisions))


def _saved(book: Any) -> datetime:
    at: datetime = book.properties.modified
    return (at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)).replace(microsecond=0)


def _check_result(guide: Any, source: Path, comparison: Comparison, words: Words) -> None:
    said = {
        str(row[0] or "").strip(): str(row[1] or "").strip() for row in guide.iter_rows(values_only=True, max_col=2)
    }
    name, ours = words.guide["result"], identity(comparison)
    theirs = said.get(name)
    if not theirs:
        raise UnreadableError(
            f"{source}, sheet {guide.title}", f"the row {name!r} that names the result is gone; restore it"
        )
    if theirs != ours:
        raise InputError(
            str(source),
            f"is the review of another result ({theirs[:12]}, and this one is {ours[:12]}); give the result it was "
            "written from, or a corrected copy of that",
        )


@dataclass(frozen=True)
class _Cells:
    """A row by the names of its columns, with faults by what the columns are called."""

    row: Row
    headings: Mapping[str, str]

    def text(self, column: str) -> str:
        return self.row.text(self.headings[column])

    def fault(self, column: str, message: str) -> UnreadableError:
        return self.row.fault(self.headings[column], message)

    @property
    def place(self) -> str:
        return f"{self.row.source}, row {self.row.number}"


def _by_column(row: Row, headings: Mapping[str, str]) -> _Cells:
    return _Cells(row, headings)


class _Reader:
    """Reads rows of the review of one result."""

    def __init__(self, comparison: Comparison, words: Words, reviewer: str) -> None:
        self._passages = {p.id: p for p in comparison.passages}
        self._names = names_of(comparison.policy)
        self._ids = {name.casefold(): id_ for id_, name in self._names.items()}
        self._ids |= {p.id.casefold(): p.id for p in comparison.policy.provisions}
        self._words = words
        self._stances = {name.casefold(): stance for stance, name in words.stances.items()}
        self._stances |= {stance.casefold(): stance for stance in words.stances}
        self._reviewer = reviewer

    def finding(self, cells: _Cells) -> Decision | None:
        """The decision of a row of the findings; None where there is none."""
        if not cells.text("decision"):
            for column in FILLED_IN:
                if column != "reviewer" and cells.text(column):  # names are filled in down the whole column
                    raise cells.fault(
                        column, f"is filled in, but {self._words.columns['decision']!r} is empty; choose from its list"
                    )
            return None
        passage_id, provision_id = self._keys(cells)
        verdict, instead = self._decision(cells, provision_id)
        labels = self._labels(cells)
        if verdict == "wrong" and labels:
            raise cells.fault(
                "stance_1", "a finding that is wrong has no stances; clear them, or choose another answer"
            )
        if verdict != "wrong" and not labels:
            labels = self._found(cells)
        return self._decided(cells, passage_id, provision_id, verdict, instead, labels)

    def missed(self, cells: _Cells) -> Decision | None:
        """The decision of a row of what was missed; None where only a reviewer is filled in."""
        if not any(cells.text(column) for column in MISSED if column != "reviewer"):
            return None
        passage_id = cells.text("passage_id")
        if passage_id not in self._passages:
            raise cells.fault(
                "passage_id",
                f"{passage_id!r} is no passage; they are {some(list(self._passages))} (sheet "
                f"{self._words.sheets['passages']})",
            )
        provision_id = self._provision(cells, "provision", allowed=())
        labels = self._labels(cells)
        if not labels:
            raise cells.fault("stance_1", f"is empty; choose of {', '.join(self._words.stances.values())}")
        return self._decided(cells, passage_id, provision_id, "missed", None, labels)

    def _decided(
        self,
        cells: _Cells,
        passage_id: str,
        provision_id: str,
        verdict: Verdict,
        instead: str | None,
        labels: tuple[Stance, ...],
    ) -> Decision:
        reviewer = cells.text("reviewer") or self._reviewer
        if not reviewer:
            raise cells.fault("reviewer", "is empty; say who decided, or give --reviewer NAME")
        return Decision(cells.place, passage_id, provision_id, verdict, instead, labels, reviewer, cells.text("reason"))

    def _keys(self, cells: _Cells) -> tuple[str, str]:
        """Which finding a row is of; cells that were sorted apart from their row would decide on another."""
        passage_id, provision_id = cells.text("passage_id"), cells.text("provision_id")
        if passage_id not in self._passages:
            raise cells.fault("passage_id", f"{passage_id!r} is no passage of the result; restore it")
        if provision_id not in self._names:
            raise cells.fault(
                "provision_id", f"{provision_id!r} is no provision of the draft; they are {some(list(self._names))}"
            )
        for column, expected in (
            ("passage", text_shown(self._passages[passage_id].text)),
            ("provision", self._names[provision_id]),
        ):
            if words_in(cells.text(column)) != words_in(shortened(expected)):
                raise cells.fault(
                    column,
                    f"is not that of {passage_id} and {provision_id}; restore it (sort whole rows, not columns)",
                )
        return passage_id, provision_id

    def _decision(self, cells: _Cells, provision_id: str) -> tuple[Verdict, str | None]:
        answer = cells.text("decision").casefold()
        verdicts: tuple[Verdict, ...] = ("right", "wrong")
        for verdict in verdicts:
            if answer == self._words.decisions[verdict].casefold():
                return verdict, None
        instead = self._provision(cells, "decision", allowed=tuple(self._words.decisions.values()))
        return ("right", None) if instead == provision_id else ("elsewhere", instead)

    def _provision(self, cells: _Cells, column: str, allowed: tuple[str, ...]) -> str:
        value = cells.text(column)
        found = self._ids.get(" ".join(value.split()).casefold())
        if found is None:
            choices = some([*allowed, *self._names.values()])
            got = f"{value!r} is none of its list" if value else "is empty"
            raise cells.fault(column, f"{got}; choose of {choices} (sheet {self._words.sheets['provisions']})")
        return found

    def _labels(self, cells: _Cells) -> tuple[Stance, ...]:
        """The stances that are filled in, in the order of ``STANCES``."""
        chosen: set[Stance] = set()
        for column in STANCE_COLUMNS:
            value = cells.text(column)
            if value:
                chosen.add(self._stance(cells, column, value))
                if "mentioned" in chosen and len(chosen) > 1:
                    alone = self._words.stances["mentioned"]
                    raise cells.fault(column, f"{value!r}: {alone!r} stands alone; clear it, or the others")
        return tuple(stance for stance in self._words.stances if stance in chosen)

    def _found(self, cells: _Cells) -> tuple[Stance, ...]:
        """The stances that the row shows as found."""
        found = {self._stance(cells, "found", name.strip()) for name in cells.text("found").split(",")}
        return tuple(stance for stance in self._words.stances if stance in found)

    def _stance(self, cells: _Cells, column: str, value: str) -> Stance:
        stance = self._stances.get(value.casefold())
        if stance is None:
            raise cells.fault(column, f"{value!r} is no stance; they are {', '.join(self._words.stances.values())}")
        return stance


def _check_agreeing(decisions: list[Decision]) -> None:
    """Raises UnreadableError if two rows decide differently on one finding."""
    outcomes: dict[tuple[str, str], tuple[tuple[Stance, ...], Decision]] = {}
    for decision in decisions:
        here = [((decision.passage_id, decision.provision_id), decision.labels)]
        if decision.instead is not None:
            here = [(here[0][0], ()), ((decision.passage_id, decision.instead), decision.labels)]
        for pair, labels in here:
            before = outcomes.setdefault(pair, (labels, decision))
            if before[0] != labels:
                raise UnreadableError(
                    decision.place,
                    f"says otherwise of passage {pair[0]} and provision {pair[1]} than {before[1].place}; "
                    "decide once, and clear the other row",
                )
