"""How far the counts of a comparison rest on who happened to answer: bootstrap intervals over respondents.

Respondents are drawn with replacement, as many as there are, and counted again; the interval holds the middle 95 % of
what comes out (the percentile method: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13).
Members of a campaign, and those who copied a passage from one another, are drawn together, since they did not answer
independently (the cluster bootstrap: Davison and Hinkley 1997, "Bootstrap Methods and their Application", section
3.8). The interval says nothing about those who did not answer: respondents choose themselves and are no sample of the
population.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from policydiff.errors import SettingsError
from policydiff.findings.groups import Groups
from policydiff.findings.identity import Respondent, numbers_of
from policydiff.findings.tally import KEYS, sayings_in
from policydiff.models import Comparison

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

# Draws of all respondents that are held in memory at one time, as numbers.
_HELD = 4_000_000
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Interval:
    """``value`` of one provision and key ("endorsed" … "any") lies in ``lo`` … ``hi`` when respondents are redrawn."""

    provision_id: str
    key: str
    value: float
    lo: float
    hi: float


def intervals(
    comparison: Comparison,
    *,
    clusters: bool = True,
    weighted: bool = False,
    shares: bool = False,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[Interval, ...]:
    """An interval for each provision and key of its Tally, in their order.

    ``value`` is the Tally's ``respondents``, or its ``weighted`` where ``weighted``; with ``shares`` its part of all
    respondents, or of their weight. ``clusters`` draws those who copied from one another together; without it, each
    respondent alone. The same ``seed`` gives the same intervals.

    Raises:
        SettingsError: ``level`` is not between 0 and 1, or ``resamples`` is below 1.
    """
    if not 0 < level < 1:
        raise SettingsError(f"level {level} is no share between 0 and 1; use 0.95 for 95 %")
    if resamples < 1:
        raise SettingsError(f"{resamples} resamples give no interval; use 1000 or more")
    people, said = sayings_in(comparison)
    cells = [(p.id, key) for p in comparison.policy.provisions for key in KEYS]
    if not people:
        return tuple(Interval(p, key, 0.0, 0.0, 0.0) for p, key in cells)
    weights = np.array([person.weight if weighted else 1.0 for person in people])
    cluster = _clusters(comparison, people) if clusters else np.arange(len(people))
    # Rows are clusters; the last column is what they weigh, the others what of it says each cell.
    table = np.zeros((int(cluster.max()) + 1, len(cells) + 1))
    np.add.at(table[:, -1], cluster, weights)
    for column, cell in enumerate(cells):
        who = np.fromiter(said.get(cell, ()), dtype=np.int64)
        np.add.at(table[:, column], cluster[who], weights[who])
    total = table.sum(axis=0)
    whole = 1.0 if shares else float(total[-1])
    tail = (1 - level) / 2
    lo, hi = np.quantile(_redrawn(table, resamples, seed) * whole, (tail, 1 - tail), axis=0)
    value = total[:-1] * (whole / total[-1] if total[-1] else 0.0)
    return tuple(
        Interval(p, key, *(round(float(x), _DIGITS) for x in (value[n], lo[n], hi[n])))
        for n, (p, key) in enumerate(cells)
    )


def _redrawn(table: Floats, resamples: int, seed: int) -> Floats:
    """The share of each cell in each draw, shape (resamples, cells)."""
    rng = np.random.default_rng(seed)
    count = len(table)
    step = max(1, _HELD // count)
    parts = []
    for start in range(0, resamples, step):
        drawn = rng.integers(0, count, (min(step, resamples - start), count))
        offset = drawn + np.arange(len(drawn))[:, None] * count
        times = np.bincount(offset.ravel(), minlength=drawn.size).reshape(drawn.shape)
        sums = times.astype(np.float64) @ table
        parts.append(sums[:, :-1] / np.maximum(sums[:, -1:], np.finfo(float).tiny))
    return np.concatenate(parts)


def _clusters(comparison: Comparison, people: list[Respondent]) -> Indices:
    """A number for each respondent, the same for those who share a campaign or a copied passage; none is left out."""
    number = numbers_of(people)
    response_of = {p.id: p.response_id for p in comparison.passages}
    groups = Groups(len(people))
    shared = [c.response_ids for c in comparison.campaigns]
    shared += [tuple(response_of[p] for p in c.passage_ids) for c in comparison.copied_passages]
    pairs = [(number[first], number[other]) for first, *others in shared for other in others]
    if pairs:
        groups.join(*np.array(pairs).T)
    return np.unique(groups.first, return_inverse=True)[1]
