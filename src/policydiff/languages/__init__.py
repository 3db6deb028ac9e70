"""Language packs: what differs between languages is data, one TOML file each.

``load("da")`` gives the pack as nested dictionaries. A new language is a new file in this folder.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from policydiff.errors import SettingsError


@cache
def available() -> tuple[str, ...]:
    """The codes of the languages that have a pack, sorted."""
    return tuple(sorted(f.name.removesuffix(".toml") for f in files(__name__).iterdir() if f.name.endswith(".toml")))


@cache
def load(language: str) -> dict[str, Any]:
    """The pack of one language; treat it as read-only.

    Raises:
        SettingsError: there is no pack for it.
    """
    if language not in available():
        raise SettingsError(f"unknown language {language!r}; available: {', '.join(available())}")
    return tomllib.loads((files(__name__) / f"{language}.toml").read_text(encoding="utf-8"))
