"""Fit the alignment model of a shipped encoder on the `natural` gold sets, measure it on the `hard` ones.

    python training/fit_alignment.py --gold fixtures/gold --encoder small --held-out DIR... --taggers DIR... --date D
    python training/fit_alignment.py --gold fixtures/gold --encoder static --held-out DIR... --date D

The shipped encoders and the tagger were supervised with the `natural` sets, so what they say of these sets is too
good to fit on. ``--held-out`` names exported encoders that were each supervised without some sets, ``--taggers``
taggers on them: a set is read by the ones that did not see it.

Every choice (size and number of trees, the weight of grade 1, thresholds, the Platt map) is made from
leave-one-consultation-out scores on `natural`. The `hard` sets are only measured; nothing is fitted on them.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import sklearn

from held_out import unseen_encoder, unseen_tagger
from policydiff.evaluation import measures
from policydiff.evidence.embeddings import Encoder, load_encoder
from policydiff.evidence.model_files import SHIPPED
from policydiff.evidence.tagger import comparing_tagger
from policydiff.findings.align import AlignmentModel
from policydiff.fitting.alignment import Floats, Pairs, alignment_data, joined, pairs_of
from policydiff.gold import gold_folders, read_gold

CANDIDATE = 0.05  # confidence from which a pair is kept in a result
NAME = "policydiff-alignment-3"


def read_natural(folder: Path, encoders: Sequence[Encoder], taggers: Sequence[Path]) -> Pairs:
    """A set, read by the encoder and the tagger that have not seen it."""
    encoder = unseen_encoder(folder.name, encoders)
    tagger = unseen_tagger(folder.name, taggers, encoder) if taggers else None
    return joined(folder.name, pairs_of(read_gold(folder), encoder, tagger))


def figures(confidences: Sequence[Floats], sets: Sequence[Pairs], threshold: float) -> dict[str, dict[str, float]]:
    """Strict AP, top-1, strict F1 and calibration error a set, and their means."""
    table = {
        s.name: {
            "ap": round(measures.average_precision(c, s.grades), 3),
            "top1": round(measures.top1(c, s.grades), 3),
            "f1": round(measures.strict_f1(c >= threshold, s.grades), 3),
            "ece": round(measures.expected_calibration_error(c.ravel(), s.grades.ravel() > 0), 3),
            "ece_candidates": round(
                measures.expected_calibration_error(c[c >= CANDIDATE], s.grades[c >= CANDIDATE] > 0), 3
            ),
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
    parser.add_argument("--taggers", type=Path, nargs="+", default=[], metavar="DIR")
    parser.add_argument("--date", required=True)
    parser.add_argument("--out", type=Path, default=Path("src/policydiff/models_data"))
    options = parser.parse_args()

    encoder = load_encoder(options.encoder)
    held_out_encoders = [type(encoder)(folder) for folder in options.held_out]
    natural = [read_natural(f, held_out_encoders, options.taggers) for f in gold_folders([options.gold / "natural"])]
    tagger = comparing_tagger(encoder)
    if (tagger is None) != (not options.taggers):
        raise SystemExit("--taggers are for the transformer encoder, which has a tagger in comparisons")
    hard = [joined(f.name, pairs_of(read_gold(f), encoder, tagger)) for f in gold_folders([options.gold / "hard"])]
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
