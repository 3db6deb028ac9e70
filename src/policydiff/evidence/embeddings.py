"""Similarity of meaning: encoders behind one protocol, and centred cosines between passages and provisions.

Centring (the mean passage from the passages, the mean provision from the provisions, then cosine) removes what
all texts of one hearing have in common. With few passages their own mean is unreliable, so it is shrunk towards
the mean of the provisions.
"""

import os
from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from policydiff.errors import SettingsError
from policydiff.evidence.model_files import SHIPPED, ModelFiles
from policydiff.evidence.transformer import TransformerEncoder

Matrix = npt.NDArray[np.float32]


@runtime_checkable
class Encoder(Protocol):
    """Anything that turns texts into vectors."""

    def encode(self, texts: Sequence[str]) -> Matrix:
        """One row a text, float32, shape (len(texts), dimensions); rows need not be normalised."""
        ...


class StaticEncoder:
    """Static token vectors, Danish and English, weighted and averaged: for very many passages. Needs no torch.

    ``folder`` holds ``model.safetensors`` (``packed`` uint8 (V, d/2), ``scale`` float16 (V,), ``weight``
    float16 (V,)), ``tokenizer.json`` and ``card.json``; the default is the one shipped with policydiff.
    The files are read at first use.
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        self.files = ModelFiles(folder if folder is not None else "static")

    def __getstate__(self) -> dict[str, Any]:
        return {"files": self.files}  # the table is made again where it is unpickled

    @property
    def name(self) -> str:
        """The model's name with the first twelve digits of the SHA-256 of its weights."""
        return self.files.name

    @cached_property
    def _table(self) -> Matrix:
        from safetensors.numpy import load

        tensors = load(self.files.read("model.safetensors"))
        packed = tensors["packed"]
        values = np.empty((len(packed), 2 * packed.shape[1]), dtype=np.int8)
        values[:, ::2] = (packed & 15).astype(np.int8) - 8
        values[:, 1::2] = (packed >> 4).astype(np.int8) - 8
        factor = tensors["scale"].astype(np.float32) * tensors["weight"].astype(np.float32)
        return values.astype(np.float32) * factor[:, None]

    def encode(self, texts: Sequence[str]) -> Matrix:
        """One unit row a text, float32, shape (len(texts), 384); a text without known tokens is zero."""
        table = self._table
        out = np.zeros((len(texts), table.shape[1]), dtype=np.float32)
        for row, encoding in enumerate(self.files.tokenizer.encode_batch(list(texts), add_special_tokens=False)):
            if encoding.ids:
                out[row] = table[encoding.ids].mean(axis=0)
        return unit(out)


class SentenceTransformerEncoder:
    """Any sentence-transformers model, by name or folder.

    ``prompt`` is put before each text where the model wants one; ``device`` and ``batch_size`` as there.
    The model is loaded at first use; one that has to be fetched needs a connection to the hub.
    """

    def __init__(
        self, name: str, *, prompt: str | None = None, device: str | None = None, batch_size: int = 32
    ) -> None:
        self.name = name
        self.prompt = prompt
        self.device = device
        self.batch_size = batch_size

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_model"}

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import SentenceTransformer

        try:
            try:  # without the hub first: a missing connection would be tried for minutes
                return SentenceTransformer(self.name, device=self.device, local_files_only=True)
            except (OSError, ValueError):
                if os.environ.get("HF_HUB_OFFLINE") == "1" or Path(self.name).exists():
                    raise
                return SentenceTransformer(self.name, device=self.device)
        except Exception as error:  # the library raises many kinds; all mean that there is no such model here
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise SettingsError(
                f"cannot load the sentence-transformers model {self.name!r} ({reason}); "
                f"name {', '.join(SHIPPED)}, a folder, or a model that is in the local cache or can be fetched"
            ) from error

    def encode(self, texts: Sequence[str]) -> Matrix:
        """One unit row a text, float32, shape (len(texts), dimensions of the model)."""
        vectors = self._model.encode(
            list(texts),
            prompt=self.prompt,
            batch_size=self.batch_size,
            show_progress_bar=False,
            convert_to_numpy=True,
            normalize_embeddings=True,
        )
        return np.asarray(vectors, dtype=np.float32)


class Remembering:
    """An encoder that encodes no text twice, for work that comes back to the same texts. Named as the one it asks."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.name = str(getattr(encoder, "name", type(encoder).__qualname__))
        self._rows: dict[str, Matrix] = {}

    def encode(self, texts: Sequence[str]) -> Matrix:
        """As the encoder's own."""
        fresh = [t for t in dict.fromkeys(texts) if t not in self._rows]
        if fresh:
            self._rows.update(zip(fresh, _checked(self.encoder, fresh), strict=True))
        return np.stack([self._rows[t] for t in texts])


@cache
def _shipped(name: str, threads: int | None) -> Encoder:
    return StaticEncoder() if name == "static" else TransformerEncoder(threads=threads)


def load_encoder(name: str, *, threads: int | None = None) -> Encoder:
    """The encoder for a name: "small" or "static" is shipped, anything else a sentence-transformers model or folder.

    ``threads`` bounds the shipped transformer's (default: the machine's cores). A shipped one is loaded once.
    """
    return _shipped(name, threads) if name in SHIPPED else SentenceTransformerEncoder(name)


def unit(matrix: Matrix) -> Matrix:
    """Rows at length 1; zero rows stay zero."""
    length = np.linalg.norm(matrix, axis=1, keepdims=True)
    length[length == 0] = 1
    return np.asarray(matrix / length, dtype=np.float32)


def _checked(encoder: Encoder, texts: Sequence[str]) -> Matrix:
    """What any encoder gives, checked."""
    vectors = np.asarray(encoder.encode(texts), dtype=np.float32)
    if vectors.ndim != 2 or len(vectors) != len(texts) or not np.isfinite(vectors).all():
        raise SettingsError(
            f"the encoder gave an array of shape {vectors.shape} for {len(texts)} texts; "
            "it must give one row of finite numbers a text"
        )
    return vectors


class SimilarityMatcher:
    """Centred cosine of passages with the provisions of one policy.

    ``texts`` are the provisions' texts. ``shrinkage`` is the number of passages at which their own mean and
    the stored fallback (the provisions' mean) weigh the same.
    """

    def __init__(self, texts: Sequence[str], encoder: Encoder, *, shrinkage: float = 8.0) -> None:
        self.encoder = encoder
        self.shrinkage = shrinkage
        provisions = unit(_checked(encoder, texts))
        self.mean = provisions.mean(axis=0)
        self.provisions = unit(provisions - self.mean) if len(texts) > 1 else provisions

    def scores(self, passages: Sequence[str]) -> Matrix:
        """Cosines in [-1, 1], shape (len(passages), number of provisions)."""
        if not passages:
            return np.zeros((0, len(self.provisions)), dtype=np.float32)
        vectors = unit(_checked(self.encoder, passages))
        own = len(passages) / (len(passages) + self.shrinkage)
        mean = (own * vectors.mean(axis=0) + (1 - own) * self.mean).astype(np.float32)
        cosines: Matrix = unit(vectors - mean) @ self.provisions.T
        return cosines
