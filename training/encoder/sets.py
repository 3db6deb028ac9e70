"""The labelled sets that the encoder is supervised with and chosen by, as one file.

``natural`` consultations of fixtures/gold, and on request the training parts of ArgKP-2021 (arguments and key
points of a topic) and PERSPECTRUM (perspectives and the claims that they answer). Texts are as a comparison
gives them to the encoder. A set has ``passages``, ``provisions`` and ``grades`` (passages x provisions, 0-2).

    python training/encoder/sets.py --gold fixtures/gold --work DIR [--argkp DIR] [--perspectrum DIR]
"""

import argparse
import csv
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from policydiff.documents import normalise
from policydiff.gold import GoldSet, gold_folders, read_gold

Set = dict[str, Any]
CLAIMS_A_SET = 12


def from_gold(gold: GoldSet) -> Set:
    """A consultation."""
    return {
        "name": gold.name,
        "language": gold.policy.language,
        "passages": [normalise(p.text).text for p in gold.passages],
        "provisions": [f"{normalise(p.title).text}. {normalise(p.text).text}" for p in gold.policy.provisions],
        "grades": gold.grades()[:, : len(gold.policy.provisions)].tolist(),
    }


def from_argkp(folder: Path) -> list[Set]:
    """A set a topic of the training part; unlabelled pairs count as 1, neither right nor wrong."""

    def rows(name: str) -> list[dict[str, str]]:
        with (folder / f"{name}_train.csv").open(encoding="utf-8", newline="") as handle:
            return list(csv.DictReader(handle))

    arguments, points, labels = rows("arguments"), rows("key_points"), rows("labels")
    label = {(r["arg_id"], r["key_point_id"]): int(r["label"]) for r in labels}
    sets = []
    for topic in dict.fromkeys(r["topic"] for r in arguments):
        own = [r for r in arguments if r["topic"] == topic]
        keys = [r for r in points if r["topic"] == topic]

        def grade(a: dict[str, str], k: dict[str, str]) -> int:
            if a["stance"] != k["stance"]:
                return 0
            return {1: 2, 0: 0, None: 1}[label.get((a["arg_id"], k["key_point_id"]))]

        sets.append(
            {
                "name": f"argkp: {topic}",
                "language": "en",
                "passages": [r["argument"] for r in own],
                "provisions": [r["key_point"] for r in keys],
                "grades": [[grade(a, k) for k in keys] for a in own],
            }
        )
    return sets


def from_perspectrum(folder: Path) -> list[Set]:
    """Sets of a dozen claims of the training part with all their perspectives."""
    split = json.loads((folder / "dataset_split_v1.0.json").read_text(encoding="utf-8"))
    pool = json.loads((folder / "perspective_pool_v1.0.json").read_text(encoding="utf-8"))
    text = {p["pId"]: p["text"] for p in pool}
    answered = json.loads((folder / "perspectrum_with_answers_v1.0.json").read_text(encoding="utf-8"))
    claims = [c for c in answered if split[str(c["cId"])] == "train"]
    sets = []
    for start in range(0, len(claims), CLAIMS_A_SET):
        chosen = claims[start : start + CLAIMS_A_SET]
        answers: dict[int, set[int]] = defaultdict(set)
        for j, claim in enumerate(chosen):
            for cluster in claim["perspectives"]:
                for pid in cluster["pids"]:
                    answers[pid].add(j)
        sets.append(
            {
                "name": f"perspectrum: {start}",
                "language": "en",
                "passages": [text[p] for p in answers],
                "provisions": [c["text"] for c in chosen],
                "grades": [[2 if j in own else 0 for j in range(len(chosen))] for own in answers.values()],
            }
        )
    return sets


def main() -> None:
    """Write ``sets.json`` into the work folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gold", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--argkp", type=Path)
    parser.add_argument("--perspectrum", type=Path)
    options = parser.parse_args()

    found = {"natural": [from_gold(read_gold(f)) for f in gold_folders([options.gold / "natural"])]}
    if options.argkp:
        found["argkp"] = from_argkp(options.argkp)
    if options.perspectrum:
        found["perspectrum"] = from_perspectrum(options.perspectrum)
    for part, sets in found.items():
        print(part, len(sets), "sets,", sum(len(s["passages"]) for s in sets), "passages")
    options.work.mkdir(parents=True, exist_ok=True)
    (options.work / "sets.json").write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
