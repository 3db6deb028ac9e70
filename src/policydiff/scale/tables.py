"""The tables of a result folder: a schema for each kind of record, a column a field."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from policydiff.errors import SettingsError
from policydiff.findings.tally import KEYS
from policydiff.models import (
    STANCES,
    Campaign,
    CopiedPassage,
    Failure,
    Finding,
    Passage,
    Record,
    Response,
    Resubmission,
    Tally,
)

try:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq
except ImportError as missing:
    raise SettingsError('results in folders need pyarrow; pip install "policydiff[scale]"') from missing

_TEXT, _WHOLE, _NUMBER, _TRUTH = pa.string(), pa.int64(), pa.float64(), pa.bool_()


def _field(name: str, kind: pa.DataType, *, missing: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=missing)


def _several(kind: pa.DataType) -> pa.DataType:
    return pa.list_(pa.field("element", kind, nullable=False))


_MASKING = pa.struct([_field("kind", _TEXT), _field("start", _WHOLE), _field("end", _WHOLE)])
_EVIDENCE = pa.struct(
    [
        _field("kind", _TEXT),
        _field("score", _NUMBER),
        *(_field(name, _WHOLE, missing=True) for name in ("start", "end", "provision_start", "provision_end")),
    ]
)
_CUE = pa.struct([_field("stance", _TEXT), _field("start", _WHOLE), _field("end", _WHOLE)])

SCHEMAS = {
    "responses": pa.schema(
        [
            *(_field(name, _TEXT) for name in ("id", "respondent", "source", "language", "sha256", "text")),
            _field("kind", _TEXT, missing=True),
            _field("kind_guessed", _TRUTH),
            _field("weight", _NUMBER),
            _field("masked", _several(_MASKING)),
        ]
    ),
    "passages": pa.schema(
        [
            *(_field(name, _TEXT) for name in ("id", "response_id", "section")),
            _field("start", _WHOLE),
            _field("end", _WHOLE),
            _field("text", _TEXT),
            _field("disposition", _TEXT),
            _field("page", _WHOLE, missing=True),
        ]
    ),
    "findings": pa.schema(
        [
            _field("passage_id", _TEXT),
            _field("provision_id", _TEXT),
            _field("confidence", _NUMBER),
            _field("accepted", _TRUTH),
            _field("review", _TRUTH),
            _field("stances", pa.struct([_field(stance, _NUMBER) for stance in STANCES])),
            _field("labels", _several(_TEXT)),
            _field("via", _TEXT),
            _field("evidence", _several(_EVIDENCE)),
            _field("cues", _several(_CUE)),
        ]
    ),
    "errors": pa.schema([_field(name, _TEXT) for name in ("source", "error", "message")]),
}


def _figures(kind: pa.DataType) -> pa.DataType:
    return pa.struct([_field(key, kind) for key in KEYS])


# Of all shards together, a file each.
COUNTED = {
    "tallies": pa.schema(
        [
            _field("provision_id", _TEXT),
            *(_field(name, _figures(_WHOLE)) for name in ("respondents", "passages", "collapsed")),
            _field("weighted", _figures(_NUMBER)),
        ]
    ),
    "campaigns": pa.schema(
        [
            _field("id", _TEXT),
            _field("response_ids", _several(_TEXT)),
            _field("representative", _TEXT),
            _field("similarity", _NUMBER),
            _field("added", pa.map_(_TEXT, pa.field("value", _several(_TEXT), nullable=False))),
        ]
    ),
    "copied_passages": pa.schema(
        [
            _field("id", _TEXT),
            _field("passage_ids", _several(_TEXT)),
            _field("representative", _TEXT),
            _field("similarity", _NUMBER),
        ]
    ),
    "resubmissions": pa.schema(
        [_field("respondent", _TEXT), _field("response_ids", _several(_TEXT)), _field("copies", _several(_TEXT))]
    ),
}
RECORDS: dict[str, type[Record]] = {
    "responses": Response,
    "passages": Passage,
    "findings": Finding,
    "errors": Failure,
    "tallies": Tally,
    "campaigns": Campaign,
    "copied_passages": CopiedPassage,
    "resubmissions": Resubmission,
}
_ROWS = 1000  # of the tables of all shards that are held at a time


class Texts:
    """Very many short texts in little room, known by their numbers."""

    def __init__(self) -> None:
        self._parts: list[pa.Array] = []

    def extend(self, texts: Iterable[str]) -> None:
        """Put more texts at the end."""
        self._parts.append(pa.array(list(texts), _TEXT))

    def __getitem__(self, number: int) -> str:
        if len(self._parts) > 1:
            self._parts = [pa.concat_arrays(self._parts)]
        return str(self._parts[0][number])


def write_table(table: str, records: Iterable[Record], path: Path) -> None:
    """Write records to a Parquet file; the same ones always give the same bytes."""
    rows = [record.model_dump() for record in records]
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMAS[table]), path, compression="zstd")


def write_counted(table: str, records: Iterable[Record], path: Path) -> None:
    """Write records of COUNTED to a Parquet file, a few at a time."""
    coming = iter(records)
    schema = COUNTED[table]
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while rows := [_row(record) for record in itertools.islice(coming, _ROWS)]:
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))


def _row(record: Record) -> dict[str, Any]:
    row = record.model_dump()
    if isinstance(record, Campaign):
        row["added"] = list(record.added.items())
    return row


def read_columns(table: str, path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Some columns of a Parquet file of a shard."""
    return pq.read_table(path, schema=SCHEMAS[table], columns=columns)


def read_records(table: str, path: Path) -> Iterator[Any]:
    """The records in a Parquet file; of those of a shard all are held, of the others some."""
    of_shard = table in SCHEMAS
    for batch in read_columns(table, path).to_batches() if of_shard else pq.ParquetFile(path).iter_batches(_ROWS):
        yield from records_in(table, batch)


def records_in(table: str, rows: "pa.Table | pa.RecordBatch") -> Iterator[Any]:
    """The records of some rows."""
    for row in rows.to_pylist():
        if table == "campaigns":
            row["added"] = dict(row["added"])
        yield RECORDS[table].model_validate(row)


def chosen(truths: Any) -> Any:
    """The rows in which a column is true, as a column."""
    return pc.indices_nonzero(truths)


def is_one_of(column: Any, texts: Sequence[str]) -> Any:
    """For each row, whether a column of texts has one of these."""
    return pc.is_in(column, pa.array(texts, _TEXT))
