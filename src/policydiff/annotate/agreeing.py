"""How far two annotators agree on the same passages, and every case in which they do not."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from policydiff.errors import InputError
from policydiff.gold import GoldAlignment, GoldPassage, GoldSet, read_gold
from policydiff.models import STANCES, Record, Stance

if TYPE_CHECKING:
    from policydiff.evaluation.measures import Bools

Difference = Literal["pair", "grade", "stances"]
# What two annotators say of one passage and one provision; None is no entry.
_Pair = tuple[GoldAlignment | None, GoldAlignment | None]


class StanceAgreement(Record):
    """One stance on the pairs that both have: how often each gave it, both gave it, F1 and Cohen's kappa."""

    one: int
    other: int
    both: int
    f1: float | None
    kappa: float | None


class Disagreement(Record):
    """One passage and provision on which the two differ, in the pair itself, its grade or its stances.

    A grade of 0 with no stances says that this annotator has no entry.
    """

    what: tuple[Difference, ...]
    passage: str
    provision: str
    grades: tuple[int, int]
    stances: tuple[tuple[Stance, ...], tuple[Stance, ...]]
    text: str


class Agreement(Record):
    """Agreement of two annotators; a pair is (passage, provision), a measure with nothing to count is None.

    ``f1_strict`` is of the pairs with grade 2, those with a grade 1 from either left out; ``f1_relaxed`` of
    the pairs with any grade. ``kappa`` is Cohen's (1960), over all pairs, given by an annotator or not.
    ``same_grade`` is the share of the pairs both have (``both``) with equal grades. All are the same whichever
    annotator comes first.
    """

    passages: int
    provisions: int
    one: int
    other: int
    both: int
    f1_strict: float | None
    f1_relaxed: float | None
    kappa: float | None
    same_grade: float | None
    stances: dict[Stance, StanceAgreement]
    disagreements: tuple[Disagreement, ...]


def agreement(one: Path | str, other: Path | str) -> Agreement:
    """Compare the labels of two gold folders of the same passages and provisions.

    Raises:
        UnreadableError: a folder is no gold folder.
        InputError: they differ in passages or provisions.
    """
    first, second = read_gold(one), read_gold(other)
    ids = _provision_ids(first, second)
    partner = _partners(first, second)
    pairs: list[_Pair] = []
    disagreements: list[Disagreement] = []
    for passage in first.passages:
        mine, theirs = _by_provision(passage), _by_provision(partner[passage.response, passage.passage])
        for provision in ids:
            pair = mine.get(provision), theirs.get(provision)
            pairs.append(pair)
            what = _differences(*pair)
            if what:
                disagreements.append(_disagreement(what, passage, provision, pair))
    return _measured(pairs, passages=len(first.passages), provisions=len(ids), disagreements=disagreements)


def _provision_ids(first: GoldSet, second: GoldSet) -> list[str]:
    one = [*(p.id for p in first.policy.provisions), *first.missed]
    other = [*(p.id for p in second.policy.provisions), *second.missed]
    if set(one) != set(other):
        raise InputError(
            str(second.folder),
            f"has other provisions than {first.folder} ({', '.join(sorted(set(one) ^ set(other))[:5])}); "
            "annotators compare on copies of one folder",
        )
    return one


def _partners(first: GoldSet, second: GoldSet) -> dict[tuple[str, str], GoldPassage]:
    one = {(p.response, p.passage): p for p in first.passages}
    other = {(p.response, p.passage): p for p in second.passages}
    differing = [k for k in {**one, **other} if k not in one or k not in other or not _same(one[k], other[k])]
    if differing:
        names = ", ".join(passage for _, passage in differing[:5])
        raise InputError(
            str(second.folder),
            f"has other passages than {first.folder} ({len(differing)} differ: {names}); "
            "annotators compare on copies of one folder",
        )
    return other


def _same(one: GoldPassage, other: GoldPassage) -> bool:
    return (one.start, one.end, one.text) == (other.start, other.end, other.text)


def _by_provision(passage: GoldPassage) -> dict[str, GoldAlignment]:
    return {alignment.provision: alignment for alignment in passage.alignments}


def _grade(alignment: GoldAlignment | None) -> int:
    return 0 if alignment is None else alignment.grade


def _stances(alignment: GoldAlignment | None) -> tuple[Stance, ...]:
    return () if alignment is None else tuple(s for s in STANCES if s in alignment.stances)


def _differences(one: GoldAlignment | None, other: GoldAlignment | None) -> tuple[Difference, ...]:
    if one is None or other is None:
        return () if one is other else ("pair",)
    what: list[Difference] = []
    if one.grade != other.grade:
        what.append("grade")
    if _stances(one) != _stances(other):
        what.append("stances")
    return tuple(what)


def _disagreement(what: tuple[Difference, ...], passage: GoldPassage, provision: str, pair: _Pair) -> Disagreement:
    return Disagreement(
        what=what,
        passage=passage.passage,
        provision=provision,
        grades=(_grade(pair[0]), _grade(pair[1])),
        stances=(_stances(pair[0]), _stances(pair[1])),
        text=passage.text,
    )


def _measured(
    pairs: Sequence[_Pair], *, passages: int, provisions: int, disagreements: Sequence[Disagreement]
) -> Agreement:
    import numpy as np

    from policydiff.evaluation.measures import f1

    grades = np.array([[_grade(one), _grade(other)] for one, other in pairs], dtype=int).reshape(-1, 2)
    has = grades > 0
    sure = grades[(grades != 1).all(axis=1)] == 2
    both = [(one, other) for one, other in pairs if one is not None and other is not None]
    stances: dict[Stance, StanceAgreement] = {}
    for stance in STANCES:
        given = np.array([[stance in one.stances, stance in other.stances] for one, other in both], dtype=bool)
        given = given.reshape(-1, 2)
        stances[stance] = StanceAgreement(
            one=int(given[:, 0].sum()),
            other=int(given[:, 1].sum()),
            both=int(given.all(axis=1).sum()),
            f1=_rounded(f1(given[:, 0], given[:, 1])),
            kappa=_kappa(given),
        )
    return Agreement(
        passages=passages,
        provisions=provisions,
        one=int(has[:, 0].sum()),
        other=int(has[:, 1].sum()),
        both=len(both),
        f1_strict=_rounded(f1(sure[:, 0], sure[:, 1])),
        f1_relaxed=_rounded(f1(has[:, 0], has[:, 1])),
        kappa=_kappa(has),
        same_grade=_rounded(sum(a.grade == b.grade for a, b in both) / len(both)) if both else None,
        stances=stances,
        disagreements=tuple(disagreements),
    )


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 4)


def _kappa(given: "Bools") -> float | None:
    """Cohen's kappa of two columns; None where all are alike, since then chance explains everything."""
    if given.all() or not given.any():
        return None
    from sklearn.metrics import cohen_kappa_score

    return _rounded(cohen_kappa_score(given[:, 0], given[:, 1], labels=[False, True]))
