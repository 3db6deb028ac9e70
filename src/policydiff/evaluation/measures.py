"""Measures, each a small pure function over gold and predicted.

A pair is (passage, provision). ``grades`` hold 2 (about it), 1 (touches it), 0 (no entry). Strict: 2 is
positive, 1 counts neither way. Relaxed: 1 and 2 are positive. Where a measure has nothing to count, it is nan.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Grades = npt.NDArray[np.integer]


def average_precision(scores: Floats, grades: Grades, *, relaxed: bool = False) -> float:
    """Mean of the precision at each positive, best score first; ties are broken against us.

    (scikit-learn's average_precision_score treats tied scores as one step, which is kinder.)
    """
    scores, grades = scores.ravel(), grades.ravel()
    if not relaxed:
        keep = grades != 1
        scores, grades = scores[keep], grades[keep]
    positive = grades > 0
    if not positive.any():
        return float("nan")
    order = np.lexsort((positive, -scores))
    hits = positive[order]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())


def f1(predicted: Bools, gold: Bools) -> float:
    """2 tp / (2 tp + fp + fn); nan where nothing is predicted and nothing is gold."""
    total = int(predicted.sum() + gold.sum())
    return float(2 * (predicted & gold).sum() / total) if total else float("nan")


def strict_f1(accepted: Bools, grades: Grades) -> float:
    """F1 of the accepted pairs against grade 2, grade 1 left out."""
    keep = grades != 1
    return f1(accepted[keep], grades[keep] == 2)


def top1(scores: Floats, grades: Grades) -> float:
    """Of the passages with a grade 2, the share whose best-scored provision has a grade; ties against us.

    ``scores`` and ``grades`` have shape (passages, provisions).
    """
    about = (grades == 2).any(axis=1)
    if not about.any():
        return float("nan")
    scores, grades = scores[about], grades[about]
    best = scores == scores.max(axis=1, keepdims=True)
    right = np.where(best, grades > 0, True).all(axis=1)
    return float(right.mean())


def span_iou(one: Sequence[tuple[int, int]], other: Sequence[tuple[int, int]]) -> float:
    """Characters in both over characters in either, for two sets of half-open spans."""
    a = {i for start, end in one for i in range(start, end)}
    b = {i for start, end in other for i in range(start, end)}
    return len(a & b) / len(a | b) if a | b else float("nan")


def calibration_bins(confidence: Floats, positive: Bools, *, bins: int = 10) -> list[tuple[float, float, int]]:
    """For each equally wide bin with a pair in it: mean confidence, share of positives, number of pairs."""
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        (float(confidence[number == b].mean()), float(positive[number == b].mean()), int((number == b).sum()))
        for b in range(bins)
        if (number == b).any()
    ]


def expected_calibration_error(confidence: Floats, positive: Bools, *, bins: int = 10) -> float:
    """Mean gap between confidence and share of positives over the bins, weighted by their size (Naeini et al. 2015)."""
    filled = calibration_bins(confidence, positive, bins=bins)
    total = sum(n for _, _, n in filled)
    return sum(abs(sure - share) * n for sure, share, n in filled) / total if total else float("nan")


def risk_coverage(sureness: Floats, wrong: Bools) -> tuple[Floats, Floats]:
    """Coverage and risk, when the surest decisions are taken first (El-Yaniv & Wiener 2010).

    ``sureness`` is that of each decision, ``wrong`` whether it was; both results have the same length.
    """
    order = np.lexsort((~wrong, -sureness))
    number = np.arange(1, len(wrong) + 1)
    return number / max(len(wrong), 1), np.cumsum(wrong[order]) / number


def macro(values: Sequence[float]) -> float:
    """The mean of those that are numbers; nan where none is."""
    known = [v for v in values if not np.isnan(v)]
    return float(np.mean(known)) if known else float("nan")


def bootstrap_interval(
    groups: Sequence[Sequence[npt.NDArray[np.intp]]],
    statistic: Callable[[Sequence[npt.NDArray[np.intp]]], float],
    *,
    resamples: int = 200,
    seed: int = 0,
) -> tuple[float, float]:
    """The 95 % percentile interval of ``statistic``, resampling groups with replacement within each set.

    ``groups[s][r]`` are the row numbers of response r in set s; ``statistic`` gets the drawn rows a set.
    """
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(resamples):
        drawn = [
            np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))]) for members in groups
        ]
        values.append(statistic(drawn))
    if np.isnan(values).all():
        return float("nan"), float("nan")
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)
