"""Fit the shipped judge of stances on the `natural` gold sets, measure it on the `hard` ones.

    python training/fit_stance.py --gold fixtures/gold --date 2026-11-25

Every choice (regularisation, the Platt maps, thresholds) is made from leave-one-consultation-out scores on
`natural`. The `hard` sets are only measured.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import sklearn

from policydiff.evaluation import measures
from policydiff.findings.stance import BUCKETS
from policydiff.fitting.stance import CUE_SCALE, Pairs, decide, design, fit_stances, joined, pairs_of, probability
from policydiff.gold import gold_folders, read_gold
from policydiff.models import STANCES

NAME = "policydiff-stance-1"


def figures(gold: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """F1 a label, and the mean of endorsed, challenged, more_explicit."""
    scores = {s: round(measures.f1(found[:, k], gold[:, k]), 3) for k, s in enumerate(STANCES)}
    return scores | {"macro_three": round(float(np.mean(list(scores.values())[:3])), 3)}


def by_language(sets: list[Pairs], found: list[np.ndarray]) -> dict[str, dict[str, float]]:
    """``figures`` over all pairs of each language."""
    return {
        language: figures(
            np.concatenate([s.gold for s in sets if s.language == language]),
            np.concatenate([f for s, f in zip(sets, found, strict=True) if s.language == language]),
        )
        for language in sorted({s.language for s in sets})
    }


def main() -> None:
    """Fit, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gold", type=Path, required=True, help="folder with natural/ and hard/")
    parser.add_argument("--date", required=True)
    parser.add_argument("--out", type=Path, default=Path("src/policydiff/models_data"))
    options = parser.parse_args()

    natural, hard = (
        [joined(f.name, pairs_of(read_gold(f))) for f in gold_folders([options.gold / part])]
        for part in ("natural", "hard")
    )
    fitted = fit_stances(natural)
    gold = np.concatenate([s.gold for s in natural])
    weights = np.concatenate([fitted.tensors["hashed"].astype(np.float32), fitted.tensors["dense"] / CUE_SCALE])
    assert len(weights) > BUCKETS
    idf = fitted.tensors["idf"].astype(np.float32)
    measured = {}
    for s in hard:
        raw = design(s, idf) @ weights + fitted.tensors["bias"]
        found = decide(probability(raw, fitted.tensors["platt"]), fitted.thresholds)
        measured[s.name] = {"language": s.language, **figures(s.gold, found)}
    card = {
        "name": NAME,
        "date": options.date,
        "what": "logistic regression a stance over hashed words and characters and over cues, Platt-calibrated",
        "data": f"{len(natural)} natural sets, {len(gold)} pairs, constructed and labelled by a language model",
        "scikit-learn": sklearn.__version__,
        "leave_one_consultation_out": by_language(natural, [decide(p, fitted.thresholds) for p in fitted.held_out]),
        "note": "the Platt maps and the thresholds were chosen on the same held-out scores that are reported",
        "brier": round(float(np.mean((np.concatenate(fitted.held_out) - gold) ** 2)), 4),
        "hard": measured,
    }
    fitted.save(options.out, card)
    print(json.dumps(card, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
