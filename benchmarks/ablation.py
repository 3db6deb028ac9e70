"""What the encoders add: the same fusion fitted without embeddings and with each embedded encoder (`small` comes with
the tagger).

Each fusion is fitted on `natural` as training/fit_alignment.py does it and measured on `hard`: on whole responses,
and on each passage as if it were the whole response. Without embeddings every cosine is 0. With an encoder the
shipped fit is measured, which was made with encoders that had not seen the set they encoded.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from policydiff.evaluation import measures
from policydiff.evidence.embeddings import Encoder, Matrix, load_encoder
from policydiff.evidence.model_files import SHIPPED
from policydiff.evidence.tagger import comparing_tagger
from policydiff.findings.align import AlignmentModel
from policydiff.findings.features import FEATURES
from policydiff.fitting.alignment import Floats, Pairs, alignment_data, joined, pairs_of
from policydiff.gold import GoldSet, gold_folders, read_gold


class Silent:
    """An encoder to which all texts are alike."""

    name = "none"

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Zero rows."""
        return np.zeros((len(texts), 1), dtype=np.float32)


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--gold", type=Path, default=Path("fixtures/gold"))


def _pairs(sets: Sequence[GoldSet], encoder: Encoder) -> list[Pairs]:
    tagger = None if isinstance(encoder, Silent) else comparing_tagger(encoder)
    return [joined(s.name, pairs_of(s, encoder, tagger)) for s in sets]


def _implicit(gold: GoldSet) -> list[bool]:
    """The passages marked implicit, in the order of ``pairs_of``."""
    return ["implicit" in p.phenomena for passages in gold.by_response().values() for p in passages]


def _row(model: AlignmentModel, sets: Sequence[GoldSet], pairs: Sequence[Pairs], *, alone: bool) -> dict[str, float]:
    precision: dict[str, list[float]] = {}
    found = wanted = 0
    for gold, pair in zip(sets, pairs, strict=True):
        features: Floats = pair.alone if alone else pair.features
        scores = model.probability(features)
        precision.setdefault(gold.policy.language, []).append(measures.average_precision(scores, pair.grades))
        strict = (pair.grades == 2) & np.array(_implicit(gold))[:, None]
        found += int((strict & (scores >= model.thresholds.accept)).sum())
        wanted += int(strict.sum())
    every = [v for values in precision.values() for v in values]
    row = {"ap": every, **{f"ap_{code}": values for code, values in sorted(precision.items())}}
    return {k: round(float(np.mean(v)), 3) for k, v in row.items()} | {"implicit_recall": round(found / wanted, 3)}


def run(options: argparse.Namespace) -> dict[str, Any]:
    """A row an encoder and kind of input."""
    natural, hard = ([read_gold(f) for f in gold_folders([options.gold / part])] for part in ("natural", "hard"))
    card = {"name": "without embeddings", "encoder": Silent.name}
    data, _ = alignment_data(_pairs(natural, Silent()), card)
    models: dict[str, tuple[Encoder, AlignmentModel]] = {"none": (Silent(), AlignmentModel(json.dumps(data).encode()))}
    for name in SHIPPED:
        encoder = load_encoder(name)
        models[name] = encoder, AlignmentModel.shipped(encoder.name)  # type: ignore[attr-defined]
    rows = []
    for name, (encoder, model) in models.items():
        pairs = _pairs(hard, encoder)
        for part, alone in (("responses", False), ("single passages", True)):
            rows.append({"part": part, "system": f"encoder: {name}", **_row(model, hard, pairs, alone=alone)})
    rows.sort(key=lambda row: row["part"])
    return {"benchmark": "ablation", "features": list(FEATURES), "rows": rows}
