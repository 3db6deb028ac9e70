"""The folders of the embedded encoders: their files, cards and tokenizers."""

import hashlib
import json
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from policydiff.errors import SettingsError

SHIPPED = ("static", "small")
DEFAULT = "small"  # the encoder of a comparison that names none


def model_path(name: str) -> str:
    """The folder of an encoder that is shipped with policydiff: "static" or "small".

    ``SentenceTransformer(policydiff.model_path("small"))`` loads the second one.

    Raises:
        SettingsError: there is none of this name.

    """
    if name not in SHIPPED:
        raise SettingsError(f"no encoder {name!r} is shipped; there are {' and '.join(SHIPPED)}")
    return str(files("policydiff") / "models_data" / name)


def cards() -> list[dict[str, Any]]:
    """The model cards of the shipped encoders; each with its ``encoder`` name and ``bytes`` on disk."""
    found = []
    for name in SHIPPED:
        folder = Path(model_path(name))
        size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
        found.append({"encoder": name, "bytes": size, **ModelFiles(name).card})
    return found


class ModelFiles:
    """The files of one encoder, read at first use: weights, tokenizer, card, and what ``more`` names."""

    def __init__(self, folder: Path | str, more: tuple[str, ...] = ()) -> None:
        self.folder = Path(model_path(str(folder)) if folder in SHIPPED else folder)
        self._names = ("model.safetensors", "tokenizer.json", "card.json", *more)

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "_names": self._names}

    def read(self, name: str) -> bytes:
        """The bytes of one file.

        Raises:
            SettingsError: it is not there; says what the folder should hold.

        """
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise SettingsError(
                f"no encoder in {self.folder}: {error.strerror} ({name}); it needs {', '.join(self._names)}"
            ) from error

    @cached_property
    def card(self) -> dict[str, Any]:
        """The model card."""
        card: dict[str, Any] = json.loads(self.read("card.json"))
        return card

    @cached_property
    def name(self) -> str:
        """The model's name with the first twelve digits of the SHA-256 of its weights."""
        return f"{self.card['name']}@{hashlib.sha256(self.read('model.safetensors')).hexdigest()[:12]}"

    @cached_property
    def tokenizer(self) -> Any:
        """Its tokenizer, without truncation and padding."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_str(self.read("tokenizer.json").decode("utf-8"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer
