"""Fit the judge of stances on labelled consultations, as the shipped ones are.

Languages are fitted together: they share the cue features and hardly any word.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from policydiff.errors import SettingsError
from policydiff.evaluation import measures
from policydiff.evidence.quotes import QuoteMatcher
from policydiff.evidence.references import ReferenceMatcher
from policydiff.evidence.tagger import Tagger
from policydiff.findings.stance import labels
from policydiff.findings.stance_features import (
    BUCKETS,
    StancePair,
    dense_matrix,
    focus_spans,
    sparse_features,
    view,
)
from policydiff.gold import GoldAlignment, GoldPassage, GoldSet
from policydiff.models import STANCES

# Chosen in nine folds of the natural consultations, of C .5, 1, 2, 4, scales .25, .35, .5, contrasts 0, .5, .7, 1.
C = 2.0  # inverse regularisation
CUE_SCALE = 0.35  # how much a cue sum weighs beside a unit-length field of words
CONTRAST = 0.5  # how much of a bucket's scale comes from its log-count ratio
SMOOTHING = 3.0  # pairs added to every count
RATIO_CAP = 3.0  # of the log-count ratio
_GRID = np.round(np.arange(0.15, 0.71, 0.02), 2)  # thresholds tried

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Pairs:
    """The gold pairs of a group of passages: hashed fields (sparse, n x BUCKETS), cue features, labels (n, 5)."""

    name: str
    language: str
    fields: list[Any]
    dense: npt.NDArray[np.float32]
    gold: Bools


def labelled_pairs(gold: GoldSet) -> list[tuple[GoldPassage, GoldAlignment, StancePair]]:
    """The pairs of grades 1 and 2, seen as in use with our own evidence in focus, in the order of the responses."""
    provisions = {p.id: (number, p) for number, p in enumerate(gold.policy.provisions)}
    references, quotes = ReferenceMatcher(gold.policy), QuoteMatcher(gold.policy)
    pairs = []
    for passages in gold.by_response().values():
        texts, sections = [p.text for p in passages], [p.section or "" for p in passages]
        quoted = [quotes.find(t) for t in texts]
        referred = references.find(texts, sections, [[m.provision for m in found] for found in quoted])
        for i, passage in enumerate(passages):
            for alignment in passage.alignments:
                if alignment.provision not in provisions:
                    continue  # missed in the draft
                number, provision = provisions[alignment.provision]
                pair = StancePair(
                    passage.text,
                    provision.title,
                    provision.text,
                    sections[i],
                    texts[i - 1] if i else "",
                    focus_spans(m for m in (*referred[i], *quoted[i]) if m.provision == number),
                    focus_spans(m for m in (*referred[i], *quoted[i]) if m.provision != number),
                )
                pairs.append((passage, alignment, pair))
    return pairs


def pairs_of(gold: GoldSet, tagger: Tagger | None = None) -> list[Pairs]:
    """The features of ``labelled_pairs``, the passages read by ``tagger`` if there is one; one group a response."""
    groups = []
    for response, labelled in groupby(labelled_pairs(gold), key=lambda row: row[0].response):
        rows = list(labelled)
        stances = np.array([[s in alignment.stances for s in STANCES] for _, alignment, _ in rows])
        pairs = [pair for _, _, pair in rows]
        if tagger is not None:
            read = tagger.read([p.passage for p in pairs])
            pairs = [replace(p, tagged=tagged) for p, tagged in zip(pairs, read, strict=True)]
        groups.append(grouped(f"{gold.name}/{response}", gold.policy.language, pairs, stances))
    return groups


def grouped(name: str, language: str, pairs: Sequence[StancePair], gold: Bools) -> Pairs:
    """Labelled pairs of one language, with ``gold`` of shape (n, 5), as features to fit on."""
    from scipy.sparse import csr_matrix

    views = [view(p, language) for p in pairs]
    rows = [sparse_features(v) for v in views]
    fields = []
    for k in range(len(rows[0])):
        starts = np.cumsum([0] + [len(r[k]) for r in rows])
        columns = np.concatenate([r[k] for r in rows])
        fields.append(csr_matrix((np.ones(len(columns), np.float32), columns, starts), shape=(len(rows), BUCKETS)))
    return Pairs(name, language, fields, dense_matrix(views, language), gold)


def joined(name: str, groups: Sequence[Pairs]) -> Pairs:
    """Groups of one consultation as one."""
    from scipy.sparse import vstack

    fields = [vstack([g.fields[k] for g in groups]).tocsr() for k in range(len(groups[0].fields))]
    dense = np.concatenate([g.dense for g in groups])
    return Pairs(name, groups[0].language, fields, dense, np.concatenate([g.gold for g in groups]))


def rarity(sets: Sequence[Pairs]) -> npt.NDArray[np.float32]:
    """Inverse document frequency of every bucket, zero where it occurs in fewer than two pairs."""
    counts = sum(np.asarray((sum(s.fields) > 0).sum(axis=0)).ravel() for s in sets)
    total = sum(len(s.gold) for s in sets)
    idf = np.where(counts >= 2, np.log((1 + total) / (1 + counts)) + 1, 0)
    return np.asarray(idf.astype(np.float16), dtype=np.float32)


def design(pairs: Pairs, idf: npt.NDArray[np.float32]) -> Any:
    """Unit-length fields summed (they share one weight table: the prefixes keep them apart), then the cues."""
    from scipy.sparse import csr_matrix, hstack

    total = csr_matrix((len(pairs.gold), BUCKETS), dtype=np.float32)
    for field in pairs.fields:
        weighted = field.multiply(idf).tocsr()
        norms = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
        total = total + csr_matrix(weighted.multiply((1 / np.where(norms > 0, norms, 1))[:, None]))
    return hstack([total, csr_matrix(pairs.dense * CUE_SCALE)]).tocsr()


def contrast(present: Any, labelled: Bools) -> npt.NDArray[np.float32]:
    """How much each bucket is stretched: half of it by how unlike its rates are with and without a label.

    ``present`` is sparse, (n, BUCKETS), of zeros and ones. The scale is 1 in the mean over what occurs. After the
    log-count ratios of Wang and Manning (2012), in whose interpolation half is the middle.
    """
    counts = [np.asarray(present[rows].sum(axis=0)).ravel() for rows in (labelled, ~labelled)]
    rates = [(c + SMOOTHING) / (rows.sum() + SMOOTHING) for c, rows in zip(counts, (labelled, ~labelled), strict=True)]
    ratio = np.minimum(np.abs(np.log(rates[0] / rates[1])), RATIO_CAP)
    occurs = counts[0] + counts[1]
    mean = float(ratio @ occurs / max(occurs.sum(), 1)) or 1.0
    return np.asarray(1 - CONTRAST + CONTRAST * ratio / mean, dtype=np.float32)


def fit_weights(sets: Sequence[Pairs], idf: npt.NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Weights (BUCKETS + cues, 5) and biases (5,) of a logistic regression a stance, over stretched buckets."""
    from scipy.sparse import vstack
    from sklearn.linear_model import LogisticRegression

    x, gold = vstack([design(s, idf) for s in sets]).tocsr(), np.concatenate([s.gold for s in sets])
    present = x[:, :BUCKETS].astype(bool).astype(np.float32)
    weights, biases = np.zeros((x.shape[1], len(STANCES))), np.full(len(STANCES), -10.0)
    for k in range(len(STANCES)):
        if len(set(gold[:, k])) < 2:
            biases[k] = 10.0 if gold[:, k].all() else -10.0  # never (or always) seen: nothing to weigh
            continue
        scale = np.ones(x.shape[1], dtype=np.float32)
        scale[:BUCKETS] = contrast(present, gold[:, k])
        model = LogisticRegression(C=C, class_weight="balanced", solver="liblinear", tol=1e-2, random_state=0)
        model.fit(x.multiply(scale).tocsr(), gold[:, k])
        weights[:, k], biases[k] = model.coef_[0] * scale, model.intercept_[0]
    return weights, biases


def held_out(sets: Sequence[Pairs], also: Sequence[Pairs] = ()) -> list[Floats]:
    """Raw scores (n, 5) of each set from a model fitted on the others, and on ``also``."""
    out = []
    for left_out in sets:
        rest = [*(s for s in sets if s is not left_out), *also]
        idf = rarity(rest)
        weights, biases = fit_weights(rest, idf)
        out.append(np.asarray(design(left_out, idf) @ weights + biases))
    return out


def platt(raw: Floats, gold: Bools) -> npt.NDArray[np.float32]:
    """Slopes and intercepts (2, 5) of the logistic maps from raw score to probability (Platt 1999)."""
    from sklearn.linear_model import LogisticRegression

    lines = np.zeros((2, len(STANCES)), dtype=np.float32)
    for k in range(len(STANCES)):
        if len(set(gold[:, k])) < 2:
            lines[:, k] = 1, 0
            continue
        line = LogisticRegression(C=1e6).fit(raw[:, [k]], gold[:, k])
        lines[:, k] = line.coef_[0, 0], line.intercept_[0]
    return lines


def probability(raw: Floats, lines: npt.NDArray[np.float32]) -> Floats:
    """The logistic maps."""
    mapped: Floats = 1 / (1 + np.exp(-(raw * lines[0] + lines[1])))
    return mapped


def decide(probabilities: Floats, thresholds: Mapping[Any, float]) -> Bools:
    """The labels that ``findings.stance.labels`` gives, as booleans (n, 5)."""
    chosen = [labels(row, thresholds) for row in probabilities]
    return np.array([[s in row for s in STANCES] for row in chosen], dtype=np.bool_).reshape(-1, len(STANCES))


@dataclass(frozen=True)
class FittedJudge:
    """What was fitted: the stored tensors, thresholds a stance, and held-out probabilities a set."""

    tensors: dict[str, npt.NDArray[Any]]
    thresholds: dict[str, float]
    held_out: list[Floats]

    def save(self, folder: Path, card: Mapping[str, Any]) -> None:
        """Write stance.safetensors and stance.json, as EmbeddedJudge reads them."""
        save_judge(folder, self.tensors, {**card, "thresholds": self.thresholds})


def save_judge(folder: Path, tensors: dict[str, npt.NDArray[Any]], card: Mapping[str, Any]) -> None:
    """Write stance.safetensors and stance.json, as EmbeddedJudge reads them."""
    from safetensors.numpy import load, save

    stored = save(tensors)
    if not all(np.array_equal(load(stored)[name], tensor) for name, tensor in tensors.items()):
        raise SettingsError("the weights did not survive being stored; this is a fault of policydiff, report it")
    folder.mkdir(parents=True, exist_ok=True)
    full = {**card, "sha256": hashlib.sha256(stored).hexdigest()}
    (folder / "stance.safetensors").write_bytes(stored)
    (folder / "stance.json").write_text(json.dumps(full, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def fit_stances(sets: Sequence[Pairs], also: Sequence[Pairs] = ()) -> FittedJudge:
    """Weights from all sets and ``also``; the Platt maps and the thresholds from the held-out scores of ``sets``."""
    gold = np.concatenate([s.gold for s in sets])
    scores = held_out(sets, also)
    lines = platt(np.concatenate(scores), gold)
    probabilities = [probability(s, lines) for s in scores]
    stacked = np.concatenate(probabilities)
    best = [
        _GRID[np.nanargmax([np.nan_to_num(measures.f1(stacked[:, k] >= t, gold[:, k])) for t in _GRID])]
        for k in range(len(STANCES))
    ]
    every = [*sets, *also]
    idf = rarity(every)
    weights, biases = fit_weights(every, idf)
    tensors: dict[str, npt.NDArray[Any]] = {
        "bias": biases.astype(np.float32),
        # safetensors writes the bytes as they lie, so they must lie in order
        "dense": np.ascontiguousarray(weights[BUCKETS:] * CUE_SCALE, dtype=np.float32),
        "hashed": np.ascontiguousarray(weights[:BUCKETS], dtype=np.float16),
        "idf": idf.astype(np.float16),
        "platt": lines,
    }
    return FittedJudge(tensors, {s: float(t) for s, t in zip(STANCES, best, strict=True)}, probabilities)
