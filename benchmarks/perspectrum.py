"""PERSPECTRUM: the perspectives that bear on a claim, and whether they support or undermine it.

    python -m benchmarks perspectrum --data DIR

DIR is data/dataset/ of https://github.com/CogComp/perspectrum (CC BY-SA 4.0). A claim is a provision, a perspective
a passage. Choices are made on the train claims; every figure is on the dev claims of the published split.

Retrieval, from the pool of all perspectives of all claims, follows Chen et al. 2019, "Seeing Things from a
Different Angle": the gold of a claim is groups of equivalent perspectives; the precision of what is
retrieved is the share that stands in any of its groups, the recall the share of groups of which something is
retrieved, both averaged over claims (a claim for which nothing is retrieved has precision 0), F1 that of the two
averages. The threshold is the one with the best F1 on the train claims. Beside it, ``p_at_5`` (precision of the
first five) and ``map`` (mean over claims of the average precision over single perspectives). The alignment model
has no row here: it ranks the provisions of a draft for a passage, not a pool of passages for one of 680 claims.

Stance: every (claim, perspective) of the gold, SUPPORT as endorsed, UNDERMINE as challenged; accuracy and macro F1.
The judge as shipped takes whichever of the two it finds likelier. The fitted ones are logistic regressions,
their C by grouped cross-validation on the train claims.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, average_precision_score, f1_score
from sklearn.model_selection import GridSearchCV, GroupKFold

from benchmarks.baselines import BASELINES
from benchmarks.public_data import OURS, add_arguments, checksums, encoders, left_out, read_published
from policydiff.errors import UnreadableError
from policydiff.evidence.embeddings import Encoder, centred_cosines, unit
from policydiff.evidence.lexical import LexicalMatcher
from policydiff.findings.stance import EmbeddedJudge
from policydiff.findings.stance_features import StancePair
from policydiff.models import STANCES
from policydiff.settings import Settings

FILES = ("perspectrum_with_answers_v1.0.json", "perspective_pool_v1.0.json", "dataset_split_v1.0.json")
LAYOUT = f"{', '.join(FILES)} of PERSPECTRUM"
STRENGTHS = {"C": [1.0, 10.0]}  # inverse regularisation, tried by cross-validation
THRESHOLDS = 200  # tried: quantiles of the train scores above the lowest that could matter

Floats = npt.NDArray[np.float64]
Encoders = Mapping[str, Encoder]


@dataclass(frozen=True)
class Claim:
    """``groups`` are indices into the pool, equivalent perspectives together; ``supports`` one answer a group."""

    text: str
    part: str
    groups: tuple[tuple[int, ...], ...]
    supports: tuple[bool, ...]


def read_claims(folder: Path) -> tuple[list[Claim], list[str]]:
    """The claims with an answer, and the texts of the pool.

    Raises:
        UnreadableError: a file is missing or is not as published.

    """
    answers, pool, split = (_parsed(folder, name) for name in FILES)
    try:
        at = {p["pId"]: number for number, p in enumerate(pool)}
        claims = []
        for claim in answers:
            found = [(tuple(at[i] for i in g["pids"] if i in at), g["stance_label_3"]) for g in claim["perspectives"]]
            kept = [(members, stance == "SUPPORT") for members, stance in found if members]
            claims.append(
                Claim(claim["text"], split[str(claim["cId"])], tuple(m for m, _ in kept), tuple(s for _, s in kept))
            )
        return claims, [p["text"] for p in pool]
    except (KeyError, TypeError) as error:
        raise UnreadableError(str(folder), f"is not as published ({error!r}); --data must hold {LAYOUT}") from error


def _parsed(folder: Path, name: str) -> Any:
    try:
        return json.loads(read_published(folder, name, LAYOUT))
    except ValueError as error:
        raise UnreadableError(str(folder / name), f"is no JSON ({error}); --data must hold {LAYOUT}") from error


def precision_recall(scores: Floats, groups: Sequence[Sequence[int]], threshold: float) -> tuple[float, float]:
    """Of one claim: over single perspectives the one, over groups the other."""
    retrieved = set(np.flatnonzero(scores >= threshold).tolist())
    gold = {i for group in groups for i in group}
    precision = len(retrieved & gold) / len(retrieved) if retrieved else 0.0
    return precision, sum(not retrieved.isdisjoint(g) for g in groups) / len(groups)


def f1_at(scores: Floats, claims: Sequence[Claim], threshold: float) -> tuple[float, float, float]:
    """Mean precision, mean recall and their F1; ``scores`` has a row a claim."""
    each = [precision_recall(row, c.groups, threshold) for row, c in zip(scores, claims, strict=True)]
    precision, recall = (float(v) for v in np.mean(each, axis=0))
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def retrieval(scores: Floats, claims: Sequence[Claim]) -> dict[str, float]:
    """All retrieval measures on the dev claims; ``scores`` has shape (claims, pool)."""
    part = np.array([c.part for c in claims])
    parts = {
        name: (scores[part == name], [c for c in claims if c.part == name and c.groups]) for name in ("train", "dev")
    }
    best = np.sort(parts["train"][0], axis=1)[:, -50:]  # nobody retrieves more than fifty perspectives well
    grid = np.unique(np.quantile(best, np.linspace(0, 1, THRESHOLDS)))
    threshold = float(max(grid, key=lambda t: f1_at(*parts["train"], t)[2]))
    precision, recall, f1 = f1_at(*parts["dev"], threshold)
    first, average = [], []
    for row, claim in zip(*parts["dev"], strict=True):
        gold = np.isin(np.arange(len(row)), [i for g in claim.groups for i in g])
        first.append(gold[np.argsort(-row, kind="stable")[:5]].mean())
        average.append(average_precision_score(gold, row))
    found = {"p_at_5": np.mean(first), "map": np.mean(average), "precision": precision, "recall": recall, "f1": f1}
    return {name: round(float(value), 4) for name, value in found.items()}


def retrieval_rows(claims: Sequence[Claim], pool: Sequence[str], found: Encoders) -> Iterator[dict[str, Any]]:
    """A row a system. Claims are the provisions of one draft, the pool is all passages."""
    texts = [c.text for c in claims]
    for name, system in BASELINES.items():
        yield {"part": "retrieval", "system": name, **retrieval(system(texts, pool), claims)}
    for name, encoder in found.items():
        plain = unit(encoder.encode(texts)) @ unit(encoder.encode(pool)).T
        yield {"part": "retrieval", "system": f"{name}, cosine", **retrieval(plain, claims)}
        centred = centred_cosines(encoder, pool, texts, shrinkage=Settings().evidence.similarity_shrinkage).T
        yield {"part": "retrieval", "system": f"{name}, centred cosine", **retrieval(centred, claims)}
    lexical = LexicalMatcher(texts, texts).scores(pool).mean(axis=2).T
    yield {"part": "retrieval", "system": "policydiff lexical", **retrieval(lexical, claims)}
    both = lexical + centred_cosines(found[OURS], pool, texts, shrinkage=Settings().evidence.similarity_shrinkage).T
    yield {"part": "retrieval", "system": f"policydiff lexical and {OURS}, summed", **retrieval(both, claims)}


def pair_vectors(perspectives: npt.NDArray[Any], claims: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """[p, c, p*c, |p-c|], as for natural language inference (Conneau et al. 2017)."""
    return np.hstack([perspectives, claims, perspectives * claims, np.abs(perspectives - claims)])


def stance_rows(claims: Sequence[Claim], pool: Sequence[str], found: Encoders) -> Iterator[dict[str, Any]]:
    """A row a system, on every perspective of every group."""
    pairs = [
        (n, i, supports)
        for n, claim in enumerate(claims)
        for group, supports in zip(claim.groups, claim.supports, strict=True)
        for i in group
    ]
    of_claim, of_pool, gold = (np.array(column) for column in zip(*pairs, strict=True))
    train = np.array([claims[n].part == "train" for n in of_claim])

    def row(name: str, predicted: npt.NDArray[np.bool_]) -> dict[str, Any]:
        macro = f1_score(gold[~train], predicted, average="macro")
        accuracy = accuracy_score(gold[~train], predicted)
        return {"part": "stance", "system": name, "macro_f1": round(float(macro), 4), "accuracy": round(accuracy, 4)}

    def fitted(features: Any) -> npt.NDArray[np.bool_]:
        search = GridSearchCV(
            LogisticRegression(max_iter=100, tol=1e-3), STRENGTHS, scoring="f1_macro", cv=GroupKFold(3)
        )
        return search.fit(features[train], gold[train], groups=of_claim[train]).predict(features[~train])

    yield row("majority", np.full((~train).sum(), gold[train].mean() >= 0.5))
    judge = EmbeddedJudge("en")
    judged = judge.judge([StancePair(pool[i], "", claims[n].text) for n, i in zip(of_claim, of_pool, strict=True)])
    endorsed, challenged = judged[:, STANCES.index("endorsed")], judged[:, STANCES.index("challenged")]
    yield row("policydiff judge as shipped", (endorsed >= challenged)[~train])

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    vectorizer.fit([pool[i] for i in of_pool[train]])
    words = vectorizer.transform([pool[i] for i in of_pool])
    yield row("TF-IDF words, fitted", fitted(words))
    odds = np.log(np.clip(judged, 1e-6, 1 - 1e-6) / np.clip(1 - judged, 1e-6, 1)) / 10
    yield row("TF-IDF words and policydiff judge, fitted", fitted(csr_matrix(hstack([words, odds]))))
    for name, encoder in found.items():
        vectors = pair_vectors(
            unit(encoder.encode(pool))[of_pool], unit(encoder.encode([c.text for c in claims]))[of_claim]
        )
        yield row(f"{name} and policydiff judge, fitted", fitted(np.hstack([vectors, odds])))


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    add_arguments(parser, LAYOUT)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Every system, both tasks.

    Raises:
        UnreadableError: ``--data`` does not hold the published files.

    """
    claims, pool = read_claims(options.data)
    found = encoders(options.encoder)
    parts = {part: sum(c.part == part for c in claims) for part in ("train", "dev")}
    return {
        "benchmark": "perspectrum",
        "measured_on": f"{parts['train']} train claims, {parts['dev']} dev claims, a pool of {len(pool)} perspectives",
        "rows": [*retrieval_rows(claims, pool, found), *stance_rows(claims, pool, found)],
        "left_out": left_out(),
        "models": {"encoder": found[OURS].name, "judge": EmbeddedJudge("en").name},
        "data": checksums(options.data, FILES, LAYOUT),
    }
