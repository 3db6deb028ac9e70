"""Tables with a row a response: which column is what, and a document of each row."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from policydiff import languages
from policydiff.documents.extract import Extract, Writer
from policydiff.documents.limits import Guard
from policydiff.documents.lines import one_line
from policydiff.documents.reading import SUFFIXES, Document
from policydiff.documents.repairing import repaired
from policydiff.documents.sheets import read_sheets
from policydiff.errors import InputError, LimitError, UnreadableError, valid
from policydiff.models import RespondentKind

# A column without a known name holds answers if its filled cells are this long on average, in characters.
_ANSWER_LENGTH = 30
_SAMPLE_ROWS = 200
_ID_LENGTH = 100  # of a row's id in names of sources
_MARKS = re.compile(r"[^\w]+|_+")
_NAMES_FILE = re.compile(rf"[^\n\r]{{1,250}}(?:{'|'.join(map(re.escape, sorted(SUFFIXES)))})", re.IGNORECASE)
_NAMED = ("id", "respondent", "organisation", "kind", "weight", "path", "source")

# Gives the document of a file that a row names, None where there is no such file beside the table.
FileBeside = Callable[[str], Document | None]


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column is what, by number; ``texts`` are the answers, in order."""

    named: dict[str, int]
    texts: tuple[int, ...]

    def value(self, name: str, row: Sequence[str]) -> str:
        """The cell of a row in the column called ``name``, empty where there is none."""
        at = self.named.get(name)
        return row[at].strip() if at is not None and at < len(row) else ""


@cache
def _known(name: str) -> dict[str, int]:
    """The folded headers that mean ``name`` in any language, with their rank."""
    words = [word for code in languages.available() for word in languages.load(code)["documents"]["tables"][name]]
    return {folded(word): n for n, word in enumerate(words)}


def folded(header: str) -> str:
    """A header without marks, in lower case, Danish letters also spelt out alike."""
    low = _MARKS.sub(" ", header).strip().casefold()
    return low.replace("ø", "oe").replace("æ", "ae").replace("å", "aa")


def columns_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Columns:
    """The columns by their headers; answers are also those whose cells are long.

    Without any, the column with the longest cells holds the answers.
    """
    names = [folded(cell) for cell in header]
    named: dict[str, int] = {}
    for name in _NAMED:
        found = [(_known(name)[word], n) for n, word in enumerate(names) if word in _known(name)]
        if found and min(found)[1] not in named.values():
            named[name] = min(found)[1]
    lengths = [_mean_length(rows, n) for n in range(len(header))]
    free = [n for n in range(len(header)) if n not in named.values()]
    texts = [n for n in free if names[n] in _known("text") or lengths[n] >= _ANSWER_LENGTH]
    if not texts and "path" not in named and free:
        longest = max(free, key=lambda n: lengths[n])
        texts = [longest] if lengths[longest] else []
    return Columns(named, tuple(texts))


def _mean_length(rows: Sequence[Sequence[str]], column: int) -> float:
    filled = [len(row[column]) for row in rows if column < len(row) and row[column].strip()]
    return sum(filled) / len(filled) if filled else 0.0


def kind_named(word: str) -> RespondentKind | None:
    """The kind that a cell names in any language, or None."""
    for code in languages.available():
        for kind, words in languages.load(code)["documents"]["tables"]["kinds"].items():
            if word.strip().casefold() in words:
                return kind  # type: ignore[no-any-return]
    return None


def weight_named(cell: str, source: str) -> float:
    """The weight in a cell, 1 where it is empty.

    Raises:
        UnreadableError: it is no number of at least 0.
    """
    if not cell:
        return 1.0
    try:
        weight = float(cell.replace(",", "."))
    except ValueError:
        weight = -1.0
    if not 0 <= weight < float("inf"):
        raise UnreadableError(source, f"the weight {cell!r} is no number of at least 0; correct it")
    return weight


def files_named(name: str, data: bytes, guard: Guard) -> Iterator[str]:
    """The files that the rows of a table name, nothing where it is no table."""
    try:
        for sheet in read_sheets(name, data, guard):
            rows = [row for _, row in sheet.rows]
            columns = columns_of(sheet.header, rows[:_SAMPLE_ROWS])
            for row in rows:
                yield from filter(None, (_file_in(row, columns),))
    except InputError:
        return


def _file_in(row: Sequence[str], columns: Columns) -> str:
    path = columns.value("path", row)
    if path:
        return path
    cells = [row[n].strip() for n in columns.texts if n < len(row) and row[n].strip()]
    return cells[0] if len(cells) == 1 and _NAMES_FILE.fullmatch(cells[0]) else ""


def read_rows(name: str, data: bytes, guard: Guard, beside: FileBeside) -> Iterator[Document | InputError]:
    """A document for each row of a table of responses, in order; an error for each that gives none.

    ``source`` is the table's with "#" and the row's id, or its number where it has no id of its own. With one
    column of answers their text is the document's; with several, each stands under its header.
    """
    try:
        sheets = read_sheets(name, data, guard)
        for sheet in sheets:
            place = f"{guard.source}#{sheet.name}" if len(sheets) > 1 else guard.source
            yield from _documents(place, sheet.header, list(sheet.rows), guard, beside)
    except InputError as error:
        yield error


def _documents(
    place: str, header: Sequence[str], rows: Sequence[tuple[int, list[str]]], guard: Guard, beside: FileBeside
) -> Iterator[Document | InputError]:
    if not any(cell.strip() for _, row in rows for cell in row):
        yield UnreadableError(place, "the table has a header and no rows; give a row a response")
        return
    columns = columns_of(header, [row for _, row in rows[:_SAMPLE_ROWS]])
    if not columns.texts and "path" not in columns.named:
        yield UnreadableError(
            place, f"no column holds text; name one 'response' or 'høringssvar' (it has {', '.join(header)[:200]})"
        )
        return
    seen: set[str] = set()
    for number, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        label = one_line(columns.value("id", row))[:_ID_LENGTH]
        key = label if label and label not in seen else str(number)
        while key in seen:
            key = f"{key}'"
        seen.add(key)
        source = f"{place}#{key}"
        try:
            yield _document(source, header, row, columns, replace(guard, source=source), beside)
        except InputError as error:
            yield error


def _document(
    source: str, header: Sequence[str], row: Sequence[str], columns: Columns, guard: Guard, beside: FileBeside
) -> Document:
    file = _file_in(row, columns)
    attached = _attached(file, source, beside) if file else None
    texts = [(header[n], row[n]) for n in columns.texts if n < len(row) and row[n].strip() and row[n].strip() != file]
    if not texts and attached is None:
        raise UnreadableError(source, "there is no text in the row; fill in its answer")
    if attached is not None and not texts:
        document = attached
    else:
        extract = _joined(texts, attached, several=len(columns.texts) > 1)
        guard.check("characters", len(extract.text), "characters")
        digest = hashlib.sha256(extract.text.encode("utf-8", errors="replace")).hexdigest()
        warnings = attached.warnings if attached is not None else ()
        document = Document(extract.text, source, digest, "row", extract.pages, extract.hints, warnings)
    people = [columns.value(name, row) for name in ("organisation", "respondent")]
    return replace(
        document,
        source=valid(source),
        respondent=", ".join(dict.fromkeys(filter(None, people))),
        kind=kind_named(columns.value("kind", row)),
        weight=weight_named(columns.value("weight", row), source),
    )


def _attached(file: str, source: str, beside: FileBeside) -> Document:
    try:
        found = beside(file)
    except LimitError:
        raise
    except InputError as error:
        raise type(error)(source, f"{file}: {error.message}") from error
    if found is None:
        raise UnreadableError(source, f"names the file {file!r}, which is not in the folder of the table; put it there")
    return found


def _joined(texts: Sequence[tuple[str, str]], attached: Document | None, *, several: bool) -> Extract:
    if attached is None and not several:
        ((_, text),) = texts
        return repaired(Extract(text.replace("\r\n", "\n")))
    writer = Writer()
    for label, text in texts:
        if several:
            writer.add(label, "heading", 2)
        writer.include(Extract(text.replace("\r\n", "\n")))
    if attached is not None:
        writer.include(Extract(attached.text, hints=attached.hints))
    return repaired(writer.extract())
