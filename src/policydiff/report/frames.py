"""The tables as data frames of pandas or polars, or as a table of pyarrow; each is imported when asked for."""

from importlib import import_module
from typing import Any, Literal

from policydiff.errors import SettingsError
from policydiff.models import Comparison
from policydiff.report.tables import Column, columns

Library = Literal["pandas", "polars", "pyarrow"]
_EXTRAS = {"pandas": "tables", "pyarrow": "tables", "xlsxwriter": "tables", "polars": "polars"}


def require(library: str) -> Any:
    """The module ``library``.

    Raises:
        SettingsError: it is not installed; the message says how to install it.
    """
    try:
        return import_module(library)
    except ImportError as error:
        raise SettingsError(f'this needs {library}; pip install "policydiff[{_EXTRAS[library]}]"') from error


def to_frame(comparison: Comparison, kind: str = "findings", *, library: Library = "pandas") -> Any:
    """One table of the result as a frame of ``library``; ``kind`` is one of ``policydiff.report.tables.KINDS``.

    Missing values are missing in the library's own way, never an empty text or NaN in a column of integers.

    Raises:
        SettingsError: an unknown table or library, or one that is not installed.
    """
    if library not in _MAKERS:
        raise SettingsError(f"no frames of {library!r}; choose {', '.join(_MAKERS)}")
    return _MAKERS[library](columns(comparison, kind))


def _pandas(table: list[Column]) -> Any:
    pandas = require("pandas")
    types = {"text": "string", "texts": "object", "integer": "Int64", "number": "Float64", "truth": "boolean"}
    return pandas.DataFrame({c.name: pandas.Series(c.values, dtype=types[c.type]) for c in table})


def _polars(table: list[Column]) -> Any:
    polars = require("polars")
    types = {
        "text": polars.String,
        "texts": polars.List(polars.String),
        "integer": polars.Int64,
        "number": polars.Float64,
        "truth": polars.Boolean,
    }
    return polars.DataFrame([polars.Series(c.name, c.values, dtype=types[c.type]) for c in table])


def _arrow(table: list[Column]) -> Any:
    arrow = require("pyarrow")
    types = {
        "text": arrow.string(),
        "texts": arrow.list_(arrow.string()),
        "integer": arrow.int64(),
        "number": arrow.float64(),
        "truth": arrow.bool_(),
    }
    return arrow.table({c.name: arrow.array(c.values, type=types[c.type]) for c in table})


_MAKERS = {"pandas": _pandas, "polars": _polars, "pyarrow": _arrow}
