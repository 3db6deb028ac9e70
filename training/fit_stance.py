"""Fit the shipped judge of stances on the `natural` gold sets and the dev cases, measure it on the `hard` sets.

    python training/fit_stance.py --gold fixtures/gold --date D --held-out DIR... --taggers DIR... --measure
    python training/fit_stance.py --gold fixtures/gold --date D --untagged --measure

The first is the judge that sees passages through the tagger; since that learned from `natural`, a set is read by the
one of ``--taggers`` (each on one of the encoders ``--held-out``) that did not. The second sees words and cues alone.

Every choice (regularisation, the Platt maps, thresholds) is made from leave-one-consultation-out scores on
`natural`. The `hard` sets and the heldout cases are only measured, and only with --measure.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import sklearn

from held_out import unseen_encoder, unseen_tagger
from policydiff.evaluation import measures
from policydiff.evidence.tagger import load_tagger
from policydiff.evidence.transformer import TransformerEncoder
from policydiff.findings.stance_features import BUCKETS
from policydiff.fitting.stance import (
    CUE_SCALE,
    FittedJudge,
    Pairs,
    decide,
    design,
    fit_stances,
    joined,
    pairs_of,
    probability,
)
from policydiff.gold import gold_folders, read_gold
from policydiff.models import STANCES
from stance_cases import case_sets, read_cases

NAME = "policydiff-stance-3"


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


def judged(fitted: FittedJudge, pairs: Pairs) -> np.ndarray:
    """The labels (n, 5) that the fitted judge gives."""
    tensors = fitted.tensors
    weights = np.concatenate([tensors["hashed"].astype(np.float32), tensors["dense"] / CUE_SCALE])
    assert len(weights) > BUCKETS
    raw = design(pairs, tensors["idf"].astype(np.float32)) @ weights + tensors["bias"]
    return decide(probability(raw, tensors["platt"]), fitted.thresholds)


def main() -> None:
    """Fit, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gold", type=Path, required=True, help="folder with natural/ and hard/")
    parser.add_argument("--held-out", type=Path, nargs="+", default=[], metavar="DIR")
    parser.add_argument("--taggers", type=Path, nargs="+", default=[], metavar="DIR")
    parser.add_argument("--untagged", action="store_true")
    parser.add_argument("--date", required=True)
    parser.add_argument("--measure", action="store_true", help="measure the hard sets and the heldout cases too")
    parser.add_argument("--out", type=Path, default=Path("src/policydiff/models_data"))
    options = parser.parse_args()

    encoders = [TransformerEncoder(folder) for folder in options.held_out]
    natural = []
    for folder in gold_folders([options.gold / "natural"]):
        reader = None
        if not options.untagged:
            reader = unseen_tagger(folder.name, options.taggers, unseen_encoder(folder.name, encoders))
        natural.append(joined(folder.name, pairs_of(read_gold(folder), reader)))
    tagger = None if options.untagged else load_tagger()
    cases = read_cases()
    # The taggers have all learned from the dev cases too, so these say too much for the tagger; they are few, and
    # without them the judge loses its cues in very short passages (see training/README.md).
    fitted = fit_stances(natural, case_sets([c for c in cases if c.split == "dev"], tagger))
    gold = np.concatenate([s.gold for s in natural])
    measured = {}
    if options.measure:
        for folder in gold_folders([options.gold / "hard"]):
            s = joined(folder.name, pairs_of(read_gold(folder), tagger))
            measured[s.name] = {"language": s.language, **figures(s.gold, judged(fitted, s))}
    card = {
        "name": NAME,
        "date": options.date,
        "what": "logistic regression a stance over hashed words, characters, cues in their scope"
        + ("" if tagger is None else " and what the tagger reads")
        + ", Platt-calibrated",
        "data": f"{len(natural)} natural sets, {len(gold)} pairs"
        + ", and the dev cases of tests/cases/stance.json; constructed and labelled by a language model",
        "tagger": None if tagger is None else tagger.name,
        "scikit-learn": sklearn.__version__,
        "leave_one_consultation_out": by_language(natural, [decide(p, fitted.thresholds) for p in fitted.held_out]),
        "note": "the Platt maps and the thresholds were chosen on the same held-out scores that are reported",
        "brier": round(float(np.mean((np.concatenate(fitted.held_out) - gold) ** 2)), 4),
    }
    if options.measure:
        heldout = [c for c in cases if c.split == "heldout" and c.cue]
        card["hard"] = measured
        card["heldout_cases_all_labels_right"] = {
            s.language: round(float((judged(fitted, s) == s.gold).all(axis=1).mean()), 3)
            for s in case_sets(heldout, tagger)
        }
    fitted.save(options.out / ("judge-untagged" if options.untagged else "judge"), card)
    print(json.dumps(card, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
