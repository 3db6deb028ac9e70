"""The baselines rank what they should, and a run says what was gained and lost against the committed one."""

import json
from pathlib import Path

import pytest
from benchmarks import counting, folders
from benchmarks.__main__ import RESULTS, _against, _table
from benchmarks.baselines import bm25, fuzzy, tfidf
from benchmarks.campaigns import Letter, grown, pairs_found
from benchmarks.material import material
from rapidfuzz import fuzz

from policydiff.documents import Document
from policydiff.documents.inputs import ResponseInputs
from policydiff.findings.near_copies import near_copies
from policydiff.findings.triples import triples
from policydiff.gold import gold_folders, read_gold
from policydiff.scale.tables import read_records

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


@pytest.mark.parametrize(
    "name", ["quality", "ablation", "speed", "scale", "campaigns", "argkp", "pragtag", "perspectrum"]
)
def test_results_are_committed_with_machine_versions_and_seed(name):
    result = json.loads(Path(RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    assert result["benchmark"] == name
    assert {"rows", "machine", "versions", "seed"} <= set(result)


def test_a_million_passages_took_linear_time_and_flat_memory_and_a_kill_changed_nothing():
    rows = json.loads((RESULTS / "scale.json").read_text(encoding="utf-8"))["rows"]
    sizes = [row for row in rows if "ratio_passages_per_cpu_s" in row]
    assert max(row["passages"] for row in sizes) >= 10**6
    assert max(row["peak_mb_worker"] for row in sizes) < 1.1 * min(row["peak_mb_worker"] for row in sizes)
    assert max(row["peak_mb_main"] for row in sizes) < 2_000
    assert next(row["exponent"] for row in rows if "exponent" in row) <= 1.05
    kills = [row for row in rows if row["part"] == "kill"]
    assert len(kills) == 2
    assert all(row["identical"] and row["lost"] and not row["computed_twice"] for row in kills)


def test_very_many_responses_start_quickly_and_long_drafts_make_quotations_no_slower_than_they_must():
    rows = json.loads((RESULTS / "speed.json").read_text(encoding="utf-8"))["rows"]
    starts = {row["system"].split(", ")[-1]: row["cpu_s"] for row in rows if row["part"] == "cold start"}
    assert starts["static"] < 2
    assert max(row.get("ratio_loop", 0) for row in rows if row["part"] == "quotes") >= 300


def test_ours_beats_every_baseline_on_every_set_and_the_floor_on_hard():
    sets = json.loads((RESULTS / "quality.json").read_text(encoding="utf-8"))["sets"]
    for part in ("hard", "natural"):
        for system, rows in sets[part].items():
            if system != "policydiff":
                assert all(sets[part]["policydiff"][name] > ap for name, ap in rows.items()), (part, system)
    hard = sets["hard"]["policydiff"].values()
    assert sum(hard) / len(hard) >= 0.75


def test_planted_campaigns_are_found_and_no_others():
    sets = [read_gold(f) for f in gold_folders([Path("fixtures/gold/hard")])]
    letters = grown(sets, 600)
    assert letters == grown(sets, 600)
    drafts = triples(s.policy.text for s in sets).values
    groups = near_copies(triples(letter.text for letter in letters).without(drafts))
    found = pairs_found(letters, groups)
    assert found["precision"] >= 0.99
    assert found["recall"] >= 0.99


def test_pairs_are_counted_over_groups():
    letters = [Letter("", campaign, frozenset()) for campaign in (0, 0, 0, 1, 1, None)]
    assert pairs_found(letters, [[0, 1], [3, 4, 5]]) == {"precision": 0.5, "recall": 0.5}
    assert pairs_found(letters, []) == {"precision": 1.0, "recall": 0.0}


def test_the_committed_campaigns_reach_their_aims():
    result = json.loads((RESULTS / "campaigns.json").read_text(encoding="utf-8"))
    row = result["rows"][0]
    assert result["texts"] == 100_000
    assert row["precision"] >= 0.99
    assert row["recall"] >= 0.99
    assert row["ratio_texts_per_cpu_s"] >= 10_000


def test_a_made_up_result_is_written_and_counted(tmp_path):
    sets = [read_gold(f) for f in gold_folders([Path("fixtures/gold/hard")])]
    policy = sets[0].policy
    made = counting.write_shards(policy, grown(sets, 250), tmp_path)
    assert made["shards"] == 2
    (tmp_path / "policy.json").write_text(policy.model_dump_json(), encoding="utf-8")
    assert counting.count(tmp_path, made["shards"])["peak_mb"] > 0
    tallies = list(read_records("tallies", tmp_path / "tallies.parquet"))
    assert [t.provision_id for t in tallies] == [p.id for p in policy.provisions]
    assert any(t.collapsed["any"] < t.respondents["any"] for t in tallies)


def test_a_folder_of_all_formats_is_read_whole_and_no_passage_stands_twice(tmp_path):
    sets = [material(read_gold(folder)) for folder in gold_folders([Path("fixtures/gold/hard")])]
    written = folders.build(tmp_path, len(folders.FORMS), folders.Grower(sets))
    grower, number, words = folders.Grower(sets), 0, []
    for form, paths in written.items():
        documents = list(ResponseInputs(paths))
        assert all(isinstance(document, Document) for document in documents), form
        grown = [grower.grow(number + n) for n in range(len(documents))]
        number += len(documents)
        words += [text for response in grown for kind, text in response.parts if kind != "heading"]
        cover = len(paths) if form == "eml" else 0  # the body of each mail
        assert folders.read(paths) == (
            len(documents),
            sum(kind != "heading" for response in grown for kind, _ in response.parts) + cover,
        ), form
    assert len(set(words)) == len(words)
    assert len(words) > 10 * len(folders.FORMS)


def test_the_peak_memory_of_a_folder_does_not_grow_with_its_files():
    rows = json.loads((RESULTS / "speed.json").read_text(encoding="utf-8"))["rows"]
    few, many = (row for row in rows if row.get("part") == "folder" and "peak_mb" in row)
    assert (few["files"], many["files"]) == (200, 2000)
    assert many["peak_mb"] <= 1.1 * few["peak_mb"]
