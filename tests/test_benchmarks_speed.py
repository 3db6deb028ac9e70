"""Text is grown that reads like the gold's and never repeats, and what is measured is what it says."""

import itertools
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import pytest
from benchmarks import quotations, scale, speed
from benchmarks.growing import Grower, grow_draft
from benchmarks.material import read_material
from benchmarks.measuring import exponent, run_command
from benchmarks.stages import REST, STAGES, Stopwatch

from policydiff.documents import document_from_text, load_policy, parse_response
from policydiff.evidence.quotes import QuoteMatcher
from policydiff.evidence.references import ReferenceMatcher

GOLD = Path("fixtures/gold/hard")


@pytest.fixture(scope="module")
def sets():
    return read_material(GOLD)


@pytest.fixture(scope="module")
def draft(sets):
    return grow_draft(sets, 12)


def test_drafts_of_any_size_have_each_provision_at_its_span_under_its_own_name(sets, tmp_path):
    policy = grow_draft(sets, 60).policy
    assert len(policy.provisions) == 60 > sum(len(one.policy.provisions) for one in sets)
    assert all(policy.text[p.start : p.end] == p.text for p in policy.provisions)
    assert len({(p.kind, p.label) for p in policy.provisions}) == len({p.text for p in policy.provisions}) == 60
    assert policy == grow_draft(sets, 60).policy
    assert policy != grow_draft(sets, 60, seed=1).policy
    path = tmp_path / "udkast.md"
    path.write_text(policy.text, encoding="utf-8")
    read = load_policy(path)
    assert [(p.kind, p.label, p.text) for p in read.provisions] == [
        (p.kind, p.label, p.text) for p in policy.provisions
    ]


def test_responses_have_the_passages_asked_for_and_none_twice(sets, draft):
    responses = list(Grower(sets, draft).responses(3000))
    texts = [text for response in responses for text in response.texts]
    assert len(texts) == len(set(texts)) == 3000
    assert responses[:-1] == list(itertools.islice(Grower(sets, draft).responses(10**9), len(responses) - 1))
    assert responses[:9] != list(itertools.islice(Grower(sets, draft, seed=1).responses(3000), 9))
    lengths = sorted(map(len, texts))
    assert lengths[300] < 130
    assert lengths[2700] > 300


def test_grown_passages_are_read_as_such_and_name_and_quote_the_draft(sets, draft):
    grown = list(Grower(sets, draft).responses(600))
    read = [parse_response(document_from_text(one.plain()), response_id="r")[1] for one in grown]
    same = [
        sum(b.kind in ("paragraph", "bullet") for b in blocks) == len(one.texts)
        for one, blocks in zip(grown, read, strict=True)
    ]
    assert sum(same) >= 0.97 * len(same)
    references, quotes = ReferenceMatcher(draft.policy), QuoteMatcher(draft.policy)
    texts = [text for one in grown for text in one.texts]
    names = [f"{p.kind} {p.label}" for p in draft.policy.provisions]
    naming = [text for text in texts if any(name in text for name in names)]
    assert len(naming) > 30
    found = references.find(naming, [""] * len(naming))
    assert sum(any(m.form == "label" for m in matches) for matches in found) >= 0.9 * len(naming)
    assert 0.03 < sum(bool(quotes.find(text)) for text in texts) / len(texts) < 0.25


def test_a_stage_within_another_counts_once():
    watch = Stopwatch()

    def busy(seconds):
        until = time.process_time() + seconds
        while time.process_time() < until:
            pass

    inner = watch.around("inner", busy)
    watch.around("outer", lambda: (busy(0.02), inner(0.06)))()
    assert 0.02 <= watch.seconds["outer"] < 0.05
    assert 0.06 <= watch.seconds["inner"] < 0.09


def test_all_stages_are_measured_and_add_up_to_the_whole(sets, draft, tmp_path):
    rows, whole = speed._stages(sets, draft, 30, tmp_path)
    table = {row["system"]: row for row in rows}
    for name, timed in whole.items():
        assert list(timed.stages) == [*STAGES, REST]
        assert all(timed.stages[stage] > 0 for stage in STAGES if stage != "template labels"), name
        assert sum(timed.stages.values()) == pytest.approx(timed.seconds)
        assert 0 <= timed.stages[REST] < 0.5 * timed.seconds
        assert table["end to end, to JSON"][f"cpu_s_{name}"] > 0
    reading = "encoder, and tagger with small"
    assert table[reading]["cpu_s_small"] > 2 * table[reading]["cpu_s_static"]


def test_growth_is_told_a_stage_with_its_power(sets, draft, tmp_path):
    timed = {n: speed._timed(sets, draft, n, "static", tmp_path) for n in (40, 80)}
    rows = speed._grown("growth", timed, {n: n for n in timed})
    assert [row["system"] for row in rows] == ["all", *STAGES, REST]
    assert {"cpu_s_40", "cpu_s_80", "cpu_s_exponent"} <= set(rows[0])
    assert exponent([10, 100, 1000], [2, 20, 200]) == pytest.approx(1)
    assert exponent([10, 100], [1, 100]) == pytest.approx(2)


def test_planted_quotations_are_where_they_are_said_to_be_and_found(sets, draft):
    gold = quotations.planted(Grower(sets, draft), draft, 40)
    bodies = [" ".join(p.text.split()) for p in draft.policy.provisions]
    assert sum(one.exact for one in gold) == 20
    assert all(one.text[one.start : one.end] in bodies[one.provision] for one in gold if one.exact)
    assert not all(one.text[one.start : one.end] in bodies[one.provision] for one in gold if not one.exact)
    ours = quotations.recall(gold, quotations.by_ours(QuoteMatcher(draft.policy), [[one.text for one in gold]]))
    theirs = quotations.recall(gold, quotations.by_loop([one.text for one in gold], bodies))
    assert min(ours.values()) >= 0.9
    assert theirs["recall_verbatim"] >= 0.9
    assert theirs["span_found"] < 0.6  # it gives a window as wide as the shorter text
    nothing = quotations.recall(gold, [[] for _ in gold])
    assert set(nothing.values()) == {0.0}
    elsewhere = [[(one.provision, one.end, one.end + 20)] for one in gold]
    assert quotations.recall(gold, elsewhere)["span_found"] == 0
    assert quotations.recall(gold, elsewhere)["recall_fuzzy"] == 1


def test_the_seconds_of_a_command_are_its_own():
    printed, seconds = run_command([sys.executable, "-c", "sum(range(3 * 10**6)); print('done')"])
    assert printed == "done\n"
    assert 0.02 < seconds < 5
    with pytest.raises(subprocess.CalledProcessError):
        run_command([sys.executable, "-c", "raise SystemExit(3)"])


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_a_run_that_is_killed_gives_the_same_files_and_computes_nothing_twice(tmp_path):
    options = Namespace(
        gold=GOLD,
        passages=[20, 100],
        provisions=12,
        workers=1,
        engine="pool",
        encoder="static",
        shard_size=2,
        kill_from=0.25,
    )
    rows = scale.run(Namespace(**vars(options), out=tmp_path, kill=True))["rows"]
    few, many, power, worker, process = rows
    assert few["passages"] >= 20
    assert many["passages"] >= 100
    assert many["cpu_s"] > many["cpu_s_workers"] > 0
    assert many["peak_mb_worker"] > 50
    assert many["mb_written"] > few["mb_written"] > 0
    assert power["exponent"] < 1.2
    for row in (worker, process):
        assert row["identical"]
        assert row["files"] >= 4 * many["shards"]
        assert row["lost"] >= 1
        assert row["computed_twice"] == 0
    assert worker["kept"] == worker["there_before"] == int(0.25 * many["shards"]) > 0
    assert process["kept"] >= 0.5 * many["shards"]
    noted = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*-notes.jsonl")}
    assert len(noted) == 4
    assert scale.run(Namespace(**vars(options), out=tmp_path, kill=True))["rows"] == rows  # measured before
    assert noted == {path: path.stat().st_mtime_ns for path in tmp_path.glob("*-notes.jsonl")}
