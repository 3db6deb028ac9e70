"""Answers that were paid for, kept in a file: what the model said of a question, never the question itself."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from policydiff.errors import SettingsError
from policydiff.findings.cache_file import CacheFile
from policydiff.judges.answers import Judged

_ANSWER: TypeAdapter[Judged] = TypeAdapter(Judged)


def default_cache() -> Path:
    """Where answers are kept for the user of this machine, by the custom of its system."""
    try:
        from platformdirs import user_cache_path
    except ImportError as error:
        raise SettingsError('a language model needs platformdirs: pip install "policydiff[llm]"') from error
    return user_cache_path("policydiff") / "answers.sqlite"


class AnswerCache:
    """Answers by key, in a CacheFile; in memory where there is no ``path``.

    Raises:
        SettingsError: the file cannot be made.
    """

    def __init__(self, path: Path | str | None) -> None:
        self._file = CacheFile(None if path is None else Path(path), "answers")

    def get(self, keys: Iterable[str]) -> dict[str, Judged]:
        """The answers that are known; one that cannot be read is not."""
        found = {}
        for key, answer in self._file.get(keys).items():
            try:
                found[key] = _ANSWER.validate_json(answer)
            except ValidationError:
                continue
        return found

    def put(self, answers: Mapping[str, Judged]) -> None:
        """Keep answers."""
        self._file.put({key: _ANSWER.dump_json(answer) for key, answer in answers.items()})
