"""Fit the alignment model: the shipped one on the `natural` sets, or one's own."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from policydiff.errors import SettingsError
from policydiff.evaluation import measures
from policydiff.evidence.embeddings import Encoder, Remembering, load_encoder
from policydiff.evidence.gathering import Gatherer
from policydiff.evidence.model_files import DEFAULT
from policydiff.evidence.tagger import Tagger, comparing_tagger
from policydiff.findings.align import AlignmentModel
from policydiff.findings.features import FEATURES, pair_features
from policydiff.gold import GoldSet, gold_folders, read_gold
from policydiff.settings import Settings

# Chosen by leave-one-consultation-out strict AP on the natural sets; small trees, since 27 consultations are few.
TREES: Mapping[str, Any] = {
    "max_iter": 200,
    "learning_rate": 0.06,
    "max_leaf_nodes": 12,
    "min_samples_leaf": 30,
    "l2_regularization": 5.0,
    "max_features": 0.4,
    "random_state": 0,
}
GRADE_ONE_WEIGHT = 0.5  # a passage that touches a provision is a weaker positive than one about it
# Findings are to review from this confidence up to where RIGHT of all that are surer are right, held out.
REVIEW_FROM = 0.3
RIGHT = 0.95
_DIGITS = 9  # decimals kept of what is stored

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pairs:
    """All pairs of a group of passages: features (n, m, len(FEATURES)) and grades (n, m).

    ``alone`` are the features of the same passages, each as if it were the whole response. Trees are fitted on
    both, since many real responses are a single paragraph; measured is what stands in the gold.
    """

    name: str
    features: Floats
    alone: Floats
    grades: npt.NDArray[np.int8]


def pairs_of(gold: GoldSet, encoder: Encoder, tagger: Tagger | None = None) -> list[Pairs]:
    """The pairs of a gold set, one group a response, in the order of its responses.

    ``tagger`` is the one that comparisons with this encoder have, None for the static encoder.
    """
    # Each passage comes twice, in its response and alone. What a tagger has read is remembered anyway.
    own = tagger is not None and tagger.encoder is encoder
    gatherer = Gatherer(
        gold.policy,
        encoder if own else Remembering(encoder),
        shrinkage=Settings().evidence.similarity_shrinkage,
        tagger=tagger,
    )
    column = {p.id: j for j, p in enumerate(gold.policy.provisions)}
    groups = []
    for response, passages in gold.by_response().items():
        if not passages:
            continue
        blocks = [p.block() for p in passages]
        grades = np.zeros((len(blocks), len(column)), dtype=np.int8)
        for row, passage in enumerate(passages):
            for alignment in passage.alignments:
                if alignment.provision in column:
                    grades[row, column[alignment.provision]] = alignment.grade
        together = pair_features(gatherer.gather([b.text for b in blocks], [b.section for b in blocks]))
        alone = [pair_features(gatherer.gather([b.text], [b.section])) for b in blocks]
        groups.append(Pairs(f"{gold.name}/{response}", together, np.concatenate(alone), grades))
    return groups


def joined(name: str, groups: Sequence[Pairs]) -> Pairs:
    """Groups of one consultation as one."""
    features, alone = (np.concatenate(parts) for parts in zip(*((g.features, g.alone) for g in groups), strict=True))
    return Pairs(name, features, alone, np.concatenate([g.grades for g in groups]))


def fit_trees(sets: Sequence[Pairs]) -> Any:
    """scikit-learn's histogram boosting with the signs of FEATURES, each consultation weighing the same."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows = np.concatenate([part.reshape(-1, len(FEATURES)) for s in sets for part in (s.features, s.alone)])
    grades = np.concatenate([np.tile(s.grades.ravel(), 2) for s in sets])
    weight = np.concatenate([np.full(2 * s.grades.size, 1 / max(1, int((s.grades == 2).sum()))) for s in sets])
    weight *= np.where(grades == 1, GRADE_ONE_WEIGHT, 1.0)
    model = HistGradientBoostingClassifier(**TREES, monotonic_cst=list(FEATURES.values()), early_stopping=False)
    return model.fit(rows, grades > 0, sample_weight=weight / weight.mean())


def raw_scores(trees: Any, pairs: Pairs) -> Floats:
    """The trees' sum, shape of the grades."""
    scores: Floats = trees.decision_function(pairs.features.reshape(-1, len(FEATURES))).reshape(pairs.grades.shape)
    return scores


def held_out(sets: Sequence[Pairs]) -> list[Floats]:
    """Raw scores of each set from trees fitted on the others."""
    return [raw_scores(fit_trees([s for s in sets if s is not out]), out) for out in sets]


def platt(scores: Sequence[Floats], sets: Sequence[Pairs]) -> tuple[float, float]:
    """Slope and intercept of the logistic map from raw score to P(grade > 0) (Platt 1999)."""
    from sklearn.linear_model import LogisticRegression

    x = np.concatenate([s.ravel() for s in scores])
    y = np.concatenate([s.grades.ravel() for s in sets]) > 0
    line = LogisticRegression(C=1e6).fit(x[:, None], y)
    return float(line.coef_[0, 0]), float(line.intercept_[0])


def probability(scores: Floats, slope: float, intercept: float) -> Floats:
    """The logistic map."""
    mapped: Floats = 1 / (1 + np.exp(-(slope * scores + intercept)))
    return mapped


def best_threshold(confidences: Sequence[Floats], sets: Sequence[Pairs]) -> float:
    """The threshold with the best mean strict F1 over sets, in steps of 0.02."""
    grid = np.round(np.arange(0.2, 0.8, 0.02), 2).tolist()

    def mean_f1(threshold: float) -> float:
        scored = [measures.strict_f1(c >= threshold, s.grades) for c, s in zip(confidences, sets, strict=True)]
        return measures.macro(scored)

    return float(max(grid, key=mean_f1))


def review_until(confidences: Sequence[Floats], sets: Sequence[Pairs], accept: float) -> float:
    """The confidence from which ``RIGHT`` of the pairs are right, in steps of .01; at least ``accept``."""
    sure = np.concatenate([c.ravel() for c in confidences])
    right = np.concatenate([s.grades.ravel() for s in sets]) > 0
    steps = np.round(np.arange(accept, 1.0, 0.01), 2).tolist()
    return next((t for t in steps if not (sure >= t).any() or right[sure >= t].mean() >= RIGHT), 1.0)


def _exported(trees: Any) -> list[dict[str, list[float]]]:
    """The trees as plain lists; feature -1 marks a leaf."""
    out = []
    for (predictor,) in trees._predictors:
        nodes = predictor.nodes
        leaf = nodes["is_leaf"].astype(bool)
        out.append(
            {
                "feature": np.where(leaf, -1, nodes["feature_idx"].astype(int)).tolist(),
                "threshold": np.where(leaf, 0.0, nodes["num_threshold"]).tolist(),
                "left": nodes["left"].astype(int).tolist(),
                "right": nodes["right"].astype(int).tolist(),
                "value": np.round(nodes["value"], _DIGITS).tolist(),
            }
        )
    return out


def alignment_data(sets: Sequence[Pairs], card: Mapping[str, Any]) -> tuple[dict[str, Any], list[Floats]]:
    """What AlignmentModel reads, and the held-out confidences of each set.

    The Platt map and the acceptance threshold come from the held-out scores, the trees from all sets.
    """
    scores = held_out(sets)
    slope, intercept = platt(scores, sets)
    confidences = [probability(s, slope, intercept) for s in scores]
    trees = fit_trees(sets)
    accept = best_threshold(confidences, sets)
    data = {
        "card": dict(card),
        "features": list(FEATURES),
        "platt": [round(slope, _DIGITS), round(intercept, _DIGITS)],
        "thresholds": {"accept": accept, "review": [REVIEW_FROM, review_until(confidences, sets, accept)]},
        "base": round(float(np.ravel(trees._baseline_prediction)[0]), _DIGITS),
        "trees": _exported(trees),
    }
    return data, confidences


def fit(
    folders: Sequence[Path | str] | Path | str, *, encoder: Encoder | None = None, name: str = "own"
) -> AlignmentModel:
    """An alignment model fitted on your own gold folders: ``Comparer(draft, alignment=fit("gold/"))``.

    With several consultations, calibration and threshold come from leaving one out; with one, from leaving out
    a response at a time. Give the encoder that you will compare with. ``model.save(file)`` keeps it.

    Raises:
        UnreadableError: a folder holds no gold, or a label is wrong.
        SettingsError: there are fewer than two responses with a strict alignment to fit on.
    """
    paths = [folders] if isinstance(folders, Path | str) else list(folders)
    encoder = load_encoder(DEFAULT) if encoder is None else encoder
    tagger = comparing_tagger(encoder)
    grouped = [pairs_of(read_gold(f), encoder, tagger) for f in gold_folders(paths)]
    sets = [joined(groups[0].name.split("/")[0], groups) for groups in grouped if groups]
    if len(sets) == 1:
        sets = next(groups for groups in grouped if groups)
    if sum(bool((s.grades == 2).any()) for s in sets) < 2:
        raise SettingsError("fitting needs at least two responses with an alignment of grade 2; label some more")
    card = {
        "name": name,
        "data": f"{len(grouped)} labelled consultations of the user's own",
        "encoder": getattr(encoder, "name", None),
    }
    data, _ = alignment_data(sets, card)
    return AlignmentModel(json.dumps(data, ensure_ascii=False).encode())
