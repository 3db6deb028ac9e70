"""From evidence to a calibrated confidence: boosted trees, kept as JSON, run with numpy alone.

The trees are fitted by training/fit_alignment.py with monotonic constraints, so that more evidence of a kind
never lowers the confidence. Their sum is brought to a probability by a logistic (Platt) map fitted out of fold.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from policydiff.errors import SettingsError
from policydiff.evidence.gathering import Gathered
from policydiff.evidence.matches import Match
from policydiff.evidence.model_files import DEFAULT, SHIPPED
from policydiff.findings.features import FEATURES, pair_features
from policydiff.findings.forest import Forest
from policydiff.models import EvidenceKind

Floats = npt.NDArray[np.float64]

# The order in which evidence is said to carry a finding, where there is more than one kind.
_CARRIES = 0.35  # score from which an explicit form carries; a heading that names a whole kind has 0.25
_FORMS_BEFORE_MEANING: tuple[EvidenceKind, ...] = ("quote", "reference", "carried", "section")


@dataclass(frozen=True)
class Thresholds:
    """``accept``: confidence from which a pair is a finding; ``review``: the band in which it is uncertain."""

    accept: float
    review: tuple[float, float]


class AlignmentModel:
    """Confidence that a passage addresses a provision.

    ``source`` is a JSON file as training/fit_alignment.py writes it, or its bytes as ``policydiff.fit`` makes them;
    the default is the file shipped for the default encoder.

    Raises:
        SettingsError: the file is missing, or was fitted on other features.
    """

    def __init__(self, source: Path | str | bytes | None = None) -> None:
        path = files("policydiff") / "models_data" / f"alignment-{DEFAULT}.json" if source is None else source
        name = "the model given" if isinstance(path, bytes) else str(path)
        try:
            raw = path if isinstance(path, bytes) else (Path(path) if isinstance(path, str) else path).read_bytes()
            self._data: dict[str, Any] = json.loads(raw)
            features = self._data["features"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SettingsError(f"no alignment model in {name}: {error}") from error
        if features != list(FEATURES):
            raise SettingsError(f"{name} was fitted on other features; fit it again with policydiff.fit")
        self._raw = raw
        self.name = f"{self._data['card']['name']}@{hashlib.sha256(raw).hexdigest()[:12]}"
        self.encoder: str | None = self._data["card"].get("encoder")  # the name of the one it was fitted with, if known
        limits = self._data["thresholds"]
        self.thresholds = Thresholds(limits["accept"], (limits["review"][0], limits["review"][1]))

    @classmethod
    def shipped(cls, encoder: str) -> "AlignmentModel":
        """The model shipped for an encoder by its ``name``; for one that is not ours, the default encoder's."""
        own = next((n for n in SHIPPED if encoder.startswith(f"policydiff-{n}-")), DEFAULT)
        return cls((files("policydiff") / "models_data" / f"alignment-{own}.json").read_bytes())

    def save(self, file: Path | str) -> None:
        """Write the model as JSON, to be read with ``AlignmentModel(file)``."""
        Path(file).write_bytes(self._raw)

    @cached_property
    def _forest(self) -> Forest:
        return Forest(self._data["trees"])

    def raw(self, features: Floats) -> Floats:
        """The trees' sum for feature rows of shape (k, len(FEATURES)); shape (k,)."""
        return self._forest.sums(features, float(self._data["base"]))

    def probability(self, features: Floats) -> Floats:
        """Probabilities for features of shape (n, m, len(FEATURES)); shape (n, m)."""
        n, m, k = features.shape
        slope, intercept = self._data["platt"]
        scores: Floats = 1 / (1 + np.exp(-(slope * self.raw(features.reshape(n * m, k)) + intercept)))
        return scores.reshape(n, m)

    def confidence(self, gathered: Gathered) -> Floats:
        """Probabilities, shape (passages, provisions)."""
        return self.probability(pair_features(gathered))


def via(matches: Sequence[Match], lexical: Floats, similarity: Floats, provision: int) -> EvidenceKind:
    """The kind of evidence that carried a pair: explicit forms before meaning, and of these the larger score.

    ``lexical`` and ``similarity`` are the passage's scores for all provisions; of the two, the one in which
    this provision stands out more is named, since their scales differ.
    """
    best = {kind: max((m.score for m in matches if m.kind == kind), default=0.0) for kind in _FORMS_BEFORE_MEANING}
    strongest = max(best, key=lambda kind: best[kind])
    if best[strongest] >= _CARRIES:
        return strongest
    return "lexical" if _standing(lexical, provision) >= _standing(similarity, provision) else "similarity"


def _standing(scores: Floats, column: int) -> float:
    """Standard deviations over the mean of all provisions."""
    spread = float(scores.std())
    return float(scores[column] - scores.mean()) / spread if spread else 0.0
