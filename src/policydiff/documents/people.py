"""A table of respondents: who sent which file, of what kind, with what weight. It overrides what is found."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from policydiff.documents.limits import Guard
from policydiff.documents.reading import Document
from policydiff.documents.sheets import read_sheets
from policydiff.documents.tables import columns_of, kind_named, weight_named
from policydiff.errors import UnreadableError
from policydiff.models import RespondentKind

# A file of one of these names among the responses is such a table.
PEOPLE_FILES = frozenset(("respondents.csv", "respondents.xlsx", "respondenter.csv", "respondenter.xlsx"))


@dataclass(frozen=True, slots=True)
class Person:
    """What a table's row says of who sent a file."""

    respondent: str
    kind: RespondentKind | None
    weight: float
    row: int

    def applied(self, document: Document) -> Document:
        """``document`` with what the row says."""
        return replace(
            document,
            respondent=self.respondent or document.respondent,
            kind=self.kind or document.kind,
            weight=self.weight,
        )


class People:
    """The respondents by the source of their file; asks that no row be left over."""

    def __init__(self) -> None:
        self._people: dict[str, Person] = {}
        self._unused: dict[str, tuple[str, int]] = {}

    def add(self, name: str, data: bytes, guard: Guard, folder: str = "") -> None:
        """Adds the rows of a table that lies in ``folder``; the first one for a file counts.

        Raises:
            UnreadableError: it is no table, has no column with files, or a weight is no number.
        """
        for sheet in read_sheets(name, data, guard):
            rows = list(sheet.rows)
            columns = columns_of(sheet.header, [])
            where = "path" if "path" in columns.named else "source"
            if where not in columns.named:
                raise UnreadableError(
                    guard.source,
                    f"has no column 'file' that says which response a row is about (it has {sheet.header})",
                )
            for number, row in rows:
                file = columns.value(where, row).replace("\\", "/")
                if not file:
                    continue
                people = [columns.value(part, row) for part in ("organisation", "respondent")]
                kind = columns.value("kind", row)
                if kind and kind_named(kind) is None:
                    raise UnreadableError(
                        guard.source,
                        f"row {number}: the kind {kind!r} is not known; use citizen, organisation, authority, company "
                        "or committee",
                    )
                person = Person(
                    ", ".join(dict.fromkeys(filter(None, people))),
                    kind_named(kind),
                    weight_named(columns.value("weight", row), f"{guard.source} row {number}"),
                    number,
                )
                source = str(PurePosixPath(folder) / file)
                self._people.setdefault(source, person)
                self._unused.setdefault(source, (guard.source, number))

    def of(self, source: str) -> Person | None:
        """What the table says of the file of ``source``, which was there, whether it can be read or not."""
        self._unused.pop(source, None)
        return self._people.get(source)

    def unused(self) -> Iterator[UnreadableError]:
        """An error for each row that is about no file of the responses."""
        for source, (table, row) in self._unused.items():
            yield UnreadableError(table, f"row {row} is about {source!r}, which is not among the responses; correct it")
