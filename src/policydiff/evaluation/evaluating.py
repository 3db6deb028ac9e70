"""All measures of the design over one or more gold sets."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from policydiff.comparing import Comparer
from policydiff.evaluation import measures
from policydiff.evaluation.predictions import Mode, Predicted, predict
from policydiff.gold import gold_folders, read_gold
from policydiff.models import STANCES, Policy, Record, Stance
from policydiff.settings import Settings

THREE: tuple[Stance, ...] = ("endorsed", "challenged", "more_explicit")  # the stances of the card
_SHOWN = 160  # characters of a passage shown in a case
_FLOOR = 0.05  # candidates below this confidence are not in a result, so calibration is not judged on them

# What is asked of each measure: rows of a set -> number. Drawn rows make it bootstrappable.
_Measure = Callable[[Predicted, Any], float]


class Case(Record):
    """One thing that was missed or wrong."""

    what: Literal["missed pair", "wrong pair", "missed stance", "wrong stance"]
    set: str
    passage: str
    provision: str
    grade: int
    confidence: float
    gold: tuple[Stance, ...]
    predicted: tuple[Stance, ...]
    phenomena: tuple[str, ...]
    text: str


class Evaluation(Record):
    """What was measured.

    ``sets`` has the measures a set, ``mean`` their mean over sets, ``intervals`` the 95 % bootstrap interval of that
    mean over responses. ``sure_precision`` is the share of right ones among the accepted findings that are not to
    review, ``stance_ece`` the calibration error of the worst calibrated stance on gold pairs. ``stances`` has F1 a
    stance over all sets ("found": on gold pairs that were found; "given": on all gold pairs). ``phenomena`` has, for
    each, recall of strict pairs, false alarms a passage and the number of passages. A measure with nothing to count is
    None.
    """

    mode: Mode
    sets: dict[str, dict[str, float | None]]
    mean: dict[str, float | None]
    intervals: dict[str, tuple[float, float]]
    stances: dict[str, dict[str, float | None]]
    phenomena: dict[str, dict[str, float | None]]
    reliability: tuple[tuple[float, float, int], ...]
    risk_coverage: tuple[tuple[float, float], ...]
    cases: tuple[Case, ...]


def _stance_f1(p: Predicted, rows: Any, stance: Stance, *, found: bool) -> float:
    s = STANCES.index(stance)
    pairs = p.grades[rows] > 0
    if found:
        pairs &= p.accepted[rows]
    return measures.f1(p.labels[rows][pairs][:, s], p.gold_labels[rows][pairs][:, s])


def _joint_f1(p: Predicted, rows: Any) -> float:
    keep = p.grades[rows] != 1
    predicted = p.labels[rows] & p.accepted[rows][:, :, None]
    return measures.f1(predicted[keep], p.gold_labels[rows][keep])


def _candidates(p: Predicted, rows: Any) -> tuple[Any, Any, Any]:
    kept = p.confidence[rows] >= _FLOOR
    return p.confidence[rows][kept], p.grades[rows][kept] > 0, p.accepted[rows][kept]


def _ece(p: Predicted, rows: Any) -> float:
    sure, positive, _ = _candidates(p, rows)
    return measures.expected_calibration_error(sure, positive)


def _sure_precision(p: Predicted, rows: Any) -> float:
    sure = p.sure[rows]
    return float((p.grades[rows][sure] > 0).mean()) if sure.any() else float("nan")


def _stance_ece(p: Predicted, rows: Any) -> float:
    """Of the stance that is worst calibrated, on gold pairs."""
    pairs = p.grades[rows] > 0
    found, gold = p.stances[rows][pairs], p.gold_labels[rows][pairs]
    return max(measures.expected_calibration_error(found[:, k], gold[:, k]) for k in range(len(STANCES)))


def _aurc(p: Predicted, rows: Any) -> float:
    sure, positive, accepted = _candidates(p, rows)
    _, risk = measures.risk_coverage(np.maximum(sure, 1 - sure), accepted != positive)
    return float(risk.mean()) if len(risk) else float("nan")


def _iou(p: Predicted, rows: Any) -> float:
    wanted = set(np.asarray(rows).tolist())
    pairs = [(pair, span) for pair, span in p.gold_spans.items() if pair[0] in wanted and p.accepted[pair]]
    return measures.macro([measures.span_iou(p.spans.get(pair, []), [span]) for pair, span in pairs])


MEASURES: dict[str, _Measure] = {
    "ap": lambda p, r: measures.average_precision(p.confidence[r], p.grades[r]),
    "ap_relaxed": lambda p, r: measures.average_precision(p.confidence[r], p.grades[r], relaxed=True),
    "f1": lambda p, r: measures.strict_f1(p.accepted[r], p.grades[r]),
    "top1": lambda p, r: measures.top1(p.confidence[r], p.grades[r]),
    "stance_found": lambda p, r: measures.macro([_stance_f1(p, r, s, found=True) for s in THREE]),
    "stance_given": lambda p, r: measures.macro([_stance_f1(p, r, s, found=False) for s in THREE]),
    "joint_f1": _joint_f1,
    "span_iou": _iou,
    "sure_precision": _sure_precision,
    "ece": _ece,
    "stance_ece": _stance_ece,
    "aurc": _aurc,
}


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)


def _phenomena(predicted: Sequence[Predicted]) -> dict[str, dict[str, float | None]]:
    out: dict[str, dict[str, float | None]] = {}
    names = sorted({name for p in predicted for passage in p.passages for name in passage.phenomena})
    for name in names:
        wanted = found = alarms = passages = 0
        for p in predicted:
            rows = [i for i, passage in enumerate(p.passages) if name in passage.phenomena]
            grades, accepted = p.grades[rows], p.accepted[rows]
            passages += len(rows)
            wanted += int((grades == 2).sum())
            found += int((accepted & (grades == 2)).sum())
            alarms += int((accepted & (grades == 0)).sum())
        out[name] = {
            "recall": _rounded(found / wanted if wanted else float("nan")),
            "false_alarms": _rounded(alarms / passages),
            "passages": passages,
        }
    return out


def _named(row: Any) -> tuple[Stance, ...]:
    return tuple(s for s, on in zip(STANCES, row, strict=True) if on)


def _cases(p: Predicted) -> list[Case]:
    cases = []
    for i, j in np.argwhere(p.accepted | (p.grades > 0)):
        grade, accepted = int(p.grades[i, j]), bool(p.accepted[i, j])
        gold, said = _named(p.gold_labels[i, j]), _named(p.labels[i, j])
        whats: list[Literal["missed pair", "wrong pair", "missed stance", "wrong stance"]] = []
        if not accepted and grade == 2:
            whats.append("missed pair")
        elif accepted and grade == 0:
            whats.append("wrong pair")
        elif accepted:
            whats += ["missed stance"] if set(gold) - set(said) else []
            whats += ["wrong stance"] if set(said) - set(gold) else []
        passage = p.passages[i]
        cases += [
            Case(
                what=what,
                set=p.name,
                passage=passage.passage,
                provision=p.provisions[j],
                grade=grade,
                confidence=float(p.confidence[i, j]),
                gold=gold,
                predicted=said if accepted else (),
                phenomena=passage.phenomena,
                text=" ".join(passage.text.split())[:_SHOWN],
            )
            for what in whats
        ]
    return cases


def _default(policy: Policy) -> Comparer:
    return Comparer(policy, settings=Settings.model_validate({"findings": {"floor": 0.0}}))


def evaluate(
    folders: Sequence[Path | str] | Path | str,
    *,
    make: Callable[[Policy], Comparer] | None = None,
    mode: Mode = "passages",
    resamples: int = 200,
) -> Evaluation:
    """Measure on gold folders (or folders of them).

    ``make`` prepares the Comparer for a policy; give it a floor of 0 so that every pair is ranked. ``mode``
    "passages" gives the gold passages, "pipeline" runs from the files. ``resamples`` of 0 leaves the intervals
    out.

    Raises:
        UnreadableError: a folder holds no gold, or a label is wrong.
    """
    paths = [folders] if isinstance(folders, Path | str) else list(folders)
    predicted = [predict(read_gold(f), make or _default, mode) for f in gold_folders(paths)]
    everything = [np.arange(len(p.passages)) for p in predicted]
    sets = {
        p.name: {name: _rounded(measure(p, rows)) for name, measure in MEASURES.items()}
        for p, rows in zip(predicted, everything, strict=True)
    }
    groups = [p.response_rows() for p in predicted]

    def over_sets(measure: _Measure) -> Callable[[Sequence[Any]], float]:
        return lambda drawn: measures.macro([measure(p, rows) for p, rows in zip(predicted, drawn, strict=True)])

    intervals = {
        name: measures.bootstrap_interval(groups, over_sets(measure), resamples=resamples)
        for name, measure in MEASURES.items()
        if resamples and name != "span_iou"  # its rows cannot be drawn twice
    }
    kept = [_candidates(p, rows) for p, rows in zip(predicted, everything, strict=True)]
    sure, positive, accepted = (np.concatenate([k[i] for k in kept]) for i in range(3))
    coverage, risk = measures.risk_coverage(np.maximum(sure, 1 - sure), accepted != positive)
    points = np.unique(np.linspace(0, len(risk) - 1, 100).astype(int)).tolist() if len(risk) else []
    return Evaluation(
        mode=mode,
        sets=sets,
        mean={name: _rounded(over_sets(measure)(everything)) for name, measure in MEASURES.items()},
        intervals={
            name: (round(low, 4), round(high, 4)) for name, (low, high) in intervals.items() if not np.isnan(low)
        },
        stances={
            stance: {
                kind: _rounded(
                    measures.macro(
                        [
                            _stance_f1(p, rows, stance, found=kind == "found")
                            for p, rows in zip(predicted, everything, strict=True)
                        ]
                    )
                )
                for kind in ("found", "given")
            }
            for stance in STANCES
        },
        phenomena=_phenomena(predicted),
        reliability=tuple(measures.calibration_bins(sure, positive)),
        risk_coverage=tuple((round(float(coverage[i]), 4), round(float(risk[i]), 4)) for i in points),
        cases=tuple(case for p in predicted for case in _cases(p)),
    )
