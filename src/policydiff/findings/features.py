"""What the alignment model sees of a (passage, provision) pair: the evidence, and how it stands out."""

import numpy as np
import numpy.typing as npt

from policydiff.evidence.gathering import Gathered

# Kinds and forms of matches, each a feature of its own: the best score of that kind in the pair.
_MATCHES: dict[str, tuple[str, tuple[str, ...]]] = {
    "reference_label": ("reference", ("label", "ordinal")),
    "reference_range": ("reference", ("range",)),
    "reference_title": ("reference", ("title",)),
    "reference_all": ("reference", ("all",)),
    "quote_marked": ("quote", ("marked",)),
    "quote_unmarked": ("quote", ("unmarked",)),
    "carried": ("carried", ()),
    "section": ("section", ()),
}
_EXPLICIT = ("reference_label", "reference_range", "reference_title", "quote_marked", "quote_unmarked")
_SURE = 3.0  # logits beyond which the tagger's word weighs no more
_FEW = 30.0  # words of a passage in which it weighs half
_DENSE = ("ngrams", "stems", "title_ngrams", "similarity", "closest")

# Name -> +1 where more of it can only raise the confidence, -1 lower, 0 either. The fit keeps to these signs.
FEATURES: dict[str, int] = {
    **dict.fromkeys(_MATCHES, 1),
    **dict.fromkeys(_DENSE, 1),
    **{f"{name}_margin": 1 for name in _DENSE},
    **{f"{name}_before": 0 for name in ("ngrams", "similarity", "explicit")},
    **{f"{name}_after": 0 for name in ("ngrams", "similarity", "explicit")},
    "ngrams_deviation": 1,
    "similarity_deviation": 1,
    "explicit_elsewhere": -1,
    "carried_elsewhere": -1,
    "explicit_count": 0,
    "ngrams_best": 0,
    "similarity_best": 0,
    "addressed": 1,
    "words": 0,
    "provisions": 0,
    "passages": 0,
}


def _margin(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Each value minus the best of the other provisions in its row."""
    if values.shape[1] < 2:
        return values.copy()
    ordered = np.sort(values, axis=1)
    best, second = ordered[:, -1:], ordered[:, -2:-1]
    result: npt.NDArray[np.float64] = np.where(values == best, values - second, values - best)
    return result


def _elsewhere(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """For each value the best of the others in its row; 0 where there is none."""
    ordered = np.sort(values, axis=1)
    second = ordered[:, -2:-1] if values.shape[1] > 1 else np.zeros((len(values), 1))
    result: npt.NDArray[np.float64] = np.where(values == ordered[:, -1:], second, ordered[:, -1:])
    return result


def _deviation(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Each value in standard deviations from the mean of its row."""
    spread = values.std(axis=1, keepdims=True)
    result: npt.NDArray[np.float64] = (values - values.mean(axis=1, keepdims=True)) / np.where(spread == 0, 1, spread)
    return result


def _shifted(values: npt.NDArray[np.float64], by: int) -> npt.NDArray[np.float64]:
    """The rows of the passage before (by=1) or after (by=-1); zero at the edge."""
    out = np.zeros_like(values)
    if by > 0:
        out[by:] = values[:-by]
    else:
        out[:by] = values[-by:]
    return out


def _addressed(gathered: Gathered) -> npt.NDArray[np.float64]:
    """Whether a passage speaks of the draft at all, in logits; 0 without a tagger, and near it in a short passage.

    It tells background and courtesy from the rest of a response. Who sends a single passage means the draft by it, so
    there the tagger is not heard: "Parking charges are too high" is nothing to it, and may be all that somebody says.
    """
    if len(gathered.tagged) == 1:
        return np.zeros(1)
    logits = np.array([0.0 if t is None else t.addressed() for t in gathered.tagged], dtype=np.float64)
    heard: npt.NDArray[np.float64] = np.clip(logits, -_SURE, _SURE) * gathered.words / (gathered.words + _FEW)
    return heard


def pair_features(gathered: Gathered) -> npt.NDArray[np.float64]:
    """Shape (passages, provisions, len(FEATURES)), in the order of FEATURES."""
    n, m = gathered.similarity.shape
    columns: dict[str, npt.NDArray[np.float64]] = {name: np.zeros((n, m)) for name in _MATCHES}
    for row, matches in enumerate(gathered.matches):
        for match in matches:
            for name, (kind, forms) in _MATCHES.items():
                if match.kind == kind and (not forms or match.form in forms):
                    column = columns[name]
                    column[row, match.provision] = max(column[row, match.provision], match.score)
    for i, name in enumerate(_DENSE[:3]):
        columns[name] = gathered.lexical[:, :, i]
    columns["similarity"], columns["closest"] = gathered.similarity, gathered.closest

    explicit = np.max([columns[name] for name in _EXPLICIT], axis=0) if n else np.zeros((n, m))
    for name in _DENSE:
        columns[f"{name}_margin"] = _margin(columns[name])
    for name, values in (("ngrams", columns["ngrams"]), ("similarity", columns["similarity"]), ("explicit", explicit)):
        columns[f"{name}_before"] = _shifted(values, 1)
        columns[f"{name}_after"] = _shifted(values, -1)
    columns["ngrams_deviation"] = _deviation(columns["ngrams"])
    columns["similarity_deviation"] = _deviation(columns["similarity"])
    # The best such evidence for any other provision: a passage that names C, or goes on about it, is less likely to
    # mean D.
    columns["explicit_elsewhere"] = _elsewhere(explicit)
    columns["carried_elsewhere"] = _elsewhere(columns["carried"])
    row_wise = {
        "explicit_count": (explicit > 0).sum(axis=1),
        "ngrams_best": columns["ngrams"].max(axis=1, initial=0),
        "similarity_best": columns["similarity"].max(axis=1, initial=-1),
        "addressed": _addressed(gathered),
        "words": np.log1p(gathered.words),
        "provisions": np.full(n, np.log(max(m, 1))),
        "passages": np.full(n, np.log(max(n, 1))),
    }
    for name, vector in row_wise.items():
        columns[name] = np.repeat(vector[:, None].astype(np.float64), m, axis=1)
    return np.stack([columns[name] for name in FEATURES], axis=2)
