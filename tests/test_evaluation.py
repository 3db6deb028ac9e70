"""The instrument itself: perfect, empty and missing predictions on a real gold set."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from policydiff.cli import main
from policydiff.comparing import ComparedResponse, Comparer
from policydiff.evaluation import evaluate, predict
from policydiff.gold import read_gold
from policydiff.models import STANCES, Cue, Finding, Passage

GOLD = Path(__file__).parent.parent / "fixtures" / "gold"
BYRUM = GOLD / "natural" / "byrum"


class Oracle:
    """Predicts what the gold says, or nothing, for the passages it is given."""

    def __init__(self, policy, *, knows=True):
        self.policy = policy
        self.gold = {(p.response, p.start): p for p in read_gold(BYRUM).passages} if knows else {}

    def compare_blocks(self, response, blocks):
        passages, findings = [], []
        for n, block in enumerate(b for b in blocks if b.kind not in ("heading", "front")):
            passage = f"{response.id}/{n}"
            passages.append(
                Passage(
                    id=passage,
                    response_id=response.id,
                    section=block.section,
                    start=block.start,
                    end=block.end,
                    text=block.text,
                    disposition="aligned",
                )
            )
            known = self.gold.get((response.id, block.start))
            findings += [
                Finding(
                    passage_id=passage,
                    provision_id=a.provision,
                    confidence=1.0 if a.grade == 2 else 0.9,
                    accepted=True,
                    review=False,
                    stances={s: float(s in a.stances) for s in STANCES},
                    labels=a.stances,
                    via="reference",
                    evidence=(),
                    cues=(Cue(stance=a.stances[0], start=a.evidence[0], end=a.evidence[1]),),
                )
                for a in (known.alignments if known else ())
            ]
        return ComparedResponse(response, tuple(passages), tuple(findings))


@pytest.mark.parametrize("mode", ["passages", "pipeline"])
def test_perfect_predictions_give_one(mode):
    result = evaluate(BYRUM, make=Oracle, mode=mode, resamples=0)
    for name in ("ap", "ap_relaxed", "f1", "top1", "stance_found", "stance_given", "joint_f1", "span_iou"):
        assert result.mean[name] == 1.0, name
    assert result.cases == ()
    assert result.phenomena["quote"]["recall"] == 1.0
    assert all(row["false_alarms"] == 0 for row in result.phenomena.values())


def test_empty_predictions_give_zero_and_every_strict_pair_is_missed():
    result = evaluate(BYRUM, make=lambda policy: Oracle(policy, knows=False), resamples=0)
    assert result.mean["f1"] == result.mean["joint_f1"] == result.mean["stance_given"] == 0
    strict = sum(a.grade == 2 for p in read_gold(BYRUM).passages for a in p.alignments)
    assert [c.what for c in result.cases] == ["missed pair"] * strict


def test_a_missing_passage_counts_as_missed():
    class Forgetful(Oracle):
        def compare_blocks(self, response, blocks):
            return super().compare_blocks(response, list(blocks)[:-1])

    result = evaluate(BYRUM, make=Forgetful, mode="pipeline", resamples=0)
    assert result.mean["f1"] < 1
    assert {c.what for c in result.cases} == {"missed pair"}


def test_passages_and_pipeline_agree_where_segmentation_does():
    gold = read_gold(BYRUM)
    given, run = (predict(gold, Comparer, mode) for mode in ("passages", "pipeline"))
    assert given.provisions == run.provisions
    assert np.mean(given.accepted == run.accepted) > 0.99


def test_evaluate_prints_tables_and_cases(capsys, tmp_path):
    assert main(["evaluate", str(BYRUM), "--cases", "2"]) == 0
    out = capsys.readouterr().out
    for word in ("byrum", "mean", "95 %", "more explicit", "near-miss", "gold"):
        assert word in out
    broken = shutil.copytree(BYRUM, tmp_path / "byrum")
    (broken / "gold.jsonl").write_text("{}\n")
    assert main(["evaluate", str(broken)]) == 2
    assert "gold.jsonl, line 1: response: Field required" in capsys.readouterr().err
