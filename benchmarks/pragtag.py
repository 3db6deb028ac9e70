"""PragTag-2023: what each sentence of a peer review does (Strength, Weakness, Todo, Recap, Structure, Other).

    python -m benchmarks pragtag --data DIR

DIR is data/ of the shared task's repository (https://github.com/UKPLab/pragtag2023, data from F1000RD, CC BY-SA 4.0).
The measure is the organisers' (code/evaluation/eval.py; Dycke et al. 2023,
"Overview of PragTag-2023"): macro F1 over the labels of each domain, then the mean over domains.

The figures are not those of the shared task's test set: they are cross-validated on its training reviews (five
folds, all reviews of a paper in the same), so nothing is measured on a paper it was fitted on. ``six`` are the
task's own labels. ``four`` asks of the same sentences what a stance judge can answer without having seen a review:
Strength (endorsed), Weakness (challenged), Todo (proposal or more_explicit), and all the rest (mentioned).
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold

from benchmarks.public_data import OURS, add_arguments, checksums, encoders, left_out, read_published
from policydiff.errors import UnreadableError
from policydiff.evidence.embeddings import Encoder, unit
from policydiff.findings.stance import EmbeddedJudge
from policydiff.findings.stance_features import StancePair, View, dense_matrix
from policydiff.models import STANCES

FILE = "public_main/train_inputs_full.json"
LAYOUT = f"{FILE} of PragTag-2023"
LABELS = ("Strength", "Weakness", "Todo", "Recap", "Structure", "Other")
REST = "Rest"  # of the four
FOLDS = 5
STRENGTH = 3.0  # inverse regularisation of the fitted judge, set once and not tuned on these folds

Labels = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Sentence:
    """A sentence of a review, at ``place`` in [0, 1] of it, with the one before (empty at the start)."""

    text: str
    label: str
    paper: str
    domain: str
    place: float
    previous: str


def read_sentences(folder: Path) -> list[Sentence]:
    """All sentences of the training reviews, in order.

    Raises:
        UnreadableError: the file is missing, or is not as published.

    """
    raw = read_published(folder, FILE, LAYOUT)
    try:
        return [
            Sentence(
                text.strip(),
                review["labels"][n],
                review["pid"],
                review["domain"],
                n / max(1, len(review["sentences"]) - 1),
                review["sentences"][n - 1].strip() if n else "",
            )
            for review in json.loads(raw)
            for n, text in enumerate(review["sentences"])
        ]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise UnreadableError(
            str(folder / FILE), f"is not as published ({error!r}); --data must hold {LAYOUT}"
        ) from error


def mean_over_domains(gold: Labels, predicted: Labels, domains: Labels) -> dict[str, float]:
    """Macro F1 of each domain over the labels that occur there, in gold or predicted, and their mean."""
    each = {
        str(d): float(f1_score(gold[domains == d], predicted[domains == d], average="macro", zero_division=0))
        for d in sorted(set(domains))
    }
    return {"mean": round(float(np.mean(list(each.values()))), 4)} | {d: round(v, 4) for d, v in each.items()}


def four(labels: Labels) -> Labels:
    """The six labels as the four that a stance judge knows."""
    return np.where(np.isin(labels, ["Strength", "Weakness", "Todo"]), labels, REST)


def from_stances(judged: npt.NDArray[Any]) -> Labels:
    """The four labels from the judge's probabilities, whichever is likeliest."""
    column = {stance: judged[:, n] for n, stance in enumerate(STANCES)}
    wanted = np.maximum(column["proposal"], column["more_explicit"])
    table = np.stack([column["endorsed"], column["challenged"], wanted, column["mentioned"]], axis=1)
    return np.array(["Strength", "Weakness", "Todo", REST])[table.argmax(axis=1)]


def fixed_features(
    sentences: Sequence[Sentence], views: Sequence[View], judged: npt.NDArray[Any], encoder: Encoder
) -> csr_matrix:
    """What is not fitted: cues, form, what the tagger and the shipped judge make of the sentence, its place, vectors
    of it and of the one before.
    """
    cues = dense_matrix(views, "en")
    odds = np.log(np.clip(judged, 1e-6, 1 - 1e-6) / np.clip(1 - judged, 1e-6, 1)) / 4
    place = np.array([[s.place, s.place == 0, s.place == 1, not s.previous] for s in sentences], dtype=np.float64)
    own = unit(encoder.encode([s.text for s in sentences])) * 2
    before = unit(encoder.encode([s.previous for s in sentences]))
    return csr_matrix(np.hstack([cues, odds, place, own, before]))


def cross_validated(sentences: Sequence[Sentence], fixed: csr_matrix | None) -> Labels:
    """The prediction for each sentence from the folds without its paper.

    Words and characters of the sentence, and with ``fixed`` the words of the one before and the rest too.
    """
    gold = np.array([s.label for s in sentences])
    texts, previous = [s.text for s in sentences], [s.previous for s in sentences]
    fields = [(texts, "word", (1, 2), 1.0), (texts, "char_wb", (3, 5), 1.0)]
    if fixed is not None:
        fields.append((previous, "word", (1, 2), 0.5))
    out = np.empty_like(gold)
    for train, test in GroupKFold(FOLDS).split(texts, groups=[s.paper for s in sentences]):
        blocks = []
        for source, analyzer, sizes, weight in fields:
            vectorizer = TfidfVectorizer(analyzer=analyzer, ngram_range=sizes, min_df=2, sublinear_tf=True)
            vectorizer.fit([source[i] for i in train])
            blocks.append(vectorizer.transform(source) * weight)
        features = csr_matrix(hstack(blocks if fixed is None else [*blocks, fixed]))
        model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=100, tol=1e-3)
        out[test] = model.fit(features[train], gold[train]).predict(features[test])
    return out


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    add_arguments(parser, LAYOUT)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """The judge as shipped, judges fitted on the reviews, and the majority.

    Raises:
        UnreadableError: ``--data`` does not hold the published file.

    """
    sentences = read_sentences(options.data)
    gold, domains = (np.array([getattr(s, field) for s in sentences]) for field in ("label", "domain"))
    judge = EmbeddedJudge("en")
    pairs = [StancePair(s.text, "", "", previous=s.previous) for s in sentences]
    views = judge.views(pairs)
    judged = judge.probabilities(views)
    found = encoders(options.encoder)
    six = {
        "majority": np.full(gold.shape, max(LABELS, key=lambda label: (gold == label).sum())),
        "TF-IDF words and characters, fitted": cross_validated(sentences, None),
    }
    for name, encoder in found.items():
        ours = f"policydiff features with {name}, fitted"
        six[ours] = cross_validated(sentences, fixed_features(sentences, views, judged, encoder))
    answers = {name: four(predicted) for name, predicted in six.items()}
    answers["majority"] = np.full(gold.shape, REST)
    answers["policydiff judge as shipped"] = from_stances(judged)
    rows = [{"part": "six", "system": n, **mean_over_domains(gold, p, domains)} for n, p in six.items()]
    rows += [{"part": "four", "system": n, **mean_over_domains(four(gold), p, domains)} for n, p in answers.items()]
    return {
        "benchmark": "pragtag",
        "measured_on": f"{FOLDS}-fold on the training reviews, {len(sentences)} sentences, grouped by paper",
        "rows": rows,
        "left_out": left_out(),
        "models": {"encoder": found[OURS].name, "judge": judge.name},
        "data": checksums(options.data, [FILE], LAYOUT),
    }
