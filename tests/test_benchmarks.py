"""The baselines rank what they should, and a run says what was gained and lost against the committed one."""

import json
from pathlib import Path

import pytest
from benchmarks.__main__ import RESULTS, _against, _table
from benchmarks.baselines import bm25, fuzzy, tfidf
from rapidfuzz import fuzz

PASSAGES = ["Vi støtter flere cykelstier i byen", "Skolerne skal have mindre klasser"]
PROVISIONS = ["Mindre klasser i skolerne", "Cykelstier i hele byen", "Sundhed"]


@pytest.mark.parametrize(
    "score",
    [bm25, tfidf("word", (1, 1)), tfidf("char_wb", (3, 5)), fuzzy(fuzz.token_set_ratio)],
    ids=["bm25", "tfidf words", "tfidf n-grams", "token_set_ratio"],
)
def test_baselines_rank_the_right_provision_first(score):
    scores = score(PASSAGES, PROVISIONS)
    assert scores.shape == (2, 3)
    assert scores.argmax(axis=1).tolist() == [1, 0]


def test_a_run_names_what_moved_and_the_cases_gained_and_lost():
    then = {"rows": [{"system": "ours", "ap": 0.5, "cpu_s": 1}], "cases": {"hard": ["missed a", "missed b"]}}
    now = {"rows": [{"system": "ours", "ap": 0.6, "cpu_s": 2}], "cases": {"hard": ["missed b", "wrong c"]}}
    lines = _against(now, then)
    assert "ours: ap 0.5 -> 0.6" in lines
    assert "  gained: missed a" in lines
    assert "  lost: wrong c" in lines
    assert _against(then, then) == ["hard: 0 cases gained", "hard: 0 cases lost"]


def test_tables_are_markdown():
    assert _table([{"a": 1, "b": 2}, {"a": 3}]).splitlines() == ["| a | b |", "|---|---|", "| 1 | 2 |", "| 3 |  |"]


@pytest.mark.parametrize("name", ["quality", "speed", "argkp", "pragtag", "perspectrum"])
def test_results_are_committed_with_machine_versions_and_seed(name):
    result = json.loads(Path(RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    assert result["benchmark"] == name
    assert {"rows", "machine", "versions", "seed"} <= set(result)


def test_ours_beats_every_baseline_on_every_set_and_the_floor_on_hard():
    sets = json.loads((RESULTS / "quality.json").read_text(encoding="utf-8"))["sets"]
    for part in ("hard", "natural"):
        for system, rows in sets[part].items():
            if system != "policydiff":
                assert all(sets[part]["policydiff"][name] > ap for name, ap in rows.items()), (part, system)
    hard = sets["hard"]["policydiff"].values()
    assert sum(hard) / len(hard) >= 0.75
