"""The words that reports use for what the records name, in the reader's language: a TOML file a language."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from policydiff.errors import SettingsError


def available() -> tuple[str, ...]:
    """The codes of the languages that reports can be written in, sorted."""
    return tuple(sorted(p.name.removesuffix(".toml") for p in files(__name__).iterdir() if p.name.endswith(".toml")))


@cache
def wording(language: str) -> dict[str, Any]:
    """The tables of one language.

    Raises:
        SettingsError: there is no wording in that language.
    """
    if language not in available():
        raise SettingsError(f"no report in language {language!r}; available: {', '.join(available())}")
    return tomllib.loads((files(__name__) / f"{language}.toml").read_text(encoding="utf-8"))


def counted(number: int, noun: str, language: str) -> str:
    """A number with its noun in agreement, up to twelve in words: "én høringspart", "13 høringsparter".

    ``noun`` is a key of the table ``nouns``.
    """
    words = wording(language)
    one, many = words["nouns"][noun]
    spelled = words["numbers"]
    if number == 1:
        return f"{words['one'][noun]} {one}"
    return f"{spelled[number] if number < len(spelled) else number} {many}"
