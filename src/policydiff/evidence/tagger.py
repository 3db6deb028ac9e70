"""The tagger: what the words of a passage do, read in the same pass as its vector.

Three transformer layers continue from the lower ones of the embedded encoder. Every piece of the passage gets WIDTH
numbers; sums over pieces give the stances of a pair, the words that show them, and whether the passage speaks of the
draft at all. Trained by training/tagger.py.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from policydiff.documents.mapping import normalise
from policydiff.documents.sentences import split_sentences
from policydiff.errors import SettingsError
from policydiff.evidence.embeddings import Read, StaticEncoder, unit
from policydiff.evidence.transformer import WINDOW, TransformerEncoder, floats, initializers, read_tensors, session
from policydiff.models import STANCES

Floats = npt.NDArray[np.float32]
Spans = Iterable[tuple[int, int]]

_N = len(STANCES)
# The numbers of a piece: stances that the word shows; then what it adds to the stances of a pair as part of the mean
# over the passage, of the mean over the words about the provision, and of the maximum over either; then what it adds
# to the passage's being about a provision, to a mean and to a maximum.
TAGS = slice(0, _N)
PAIR = tuple(slice(k * _N, (k + 1) * _N) for k in range(1, 5))
ADDRESSED = (5 * _N, 5 * _N + 1)
WIDTH = 5 * _N + 2


@dataclass(frozen=True, slots=True)
class Tagged:
    """A passage as it was read: its unit ``vector`` and those of its ``sentences`` (sentences, dimensions), and of
    its pieces ``numbers`` (pieces, WIDTH), ``starts`` and ``ends`` (pieces,).

    The spans count in the passage's own text. A passage without a word has no piece. A sentence's vector is the mean
    of its words as they were read in the passage, so "it" may carry what the sentence before said.
    """

    vector: Floats
    sentences: Floats
    numbers: Floats
    starts: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int32]

    def within(self, spans: Spans) -> npt.NDArray[np.bool_]:
        """Which pieces meet one of the spans."""
        inside = np.zeros(len(self.starts), dtype=np.bool_)
        for start, end in spans:
            inside |= (self.starts < end) & (start < self.ends)
        return inside

    def addressed(self) -> float:
        """Logit of the passage's being about some provision of the draft; 0 of a passage without a word."""
        if not len(self.numbers):
            return 0.0
        mean, most = self.numbers[:, ADDRESSED[0]], self.numbers[:, ADDRESSED[1]]
        return float(mean.mean() + most.max())

    def stances(self, own: Spans) -> Floats:
        """Logits (5,) of the stances to a provision that the words in ``own`` are about."""
        if not len(self.numbers):
            return np.zeros(_N, dtype=np.float32)
        inside = self.within(own)
        theirs = self.numbers[inside] if inside.any() else self.numbers
        sides = (self.numbers, theirs, self.numbers, theirs)
        parts = [side[:, part] for side, part in zip(sides, PAIR, strict=True)]
        return np.asarray(parts[0].mean(0) + parts[1].mean(0) + parts[2].max(0) + parts[3].max(0), dtype=np.float32)

    def shown(self, spans: Spans) -> Floats:
        """Logits (5,) of the stances that the words in ``spans`` show: the mean of their upper half."""
        tags = self.numbers[self.within(spans)][:, TAGS]
        if not len(tags):
            return np.full(_N, -5.0, dtype=np.float32)
        return np.asarray(np.sort(tags, axis=0)[len(tags) // 2 :].mean(0), dtype=np.float32)


def sentences_read(tagged: Sequence[Tagged]) -> Read:
    """The vectors of passages that were read, as the similarity takes them."""
    if not tagged:
        return Read.nothing()
    return Read(np.stack([t.vector for t in tagged]), [t.sentences for t in tagged])


class Tagger:
    """Reads passages: the encoder's vector and the tags, in one pass. Thread-safe and picklable.

    ``folder`` is one that training/tagger.py writes, the shipped one by default; it belongs to one ``encoder``.

    Raises:
        SettingsError: the folder holds no tagger, or it belongs to another encoder.
    """

    def __init__(self, encoder: TransformerEncoder, folder: Path | str | None = None) -> None:
        self.encoder = encoder
        self.folder = Path(str(files("policydiff") / "models_data" / "tagger")) if folder is None else Path(folder)
        if self.card["encoder"] != encoder.name:
            raise SettingsError(
                f"the tagger in {self.folder} belongs to {self.card['encoder']}, not to {encoder.name}; train it again"
            )

    def __getstate__(self) -> dict[str, Any]:
        return {"encoder": self.encoder, "folder": self.folder}  # the session is made again where it is unpickled

    def _file(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise SettingsError(f"no tagger in {self.folder}: {error.strerror} ({name})") from error

    @cached_property
    def card(self) -> dict[str, Any]:
        """The model card."""
        card: dict[str, Any] = json.loads(self._file("card.json"))
        return card

    @cached_property
    def name(self) -> str:
        """The model's name with the first twelve digits of the SHA-256 of its weights."""
        return f"{self.card['name']}@{hashlib.sha256(self._file('model.safetensors')).hexdigest()[:12]}"

    @cached_property
    def _session(self) -> Any:
        own = read_tensors(self._file("model.safetensors"))
        return session(self._file("graph.onnx"), tagger_values(self.encoder, own, self.card["large_units"]))

    def read(self, texts: Sequence[str], language: str = "da") -> list[Tagged]:
        """Every passage read; a long one in parts, as the encoder reads it. Sentences are split as in ``language``."""
        clean = [normalise(text) for text in texts]
        encodings = self.encoder.files.tokenizer.encode_batch([c.text for c in clean], add_special_tokens=False)
        _ = self._session  # made before the threads ask for it

        def read_one(number: int) -> Tagged:
            encoding, origin = encodings[number], clean[number].origin
            mean, states, numbers = self._run(np.array(encoding.ids, dtype=np.int64))
            offsets = np.array(encoding.offsets, dtype=np.int32).reshape(-1, 2)
            middles = offsets.mean(axis=1)
            sentences = [
                states[inside].mean(axis=0)
                for a, b in split_sentences(clean[number].text, language)
                if (inside := (a <= middles) & (middles < b)).any()
            ]
            spans = [origin(a, b) if b > a else (0, 0) for a, b in encoding.offsets]
            starts, ends = np.array(spans, dtype=np.int32).reshape(-1, 2).T
            vectors = unit(np.stack([mean, *(sentences or [mean])]))
            return Tagged(vectors[0], vectors[1:], numbers, starts, ends)

        if len(texts) < 2 or self.encoder.threads == 1:
            return [read_one(n) for n in range(len(texts))]
        with ThreadPoolExecutor(self.encoder.threads) as pool:
            return list(pool.map(read_one, range(len(texts))))

    def _run(self, ids: npt.NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
        """The encoder's mean (dimensions,) and last states (pieces, dimensions), and the numbers (pieces, WIDTH)."""
        width = self.encoder.width
        mean = np.zeros(width, dtype=np.float32)
        states, numbers = [np.zeros((0, width), dtype=np.float32)], [np.zeros((0, WIDTH), dtype=np.float32)]
        for part in np.array_split(ids, -(-len(ids) // WINDOW)) if len(ids) else ():
            mean_of_part, upper, found = self._session.run(None, {"embedded": self.encoder.embedded(part)})
            mean += len(part) * mean_of_part[0]
            states.append(upper[0, 1:-1])  # without the special pieces at both ends
            numbers.append(found[0, 1:-1])
        return mean, np.concatenate(states), np.concatenate(numbers)


@cache
def load_tagger(threads: int | None = None) -> Tagger:
    """The shipped tagger on the shipped encoder, loaded once."""
    return Tagger(TransformerEncoder(threads=threads))


def comparing_tagger(encoder: object) -> Tagger | None:
    """The tagger that comparisons with ``encoder`` have: the shipped one, continuing from ``encoder`` where it can.

    None for the static encoder, which is for very many passages: no transformer reads them.
    """
    if isinstance(encoder, StaticEncoder):
        return None
    if isinstance(encoder, TransformerEncoder):
        with suppress(SettingsError):  # it is another transformer, of the user's own
            return Tagger(encoder)
    return load_tagger()


def tagger_values(
    encoder: TransformerEncoder, own: dict[str, npt.NDArray[Any]], large_units: Sequence[Sequence[int]]
) -> dict[str, npt.NDArray[Any]]:
    """What the tagger's graph lacks: the encoder's layers, the tagger's upper ones, and its head.

    ``large_units`` are those of its upper layers, as for ``initializers``.
    """
    first = encoder.layers - len(large_units)
    found = initializers(encoder.tensors, dict(enumerate(encoder.large_units)))
    found |= initializers(own, dict(enumerate(large_units, first)), prefix="t")
    found["head"] = np.ascontiguousarray(floats(own["head.weight"]).T)
    found["head.bias"] = floats(own["head.bias"])
    return found
