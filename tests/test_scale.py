import os
import pickle
import signal
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from policydiff import Comparer, Settings, document_from_text, load_encoder
from policydiff.cli import main
from policydiff.errors import SettingsError, UnreadableError, WorkerError
from policydiff.findings.kept import KeptFindings
from policydiff.report.terminal import ledger_of, strongest
from policydiff.scale import SCHEMAS, DaskCluster, ProcessPool, ResultFolder, compare_into, gather, in_process, overview
from policydiff.scale.tables import COUNTED, RECORDS, read_records, write_table
from scale_judges import Deadly, Noting, Once, Tiny

SAID = "Vi støtter princip {0} om civilsamfundet som ligeværdig partner.\n\nPejlemærke {1} bør uddybes i planen.\n"


def comparer_with(draft, judge=None, **options):
    return Comparer(draft, encoder=load_encoder("static"), judge=judge or Tiny(), **options)


@pytest.fixture(scope="module")
def draft():
    return Comparer("fixtures/koebenhavn-2023/udkast.md", encoder=load_encoder("static"), judge=Tiny()).policy


@pytest.fixture(scope="module")
def comparer(draft):
    return comparer_with(draft)


@pytest.fixture(scope="module")
def responses(tmp_path_factory):
    """Files, an archive, a table, and what cannot be read: twelve responses and three errors."""
    folder = tmp_path_factory.mktemp("responses")
    for n in range(6):
        (folder / f"r{n}.txt").write_text(SAID.format("ABCDE"[n % 5], n % 5 + 1), encoding="utf-8")
    (folder / "a-tom.txt").write_text("")
    (folder / "r2-billede.png").write_bytes(b"\x89PNG")
    (folder / "respondents.csv").write_text(
        "file,respondent,kind,weight\nr1.txt,Beboerforeningen,organisation,2\nvaek.txt,Ingen,citizen,1\n",
        encoding="utf-8",
    )
    rows = "".join(f"{n},Anna {n},Vi er imod pejlemærke {n} i udkastet til planen.\n" for n in range(1, 4))
    (folder / "tabel.csv").write_text(f"id,navn,svar\n{rows}", encoding="utf-8")
    with zipfile.ZipFile(folder / "arkiv.zip", "w") as archive:
        for n in range(3):
            archive.writestr(f"z{n}.txt", SAID.format("EDC"[n], n + 1))
    return [folder]


@pytest.fixture(scope="module")
def expected(comparer, responses):
    return comparer.compare(responses).model_dump_json()


def files_of(folder):
    tables = [path for table in SCHEMAS for path in (folder / table).iterdir()] + list(folder.glob("*.parquet"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in tables}


def receipts(folder):
    return {path.name: path.stat().st_mtime_ns for path in (folder / "receipts").iterdir()}


@pytest.mark.parametrize("size", [1, 4, 100])
def test_shards_of_any_size_give_the_same(comparer, responses, expected, size, tmp_path):
    run = compare_into(comparer, responses, tmp_path, shard_size=size)
    assert run.manifest.shards == -(-15 // size)
    assert run.manifest.counts["responses"] == 12
    assert run.manifest.counts["errors"] == 3
    whole, folder = gather(tmp_path), ResultFolder(tmp_path)
    assert whole.model_dump_json() == expected
    assert whole.tallies == folder.tallies()
    assert {table: list(folder.records(table)) for table in COUNTED} == {t: list(getattr(whole, t)) for t in COUNTED}


def test_a_pool_and_a_cluster_write_the_same_files(comparer, responses, expected, tmp_path):
    from distributed import LocalCluster

    compare_into(comparer, responses, tmp_path / "one", shard_size=4)
    compare_into(comparer, responses, tmp_path / "pool", shard_size=4, engine=ProcessPool(2))
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        engine = DaskCluster(cluster.scheduler_address)
        compare_into(comparer, responses, tmp_path / "dask", shard_size=4, engine=engine)
    files = files_of(tmp_path / "one")
    assert files_of(tmp_path / "pool") == files
    assert files_of(tmp_path / "dask") == files
    assert gather(tmp_path / "pool").model_dump_json() == expected


def test_what_is_done_is_not_done_again(comparer, responses, tmp_path):
    compare_into(comparer, responses, tmp_path, shard_size=4)
    before = receipts(tmp_path)
    run = compare_into(comparer, responses, tmp_path, shard_size=4)
    assert (run.kept, run.computed) == (4, {})
    assert receipts(tmp_path) == before


def test_what_is_counted_over_all_is_counted_again_if_it_is_damaged(comparer, responses, tmp_path):
    compare_into(comparer, responses, tmp_path, shard_size=4)
    whole = files_of(tmp_path)
    (tmp_path / "tallies.parquet").write_bytes(b"PAR1")
    with pytest.raises(UnreadableError, match="run the same compare again"):
        ResultFolder(tmp_path).tallies()
    (tmp_path / ".counting-of-a-run-that-was-ended").mkdir()
    assert not compare_into(comparer, responses, tmp_path, shard_size=4).computed
    assert files_of(tmp_path) == whole
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(("table", "damage"), [("findings", b"PAR1"), ("passages", None), ("responses", b"")])
def test_a_damaged_shard_is_computed_again(comparer, responses, expected, table, damage, tmp_path):
    compare_into(comparer, responses, tmp_path, shard_size=4)
    victim = tmp_path / table / "000001.parquet"
    victim.unlink() if damage is None else victim.write_bytes(damage)
    with pytest.raises(UnreadableError, match="run the same compare again"):
        gather(tmp_path)
    run = compare_into(comparer, responses, tmp_path, shard_size=4)
    assert run.computed == {1: f"damaged {table}"}
    assert gather(tmp_path).model_dump_json() == expected


def test_a_change_says_why_shards_are_computed_again(comparer, draft, responses, tmp_path):
    compare_into(comparer, responses, tmp_path, shard_size=8)
    stricter = comparer_with(draft, settings=Settings(findings={"accept": 0.9}))
    assert compare_into(stricter, responses, tmp_path, shard_size=8).reasons() == "2 other settings"
    masking = comparer_with(draft, settings=Settings(documents={"mask": True}, findings={"accept": 0.9}))
    assert compare_into(masking, responses, tmp_path, shard_size=8).reasons() == "2 other reading"
    slower = comparer_with(
        draft, settings=Settings(documents={"mask": True}, findings={"accept": 0.9}, evidence={"threads": 1})
    )
    assert compare_into(slower, responses, tmp_path, shard_size=8).kept == 2
    (other,) = responses
    run = compare_into(slower, sorted(other.glob("r?.txt"))[:2], tmp_path, shard_size=8)
    assert run.reasons() == "1 other inputs"
    assert {path.name for path in (tmp_path / "findings").iterdir()} == {"000000.parquet"}
    assert len(gather(tmp_path).responses) == 2


def test_a_worker_that_is_killed_costs_another_try(draft, comparer, tmp_path):
    sources = [document_from_text(SAID.format("A", n + 1) + "STOP" * (n == 2), f"s{n}.txt") for n in range(5)]
    whole = comparer.compare(sources).model_dump_json()
    deadly = comparer_with(draft, Deadly(tmp_path / "flag"))
    run = compare_into(deadly, sources, tmp_path / "out", shard_size=1, engine=ProcessPool(1))
    assert (tmp_path / "flag").exists()
    assert len(run.computed) == 5
    assert gather(tmp_path / "out").model_dump_json() == whole


def test_a_response_that_ends_every_worker_is_named_and_costs_no_other(draft, tmp_path):
    sources = [document_from_text(SAID.format("A", n + 1) + "STOP" * (n == 1), f"s{n}.txt") for n in range(3)]
    with pytest.raises(WorkerError, match="inputs 2-2 ended"):
        compare_into(comparer_with(draft, Deadly()), sources, tmp_path, shard_size=1, engine=ProcessPool(1))
    assert set(receipts(tmp_path)) == {"000000.json", "000002.json"}
    with pytest.raises(UnreadableError, match="no finished result"):
        gather(tmp_path)


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, "tests")
from scale_judges import Noting
from policydiff import Comparer, load_encoder
from policydiff.scale import ProcessPool, compare_into

def told(done, total):
    os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    responses, out, pids = map(Path, sys.argv[1:])
    comparer = Comparer("fixtures/koebenhavn-2023/udkast.md", encoder=load_encoder("static"), judge=Noting(pids))
    compare_into(comparer, [responses], out, shard_size=2, engine=ProcessPool(1), progress=told)
"""


def alive(pid):
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_a_run_that_is_killed_goes_on_where_it_was(draft, responses, expected, tmp_path):
    (tmp_path / "pids").mkdir()
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    arguments = [sys.executable, script, *responses, tmp_path / "out", tmp_path / "pids"]
    assert subprocess.run(arguments).returncode == -signal.SIGKILL
    workers = [int(path.name) for path in (tmp_path / "pids").iterdir()]
    assert workers
    until = time.monotonic() + 60
    while any(map(alive, workers)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(map(alive, workers))  # nobody goes on without its main process
    before = receipts(tmp_path / "out")
    assert before
    run = compare_into(comparer_with(draft, Noting(tmp_path / "pids")), responses, tmp_path / "out", shard_size=2)
    assert run.kept == len(before)
    assert before.items() <= receipts(tmp_path / "out").items()
    assert gather(tmp_path / "out").model_dump_json() == expected
    assert not [path for path in (tmp_path / "out").rglob(".*") if path.is_file()]  # nothing half written is left


def test_every_field_of_a_record_is_a_column(comparer, tmp_path):
    for table, schema in SCHEMAS.items():
        assert schema.names == list(RECORDS[table].model_fields)
    masking = Comparer(
        comparer.policy, settings=Settings(documents={"mask": True}), encoder=comparer.encoder, judge=Tiny()
    )
    text = SAID.format("A", 1) + "\f\n\nSkriv til anna@eksempel.dk om princip E."
    (one,) = masking.stream([document_from_text(text, "a.txt")])
    assert one.response.masked
    assert any(e.start is None for f in one.findings for e in f.evidence)
    for table, records in (("responses", [one.response]), ("passages", one.passages), ("findings", one.findings)):
        write_table(table, records, tmp_path / table)
        assert list(read_records(table, tmp_path / table)) == list(records)
        assert pq.read_schema(tmp_path / table).equals(SCHEMAS[table])


def test_folders_of_others_and_impossible_sizes_are_refused(comparer, responses, tmp_path):
    (tmp_path / "regnskab.xlsx").touch()
    with pytest.raises(UnreadableError, match="holds other things"):
        compare_into(comparer, responses, tmp_path)
    with pytest.raises(SettingsError, match="shard size of 0"):
        compare_into(comparer, responses, tmp_path, shard_size=0)
    with pytest.raises(SettingsError, match="0 workers"):
        ProcessPool(0)
    with pytest.raises(UnreadableError, match="no finished result"):
        ResultFolder(tmp_path)


def test_no_inputs_are_an_empty_result(comparer, tmp_path):
    assert compare_into(comparer, [], tmp_path, engine=in_process).manifest.shards == 0
    assert gather(tmp_path) == comparer.compare([])


def test_what_was_found_before_is_not_judged_again(draft, responses, expected, tmp_path):
    judge = Once()
    kept = comparer_with(draft, judge, kept=KeptFindings(tmp_path))
    assert kept.compare(responses).model_dump_json() == expected
    judge.over = True
    assert kept.compare(responses).model_dump_json() == expected
    with pytest.raises(AssertionError):
        kept.compare([document_from_text("Vi støtter princip B.", "ny.txt")])
    with pytest.raises(AssertionError):  # the same responses, another draft
        comparer_with(
            draft.model_copy(update={"provisions": draft.provisions[:3]}), judge, kept=KeptFindings(tmp_path)
        ).compare(responses)


@pytest.mark.parametrize("damage", ["file", "entries"])
def test_a_damaged_cache_costs_time_and_nothing_else(draft, responses, expected, damage, tmp_path):
    import sqlite3

    kept = KeptFindings(tmp_path)
    comparer_with(draft, kept=kept).compare(responses)
    kept._file.close()  # as at the end of a process
    path = tmp_path / "findings.sqlite"
    if damage == "file":
        path.write_bytes(b"no database" * 1000)
    else:
        with sqlite3.connect(path) as database:
            database.execute("UPDATE found SET value = substr(value, 1, 40)")
        database.close()
    assert comparer_with(draft, kept=KeptFindings(tmp_path)).compare(responses).model_dump_json() == expected
    assert (tmp_path / "findings.sqlite.broken").exists() == (damage == "file")


def test_a_cache_is_shared_by_threads_and_handed_on(draft, responses, expected, tmp_path):
    def work(kept):
        return comparer_with(draft, kept=kept).compare(responses).model_dump_json()

    kept = KeptFindings(tmp_path)
    handed = pickle.loads(pickle.dumps(kept))  # noqa: S301
    with ThreadPoolExecutor(3) as pool:
        assert set(pool.map(work, [kept, handed, KeptFindings(tmp_path)])) == {expected}


def test_a_model_without_a_name_is_not_kept(draft, responses, tmp_path):
    class Nameless:
        def judge(self, pairs):
            return Tiny().judge(pairs)

    with pytest.raises(SettingsError, match="Nameless cannot be kept"):
        compare_into(comparer_with(draft, Nameless()), responses, tmp_path)


def test_the_command_line_writes_a_folder_and_reads_it(koebenhavn, tmp_path, capsys):
    seed = [str(koebenhavn / "udkast.md"), str(koebenhavn / "hoeringssvar-tingbjerg.txt")]
    out, single, gathered = tmp_path / "out", tmp_path / "one.json", tmp_path / "gathered.json"
    missing = str(tmp_path / "mangler.txt")
    assert main(["compare", *seed, missing, "--json", str(single)]) == 1
    arguments = ["compare", *seed, missing, "--out", str(out), "--cache", str(tmp_path / "kept")]
    assert main(["compare", *seed, missing]) == 1
    table = capsys.readouterr().out
    assert "Strongest quotations" in table
    assert main([*arguments, "--json", str(gathered)]) == 1
    assert gathered.read_bytes() == single.read_bytes()
    assert "mangler.txt" in capsys.readouterr().err
    assert main(arguments) == 1
    shown = capsys.readouterr()
    assert "nothing left to compare, 1 were there" in shown.err
    assert shown.out == table
    assert main(["show", str(out)]) == 0
    assert capsys.readouterr().out == table
    for options in (["--provision", "E"], ["--all"], ["--provision", "E", "--why"]):
        assert main(["show", str(single), *options]) == 0
        said = capsys.readouterr().out
        assert "findings" in said
        assert main(["show", str(out), *options]) == 0
        assert capsys.readouterr().out == said


@pytest.mark.parametrize("size", [1, 4])
def test_what_is_shown_of_a_folder_is_that_of_the_whole(comparer, responses, size, tmp_path):
    compare_into(comparer, responses, tmp_path, shard_size=size)
    folder = ResultFolder(tmp_path)
    whole = folder.gather()
    assert overview.ledger_in(folder) == ledger_of(whole)
    few = overview.strongest_of(folder, 5)
    assert strongest(few, 5) == strongest(whole, 5)
    assert len(few.findings) == 5
    on = {p.id for p in whole.policy.provisions[:2]}
    for candidates in (False, True):
        found = overview.findings_on(folder, on, candidates=candidates)
        assert found.findings == tuple(f for f in whole.findings if f.provision_id in on and (f.accepted or candidates))
        assert found.tallies == whole.tallies


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--workers", "2"], "give --out"),
        (["--out", "x", "--workers", "2", "--scheduler", "tcp://h:1"], "one of them"),
        (["--cache", "x", "--judge", "llm:m", "--endpoint", "http://h/v1"], "docs/judges.md"),
    ],
)
def test_options_that_do_not_go_together_are_told(options, says, koebenhavn, capsys):
    assert main(["compare", str(koebenhavn / "udkast.md"), "svar.txt", *options]) == 2
    assert says in capsys.readouterr().err
