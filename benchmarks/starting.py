"""From a cold start to JSON on disk, as a user runs it, and the memory that a comparison takes.

``python -m benchmarks.starting ARGUMENT...`` runs the command line with the arguments and prints the most memory that
it held, in MB.
"""

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.growing import Draft, Grower, Grown
from benchmarks.measuring import peak_mb, run_command
from policydiff.cli import main
from policydiff.evidence.model_files import SHIPPED

_RESPONSES, _PASSAGES = 24, 10  # responses, passages of each on average


def write_texts(responses: Sequence[Grown], folder: Path) -> list[Path]:
    """The responses as text files in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"r{number:06}.txt" for number in range(1, len(responses) + 1)]
    for path, response in zip(paths, responses, strict=True):
        path.write_text(response.plain(), encoding="utf-8")
    return paths


def rows(draft: Draft, grower: Grower, place: Path, *, runs: int, memory: Sequence[int]) -> list[dict[str, Any]]:
    """CPU-seconds of the best of ``runs`` cold starts, and the most memory held with each number in ``memory``."""
    path = place / "udkast.md"
    place.mkdir(parents=True, exist_ok=True)
    path.write_text(draft.policy.text, encoding="utf-8")
    out: list[dict[str, Any]] = []
    write_texts(_even(grower), place / "start")
    for name in SHIPPED:
        arguments = ["compare", str(path), str(place / "start"), "--encoder", name, "--json", str(place / "out.json")]
        seconds = min(run_command([sys.executable, "-m", "policydiff", *arguments])[1] for _ in range(runs))
        printed, _ = run_command([sys.executable, "-m", "benchmarks.starting", *arguments])
        out.append(
            {
                "part": "cold start",
                "system": f"{_RESPONSES} responses to {len(draft.origins)} provisions, {name}",
                "cpu_s": round(seconds, 2),
                "peak_mb": round(float(printed)),
            }
        )
    for count in memory:
        folder = place / f"memory-{count}"
        write_texts(list(grower.responses(count)), folder)
        for name in SHIPPED if count == min(memory) else ("static",):
            arguments = ["compare", str(path), str(folder), "--encoder", name, "--json", os.devnull]
            printed, _ = run_command([sys.executable, "-m", "benchmarks.starting", *arguments])
            out.append({"part": "memory", "system": f"{count:,} passages, {name}", "peak_mb": round(float(printed))})
    return out


def _even(grower: Grower) -> list[Grown]:
    """The first responses whose passages are about as many as wanted each."""
    found: list[Grown] = []
    number = 0
    while len(found) < _RESPONSES:
        response = grower.grow(number)
        number += 1
        if abs(len(response.texts) - _PASSAGES) <= 2:
            found.append(response)
    return found


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        main(sys.argv[1:])
    print(peak_mb())
