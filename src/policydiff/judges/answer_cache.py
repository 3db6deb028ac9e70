"""Answers that were paid for, kept in a file: what the model said of a question, never the question itself."""

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from pydantic import TypeAdapter, ValidationError

from policydiff.errors import SettingsError
from policydiff.judges.answers import Judged

_ANSWER: TypeAdapter[Judged] = TypeAdapter(Judged)
_AT_A_TIME = 500  # keys in one query; SQLite takes 999 at least
_PATIENCE = 30  # seconds for another process that writes


def default_cache() -> Path:
    """Where answers are kept for the user of this machine, by the custom of its system."""
    try:
        from platformdirs import user_cache_path
    except ImportError as error:
        raise SettingsError('a language model needs platformdirs: pip install "policydiff[llm]"') from error
    return user_cache_path("policydiff") / "answers.sqlite"


class AnswerCache:
    """Answers by key, in an SQLite file that threads and processes may share; in memory where there is no ``path``.

    A file that is damaged is set aside as ``<name>.broken`` and a new one begun. What cannot be written is forgotten.

    Raises:
        SettingsError: the file cannot be made.
    """

    def __init__(self, path: Path | str | None) -> None:
        self.path = None if path is None else Path(path)
        self._connect()

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["path"])  # type: ignore[misc]

    def _connect(self) -> None:
        self._lock = Lock()
        try:
            if self.path is not None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._database = self._opened()
            except sqlite3.DatabaseError as error:
                if self.path is None or isinstance(error, sqlite3.OperationalError):
                    raise
                self.path.replace(self.path.with_name(f"{self.path.name}.broken"))
                self._database = self._opened()
        except (OSError, sqlite3.Error) as error:
            raise SettingsError(f"the cache {self.path} cannot be used ({error}); name another file") from error

    def _opened(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path or ":memory:", timeout=_PATIENCE, check_same_thread=False)
        try:
            with database:
                database.execute("CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL)")
        except sqlite3.Error:
            database.close()
            raise
        return database

    def get(self, keys: Iterable[str]) -> dict[str, Judged]:
        """The answers that are known; one that cannot be read is not."""
        wanted = list(keys)
        rows: list[tuple[str, str]] = []
        with self._lock:
            try:
                for first in range(0, len(wanted), _AT_A_TIME):
                    some = wanted[first : first + _AT_A_TIME]
                    marks = ",".join("?" * len(some))
                    query = f"SELECT key, answer FROM answers WHERE key IN ({marks})"  # noqa: S608 question marks only
                    rows += self._database.execute(query, some).fetchall()
            except sqlite3.Error:
                pass
        found = {}
        for key, answer in rows:
            try:
                found[key] = _ANSWER.validate_json(answer)
            except ValidationError:
                continue
        return found

    def put(self, answers: Mapping[str, Judged]) -> None:
        """Keep answers."""
        rows = [(key, _ANSWER.dump_json(answer).decode()) for key, answer in answers.items()]
        with self._lock:
            try:
                with self._database:
                    self._database.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?)", rows)
            except sqlite3.Error:
                pass  # a full or locked disk costs a question later, not a result now
