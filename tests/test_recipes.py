"""The recipes for engines of others in docs/scale.md, run as they stand there, in a folder with what they name."""

import os
import shutil
import subprocess
import sys
from functools import partial
from importlib.util import find_spec
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from policydiff import Comparer, load_encoder
from policydiff.scale import ResultFolder, compare_into
from test_docs import ROOT, blocks

RESPONSES = 120
ENGINE, FINDINGS, DATA, SPARK = (code for more, code in blocks(ROOT / "docs" / "scale.md", "python") if more)


def text(n):
    return f"Vi støtter princip {'ABCDE'[n % 5]}, nr. {n}.\n\nPejlemærke {n % 5 + 1} bør uddybes i planen.\n"


@pytest.fixture
def folder(tmp_path, koebenhavn):
    shutil.copy(koebenhavn / "udkast.md", tmp_path / "draft.md")
    for name in ("responses", "texts", "home"):
        (tmp_path / name).mkdir()
    for n in range(RESPONSES):
        (tmp_path / f"responses/r{n:03}.txt").write_text(text(n), encoding="utf-8")
    half = RESPONSES // 2
    for first in (0, half):
        numbers = range(first, first + half)
        rows = {"id": [f"r{n + 1}" for n in numbers], "text": [text(n) for n in numbers]}
        pq.write_table(pa.table(rows), tmp_path / f"texts/{first:03}.parquet")
    (tmp_path / "findings_of_texts.py").write_text(FINDINGS, encoding="utf-8")
    comparer = Comparer(tmp_path / "draft.md", encoder=load_encoder("static", threads=1))
    compare_into(comparer, [tmp_path / "responses"], tmp_path / "expected", shard_size=50)
    return tmp_path


# The least that an engine can do: a machine on which it cannot do this says nothing about the recipes.
RAY = "import ray; ray.init(num_cpus=1); assert ray.get(ray.remote(lambda: 1).remote()) == 1"
PYSPARK = """
from pyspark.sql import SparkSession
assert SparkSession.builder.master("local[1]").getOrCreate().range(3).count() == 3
"""


def run(folder, starting, *codes):
    """The codes one after the other, each a script of its own, in one process; skips where ``starting`` fails too."""
    scripts = [folder / f"recipe{n}.py" for n in range(len(codes))]
    for script, code in zip(scripts, codes, strict=True):
        script.write_text(code, encoding="utf-8")
    program = "import runpy, sys\nfor script in sys.argv[1:]: runpy.run_path(script, run_name='__main__')"
    environment = os.environ | {
        "HOME": str(folder / "home"),
        "PYTHONPATH": os.pathsep.join([str(folder), *filter(None, sys.path)]),
        "PYSPARK_PYTHON": sys.executable,
        "RAY_USAGE_STATS_ENABLED": "0",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    with TemporaryDirectory() as short:  # Ray's sockets lie in it, and their paths have a limit
        environment["RAY_TMPDIR"] = short
        failed = (subprocess.CalledProcessError, subprocess.TimeoutExpired)
        python = partial(subprocess.run, cwd=folder, env=environment, check=True)
        try:
            python([sys.executable, "-c", program, *scripts], timeout=400)
        except failed:
            try:
                python([sys.executable, "-c", starting], timeout=100)
            except failed:
                pytest.skip("the engine does not start on this machine")
            raise


def contents(folder):
    parts = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in parts}


def findings(folder):
    """Those that Ray Data or Spark wrote, in the order of their ids."""
    rows = [row for path in folder.glob("*.parquet") for row in pq.ParquetFile(path).read().to_pylist()]
    return sorted(rows, key=lambda row: (row["passage_id"], row["provision_id"]))


def expected(folder):
    rows = [finding.model_dump() for finding in ResultFolder(folder / "expected").records("findings")]
    rows = pa.Table.from_pylist(rows).to_pylist()  # tuples become lists
    return sorted(rows, key=lambda row: (row["passage_id"], row["provision_id"]))


@pytest.mark.skipif(find_spec("ray") is None, reason="has no Ray")
def test_ray_writes_the_same_files_and_ray_data_finds_the_same(folder):
    run(folder, RAY, ENGINE, DATA)
    assert contents(folder / "result") == contents(folder / "expected")
    assert findings(folder / "findings-ray") == expected(folder)


@pytest.mark.skipif(find_spec("pyspark") is None or shutil.which("java") is None, reason="has no Spark")
def test_spark_finds_the_same(folder):
    run(folder, PYSPARK, SPARK)
    assert findings(folder / "findings-spark") == expected(folder)
