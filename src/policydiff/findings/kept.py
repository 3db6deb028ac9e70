"""What was found in passages before, kept on disk, so that a second run over a grown folder pays for what is new.

The unit is all passages of a response together, since they are judged in one another's light (what is carried from
the passage before, the mean that similarities are centred on). Two responses of the same words share an entry.
"""

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from threading import Lock
from typing import Any

from pydantic import TypeAdapter, ValidationError

from policydiff.documents import Block
from policydiff.errors import SettingsError
from policydiff.models import Finding, Passage

Found = tuple[tuple[Passage, ...], tuple[Finding, ...]]

_FOUND: TypeAdapter[Found] = TypeAdapter(Found)
_NAME = "findings.sqlite"
_PATIENCE = 30  # seconds for another process that writes
# A write is in the file when it is committed, in the disk's own time: a power cut loses the last entries, no more.
_OPENING = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "CREATE TABLE IF NOT EXISTS found (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
)


def key_of(blocks: Sequence[Block], language: str, basis: Mapping[str, str]) -> str:
    """A SHA-256 of passages and of all that decides what is found in them (see Comparer.basis)."""
    content = [language, sorted(basis.items()), [astuple(block) for block in blocks]]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def renamed(found: Found, response_id: str) -> Found:
    """The same passages and findings in a response of another id."""

    def new(passage_id: str) -> str:
        return f"{response_id}/{passage_id.rpartition('/')[2]}"

    passages, findings = found
    return (
        tuple(p.model_copy(update={"id": new(p.id), "response_id": response_id}) for p in passages),
        tuple(f.model_copy(update={"passage_id": new(f.passage_id)}) for f in findings),
    )


class KeptFindings:
    """Findings by key, in an SQLite file in ``folder`` that threads and processes of one machine may share.

    A file that is damaged is set aside as ``findings.sqlite.broken`` and a new one begun; an entry that cannot be read
    counts as missing; what cannot be written is not kept. Nothing in the file is ever executed or unpickled.

    Raises:
        SettingsError: the file cannot be made.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self._lock = Lock()
        path = self.folder / _NAME
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                self._database = _opened(path)
            except sqlite3.OperationalError:
                raise  # the place, not the file
            except sqlite3.DatabaseError:
                path.replace(path.with_name(f"{_NAME}.broken"))
                for beside in ("-wal", "-shm"):  # what SQLite kept of it
                    path.with_name(_NAME + beside).unlink(missing_ok=True)
                self._database = _opened(path)
        except (OSError, sqlite3.Error) as error:
            raise SettingsError(f"the cache {self.folder} cannot be used ({error}); name another folder") from error

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["folder"])  # type: ignore[misc]

    def get(self, key: str) -> Found | None:
        """What was found, None where that is not known."""
        try:
            with self._lock:
                row = self._database.execute("SELECT value FROM found WHERE key = ?", (key,)).fetchone()
            return None if row is None else _FOUND.validate_json(zlib.decompress(row[0]))
        except (sqlite3.Error, zlib.error, ValidationError, TypeError):
            return None

    def put(self, key: str, found: Found) -> None:
        """Keep what was found."""
        value = zlib.compress(_FOUND.dump_json(found), level=1)  # its checksum tells a damaged entry
        try:
            with self._lock, self._database:
                self._database.execute("INSERT OR REPLACE INTO found VALUES (?, ?)", (key, value))
        except sqlite3.Error:
            pass  # a full or locked disk costs time later, not a result now


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_PATIENCE, check_same_thread=False)
    try:
        with database:
            for statement in _OPENING:
                database.execute(statement)
    except sqlite3.Error:
        database.close()
        raise
    return database
