"""What tells one result from another: receipts and kept findings are told apart by all that decides them."""

import json
import shutil
import time
from pathlib import Path

import pytest

import policydiff
from policydiff import Comparer, CrossEncoderReranker, document_from_text, load_encoder
from policydiff.evidence.embeddings import SentenceTransformerEncoder
from policydiff.findings.kept import identity, source_of
from policydiff.judges.nli import NliJudge
from policydiff.scale import compare_into
from scale_judges import Tiny

SAID = [document_from_text("Vi støtter princip B.", "r.txt")]


def comparer_with(judge):
    return Comparer("fixtures/koebenhavn-2023/udkast.md", encoder=load_encoder("static"), judge=judge)


def test_the_source_that_decides_is_told_apart(tmp_path):
    package = Path(policydiff.__file__).parent
    for path in (*package.rglob("*.py"), *package.rglob("*.toml")):
        copied = tmp_path / path.relative_to(package)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copied)
    before = time.process_time()
    assert source_of.__wrapped__(tmp_path) == source_of()
    assert time.process_time() - before < 0.5
    for changed, decides in (("findings/align.py", True), ("languages/da.toml", True), ("report/plots.py", False)):
        with (tmp_path / changed).open("a", encoding="utf-8") as file:
            before = source_of.__wrapped__(tmp_path)
            file.write("\n# another line\n")
        assert (source_of.__wrapped__(tmp_path) != before) == decides, changed


def test_a_run_says_that_the_source_is_another(tmp_path):
    comparer = comparer_with(Tiny())
    compare_into(comparer, SAID, tmp_path)
    receipt = tmp_path / "receipts" / "000000.json"
    content = json.loads(receipt.read_text(encoding="utf-8"))
    content["key"]["source"] = "of yesterday"
    receipt.write_text(json.dumps(content), encoding="utf-8")
    assert compare_into(comparer, SAID, tmp_path).reasons() == "1 other source"
    assert compare_into(comparer, SAID, tmp_path).kept == 1


def test_other_thresholds_of_a_judge_are_other_settings(tmp_path):
    judge = Tiny()
    compare_into(comparer_with(judge), SAID, tmp_path)
    judge.thresholds = dict.fromkeys(policydiff.STANCES, 0.9)
    assert compare_into(comparer_with(judge), SAID, tmp_path).reasons() == "1 other settings"


@pytest.mark.parametrize("kind", [SentenceTransformerEncoder, CrossEncoderReranker, NliJudge])
def test_a_model_in_a_folder_is_told_apart_by_its_files(kind, tmp_path):
    folder = tmp_path / "model"
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "weights").write_bytes(b"1")

    def told():
        return identity(kind(str(folder)))

    first = told()
    assert told() == first
    (folder / ".git").mkdir()
    (folder / ".git" / "index").write_bytes(b"1")
    assert told() == first
    (folder / "1_Pooling" / "config.json").write_bytes(b"{}")
    second = told()
    (folder / "weights").write_bytes(b"2")
    assert len({first, second, told()}) == 3


def test_how_a_model_is_asked_tells_it_apart():
    assert identity(SentenceTransformerEncoder("m", prompt="query: ")) != identity(SentenceTransformerEncoder("m"))
    assert identity(NliJudge("m", entailment=0)) != identity(NliJudge("m"))
    assert identity(NliJudge("m", language="en")) != identity(NliJudge("m", language="da"))
    assert identity(load_encoder("static")) == load_encoder("static").name
