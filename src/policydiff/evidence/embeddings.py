"""Similarity of meaning: encoders behind one protocol, and centred cosines between passages and provisions.

Centring (the mean passage from the passages, the mean provision from the provisions, then cosine) removes what
all texts of one hearing have in common. With few passages their own mean is unreliable, so it is shrunk towards
the mean of the provisions.
"""

from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from policydiff.documents.sentences import split_sentences
from policydiff.errors import SettingsError
from policydiff.evidence.loading import digest_of, load_local_first
from policydiff.evidence.model_files import SHIPPED, ModelFiles
from policydiff.evidence.transformer import TransformerEncoder

Matrix = npt.NDArray[np.float32]


@runtime_checkable
class Encoder(Protocol):
    """Anything that turns texts into vectors."""

    def encode(self, texts: Sequence[str]) -> Matrix:
        """One row a text, float32, shape (len(texts), dimensions); rows need not be normalised."""
        ...


def _nibbles() -> npt.NDArray[np.float64]:
    """For each byte its two numbers of four bits, -8 to 7, the lower one first: two float32 in the place of one."""
    byte = np.arange(256)
    return (np.stack([byte & 15, byte >> 4], axis=1).astype(np.float32) - 8).view(np.float64)[:, 0]


_NIBBLES = _nibbles()


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
    def _table(self) -> tuple[npt.NDArray[np.uint8], Matrix]:
        """Two numbers of four bits a byte, and the factor of each token."""
        from safetensors.numpy import load

        tensors = load(self.files.read("model.safetensors"))
        return tensors["packed"], tensors["scale"].astype(np.float32) * tensors["weight"].astype(np.float32)

    def encode(self, texts: Sequence[str]) -> Matrix:
        """One unit row a text, float32, shape (len(texts), 384); a text without known tokens is zero."""
        packed, factor = self._table
        out = np.zeros((len(texts), 2 * packed.shape[1]), dtype=np.float32)
        for row, encoding in enumerate(self.files.tokenizer.encode_batch(list(texts), add_special_tokens=False)):
            if encoding.ids:
                vectors = _NIBBLES[packed[encoding.ids]].view(np.float32)
                out[row] = (vectors * factor[encoding.ids, None]).mean(axis=0)
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

    @property
    def digest(self) -> str:
        """What tells the model from others of its name: its prompt, and its files where it is a folder."""
        return digest_of(self.name, self.prompt)

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import SentenceTransformer

        return load_local_first(
            SentenceTransformer,
            self.name,
            device=self.device,
            what="sentence-transformers model",
            instead=f"name {', '.join(SHIPPED)}, a folder, or a model that is in the local cache or can be fetched",
        )

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


class Read(NamedTuple):
    """Unit vectors of texts: ``vectors`` (n, dimensions), and of each text a matrix of its sentences' vectors."""

    vectors: Matrix
    sentences: list[Matrix]

    @classmethod
    def nothing(cls) -> "Read":
        """Of no text."""
        return cls(np.zeros((0, 0), dtype=np.float32), [])


def read_sentences(encoder: Encoder, texts: Sequence[str], language: str) -> Read:
    """Texts and their sentences, each encoded on its own; a text of one sentence is encoded once."""
    if not texts:
        return Read.nothing()
    split = [[t[a:b] for a, b in split_sentences(t, language)] or [t] for t in texts]
    own = [sentences if len(sentences) > 1 else [] for sentences in split]
    rows = unit(_checked(encoder, [*texts, *(s for sentences in own for s in sentences)]))
    vectors, rest = rows[: len(texts)], rows[len(texts) :]
    ends = np.cumsum([len(sentences) for sentences in own])
    parts = np.split(rest, ends[:-1])
    return Read(vectors, [part if len(part) else vectors[n : n + 1] for n, part in enumerate(parts)])


def centred_cosines(
    encoder: Encoder, passages: Sequence[str], provisions: Sequence[str], *, shrinkage: float
) -> Matrix:
    """``SimilarityMatcher.scores`` of whole texts: cosines of shape (len(passages), len(provisions))."""
    texts, others = (unit(_checked(encoder, side)) for side in (passages, provisions))
    matcher = SimilarityMatcher(Read(others, [v[None] for v in others]), shrinkage=shrinkage)
    return matcher.scores(Read(texts, [v[None] for v in texts]))[0]


class SimilarityMatcher:
    """Centred cosines of passages with the provisions of one policy.

    ``provisions`` are theirs as they were read. ``shrinkage`` is the number of passages at which their own mean and
    the stored fallback (the provisions' mean) weigh the same.
    """

    def __init__(self, provisions: Read, *, shrinkage: float = 8.0) -> None:
        self.shrinkage = shrinkage
        self.mean = provisions.vectors.mean(axis=0)
        centre = self.mean if len(provisions.vectors) > 1 else np.zeros_like(self.mean)
        self.provisions = unit(provisions.vectors - centre)
        self._sentences = unit(np.concatenate(provisions.sentences) - centre)
        self._starts = np.cumsum([0, *(len(part) for part in provisions.sentences[:-1])])

    def scores(self, passages: Read) -> tuple[Matrix, Matrix]:
        """Cosines in [-1, 1], both of shape (n, number of provisions): of the passage as a whole with the provision,
        and of the closest of its sentences with the closest sentence of the provision.
        """
        vectors = passages.vectors
        if not len(vectors):
            return (np.zeros((0, len(self.provisions)), dtype=np.float32),) * 2
        own = len(vectors) / (len(vectors) + self.shrinkage)
        mean = (own * vectors.mean(axis=0) + (1 - own) * self.mean).astype(np.float32)
        whole: Matrix = unit(vectors - mean) @ self.provisions.T
        closest = [
            np.maximum.reduceat((unit(part - mean) @ self._sentences.T).max(axis=0), self._starts)
            for part in passages.sentences
        ]
        return whole, np.stack(closest)
