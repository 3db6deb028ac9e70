"""A result as JSON: read back with its schema version checked, and the schema itself."""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from policydiff import __version__
from policydiff.errors import UnreadableError
from policydiff.models import SCHEMA_VERSION, Comparison

_MAJOR, _MINOR = map(int, SCHEMA_VERSION.split("."))
_NAMED = 3  # unknown fields that a message names before it counts the others


def load_result(source: Path | str | bytes) -> Comparison:
    """The result in a file, or in the bytes of one, as ``policydiff compare --json`` wrote it.

    Results of the same major schema version are read, those of older minor versions with the defaults of the fields
    that they lack, those of newer ones where they have no field more. What is returned has the version of this
    policydiff.

    Raises:
        UnreadableError: it cannot be read, is no result, or one of another version; the message names both.
    """
    name = "<bytes>" if isinstance(source, bytes) else str(source)
    try:
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
    except OSError as error:
        raise UnreadableError(name, f"cannot be read ({error.strerror}); give a result of compare --json") from error
    try:
        result = Comparison.model_validate_json(data)
    except ValidationError as error:
        _check_version(name, _version_in(data), error)
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "the file"
        raise UnreadableError(name, f"is no result of `policydiff compare --json` ({field}: {first['msg']})") from None
    _check_version(name, result.schema_version)
    return result.model_copy(update={"schema_version": SCHEMA_VERSION})


def result_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a result, with its version and an ``$id`` that names it."""
    schema = Comparison.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:policydiff:result:{SCHEMA_VERSION}",
        "schema_version": SCHEMA_VERSION,
        **schema,
        "title": "policydiff result",
    }


def _version_in(data: bytes) -> str:
    """The version that a result that was refused says it has; what does not say any is as old as can be read."""
    try:
        said = json.loads(data)["schema_version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return f"{_MAJOR}.0"
    return said if isinstance(said, str) else json.dumps(said)


def _check_version(name: str, version: str, error: ValidationError | None = None) -> None:
    """Raises UnreadableError if a result of this version, refused with ``error``, is one of another policydiff."""
    parts = version.split(".")
    if len(parts) != 2 or not all(part.isascii() and part.isdecimal() for part in parts):
        raise UnreadableError(
            name, f"has schema version {version[:40]!r}, which is no major.minor like 1.0; restore it"
        )
    major, minor = map(int, parts)
    said = f"has result schema {version}, and policydiff {__version__} reads {_MAJOR}.0 to {SCHEMA_VERSION}"
    if major < _MAJOR:
        raise UnreadableError(name, f"{said}; compare again, or read it with the version in provenance.version")
    if major > _MAJOR:
        raise UnreadableError(name, f"{said}; upgrade policydiff: pip install -U policydiff")
    if error is not None and minor > _MINOR:
        unknown = [
            ".".join(map(str, e["loc"])) for e in error.errors(include_url=False) if e["type"] == "extra_forbidden"
        ]
        if unknown:
            more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
            fields = ", ".join(unknown[:_NAMED]) + more
            raise UnreadableError(
                name, f"{said} (unknown here: {fields}); upgrade policydiff: pip install -U policydiff"
            )
