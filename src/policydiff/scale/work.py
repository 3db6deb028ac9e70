"""A shard becomes Parquet: the same files whoever writes them and however often, and a receipt once they are whole."""

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from policydiff.comparing import ComparedResponse, Comparer
from policydiff.models import Failure
from policydiff.scale.shards import Shard
from policydiff.scale.tables import SCHEMAS, write_table

RECEIPTS = "receipts"


@dataclass(frozen=True)
class Work:
    """What is to be done with every shard: compare with ``comparer``, write under ``folder``. Picklable.

    ``template`` matches the headings of the responses' template; it was found once for all shards.
    """

    comparer: Comparer
    folder: Path
    template: re.Pattern[str] | None = None

    @cached_property
    def _basis(self) -> dict[str, str]:
        """What decides the content of the files, besides the inputs."""
        reading = self.comparer.settings.documents.model_dump(
            # What a template and a table of respondents say is part of `template` and of the inputs.
            mode="json",
            exclude={"template", "respondents", "recurrence"},
        )
        template = "" if self.template is None else self.template.pattern
        return {**self.comparer.basis(), "reading": json.dumps(reading, sort_keys=True), "template": template}

    def key(self, shard: Shard) -> dict[str, str]:
        """What decides the content of a shard's files, by name."""
        return {**self._basis, "inputs": shard.digest()}

    def path(self, table: str, number: int) -> Path:
        """The file of a table for a shard."""
        return self.folder / table / f"{number:06}.parquet"

    def receipt(self, number: int) -> Path:
        """The file that says a shard is whole."""
        return self.folder / RECEIPTS / f"{number:06}.json"

    def counts_if_done(self, shard: Shard) -> tuple[dict[str, int] | None, str]:
        """The counts of a shard that is done, a record's kind each; else None, and why it is not."""
        try:
            receipt = json.loads(self.receipt(shard.number).read_bytes())
            before, files, counts = receipt["key"], receipt["files"], receipt["counts"]
        except FileNotFoundError:
            return None, "new"
        except (OSError, ValueError, KeyError, TypeError):
            return None, "damaged receipt"
        now = self.key(shard)
        changed = [name for name in now if before.get(name) != now[name]]
        if changed:
            return None, f"other {' and '.join(changed)}"
        for table in SCHEMAS:
            try:
                whole = sha256_of(self.path(table, shard.number)) == files.get(table)
            except OSError:
                whole = False
            if not whole:
                return None, f"damaged {table}"
        return counts, ""

    def __call__(self, shard: Shard) -> dict[str, int]:
        """Compare a shard and write its files, whole or not at all; returns how many records of each kind.

        A shard that is done already is passed over: its worker may have died, or the wire failed, after the receipt.
        """
        finished, _ = self.counts_if_done(shard)
        if finished is not None:
            return finished
        done: list[ComparedResponse] = []
        failures: list[Failure] = []
        for number, given in enumerate(shard.inputs, shard.first):
            for outcome in self.comparer.outcomes(given, number, self.template):
                if isinstance(outcome, Failure):
                    failures.append(outcome)
                else:
                    done.append(outcome)
        records: Mapping[str, list[Any]] = {
            "responses": [c.response for c in done],
            "passages": [p for c in done for p in c.passages],
            "findings": [f for c in done for f in c.findings],
            "errors": failures,
        }
        files = {}
        for table, rows in records.items():
            path = self.path(table, shard.number)
            _put(path, lambda temporary, table=table, rows=rows: write_table(table, rows, temporary))  # type: ignore[misc]
            files[table] = sha256_of(path)
        counts = {table: len(rows) for table, rows in records.items()}
        receipt = {"key": self.key(shard), "files": files, "counts": counts}
        put_json(self.receipt(shard.number), receipt)
        return counts


def put_json(path: Path, content: object) -> None:
    """Write a JSON file, whole or not at all."""
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    _put(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def _put(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` make a file beside ``path`` under another name, then put it there at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        write(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
