"""Very many passages in shards on several processes: time, memory, and what is left when one is killed.

    python -m benchmarks scale --passages 10000 100000 1000000 --workers 2 --encoder static --out DIR --kill

The responses are grown from the gold sets (see ``growing``) and written as tables of 1,000 rows, as a hearing with
very many of them is exported. Each size is compared in a process of its own with its workers. ``--kill`` then does
the largest size twice more: once one worker is killed in the middle, once the whole process, which is started again;
the files must be the same, byte for byte, as those of the run that nobody disturbed. With ``--kill-from .9`` these runs
begin where nine tenths of the shards are there, as a run that was ended would.

What is done is kept in DIR (a temporary folder where none is given): a benchmark that was ended goes on with the size
that it was at. Needs Linux: it asks /proc.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Any

from benchmarks.growing import Draft, Grower, grow_draft
from benchmarks.material import Material, read_material
from benchmarks.measuring import exponent
from benchmarks.noting import ENGINES, Note, read_notes
from policydiff.scale import SHARD_SIZE

_ROWS = 1_000  # responses in a table
_SAID = 30.0  # seconds from one line of the log to the next
_LEFT = 60.0  # seconds in which the workers of a killed process must have left


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--gold", type=Path, default=Path("fixtures/gold"))
    parser.add_argument("--passages", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--provisions", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--engine", choices=ENGINES, default="pool")
    parser.add_argument("--encoder", default="static")
    parser.add_argument("--shard-size", type=int, default=SHARD_SIZE)
    parser.add_argument("--out", type=Path, help="where inputs, results and measures are kept")
    parser.add_argument("--kill", action="store_true", help="kill a worker, and in another run the whole process")
    parser.add_argument(
        "--kill-from",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="of the shards that are there when these runs begin",
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """A row a size, the exponent of the time, and a row for each kind of killing."""
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary) if options.out is None else options.out
        out.mkdir(parents=True, exist_ok=True)
        sets = read_material(options.gold)
        draft = grow_draft(sets, options.provisions)
        (out / "draft.json").write_text(draft.policy.model_dump_json(), encoding="utf-8")
        sizes = sorted(options.passages)
        rows = [_kept(out, options, n, partial(_row, out, options, sets, draft, n)) for n in sizes]
        if len(rows) > 1:
            power = exponent([row["passages"] for row in rows], [row["cpu_s"] for row in rows])
            system = f"power of the growth, {_name(options)}"
            rows.append({"part": "scale", "system": system, "exponent": round(power, 3)})
        rows += [
            _kept(out, options, f"{who} at {sizes[-1]}", partial(_killed, out, options, sizes[-1], who))
            for who in (("a worker", "the process") if options.kill else ())
        ]
    return {"benchmark": "scale", "provisions": options.provisions, "rows": rows}


def _name(options: argparse.Namespace) -> str:
    return f"{options.encoder}, {options.workers} workers ({options.engine})"


Row = dict[str, Any]


def _kept(out: Path, options: argparse.Namespace, what: object, measure: Callable[[], Row]) -> Row:
    """What was measured before with the same options, or now."""
    path = out / "measured.json"
    measured: dict[str, Row] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    key = f"{what}, {_name(options)}, {options.provisions} provisions, shards of {options.shard_size}"
    if key not in measured:
        measured[key] = measure()
        path.write_text(json.dumps(measured, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        _say(f"{key}: {measured[key]}")
    return measured[key]


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def write_tables(folder: Path, grower: Grower, passages: int) -> int:
    """Responses with ``passages`` passages as tables in ``folder``, whole or not at all; gives their number."""
    done = folder / ".responses"
    if done.exists():
        return int(done.read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    responses, written = grower.responses(passages), 0
    for number in count():
        rows = [
            json.dumps({"id": str(written + n), "respondent": one.sender, "text": one.plain()}, ensure_ascii=False)
            for n, one in enumerate(islice(responses, _ROWS), 1)
        ]
        if not rows:
            break
        (folder / f"{number:05}.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
        written += len(rows)
    done.write_text(str(written), encoding="utf-8")
    return written


class _Running:
    """A run under way in a process of its own."""

    def __init__(self, out: Path, options: argparse.Namespace, passages: int, name: str) -> None:
        self.passages, self.out = passages, out / name
        self.notes = out / f"{name}-notes.jsonl"
        inputs = _inputs(out, options, passages)
        responses = int((inputs / ".responses").read_text(encoding="utf-8"))
        self.shards = -(-responses // options.shard_size)
        command = [sys.executable, "-m", "benchmarks.noting", out / "draft.json", inputs, self.out, self.notes]
        command += [f"--{name}={getattr(options, name.replace('-', '_'))}" for name in _PASSED_ON]
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)  # noqa: S603
        self._began = self._said = time.monotonic()

    def wait_for(self, wanted: Callable[[list[Note]], bool]) -> list[Note]:
        """Waits until the notes are as wanted, or the process has ended; gives the notes."""
        while True:
            ended = self.process.poll() is not None
            notes = read_notes(self.notes)
            if ended or wanted(notes):
                return notes
            if time.monotonic() - self._said > _SAID:
                self._said = time.monotonic()
                done = sum(note.done for note in notes)
                _say(f"{self.passages:,} passages: {done} of {self.shards} shards, {self._said - self._began:.0f} s")
            time.sleep(0.02 if self.shards < 100 else 0.5)

    def end(self) -> dict[str, Any]:
        """Waits for the end; gives what the main process says of itself."""
        self.wait_for(lambda _: False)
        printed, _ = self.process.communicate()
        if self.process.returncode:
            raise subprocess.CalledProcessError(self.process.returncode, self.process.args)
        said: dict[str, Any] = json.loads(printed)
        return said


_PASSED_ON = ("workers", "engine", "encoder", "shard-size")


def _inputs(out: Path, options: argparse.Namespace, passages: int) -> Path:
    return out / f"inputs-{passages}-{options.provisions}"


def _result(options: argparse.Namespace, passages: int) -> str:
    how = f"{options.encoder}-{options.engine}-{options.workers}-{options.shard_size}"
    return f"result-{passages}-{options.provisions}-{how}"


def _row(
    out: Path, options: argparse.Namespace, sets: Sequence[Material], draft: Draft, passages: int
) -> dict[str, Any]:
    """One size, compared."""
    responses = write_tables(_inputs(out, options, passages), Grower(sets, draft), passages)
    running = _Running(out, options, passages, _result(options, passages))
    said = running.end()
    notes = read_notes(running.notes)
    last = {note.pid: note.cpu_s for note in notes}
    workers = sum(last.values())
    cpu = workers + said["cpu_s"]
    found = said["counts"]["passages"]
    row: dict[str, Any] = {
        "part": "scale",
        "system": f"{passages:,} passages, {_name(options)}",
        "responses": responses,
        "passages": found,
        "findings": said["counts"]["findings"],
        "shards": said["shards"],
        "wall_s": said["wall_s"],
        "cpu_s": round(cpu, 1),
        "cpu_s_workers": round(workers, 1),
        "cpu_s_main": said["cpu_s"],
        "cpu_s_counting": said["cpu_s_counting"],
        "ratio_passages_per_cpu_s": round(found / cpu),
        "peak_mb_worker": round(max(note.peak_mb for note in notes)),
        "peak_mb_main": said["peak_mb"],
        "mb_written": round(sum(path.stat().st_size for path in running.out.rglob("*") if path.is_file()) / 1e6, 1),
    }
    if said["kept"]:  # an earlier start did a part of it; notes of both are there, the main process's time is not
        row["shards_of_an_earlier_start"] = said["kept"]
    return row


def _killed(out: Path, options: argparse.Namespace, passages: int, who: str) -> dict[str, Any]:
    """Half of the shards done, ``who`` is killed; the files that come out in the end against those undisturbed."""
    name = f"{_result(options, passages)}-killed-{who.split()[-1]}"
    if (out / f"{name}-notes.jsonl").exists():
        raise SystemExit(f"benchmarks: {out / name} is of a run that was ended; remove it and its notes")
    there = _first_shards(out / _result(options, passages), out / name, options.kill_from)
    running = _Running(out, options, passages, name)
    half = (running.shards - there) / 2
    notes = running.wait_for(lambda notes: sum(n.done for n in notes) >= half and bool(_open(notes)))
    under_way = _open(notes)
    if running.process.poll() is not None or not under_way:
        raise SystemExit("benchmarks: the run was over before anybody could be killed; give more passages")
    if who == "the process":
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait()
        _wait_until_left({note.pid for note in notes})
        running = _Running(out, options, passages, name)
    else:
        os.kill(next(iter(under_way.values())), signal.SIGKILL)
    said = running.end()
    notes = read_notes(running.notes)
    begun = sum(not note.done for note in notes)
    computed = Counter(note.shard for note in notes if note.passages)
    undisturbed, disturbed = (_hashes(folder) for folder in (out / _result(options, passages), running.out))
    return {
        "part": "kill",
        "system": f"{who} killed, {passages:,} passages, {_name(options)}",
        "identical": undisturbed == disturbed,
        "files": len(disturbed),
        "shards": said["shards"],
        "lost": begun - sum(note.done for note in notes),
        "computed_twice": sum(times - 1 for times in computed.values()),
        "kept": said["kept"],
        "there_before": there,
    }


def _first_shards(result: Path, other: Path, share: float) -> int:
    """Make ``other`` what ``result`` was when this share of its shards was done; gives how many these are."""
    receipts = sorted(path for path in (result / "receipts").iterdir() if path.stem.isdecimal())
    there = receipts[: int(share * len(receipts))]
    for receipt in there:
        for path in result.glob(f"*/{receipt.stem}.*"):
            (other / path.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, other / path.parent.name)
    return len(there)


def _open(notes: Sequence[Note]) -> dict[int, int]:
    """The shards under way, each with its process."""
    found: dict[int, int] = {}
    for note in notes:
        if note.done:
            found.pop(note.shard, None)
        else:
            found[note.shard] = note.pid
    return found


def _wait_until_left(processes: set[int]) -> None:
    until = time.monotonic() + _LEFT
    while any(map(_alive, processes)):
        if time.monotonic() > until:
            raise SystemExit(f"benchmarks: of the processes {processes} some go on without their main process")
        time.sleep(0.1)


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 of every Parquet file."""
    paths = sorted(folder.rglob("*.parquet"))
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
