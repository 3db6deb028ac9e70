"""Speed, in one run: where the time goes, beside what a user would do instead and the least that anybody must do.

CPU-seconds of one process per 1,000 passages, on text grown from the gold sets (see ``growing``):

- each stage of a comparison with each encoder (``stages``), writing, and the whole, from text files to JSON
- MiniLM and TF-IDF with cosines, tokenizing, matrix products of the same shape (``instead``)
- quotations beside a loop of rapidfuzz over all pairs, and what both find (``quotations``)
- growth with the passages and with the provisions, each stage on its own, with the power of its growth
- cold start and memory, in processes of their own (``starting``)
- a folder of 2,000 files in all formats (``folders``)
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import folders, instead, quotations, starting
from benchmarks.growing import Draft, Grower, grow_draft
from benchmarks.material import Material, read_material
from benchmarks.measuring import cpu_seconds, exponent
from benchmarks.stages import Timed, timed_comparison
from policydiff.comparing import Comparer
from policydiff.evidence.embeddings import load_encoder
from policydiff.evidence.model_files import SHIPPED
from policydiff.scale.tables import SCHEMAS, write_table

PROVISIONS = 12  # of the draft where nothing else is said
_QUOTES = (10, 100, 500)  # provisions
_GROWN = (10, 50, 100, 200, 500)  # provisions
_MEASURABLE = 0.02  # CPU-seconds


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--gold", type=Path, default=Path("fixtures/gold"))
    parser.add_argument("--passages", type=int, default=1_000, help="compared, for the stages and the growth")
    parser.add_argument("--files", type=int, default=folders.FILES, help="of all formats; 0: none")
    parser.add_argument("--starts", type=int, default=5, help="cold starts, of which the best counts")
    parser.add_argument(
        "--long", action="store_true", help="grow to 100 times the passages with static and 10 times with small"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """All rows; a row has a ``part``."""
    sets = read_material(options.gold)
    draft = grow_draft(sets, PROVISIONS)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        _say("stages")
        rows, whole = _stages(sets, draft, options.passages, place)
        texts = [p.text for p in whole["static"].comparison.passages]
        seconds = {name: _per_1000(whole[name], whole[name].seconds) for name in SHIPPED}
        rows += instead.rows(texts, [f"{p.title}. {p.text}" for p in draft.policy.provisions], seconds)
        _say("quotations")
        for count in _QUOTES:
            other = grow_draft(sets, count)
            grower = Grower(sets, other)
            responses = [one.texts for one in grower.responses(options.passages)]
            rows += quotations.rows(grower, other, responses)
        _say("growth")
        rows += _growth(sets, draft, options.passages, place, long=options.long)
        _say("cold starts and memory")
        memory = (options.passages, 10 * options.passages)
        rows += starting.rows(draft, Grower(sets, draft), place / "starting", runs=options.starts, memory=memory)
    if options.files:
        _say("folder")
        rows += folders.rows(options.gold, options.files)
    return {"benchmark": "speed", "passages": options.passages, "provisions": PROVISIONS, "rows": rows}


def _say(part: str) -> None:
    print(f"{time.process_time():.0f} CPU-seconds so far; {part}", file=sys.stderr, flush=True)


def _timed(sets: Sequence[Material], draft: Draft, passages: int, encoder: str, place: Path) -> Timed:
    """A comparison of ``passages`` passages grown for ``draft``."""
    folder = place / f"{len(draft.origins)}-{passages}"
    if not folder.exists():
        starting.write_texts(list(Grower(sets, draft).responses(passages)), folder)
    return timed_comparison(Comparer(draft.policy, encoder=load_encoder(encoder)), sorted(folder.iterdir()))


def _per_1000(timed: Timed, seconds: float) -> float:
    return seconds * 1000 / timed.passages


def _stages(
    sets: Sequence[Material], draft: Draft, passages: int, place: Path
) -> tuple[list[dict[str, Any]], dict[str, Timed]]:
    """A row a stage, and the comparisons by encoder."""
    whole = {name: _timed(sets, draft, passages, name, place) for name in SHIPPED}
    costs: dict[str, dict[str, float]] = {}
    for name, timed in whole.items():
        result = timed.comparison
        texts = [p.text for p in result.passages]
        _, encoding = cpu_seconds(lambda name=name, texts=texts: load_encoder(name).encode(texts))
        _, as_json = cpu_seconds(
            lambda result=result: (place / "out.json").write_text(result.model_dump_json(indent=1), encoding="utf-8")
        )
        _, as_parquet = cpu_seconds(
            lambda result=result: [write_table(t, getattr(result, t), place / f"{t}.parquet") for t in SCHEMAS]
        )
        more = {
            "compare, all of these": timed.seconds,
            "write JSON": as_json,
            "end to end, to JSON": timed.seconds + as_json,
            "write Parquet instead": as_parquet,
            "encoder alone, whole passages": encoding,
        }
        costs[name] = {stage: _per_1000(timed, s) for stage, s in (timed.stages | more).items()}
    rows: list[dict[str, Any]] = [
        {"part": "stages", "system": stage, **{f"cpu_s_{name}": round(costs[name][stage], 3) for name in SHIPPED}}
        for stage in costs["static"]
    ]
    return rows, whole


def _growth(sets: Sequence[Material], draft: Draft, passages: int, place: Path, *, long: bool) -> list[dict[str, Any]]:
    """How the stages grow with the passages, and with the provisions at few passages."""
    rows: list[dict[str, Any]] = []
    for name in SHIPPED:
        steps = {"static": (1, 10, 100) if long else (1, 3, 10), "small": (1, 10) if long else (1, 3)}[name]
        timed = {step * passages: _timed(sets, draft, step * passages, name, place) for step in steps}
        rows += _grown(f"growth with passages, {name}", timed, {n: one.passages for n, one in timed.items()})
    few = passages if long else max(1, passages // 5)
    for name in SHIPPED:
        timed = {n: _timed(sets, grow_draft(sets, n), few, name, place) for n in _GROWN}
        rows += _grown(f"growth with provisions, {name}", timed, {n: n for n in timed})
    return rows


def _grown(part: str, timed: Mapping[int, Timed], counts: Mapping[int, int]) -> list[dict[str, Any]]:
    """A row a stage: CPU-seconds per 1,000 passages at each count, and the power of the count with which they grow.

    A stage that takes next to nothing has no power.
    """
    rows = []
    for stage in ("all", *timed[min(timed)].stages):
        seconds = {n: one.seconds if stage == "all" else one.stages[stage] for n, one in timed.items()}
        row: dict[str, Any] = {"part": part, "system": stage}
        row |= {f"cpu_s_{n}": round(_per_1000(one, seconds[n]), 3) for n, one in timed.items()}
        if min(seconds.values()) >= _MEASURABLE:
            row["cpu_s_exponent"] = round(exponent([counts[n] for n in timed], [seconds[n] for n in timed]), 2)
        rows.append(row)
    return rows
