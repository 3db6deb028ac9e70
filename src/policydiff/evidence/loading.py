"""Loading a model of sentence-transformers by name: from this machine if it is here, from the hub if it must be."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from policydiff.errors import SettingsError, brief


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
