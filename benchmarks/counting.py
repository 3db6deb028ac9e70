"""What it costs to count a result in a folder: CPU-seconds and peak memory, for more and more passages.

``python -m benchmarks.counting FOLDER --letters 2000 20000`` writes shards of made-up results below FOLDER, counts each
in a process of its own, and prints how both grow. The letters are those of ``benchmarks.campaigns``; the words of own
letters are put in another order, so that no sentence stands twice among them, and findings are drawn at random.
"""

import argparse
import hashlib
import json
import math
import random
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.campaigns import Letter, grown
from policydiff.gold import gold_folders, read_gold
from policydiff.models import STANCES, Policy
from policydiff.scale.counting import write_counts
from policydiff.scale.tables import SCHEMAS, pa, pq

_SHARD = 200  # letters
_AGAIN = 0.03  # of the letters are from a sender who sent one before


def write_shards(policy: Policy, letters: Sequence[Letter], folder: Path) -> dict[str, int]:
    """Write a result of these letters; returns how many shards and passages it has."""
    rng = random.Random(5)  # noqa: S311
    passages = shards = 0
    for table in ("responses", "passages", "findings"):
        (folder / table).mkdir(parents=True, exist_ok=True)
    for first in range(0, len(letters), _SHARD):
        rows: dict[str, list[dict[str, Any]]] = {"responses": [], "passages": [], "findings": []}
        for number, letter in enumerate(letters[first : first + _SHARD], first):
            _add(rows, rng, policy, f"r{number + 1}", _paragraphs(rng, letter), number)
        for table, records in rows.items():
            made = pa.Table.from_pylist(records, schema=SCHEMAS[table])
            pq.write_table(made, folder / table / f"{shards:06}.parquet", compression="zstd")
        passages += len(rows["passages"])
        shards += 1
    return {"shards": shards, "passages": passages}


def _paragraphs(rng: random.Random, letter: Letter) -> list[str]:
    paragraphs = letter.text.split("\n\n")
    if letter.campaign is None:
        paragraphs = [" ".join(rng.sample(words, len(words))) for words in map(str.split, paragraphs)]
    return paragraphs


def _add(
    rows: dict[str, list[dict[str, Any]]],
    rng: random.Random,
    policy: Policy,
    response: str,
    paragraphs: Sequence[str],
    number: int,
) -> None:
    text = "\n\n".join(paragraphs)
    sender = rng.randrange(number + 1) if rng.random() < _AGAIN else number
    rows["responses"].append(
        {
            "id": response,
            "respondent": f"Lejerne {sender}",
            "source": f"{response}.txt",
            "language": policy.language,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "text": text,
            "kind_guessed": True,
            "weight": 1.0,
            "masked": [],
        }
    )
    for place, paragraph in enumerate(paragraphs, 1):
        outer = place in (1, len(paragraphs))  # the greeting and the name
        disposition = "boilerplate" if outer else rng.choice(("aligned", "aligned", "no_position", "out_of_draft"))
        passage = {"id": f"{response}/{place}", "response_id": response, "section": "", "start": 0}
        rows["passages"].append(passage | {"end": len(paragraph), "text": paragraph, "disposition": disposition})
        for provision in rng.sample(policy.provisions, 3 if disposition == "aligned" else 1):
            rows["findings"].append(
                {
                    "passage_id": passage["id"],
                    "provision_id": provision.id,
                    "confidence": rng.random(),
                    "accepted": disposition == "aligned" and rng.random() < 0.5,
                    "review": False,
                    "stances": dict.fromkeys(STANCES, 0.5),
                    "labels": [rng.choice(STANCES)],
                    "via": "quote",
                    "evidence": [],
                    "cues": [],
                }
            )


def count(folder: Path, shards: int) -> dict[str, float]:
    """Count a result; returns the CPU-seconds, and the peak memory in MB before and after."""
    policy = Policy.model_validate_json((folder / "policy.json").read_bytes())
    before, started = _peak(), time.process_time()
    write_counts(policy, folder, lambda table, number: folder / table / f"{number:06}.parquet", shards)
    return {"cpu_s": round(time.process_time() - started, 1), "peak_mb": _peak(), "peak_mb_before": before}


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024  # Linux counts in kilobytes


def main() -> None:
    """Write results of several sizes, count each, print what it cost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.counting", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gold", type=Path, default=Path("fixtures/gold"))
    parser.add_argument("--letters", type=int, nargs="+", default=[2_000, 20_000])
    parser.add_argument("--count", type=int, metavar="SHARDS", help="only count what lies in the folder")
    options = parser.parse_args()
    if options.count is not None:
        print(json.dumps(count(options.folder, options.count)))
        return
    sets = [read_gold(f) for f in gold_folders([options.gold])]
    policy = sets[0].policy
    before: dict[str, float] = {}
    for letters in options.letters:
        folder = options.folder / str(letters)
        made: dict[str, float] = dict(write_shards(policy, grown(sets, letters), folder))
        (folder / "policy.json").write_text(policy.model_dump_json(), encoding="utf-8")
        command = [sys.executable, "-m", "benchmarks.counting", str(folder), "--count", str(made["shards"])]
        made |= json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603
        if before:
            growth = math.log(made["cpu_s"] / before["cpu_s"]) / math.log(made["passages"] / before["passages"])
            made["exponent"] = round(growth, 2)
        print({"letters": letters, **made})
        before = made


if __name__ == "__main__":
    main()
