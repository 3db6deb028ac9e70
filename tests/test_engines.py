"""What an end by SIGKILL costs: the shards that were under way are computed again, and nothing else; the result is
the one of a run that nobody disturbed, to the byte."""

import signal
import subprocess
import sys
from collections import Counter

import pytest

from policydiff import Comparer, load_encoder
from policydiff.scale import DaskCluster, ProcessPool, compare_into
from scale_judges import Felled, Tiny

DRAFT = "fixtures/koebenhavn-2023/udkast.md"
RESPONSES, SIZE, WORKERS = 40, 2, 2
FATAL = 18  # the response that a worker dies of


def comparer_with(judge):
    return Comparer(DRAFT, encoder=load_encoder("static"), judge=judge)


@pytest.fixture(scope="module")
def responses(tmp_path_factory):
    folder = tmp_path_factory.mktemp("responses")
    for n in range(RESPONSES):
        stop = " STOP" if n == FATAL else ""
        text = f"Nr. {n}{stop}: vi støtter princip {'ABCDE'[n % 5]} om civilsamfundet som ligeværdig partner.\n"
        (folder / f"r{n:02}.txt").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def undisturbed(responses, tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed")
    compare_into(comparer_with(Tiny()), [responses], out, shard_size=SIZE)
    return contents(out)


def contents(folder):
    """All that a run leaves in its folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def begun(notes):
    """How often each response was begun, by its number."""
    return Counter(int(line.split()[1].strip(":")) for line in notes.read_text(encoding="utf-8").splitlines())


def shards_computed_twice(times):
    assert set(times) == set(range(RESPONSES))
    assert max(times.values()) == 2
    return {number // SIZE for number, count in times.items() if count > 1}


def test_a_pool_whose_worker_is_killed_computes_what_was_under_way_again(responses, undisturbed, tmp_path):
    judge, out = Felled(tmp_path / "notes"), tmp_path / "out"
    run = compare_into(comparer_with(judge), [responses], out, shard_size=SIZE, engine=ProcessPool(WORKERS))
    assert len(run.computed) == RESPONSES // SIZE
    assert contents(out) == undisturbed
    again = shards_computed_twice(begun(judge.notes))
    assert FATAL // SIZE in again
    assert len(again) <= WORKERS


def test_a_cluster_whose_worker_is_killed_computes_its_shard_again(responses, undisturbed, tmp_path):
    from distributed import LocalCluster

    judge, out = Felled(tmp_path / "notes"), tmp_path / "out"
    with LocalCluster(n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        before = {nanny.pid for nanny in cluster.workers.values()}
        engine = DaskCluster(cluster.scheduler_address)
        compare_into(comparer_with(judge), [responses], out, shard_size=SIZE, engine=engine)
        assert before != {nanny.pid for nanny in cluster.workers.values()}
    assert contents(out) == undisturbed
    assert shards_computed_twice(begun(judge.notes)) == {FATAL // SIZE}


RUN = """
import sys
from pathlib import Path
sys.path.insert(0, "tests")
from scale_judges import Felled
from test_engines import SIZE, WORKERS, comparer_with
from policydiff.scale import ProcessPool, compare_into

if __name__ == "__main__":
    responses, out, notes = map(Path, sys.argv[1:])
    judge = Felled(notes, everything=True)
    compare_into(comparer_with(judge), [responses], out, shard_size=SIZE, engine=ProcessPool(WORKERS))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no groups of processes")
def test_a_run_killed_with_all_its_workers_goes_on_where_it_was(responses, undisturbed, tmp_path):
    script, out, notes = tmp_path / "run.py", tmp_path / "out", tmp_path / "notes"
    script.write_text(RUN, encoding="utf-8")
    killed = subprocess.run([sys.executable, script, responses, out, notes], start_new_session=True)
    assert killed.returncode == -signal.SIGKILL
    receipts = {path: path.stat().st_mtime_ns for path in (out / "receipts").iterdir() if path.suffix == ".json"}
    assert FATAL // SIZE - WORKERS < len(receipts) < RESPONSES // SIZE
    assert not (out / "manifest.json").exists()
    done = Counter(begun(notes))
    run = compare_into(comparer_with(Felled(notes)), [responses], out, shard_size=SIZE, engine=ProcessPool(WORKERS))
    assert run.kept == len(receipts)
    assert {path: path.stat().st_mtime_ns for path in receipts} == receipts
    assert contents(out) == undisturbed
    again = shards_computed_twice(begun(notes))
    assert FATAL // SIZE in again
    assert len(again) <= WORKERS
    assert done.total() + RESPONSES - SIZE * len(receipts) == begun(notes).total()


def test_a_shard_that_is_there_is_not_computed_again_whoever_is_asked(responses, tmp_path):
    """As when a worker dies, or its wire does, between the receipt and the answer."""

    def twice(work, shards):
        for shard in shards:
            work(shard)
            yield shard, work(shard)

    judge, out = Felled(tmp_path / "notes"), tmp_path / "out"
    files = sorted(responses.iterdir())[:FATAL]
    run = compare_into(comparer_with(judge), files, out, shard_size=SIZE, engine=twice)
    assert run.manifest.counts["responses"] == FATAL
    assert set(begun(judge.notes).values()) == {1}
