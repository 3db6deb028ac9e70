"""Who does the work: this process, a pool of processes on this machine, or a Dask cluster.

An engine takes the work and the shards, lazily, and gives back what the work returns for each shard, as they finish.
Only a few shards are held at a time.
"""

import itertools
import multiprocessing
import os
import pickle
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from typing import Any, Protocol

from policydiff.errors import SettingsError, WorkerError
from policydiff.scale.shards import Shard

Counts = dict[str, int]
Work = Callable[[Shard], Counts]

_AHEAD = 2  # shards a worker that wait or are in work, so that none is idle
_TRIES = 2  # of a shard whose worker died, before it is tried alone


class Engine(Protocol):
    """Anything that does the work."""

    def __call__(self, work: Work, shards: Iterable[Shard]) -> Iterator[tuple[Shard, Counts]]:
        """The counts of each shard, in any order.

        Raises:
            WorkerError: a shard could not be done; all others were.
        """
        ...


def in_process(work: Work, shards: Iterable[Shard]) -> Iterator[tuple[Shard, Counts]]:
    """One shard after the other in this process."""
    return ((shard, work(shard)) for shard in shards)


class ProcessPool:
    """A pool of processes. A worker that dies costs its shards another try and the pool a new start, no more."""

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise SettingsError(f"{workers} workers: at least one is needed")
        self.workers = workers

    def __call__(self, work: Work, shards: Iterable[Shard]) -> Iterator[tuple[Shard, Counts]]:
        """As Engine."""
        payload = pickle.dumps(work)
        coming = iter(shards)
        again: list[Shard] = []  # lost with a worker
        tries: Counter[int] = Counter()
        dead: list[Shard] = []
        finished = 0
        while True:
            suspects = [shard for shard in again if tries[shard.number] >= _TRIES]
            again = [shard for shard in again if tries[shard.number] < _TRIES]
            for shard in suspects:
                # What was beside a shard that ends its worker was lost with it: alone it shows which one it is.
                counts = self._alone(payload, shard)
                if counts is None:
                    dead.append(shard)
                    if not finished:
                        raise _died(dead)  # no worker lives long enough for any shard
                else:
                    finished += 1
                    yield shard, counts
            lost: list[Shard] = []
            for shard, counts in self._once(payload, itertools.chain(again, coming), lost):
                finished += 1
                yield shard, counts
            if not lost:
                break
            again = lost
            tries.update(shard.number for shard in lost)
        if dead:
            raise _died(dead)

    def _once(self, payload: bytes, shards: Iterator[Shard], lost: list[Shard]) -> Iterator[tuple[Shard, Counts]]:
        """What one pool does, until all is done or a worker has died; then those under way are in ``lost``."""
        running: dict[Future[Counts], Shard] = {}
        pool = self._pool(payload, self.workers)
        try:
            while not lost:
                while len(running) < _AHEAD * self.workers and (shard := next(shards, None)) is not None:
                    try:
                        running[pool.submit(_do, shard)] = shard
                    except BrokenProcessPool:
                        lost.append(shard)
                        break
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    shard = running.pop(future)
                    try:
                        counts = future.result()
                    except BrokenProcessPool:
                        lost.append(shard)
                    else:
                        yield shard, counts
            for future, shard in running.items():
                try:
                    counts = future.result()
                except BrokenProcessPool:
                    lost.append(shard)
                else:
                    yield shard, counts
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _alone(self, payload: bytes, shard: Shard) -> Counts | None:
        with self._pool(payload, 1) as pool:
            try:
                return pool.submit(_do, shard).result()
            except BrokenProcessPool:
                return None

    def _pool(self, payload: bytes, workers: int) -> ProcessPoolExecutor:
        # A forked process would share the threads' locks of the libraries that were loaded here.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare, initargs=(payload,))


class DaskCluster:
    """The workers of a Dask cluster, by its scheduler's address; they need policydiff and the result's folder."""

    def __init__(self, address: str) -> None:
        self.address = address

    def __call__(self, work: Work, shards: Iterable[Shard]) -> Iterator[tuple[Shard, Counts]]:
        """As Engine."""
        try:
            distributed: Any = import_module("distributed")
        except ImportError as error:
            raise SettingsError('a cluster needs distributed; pip install "policydiff[scale]"') from error
        try:
            client = distributed.Client(self.address, set_as_default=False)
        except (OSError, ValueError) as error:
            raise SettingsError(f"no Dask scheduler at {self.address!r} ({error}); see docs/scale.md") from error
        with client:
            most = _AHEAD * max(1, sum(client.nthreads().values()))
            # Made by a task and not sent there: what a lost worker held is made again.
            prepared = client.submit(pickle.loads, pickle.dumps(work), pure=False)
            coming = iter(shards)
            running: dict[Any, Shard] = {}
            done = distributed.as_completed([], loop=client.loop)
            dead: list[Shard] = []
            failed: BaseException | None = None

            def start() -> None:
                shard = next(coming, None)
                if shard is not None:
                    future = client.submit(_call, prepared, shard, pure=False, retries=0)
                    running[future] = shard
                    done.add(future)

            for _ in range(most):
                start()
            for future in done:
                shard = running.pop(future)
                problem = future.exception()
                if problem is None:
                    yield shard, future.result()
                else:
                    failed = failed or problem
                    dead += [shard] if isinstance(problem, distributed.KilledWorker) else []
                start()
            if dead:
                raise _died(dead)
            if failed is not None:
                raise failed


def _died(dead: Sequence[Shard]) -> WorkerError:
    places = ", ".join(f"{shard.first}-{shard.first + len(shard.inputs) - 1}" for shard in dead)
    return WorkerError(
        f"the process that compared inputs {places} ended each time, most likely for want of memory; give smaller "
        "shards or fewer workers. What is done is kept",
    )


def _call(work: Work, shard: Shard) -> Counts:
    return work(shard)


_prepared: list[Work] = []  # of a worker process: the work, unpickled once


def _prepare(payload: bytes) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_leave_after, args=(parent,), daemon=True).start()
    _prepared[:] = [pickle.loads(payload)]  # noqa: S301 our own process made it


def _leave_after(parent: Any) -> None:
    parent.join()  # a pool whose main process was killed would wait for ever
    os._exit(1)


def _do(shard: Shard) -> Counts:
    return _prepared[0](shard)
