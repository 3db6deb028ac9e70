"""A run over a folder in a process of its own that notes which worker did which shard, when, and at what cost.

``python -m benchmarks.noting DRAFT INPUTS OUT NOTES`` compares all in INPUTS with DRAFT into OUT, adds a line to NOTES
where a shard begins and where it ends, and prints what the main process did.
"""

import argparse
import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.measuring import peak_mb
from benchmarks.stages import Stopwatch
from policydiff.comparing import Comparer
from policydiff.evidence.embeddings import load_encoder
from policydiff.scale import SHARD_SIZE, DaskCluster, Engine, ProcessPool, Shard, compare_into, running

ENGINES = ("pool", "dask")
_MEMORY = "2GB"  # what a worker of a cluster may use
_COUNTING = "count_into"  # by which a run counts over its folder, once all shards are there


@dataclass(frozen=True, slots=True)
class Note:
    """A shard that a process has begun, or ``done``. ``cpu_s`` and ``peak_mb`` are of the process until then.

    ``passages`` are those that were compared, 0 where the shard was there already and was passed over.
    """

    shard: int
    pid: int
    done: bool
    cpu_s: float
    peak_mb: float
    passages: int = 0


def read_notes(path: Path) -> list[Note]:
    """The notes so far, in the order in which they were written."""
    lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
    return [Note(**json.loads(line)) for line in lines]


@dataclass(frozen=True)
class Noted:
    """Work that is noted; picklable as the work is."""

    work: Any
    path: Path

    def __call__(self, shard: Shard) -> dict[str, int]:
        """As the work."""
        self._note(shard, done=False)
        before = self._receipt(shard)
        counts: dict[str, int] = self.work(shard)
        self._note(shard, done=True, passages=counts["passages"] if self._receipt(shard) != before else 0)
        return counts

    def _receipt(self, shard: Shard) -> int | None:
        """When the shard was last finished."""
        path: Path = self.work.receipt(shard.number)
        return path.stat().st_mtime_ns if path.exists() else None

    def _note(self, shard: Shard, *, done: bool, passages: int = 0) -> None:
        note = Note(shard.number, os.getpid(), done, round(time.process_time(), 3), round(peak_mb(), 1), passages)
        with self.path.open("a", encoding="utf-8") as file:  # one short write, so that lines do not mix
            file.write(json.dumps(asdict(note)) + "\n")


@dataclass(frozen=True)
class Noting:
    """An engine whose work is noted in the file at ``path``."""

    engine: Engine
    path: Path

    def __call__(self, work: Any, shards: Iterable[Shard]) -> Iterator[tuple[Shard, dict[str, int]]]:
        """As the engine."""
        return self.engine(Noted(work, self.path), shards)


@contextmanager
def _engine(name: str, workers: int) -> Iterator[Engine]:
    if name == "pool":
        yield ProcessPool(workers)
        return
    LocalCluster = import_module("distributed").LocalCluster  # noqa: N806

    with LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=_MEMORY
    ) as cluster:
        yield DaskCluster(cluster.scheduler_address)


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.noting", description=__doc__)
    for name in ("draft", "inputs", "out", "notes"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--engine", choices=ENGINES, default="pool")
    parser.add_argument("--encoder", default="static")
    parser.add_argument("--shard-size", type=int, default=SHARD_SIZE)
    options = parser.parse_args()
    began = time.monotonic()
    encoder = load_encoder(options.encoder, threads=1)
    comparer = Comparer(options.draft, encoder=encoder)
    watch = Stopwatch()
    with ExitStack() as stack:
        engine = stack.enter_context(_engine(options.engine, options.workers))
        counting = watch.around(_COUNTING, running.count_into)
        stack.enter_context(patch.object(running, _COUNTING, counting))
        run = compare_into(
            comparer,
            [options.inputs],
            options.out,
            engine=Noting(engine, options.notes),
            shard_size=options.shard_size,
        )
    said = {
        "wall_s": round(time.monotonic() - began, 1),
        "cpu_s": round(time.process_time(), 2),
        "cpu_s_counting": round(watch.seconds[_COUNTING], 2),
        "peak_mb": round(peak_mb()),
        "kept": run.kept,
        "shards": run.manifest.shards,
        "counts": run.manifest.counts,
    }
    print(json.dumps(said))


if __name__ == "__main__":
    _main()
