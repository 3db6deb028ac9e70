"""Fit the shipped judge of stances to the user's own labels, from some fifty on.

The weights move away from the shipped ones only as far as the labels ask for: the logistic loss of the labels plus
the squared distance from where they began, which is the MAP estimate under a prior around the shipped model
(Chelba & Acero 2006, "Adaptation of maximum entropy capitalizer"). How much a distance costs is chosen by
cross-validation, not to move at all among the choices.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from policydiff.errors import SettingsError
from policydiff.evaluation import measures
from policydiff.findings.stance import EmbeddedJudge
from policydiff.findings.stance_features import BUCKETS
from policydiff.fitting.stance import CUE_SCALE, Floats, Pairs, decide, design, joined, pairs_of, save_judge
from policydiff.gold import gold_folders, read_gold
from policydiff.models import STANCES

COSTS = (np.inf, 30.0, 10.0, 3.0, 1.0)  # of a distance; infinite is the shipped judge as it is
_FOLDS = 10  # of responses, where there is one consultation
_ENOUGH = 3  # labelled pairs with a stance, and without it, from which its weights may move


@dataclass(frozen=True)
class Adapted:
    """The weights, the cost chosen, and log loss and F1 by cost on labels that were left out."""

    tensors: dict[str, npt.NDArray[Any]]
    cost: float
    cross_validated: dict[str, dict[str, float]]


def adapt(shipped: Mapping[str, npt.NDArray[Any]], thresholds: Mapping[Any, float], folds: Sequence[Pairs]) -> Adapted:
    """The shipped ``tensors`` fitted to labelled pairs; ``folds`` are left out in turn to choose the cost."""
    idf = shipped["idf"].astype(np.float32)
    designs = [design(f, idf) for f in folds]
    found = {}
    for cost in COSTS:
        probabilities = []
        for n, left_out in enumerate(designs):
            rest = [m for m in range(len(folds)) if m != n]
            moved = _moved(shipped, [designs[m] for m in rest], [folds[m].gold for m in rest], cost)
            probabilities.append(_probabilities(left_out, moved, shipped["platt"]))
        found[cost] = _figures(np.concatenate(probabilities), np.concatenate([f.gold for f in folds]), thresholds)
    best = min(found, key=lambda cost: (found[cost]["log_loss"], -cost))
    weights, biases = _moved(shipped, designs, [f.gold for f in folds], best)
    tensors = dict(shipped) | {
        "bias": biases.astype(np.float32),
        "dense": np.ascontiguousarray(weights[BUCKETS:] * CUE_SCALE, dtype=np.float32),
        "hashed": np.ascontiguousarray(weights[:BUCKETS], dtype=np.float16),
    }
    return Adapted(tensors, best, {"shipped" if np.isinf(c) else f"cost {c:g}": f for c, f in found.items()})


def _start(shipped: Mapping[str, npt.NDArray[Any]]) -> tuple[Floats, Floats]:
    dense = shipped["dense"].astype(np.float64) / CUE_SCALE
    return np.concatenate([shipped["hashed"].astype(np.float64), dense]), shipped["bias"].astype(np.float64)


def _moved(
    shipped: Mapping[str, npt.NDArray[Any]], designs: Sequence[Any], golds: Sequence[npt.NDArray[np.bool_]], cost: float
) -> tuple[Floats, Floats]:
    """Weights (features, 5) and biases (5,) at the least loss."""
    from scipy.optimize import minimize
    from scipy.sparse import vstack

    weights, biases = _start(shipped)
    if np.isinf(cost):
        return weights, biases
    x, gold = vstack(designs).tocsr().astype(np.float64), np.concatenate(golds)
    columns = np.unique(x.indices)  # a weight whose feature no label has stays where it is
    x = x[:, columns]
    for k in range(len(STANCES)):
        if min(gold[:, k].sum(), (~gold[:, k]).sum()) < _ENOUGH:
            continue
        slope, intercept = shipped["platt"][:, k].astype(np.float64)
        offset, sign = x @ weights[columns, k] + biases[k], np.where(gold[:, k], 1.0, -1.0)

        def loss(
            step: Floats,
            offset: Floats = offset,
            sign: Floats = sign,
            slope: float = slope,
            intercept: float = intercept,
        ) -> tuple[float, Floats]:
            margin = sign * (slope * (offset + x @ step[:-1] + step[-1]) + intercept)
            pull = -sign * slope / (1 + np.exp(margin))
            value = np.logaddexp(0, -margin).sum() + cost / 2 * (step @ step)
            return float(value), np.append(x.T @ pull, pull.sum()) + cost * step

        step = minimize(loss, np.zeros(len(columns) + 1), jac=True, method="L-BFGS-B").x
        weights[columns, k] += step[:-1]
        biases[k] += step[-1]
    return weights, biases


def _probabilities(x: Any, moved: tuple[Floats, Floats], platt: npt.NDArray[Any]) -> Floats:
    raw = np.asarray(x @ moved[0] + moved[1])
    probabilities: Floats = 1 / (1 + np.exp(-(raw * platt[0] + platt[1])))
    return probabilities


def _figures(found: Floats, gold: npt.NDArray[np.bool_], thresholds: Mapping[Any, float]) -> dict[str, float]:
    safe = np.clip(found, 1e-6, 1 - 1e-6)
    loss = -np.where(gold, np.log(safe), np.log(1 - safe)).mean()
    chosen = decide(found, thresholds)
    scores = {str(s): round(measures.f1(chosen[:, k], gold[:, k]), 3) for k, s in enumerate(STANCES)}
    return {"log_loss": round(float(loss), 4), **scores}


def fit_judge(
    folders: Sequence[Path | str] | Path | str, out: Path | str, *, language: str = "da", name: str = "own"
) -> EmbeddedJudge:
    """The shipped judge fitted to your own gold folders and kept in the folder ``out``; fifty labels are enough.

    Use it with ``Comparer(draft, judge=fit_judge("gold/", "my-judge"))``, later with
    ``EmbeddedJudge("da", folder="my-judge")``. ``judge.card["cross_validated"]`` says what it gains on labels left
    out, beside the shipped judge; where it gains nothing the shipped weights are kept. With several consultations
    one is left out at a time, with one, a tenth of its responses.

    Raises:
        UnreadableError: a folder holds no gold, or a label is wrong.
        SettingsError: there are fewer than two responses with an alignment to fit on.
    """
    paths = [folders] if isinstance(folders, Path | str) else list(folders)
    shipped = EmbeddedJudge(language)
    labelled = [groups for f in gold_folders(paths) if (groups := pairs_of(read_gold(f), shipped.tagger))]
    folds = [joined(str(n), groups) for n, groups in enumerate(labelled)]
    if len(folds) == 1:
        folds = [joined(str(k), part) for k in range(_FOLDS) if (part := labelled[0][k::_FOLDS])]
    if len(folds) < 2:
        raise SettingsError("fitting needs at least two responses with an alignment; label some more")
    adapted = adapt(shipped.tensors, shipped.thresholds, folds)
    card = {
        "name": name,
        "data": f"{sum(len(f.gold) for f in folds)} pairs of {len(labelled)} labelled consultations of the user's own",
        "from": shipped.name,
        "tagger": shipped.card["tagger"],
        "cost": None if np.isinf(adapted.cost) else adapted.cost,
        "cross_validated": adapted.cross_validated,
        "thresholds": shipped.thresholds,
    }
    save_judge(Path(out), adapted.tensors, card)
    return EmbeddedJudge(language, folder=out, tagger=shipped.tagger)
