"""A file that remembers: values by key in SQLite. Nothing in it is ever executed or unpickled."""

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from policydiff.errors import SettingsError

_AT_A_TIME = 500  # keys in one query; SQLite takes 999 at least
_PATIENCE = 30  # seconds for another process that writes


class CacheFile:
    """Values by key in ``table`` of the file ``path``, which threads and processes of one machine may share; in memory
    where there is none. ``opening`` are statements for every connection.

    A file that is damaged is set aside as ``<name>.broken`` and a new one begun. What cannot be read counts as
    missing, and what cannot be written is not kept: a full or locked disk costs time later, not a result now.

    Raises:
        SettingsError: the file cannot be made.
    """

    def __init__(self, path: Path | None, table: str, opening: tuple[str, ...] = ()) -> None:
        self.path = path
        self._table = table
        self._opening = opening
        self._lock = Lock()
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._database = self._opened()
            except sqlite3.DatabaseError as error:
                if path is None or isinstance(error, sqlite3.OperationalError):
                    raise  # the place, not the file
                path.replace(path.with_name(f"{path.name}.broken"))
                for beside in ("-wal", "-shm"):  # what SQLite kept of it
                    path.with_name(path.name + beside).unlink(missing_ok=True)
                self._database = self._opened()
        except (OSError, sqlite3.Error) as error:
            raise SettingsError(f"the cache {path} cannot be used ({error}); name another file") from error

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "table": self._table, "opening": self._opening}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def _opened(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path or ":memory:", timeout=_PATIENCE, check_same_thread=False)
        making = f"CREATE TABLE IF NOT EXISTS {self._table} (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"
        try:
            with database:
                for statement in (*self._opening, making):
                    database.execute(statement)
        except sqlite3.Error:
            database.close()
            raise
        return database

    def get(self, keys: Iterable[str]) -> dict[str, bytes]:
        """The values that are known."""
        wanted = list(keys)
        rows: list[tuple[str, bytes]] = []
        try:
            with self._lock:
                for first in range(0, len(wanted), _AT_A_TIME):
                    some = wanted[first : first + _AT_A_TIME]
                    marks = ",".join("?" * len(some))
                    query = f"SELECT * FROM {self._table} WHERE key IN ({marks})"  # noqa: S608 question marks and a table of ours
                    rows += self._database.execute(query, some).fetchall()
        except sqlite3.Error:
            pass
        return dict(rows)

    def put(self, values: Mapping[str, bytes]) -> None:
        """Keep values."""
        try:
            with self._lock, self._database:
                query = f"INSERT OR REPLACE INTO {self._table} VALUES (?, ?)"  # noqa: S608 likewise
                self._database.executemany(query, values.items())
        except sqlite3.Error:
            pass

    def close(self) -> None:
        """Let go of the file, as at the end of the process."""
        self._database.close()
