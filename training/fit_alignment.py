"""Fit the alignment model of a shipped encoder on the `natural` gold sets, measure it on the `hard` ones.

    python training/fit_alignment.py --gold fixtures/gold --encoder small --held-out DIR... --date 2026-11-26

The shipped encoders were supervised with the `natural` sets, so what they say of these sets is too good to fit on.
``--held-out`` names exported encoders that were each supervised without some sets: a set is encoded by the one that
did not see it.

Every choice (size and number of trees, the weight of grade 1, thresholds, the Platt map) is made from
leave-one-consultation-out scores on `natural`. The `hard` sets are only measured; nothing is fitted on them.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import sklearn

from policydiff.evaluation import measures
from policydiff.evidence.embeddings import Encoder, StaticEncoder, load_encoder
from policydiff.evidence.model_files import SHIPPED
from policydiff.evidence.transformer import TransformerEncoder
from policydiff.findings.align import AlignmentModel
from policydiff.fitting.alignment import Floats, Pairs, alignment_data, joined, pairs_of
from policydiff.gold import gold_folders, read_gold

NAME = "policydiff-alignment-2"


def unseen(name: str, encoders: Sequence[StaticEncoder | TransformerEncoder]) -> Encoder:
    """The one of the encoders that was not supervised with the set of this name."""
    found = [e for e in encoders if name not in e.files.card["sets"]]
    if len(found) != 1:
        raise SystemExit(f"{len(found)} of the held-out encoders have not seen {name!r}; it must be one")
    return found[0]


def figures(confidences: Sequence[Floats], sets: Sequence[Pairs], threshold: float) -> dict[str, dict[str, float]]:
    """Strict AP, top-1, strict F1 and calibration error a set, and their means."""
    table = {
        s.name: {
            "ap": round(measures.average_precision(c, s.grades), 3),
            "top1": round(measures.top1(c, s.grades), 3),
            "f1": round(measures.strict_f1(c >= threshold, s.grades), 3),
            "ece": round(measures.expected_calibration_error(c.ravel(), s.grades.ravel() > 0), 3),
        }
        for c, s in zip(confidences, sets, strict=True)
    }
    columns = next(iter(table.values()))
    table["mean"] = {k: round(float(np.mean([row[k] for row in table.values()])), 3) for k in columns}
    return table


def main() -> None:
    """Fit, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gold", type=Path, required=True, help="folder with natural/ and hard/")
    parser.add_argument("--encoder", choices=SHIPPED, required=True)
    parser.add_argument("--held-out", type=Path, nargs="+", required=True, metavar="DIR")
    parser.add_argument("--date", required=True)
    parser.add_argument("--out", type=Path, default=Path("src/policydiff/models_data"))
    options = parser.parse_args()

    encoder = load_encoder(options.encoder)
    held_out_encoders = [type(encoder)(folder) for folder in options.held_out]
    natural = [
        joined(f.name, pairs_of(read_gold(f), unseen(f.name, held_out_encoders)))
        for f in gold_folders([options.gold / "natural"])
    ]
    hard = [joined(f.name, pairs_of(read_gold(f), encoder)) for f in gold_folders([options.gold / "hard"])]
    card = {
        "name": NAME,
        "date": options.date,
        "what": "P(passage addresses provision) from the evidence; monotonic boosted trees, Platt-calibrated",
        "data": f"{len(natural)} natural sets, constructed and labelled by a language model under the guidelines",
        "encoder": encoder.name,
        "scikit-learn": sklearn.__version__,
    }
    data, held_out = alignment_data(natural, card)
    accept = data["thresholds"]["accept"]
    model = AlignmentModel(json.dumps(data).encode())
    measured = [model.probability(s.features) for s in hard]
    data["card"] |= {
        "leave_one_consultation_out": figures(held_out, natural, accept)["mean"],
        "hard": figures(measured, hard, accept),
    }
    file = options.out / f"alignment-{options.encoder}.json"
    file.write_text(json.dumps(data, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(data["card"], indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
