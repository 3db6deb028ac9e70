"""A second opinion on the order of a passage's best provisions: any cross-encoder, off unless one is given.

Its scores are on no common scale, so they order and do not judge: the candidates of a passage keep their calibrated
confidences as a set, and these are dealt out again in the new order. That order is by the sum of a candidate's rank
here and there (after reciprocal rank fusion, Cormack et al. 2009, which with so few candidates is nearly this sum).
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from policydiff.errors import SettingsError
from policydiff.evidence.loading import digest_of, load_local_first

Floats = npt.NDArray[np.float64]


class Reranker(Protocol):
    """Anything that says how close a passage and a provision are when both are read together."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> npt.ArrayLike:
        """One finite number for each pair (passage, provision), larger where they are closer."""
        ...


class CrossEncoderReranker:
    """Any sentence-transformers CrossEncoder with one output, by name or folder; loaded at first use."""

    def __init__(self, name: str, *, device: str | None = None, batch_size: int = 32) -> None:
        self.name = name
        self.device = device
        self.batch_size = batch_size

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_model"}

    @property
    def digest(self) -> str:
        """What tells the model from others of its name: its files where it is a folder."""
        return digest_of(self.name)

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import CrossEncoder

        return load_local_first(
            CrossEncoder,
            self.name,
            device=self.device,
            what="cross-encoder",
            instead="name a folder, or a model that is in the local cache or can be fetched",
        )

    def score(self, pairs: Sequence[tuple[str, str]]) -> npt.ArrayLike:
        """The model's scores, as it gives them."""
        scores: npt.ArrayLike = self._model.predict(
            list(pairs), batch_size=self.batch_size, show_progress_bar=False, convert_to_numpy=True
        )
        return scores


def reranked(
    confidence: Floats,
    passages: Sequence[str],
    provisions: Sequence[str],
    reranker: Reranker,
    *,
    floor: float,
    candidates: int,
) -> Floats:
    """``confidence`` (n, m) with each passage's best ``candidates`` of at least ``floor`` in the new order.

    Raises:
        SettingsError: the reranker does not give one finite number a pair.
    """
    chosen = [np.argsort(-row, kind="stable")[:candidates] for row in confidence]
    chosen = [best[confidence[i, best] >= floor] for i, best in enumerate(chosen)]
    asked = [(i, best) for i, best in enumerate(chosen) if len(best) > 1]
    pairs = [(passages[i], provisions[j]) for i, best in asked for j in best]
    if not pairs:
        return confidence
    scores = np.asarray(reranker.score(pairs), dtype=np.float64)
    if scores.shape != (len(pairs),) or not np.isfinite(scores).all():
        raise SettingsError(
            f"the reranker gave shape {scores.shape} for {len(pairs)} pairs; it must give a number each"
        )
    out, at = confidence.copy(), 0
    for i, best in asked:
        theirs = np.argsort(np.argsort(-scores[at : at + len(best)], kind="stable"))
        at += len(best)
        order = np.lexsort((np.arange(len(best)), theirs + np.arange(len(best))))  # ties as they stood
        out[i, best[order]] = confidence[i, best]
    return out
