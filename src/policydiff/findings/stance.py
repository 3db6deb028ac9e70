"""The stance of a passage to a provision: endorsed, challenged, more_explicit, proposal, mentioned.

``EmbeddedJudge`` is a logistic regression per stance over hashed words and characters and over the cues
of the passage; sentences near the provision's own evidence are seen apart from the rest. What the
passage quotes from the provision is masked: quoting is no stance. Any object with the one method of
``StanceJudge`` can take its place.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load as load_tensors

from policydiff.documents.sentences import split_sentences
from policydiff.errors import SettingsError
from policydiff.evidence.matches import Match
from policydiff.findings.cues import finder
from policydiff.models import STANCES, Stance

Floats = npt.NDArray[np.float32]

BUCKETS = 1 << 16
# Runs of at least this many words of the provision are taken to be quotation.
_QUOTED_RUN = 5
# Words longer than this are compared by their beginning when a sentence is matched with a provision.
_STEM = 6
# A share of cues is taken against this much more strength, so that one weak cue alone is not all.
_SOME_CUE = 0.3
# Strength from which a cue is a strong one, a turned one included.
_STRONG = 0.79
_WORD = re.compile(r"\w+|[?!]")
_LETTERS = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class StancePair:
    """A passage and a provision that it addresses.

    ``focus`` holds spans in ``passage`` of the evidence (reference, quote) of this provision, ``others`` those of
    other provisions; ``section`` is the heading over the passage and ``previous`` the passage before it.
    """

    passage: str
    provision_title: str
    provision_text: str
    section: str = ""
    previous: str = ""
    focus: tuple[tuple[int, int], ...] = ()
    others: tuple[tuple[int, int], ...] = ()


def focus_spans(matches: Iterable[Match]) -> tuple[tuple[int, int], ...]:
    """The spans of a pair's matches that say where in the passage the provision is meant."""
    return tuple((m.start, m.end) for m in matches if m.start is not None and m.end is not None)


class StanceJudge(Protocol):
    """Pairs to calibrated probabilities."""

    def judge(self, pairs: Sequence[StancePair]) -> Floats:
        """Probabilities of shape (len(pairs), 5), columns in the order of ``models.STANCES``."""
        ...


def masked(pair: StancePair) -> str:
    """The passage with what it quotes from the provision blanked out, at unchanged offsets."""
    theirs = [m.group() for m in _WORD.finditer(f"{pair.provision_title} {pair.provision_text}".lower())]
    runs = {tuple(theirs[i : i + _QUOTED_RUN]) for i in range(len(theirs) - _QUOTED_RUN + 1)}
    spans = [(m.start(), m.end(), m.group().lower()) for m in _WORD.finditer(pair.passage)]
    out = list(pair.passage)
    for i in range(len(spans) - _QUOTED_RUN + 1):
        if tuple(w for _, _, w in spans[i : i + _QUOTED_RUN]) in runs:
            start, end = spans[i][0], spans[i + _QUOTED_RUN - 1][1]
            out[start:end] = " " * (end - start)
    return "".join(out)


def _focus(pair: StancePair, sentences: Sequence[tuple[int, int]], language: str) -> list[tuple[int, int]]:
    """The spans that are about the provision: sentences with its evidence, else those that share most words.

    In a sentence that names others too, the clauses from another's name to the next of its own are left out:
    "we support A, but oppose B".
    """
    own = [(a, b) for a, b in sentences if _meets(pair.focus, a, b)]
    if own:
        return [part for sentence in own for part in _own_clauses(pair, sentence, language)]
    wanted = {m.group()[:_STEM] for m in _LETTERS.finditer(f"{pair.provision_title} {pair.provision_text}".lower())}
    shared = [
        len(wanted & {m.group()[:_STEM] for m in _LETTERS.finditer(pair.passage[a:b].lower()) if len(m.group()) > 3})
        for a, b in sentences
    ]
    most = max(shared, default=0)
    return [sentence for sentence, n in zip(sentences, shared, strict=True) if n == most]


def _meets(spans: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    return any(a < end and start < b for a, b in spans)


def _own_clauses(pair: StancePair, sentence: tuple[int, int], language: str) -> list[tuple[int, int]]:
    start, end = sentence
    if not _meets(pair.others, start, end):
        return [sentence]
    cuts = [start, *finder(language).clause_starts(pair.passage, start, end), end]
    clauses, ours = [], True
    for a, b in pairwise(cuts):
        if _meets(pair.focus, a, b):
            ours = True
        elif _meets(pair.others, a, b):
            ours = False
        if ours:
            clauses.append((a, b))
    return clauses


def _hash(name: str) -> int:
    return zlib.crc32(name.encode()) % BUCKETS


def _field(text: str, prefix: str, characters: bool) -> set[int]:
    words = _WORD.findall(text.lower())
    out = {_hash(f"{prefix}{w}") for w in words}
    out |= {_hash(f"{prefix}{a} {b}") for a, b in pairwise(words)}
    if characters:
        for word in sorted(set(words)):
            framed = f" {word} "
            out |= {_hash(f"c{framed[i : i + n]}") for n in (3, 4, 5) for i in range(len(framed) - n + 1)}
    return out


@dataclass(frozen=True, slots=True)
class View:
    """What the features of a pair are taken from: the masked passage, its sentences, and those in focus."""

    text: str
    sentences: list[tuple[int, int]]
    focus: list[tuple[int, int]]


def view(pair: StancePair, language: str) -> View:
    """The view of a pair, made once for all its features."""
    sentences = split_sentences(pair.passage, language)
    return View(masked(pair), sentences, _focus(pair, sentences, language))


def sparse_features(
    seen: View, known: dict[tuple[str, str], npt.NDArray[np.int64]] | None = None
) -> list[npt.NDArray[np.int64]]:
    """The hashed features of the whole passage, of its sentences in focus, and of the last, sorted indices.

    ``known`` keeps what was hashed, for the next pair of the same passage.
    """
    known = {} if known is None else known
    near = " ".join(seen.text[a:b] for a, b in seen.focus)
    last = seen.text[seen.sentences[-1][0] :] if seen.sentences else ""
    fields = []
    for prefix, text in (("w", seen.text), ("f", near), ("l", last)):
        if (prefix, text) not in known:
            known[prefix, text] = np.array(sorted(_field(text, prefix, prefix == "w")), dtype=np.int64)
        fields.append(known[prefix, text])
    return fields


def dense_features(seen: View, language: str) -> Floats:
    """Cue sums and maxima in and outside the focus, and the form of the passage: a vector."""
    text, sentences, spans = seen.text, seen.sentences, seen.focus
    found = finder(language)
    last = sentences[-1][0] if sentences else 0
    sums = np.zeros((4, len(STANCES)), dtype=np.float32)
    turned = lowered = 0.0
    for cue in found.find(text):
        column = STANCES.index(cue.stance)
        inside = any(a <= cue.start < b for a, b in spans)
        sums[0 if inside else 1, column] += cue.strength
        sums[2, column] = max(sums[2, column], cue.strength)
        if cue.start >= last:
            sums[3, column] += cue.strength
        turned += cue.negated
        lowered += cue.scope != "plain"
    words = len(_WORD.findall(text))
    form = (
        min(text.count("?"), 3),
        text.count("!") > 0,
        turned,
        lowered,
        min(found.ironic(text), 2),
        min(found.first_person(text), 4),
        np.log1p(words) / 2,
        len(sentences) == 1,
        words < 12,
        text.rstrip().endswith(":"),
        len(spans) / max(len(sentences), 1),
        language == "en",
    )
    # What share of all cues a stance has: in a short passage one cue decides, in a long one it does not.
    everywhere = sums[0] + sums[1]
    shares = [total / (total.sum() + _SOME_CUE) for total in (everywhere, sums[0])]
    strong = (sums[2] >= _STRONG).astype(np.float32)
    return np.concatenate(
        [np.log1p(sums).ravel(), *(2 * share for share in shares), 2 * strong, np.array(form, dtype=np.float32)]
    ).astype(np.float32)


class EmbeddedJudge:
    """The judge that comes with the package; numpy only, immutable, so safe to share between threads.

    ``folder`` is one that ``policydiff.fit_judge`` wrote, the shipped one by default. ``name`` is the model's,
    ``thresholds`` holds the probability a stance needs, ``card`` what the model is and how well it did.

    Raises:
        SettingsError: the language has no model, or the weights are missing or are not those of the card.
    """

    languages = ("da", "en")  # those it was fitted on

    def __init__(self, language: str = "da", *, folder: Path | str | None = None) -> None:
        if language not in self.languages:
            raise SettingsError(
                f"no stance model for language {language!r}; available: {', '.join(self.languages)}; "
                "inject a StanceJudge of your own"
            )
        root = files("policydiff") / "models_data" if folder is None else Path(folder)
        try:
            card = json.loads((root / "stance.json").read_text(encoding="utf-8"))
            weights = (root / "stance.safetensors").read_bytes()
            right = hashlib.sha256(weights).hexdigest() == card["sha256"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SettingsError(f"no stance model in {root} ({error}); fit it again or reinstall policydiff") from error
        if not right:
            raise SettingsError("stance.safetensors is not the file that stance.json describes; fit it again")
        tensors = load_tensors(weights)
        self.language = language
        self.name = f"{card['name']}@{card['sha256'][:12]}"
        self.card: dict[str, Any] = card
        self.thresholds: dict[Stance, float] = card["thresholds"]
        self._idf = tensors["idf"].astype(np.float32)
        self._hashed = tensors["hashed"].astype(np.float32)
        self._dense = tensors["dense"].astype(np.float32)
        self._bias = tensors["bias"]
        self._platt = tensors["platt"]

    def judge(self, pairs: Sequence[StancePair]) -> Floats:
        """Calibrated probabilities of shape (len(pairs), 5), columns in the order of ``models.STANCES``."""
        raw = np.zeros((len(pairs), len(STANCES)), dtype=np.float32)
        known: dict[tuple[str, str], npt.NDArray[np.int64]] = {}
        for i, pair in enumerate(pairs):
            seen = view(pair, self.language)
            raw[i] = dense_features(seen, self.language) @ self._dense + self._bias
            for indices in sparse_features(seen, known):
                weight = self._idf[indices]
                norm = float(np.sqrt(weight @ weight)) or 1.0
                raw[i] += (weight / norm) @ self._hashed[indices]
        return np.asarray(1.0 / (1.0 + np.exp(-(raw * self._platt[0] + self._platt[1]))), dtype=np.float32)


def labels(probabilities: npt.ArrayLike, thresholds: Mapping[Stance, float]) -> tuple[Stance, ...]:
    """The stances of one row of probabilities that reach their thresholds, in the order of ``STANCES``.

    Where none but ``mentioned`` does, the one that comes nearest to its threshold in proportion is given,
    ``mentioned`` among them; so the result is never empty, and ``mentioned`` never stands beside another.
    """
    row: dict[Stance, float] = dict(zip(STANCES, np.asarray(probabilities, dtype=np.float64).tolist(), strict=True))
    chosen = tuple(s for s in STANCES if s != "mentioned" and row[s] >= thresholds[s])
    if chosen:
        return chosen
    return (max(("mentioned", *STANCES), key=lambda s: row[s] / thresholds[s]),)


def stance_cues(text: str, language: str, chosen: Sequence[Stance]) -> tuple[tuple[Stance, int, int], ...]:
    """The cues to show for the stances ``chosen``: for each the strongest ones, spans in ``text``, in order."""
    matches = finder(language).find(text)
    out: list[tuple[Stance, int, int]] = []
    for stance in chosen:
        ours = [m for m in matches if m.stance == stance]
        best = max((m.strength for m in ours), default=0.0)
        out.extend((stance, m.start, m.end) for m in ours if m.strength == best and best >= 0.4)
    return tuple(sorted(out, key=lambda c: (c[1], c[2])))
