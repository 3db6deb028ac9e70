"""Loading a model of sentence-transformers by name: from this machine if it is here, from the hub if it must be."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from policydiff.errors import SettingsError, brief


def digest_of(name: str, *asked: object) -> str:
    """What tells a model from others of its name: how it is ``asked``, and its files where the name is a folder."""
    content = hashlib.sha256(repr(asked).encode())
    folder = Path(name)
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        inside = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in inside.parts):
            with path.open("rb") as file:
                content.update(f"{inside.as_posix()}\0".encode() + hashlib.file_digest(file, "sha256").digest())
    return content.hexdigest()[:12]


def load_local_first(load: Callable[..., Any], name: str, *, device: str | None, what: str, instead: str) -> Any:
    """``load(name, device=device)``, the local cache first: without a connection the hub would be tried for minutes.

    ``what`` is the kind of model and ``instead`` what else to give, for the error.

    Raises:
        SettingsError: there is no such model here, and none can be fetched.
    """
    try:
        try:
            return load(name, device=device, local_files_only=True)
        except (OSError, ValueError):
            if os.environ.get("HF_HUB_OFFLINE") == "1" or Path(name).exists():
                raise
            return load(name, device=device)
    except Exception as error:  # the library raises many kinds; all mean that there is no such model here
        raise SettingsError(f"cannot load the {what} {name!r} ({brief(error)}); {instead}") from error
