"""The tables of a result folder: a schema for each kind of record, a column a field."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from policydiff.errors import SettingsError
from policydiff.models import STANCES, Failure, Finding, Passage, Record, Response

try:
    import pyarrow as pa
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
RECORDS: dict[str, type[Record]] = {
    "responses": Response,
    "passages": Passage,
    "findings": Finding,
    "errors": Failure,
}


def write_table(table: str, records: Iterable[Record], path: Path) -> None:
    """Write records to a Parquet file; the same ones always give the same bytes."""
    rows = [record.model_dump() for record in records]
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMAS[table]), path, compression="zstd")


def read_records(table: str, path: Path) -> Iterator[Any]:
    """The records in a Parquet file."""
    for row in pq.read_table(path, schema=SCHEMAS[table]).to_pylist():
        yield RECORDS[table].model_validate(row)
