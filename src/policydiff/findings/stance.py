"""The stance of a passage to a provision: endorsed, challenged, more_explicit, proposal, mentioned.

``EmbeddedJudge`` is a logistic regression per stance over what ``stance_features`` sees of a pair. Any object with
the one method of ``StanceJudge`` can take its place.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load as load_tensors

from policydiff.errors import SettingsError
from policydiff.findings.cues import STRONG, read
from policydiff.findings.lexicon import WEAK
from policydiff.findings.stance_features import Floats, StancePair, dense_matrix, sparse_features, view
from policydiff.models import STANCES, Stance


class StanceJudge(Protocol):
    """Pairs to calibrated probabilities."""

    def judge(self, pairs: Sequence[StancePair]) -> Floats:
        """Probabilities of shape (len(pairs), 5), columns in the order of ``models.STANCES``."""
        ...


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
        if not pairs:
            return np.zeros((0, len(STANCES)), dtype=np.float32)
        views = [view(pair, self.language) for pair in pairs]
        dense = dense_matrix(views, self.language)
        raw = np.zeros((len(pairs), len(STANCES)), dtype=np.float32)
        known: dict[tuple[str, str], npt.NDArray[np.int64]] = {}
        for i, seen in enumerate(views):
            raw[i] = dense[i] @ self._dense + self._bias  # row by row, so that no pair's result depends on the others
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


def stance_clauses(pair: StancePair, language: str, chosen: Sequence[Stance]) -> tuple[tuple[Stance, int, int], ...]:
    """The clauses to show for the stances ``chosen`` towards the pair's provision: spans in the passage, in order.

    Of each stance, those of its strongest cues about the provision; where no stance has a cue, the first clause
    about it. A whole clause is shown, not the cue alone: "kan vi ikke støtte" means little without what cannot be
    supported, and annotators mark clauses too.
    """
    seen = view(pair, language)
    shown: set[tuple[Stance, int, int]] = set()
    for stance in chosen:
        ours = [c for c in seen.about.own if c.stance == stance and c.strength >= WEAK]
        best = max((c.strength for c in ours), default=0.0)
        shown |= {(stance, *seen.reading.span(c)) for c in ours if c.strength == best}
    if not shown and chosen:
        shown = {(chosen[0], a, b) for a, b in seen.own_spans()[:1]}
    return tuple(sorted(shown, key=lambda c: (c[1], c[2], c[0])))


def takes_position(text: str, language: str, stances: Sequence[Stance]) -> bool:
    """Whether ``text`` has a strong cue of one of ``stances``."""
    return any(c.stance in stances and c.strength >= STRONG for c in read(text, language).cues)
