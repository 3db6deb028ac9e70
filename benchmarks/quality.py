"""Quality on the gold sets: ours, and the baselines a user would try first, in one run.

Gold passages are given; each system ranks all (passage, provision) pairs of a set. The measures are those of
``policydiff.evaluation``. ``natural`` sets were fitted on (their rows say how well that went, not how good the
tool is); ``hard`` sets are only measured.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.baselines import BASELINES, minilm
from policydiff.documents import normalise
from policydiff.evaluation import evaluate, measures
from policydiff.evidence.embeddings import Encoder, SentenceTransformerEncoder, centred_cosines, load_encoder
from policydiff.evidence.model_files import SHIPPED
from policydiff.gold import GoldSet, gold_folders, read_gold

Scorer = Callable[[Sequence[str], Sequence[str]], npt.NDArray[np.float64]]
OURS = "policydiff"


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--gold", type=Path, default=Path("fixtures/gold"))
    parser.add_argument("--encoder", metavar="NAME", action="append", default=[], help="a sentence-transformers model")


def centred(encoder: Encoder) -> Scorer:
    """Cosine after centring passages and provisions of a set."""

    def score(passages: Sequence[str], provisions: Sequence[str]) -> npt.NDArray[np.float64]:
        return centred_cosines(encoder, passages, provisions, shrinkage=0).astype(np.float64)

    return score


def systems(encoders: Sequence[str], *, part: str) -> Iterator[tuple[str, Scorer]]:
    """The systems beside ours by name.

    Encoders are measured on ``hard`` alone: ours were supervised with the labels of ``natural``, and the others
    take minutes there.
    """
    yield from BASELINES.items()
    if part != "hard":
        return
    for name in SHIPPED:
        yield f"{name} encoder, centred", centred(load_encoder(name))
    english = minilm()
    if english is not None:
        yield "all-MiniLM-L6-v2, centred", centred(english)
    for name in encoders:
        yield f"{name}, centred", centred(SentenceTransformerEncoder(name))


def _row(score: Scorer, sets: Sequence[GoldSet]) -> dict[str, dict[str, float]]:
    rows: dict[str, dict[str, float]] = {}
    for gold in sets:
        grades = gold.grades()[:, : len(gold.policy.provisions)]
        scores = score(
            [normalise(p.text).text for p in gold.passages],
            [f"{p.title}. {normalise(p.text).text}" for p in gold.policy.provisions],
        )
        rows[gold.name] = {
            "ap": measures.average_precision(scores, grades),
            "ap_relaxed": measures.average_precision(scores, grades, relaxed=True),
            "top1": measures.top1(scores, grades),
        }
    return rows


def run(options: argparse.Namespace) -> dict[str, Any]:
    """All systems on all sets; strict AP, relaxed AP and top-1 a set, and ours with all measures."""
    result: dict[str, Any] = {"benchmark": "quality", "rows": [], "sets": {}, "ours": {}}
    for part in ("hard", "natural"):
        folders = gold_folders([options.gold / part])
        sets = [read_gold(f) for f in folders]
        table = {}
        for name, score in systems(options.encoder, part=part):
            started = time.process_time()
            table[name] = _row(score, sets)
            result["rows"].append(_mean(part, name, sets, table[name], time.process_time() - started))
        started = time.process_time()
        evaluation = evaluate(folders, resamples=200 if part == "hard" else 0)
        table[OURS] = {name: {k: v for k, v in row.items() if v is not None} for name, row in evaluation.sets.items()}
        result["rows"].append(_mean(part, OURS, sets, table[OURS], time.process_time() - started))
        result["sets"][part] = {
            system: {name: round(row["ap"], 4) for name, row in rows.items()} for system, rows in table.items()
        }
        result["ours"][part] = evaluation.model_dump(exclude={"cases"}, mode="json")
        result.setdefault("cases", {})[part] = sorted(
            f"{c.what} {c.set} {c.passage} {c.provision}" for c in evaluation.cases
        )
    return result


def _mean(part: str, name: str, sets: Sequence[GoldSet], rows: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Means over the sets, of strict average precision also over the Danish and the English ones."""
    means = {k: round(float(np.mean([r[k] for r in rows.values()])), 3) for k in ("ap", "ap_relaxed", "top1")}
    for language in ("da", "en"):
        own = [rows[s.name]["ap"] for s in sets if s.policy.language == language]
        means[f"ap_{language}"] = round(float(np.mean(own)), 3)
    return {"part": part, "system": name, **means, "cpu_s": round(seconds, 1)}
