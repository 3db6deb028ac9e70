"""``python -m benchmarks NAME``: run a benchmark, show its table, compare with the committed result.

    python -m benchmarks quality | ablation | speed | scale | campaigns
    python -m benchmarks argkp | pragtag | perspectrum --data DIR

``--save`` replaces the committed result in benchmarks/results.
"""

import argparse
import json
import platform
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.pictures import draw
from policydiff.errors import PolicydiffError

RESULTS = Path(__file__).parent / "results"
NAMES = ("quality", "ablation", "speed", "scale", "campaigns", "argkp", "pragtag", "perspectrum")
PACKAGES = ("policydiff", "numpy", "scikit-learn", "rapidfuzz", "tokenizers", "sentence-transformers", "torch")
_SHOWN = 20  # cases gained or lost that are printed


def _table(rows: list[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(row.get(c, "")) for c in columns) + " |" for row in rows]
    return "\n".join(lines)


def _against(now: dict[str, Any], then: dict[str, Any]) -> list[str]:
    """What changed in the rows, and which cases were gained (no longer wrong) and lost, against the committed run."""
    keys = ("part", "system")
    old = {tuple(row.get(k) for k in keys): row for row in then["rows"]}
    out = []
    for row in now["rows"]:
        before = old.get(tuple(row.get(k) for k in keys))
        if before is None:
            out.append(f"new: {' '.join(str(row[k]) for k in keys if k in row)}")
            continue
        moved = [
            f"{k} {before[k]} -> {v}"
            for k, v in row.items()
            if not k.startswith(("cpu_s", "ratio", "wall_s")) and k in before and v != before[k]
        ]
        if moved:
            out.append(f"{' '.join(str(row[k]) for k in keys if k in row)}: {', '.join(moved)}")
    for part, cases in now.get("cases", {}).items():
        before_cases = set(then.get("cases", {}).get(part, ()))
        for sign, changed in (("gained", before_cases - set(cases)), ("lost", set(cases) - before_cases)):
            out.append(f"{part}: {len(changed)} cases {sign}")
            out += [f"  {sign}: {case}" for case in sorted(changed)[:_SHOWN]]
    return out


def main() -> None:
    """Run the benchmark that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = parser.add_subparsers(dest="name", required=True)
    for name in NAMES:
        sub = names.add_parser(name)
        import_module(f"benchmarks.{name}").configure(sub)
        sub.add_argument("--save", action="store_true", help="replace the committed result")
    options = parser.parse_args()

    try:
        result = import_module(f"benchmarks.{options.name}").run(options)
    except PolicydiffError as error:
        raise SystemExit(f"benchmarks: {error}") from None
    result["machine"] = {"platform": platform.platform(), "processor": platform.machine()}
    result["versions"] = {p: version(p) for p in PACKAGES}
    result["seed"] = 0
    for part in dict.fromkeys(row.get("part") for row in result["rows"]):
        print(_table([row for row in result["rows"] if row.get("part") == part]), end="\n\n")
    committed = RESULTS / f"{options.name}.json"
    if committed.exists():
        changes = _against(result, json.loads(committed.read_text(encoding="utf-8")))
        print("\nagainst the committed result:", *(changes or ["nothing changed"]), sep="\n")
    if options.save:
        RESULTS.mkdir(exist_ok=True)
        for part, evaluation in result.get("ours", {}).items():
            draw(evaluation, RESULTS / f"{options.name}-{part}.svg", f"policydiff on the {part} sets")
        committed.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
