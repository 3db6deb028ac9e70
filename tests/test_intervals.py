import time

import numpy as np
import pytest

from policydiff.errors import SettingsError
from policydiff.findings.cross_table import by_kind
from policydiff.findings.intervals import intervals
from policydiff.models import (
    STANCES,
    Campaign,
    Comparison,
    CopiedPassage,
    Finding,
    Passage,
    Policy,
    Provenance,
    Provision,
    Response,
)

POLICY = Policy(
    id="p",
    title="",
    language="da",
    text="AB",
    provisions=tuple(
        Provision(id=i, kind="mål", label=i, title="", text=i, start=n, end=n + 1) for n, i in enumerate("AB")
    ),
)


def comparison(count, endorsing, *, kinds=(None,), weights=(1.0,), campaign=0, copied=()):
    """``count`` respondents with a passage each, of which the first ``endorsing`` endorse A."""
    return Comparison(
        provenance=Provenance(version="", models={}, settings={}, inputs={}),
        policy=POLICY,
        responses=tuple(
            Response(
                id=f"r{n}",
                respondent=f"Forening {n}",
                source="",
                language="da",
                sha256="",
                text="",
                kind=kinds[n % len(kinds)],
                kind_guessed=n % 2 == 0,
                weight=weights[n % len(weights)],
            )
            for n in range(count)
        ),
        passages=tuple(
            Passage(id=f"r{n}/1", response_id=f"r{n}", section="", start=0, end=1, text="x", disposition="aligned")
            for n in range(count)
        ),
        findings=tuple(
            Finding(
                passage_id=f"r{n}/1",
                provision_id="A",
                confidence=0.9,
                accepted=True,
                review=False,
                stances=dict.fromkeys(STANCES, 0.5),
                labels=("endorsed",),
                via="quote",
                evidence=(),
            )
            for n in range(endorsing)
        ),
        tallies=(),
        campaigns=(
            Campaign(id="c", response_ids=tuple(f"r{n}" for n in range(campaign)), representative="r0", similarity=1),
        )
        if campaign
        else (),
        copied_passages=tuple(
            CopiedPassage(id=str(n), passage_ids=ids, representative=ids[0], similarity=1)
            for n, ids in enumerate(copied)
        ),
    )


def endorsed(found):
    (row,) = [row for row in found if (row.provision_id, row.key) == ("A", "endorsed")]
    return row


def test_without_campaigns_the_interval_is_that_of_the_binomial():
    row = endorsed(intervals(comparison(200, 60), resamples=10_000))
    assert row.value == 60
    assert (row.lo, row.hi) == pytest.approx((47, 73), abs=1)  # 2.5 % and 97.5 % of B(200, 0.3)
    share = endorsed(intervals(comparison(200, 60), resamples=10_000, shares=True))
    assert (share.value, share.lo, share.hi) == pytest.approx((0.3, row.lo / 200, row.hi / 200))


def test_a_campaign_widens_the_interval_and_a_lower_level_narrows_it():
    result = comparison(200, 60, campaign=50)
    wide, alone = endorsed(intervals(result)), endorsed(intervals(result, clusters=False))
    assert wide.value == alone.value == 60
    assert wide.hi - wide.lo > 1.5 * (alone.hi - alone.lo)
    narrow = endorsed(intervals(result, level=0.5))
    assert narrow.hi - narrow.lo < wide.hi - wide.lo


def test_those_who_copied_a_passage_are_drawn_together():
    chain = tuple((f"r{n}/1", f"r{n + 1}/1") for n in range(49))
    assert intervals(comparison(200, 60, copied=chain)) == intervals(comparison(200, 60, campaign=50))


def test_every_cell_has_an_interval_and_the_seed_decides():
    result = comparison(50, 20)
    found = intervals(result, seed=3)
    assert [(row.provision_id, row.key) for row in found] == [(p, k) for p in "AB" for k in (*STANCES, "any")]
    assert all(row.lo <= row.value <= row.hi for row in found)
    assert all((row.value, row.lo, row.hi) == (0, 0, 0) for row in found if row.provision_id == "B")
    assert found == intervals(result, seed=3) != intervals(result, seed=4)


def test_weights_count():
    result = comparison(100, 40, weights=(3.0, 0.0))
    row = endorsed(intervals(result, weighted=True))
    assert row.value == 60
    assert row.lo < 60 < row.hi
    assert endorsed(intervals(result, weighted=True, shares=True)).value == pytest.approx(0.4)
    assert endorsed(intervals(comparison(5, 3, weights=(0.0,)), weighted=True)).hi == 0


def test_nobody_answered():
    assert {(row.value, row.lo, row.hi) for row in intervals(comparison(0, 0))} == {(0, 0, 0)}
    assert by_kind(comparison(0, 0)).respondents == {}


@pytest.mark.parametrize("wrong", [{"level": 1}, {"level": 95}, {"resamples": 0}])
def test_wrong_settings_are_named(wrong):
    with pytest.raises(SettingsError, match=str(next(iter(wrong.values())))):
        intervals(comparison(3, 1), **wrong)


def test_five_thousand_respondents_are_quick():
    result = comparison(5000, 2000)
    started = time.process_time()
    row = endorsed(intervals(result, resamples=1000))
    assert time.process_time() - started < 10  # measured: 0.5 s
    assert np.isclose((row.hi - row.lo) / 2, 1.96 * np.sqrt(5000 * 0.4 * 0.6), rtol=0.15)


def test_kinds_add_up_to_all_respondents():
    table = by_kind(comparison(10, 6, kinds=("company", "citizen", None, "citizen", "citizen")))
    assert table.respondents == {"citizen": 6, "company": 2, "unknown": 2}
    assert table.guessed == {"citizen": 3, "company": 1}
    assert {kind: row["endorsed"] for kind, row in table.counts["A"].items()} == {
        "citizen": 3,
        "company": 2,
        "unknown": 1,
    }
    assert sum(row["any"] for row in table.counts["B"].values()) == 0
