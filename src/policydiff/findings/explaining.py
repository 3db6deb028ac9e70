"""Why a stance was given, or was not: the parts of the judge's sum, with the words they come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from policydiff.findings.lexicon import WEAK
from policydiff.findings.stance import EmbeddedJudge, clauses_shown, labels
from policydiff.findings.stance_features import (
    FORM,
    TAGGED,
    StancePair,
    View,
    dense_features,
    sparse_features,
    word_buckets,
)
from policydiff.models import STANCES, Comparison, Finding, Stance

ReasonKind = Literal["cue", "reading", "word", "form"]
_WORDS = 3  # named a stance
_SLIGHT = 0.15  # logits below which a word is not worth naming


@dataclass(frozen=True, slots=True)
class Reason:
    """What spoke for a stance (``weight`` above 0) or against it, in logits of its probability.

    ``cue``: words of the language pack in their scope. ``reading``: what the tagger reads in the clause. ``word``:
    a word that the labelled texts use so. ``form``: length, questions, how much of the passage is about the
    provision. ``spans`` are in the passage.
    """

    kind: ReasonKind
    weight: float
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class StanceReasons:
    """One stance of a pair: its probability, the threshold it needs, whether it is given, and why, strongest first."""

    stance: Stance
    probability: float
    threshold: float
    given: bool
    reasons: tuple[Reason, ...]


# By passage and provision of a finding.
Reasons = Mapping[tuple[str, str], Sequence[StanceReasons]]


def pair_of(comparison: Comparison, finding: Finding) -> StancePair:
    """The pair that a finding judges, as it was given to the judge."""
    number = next(n for n, p in enumerate(comparison.passages) if p.id == finding.passage_id)
    passage = comparison.passages[number]
    before = comparison.passages[number - 1] if number else None
    provision = next(p for p in comparison.policy.provisions if p.id == finding.provision_id)
    same = [f for f in comparison.findings if f.passage_id == finding.passage_id]
    spans = {
        f.provision_id: [
            (e.start - passage.start, e.end - passage.start)
            for e in f.evidence
            if e.start is not None and e.end is not None
        ]
        for f in same
    }
    return StancePair(
        passage.text,
        provision.title,
        provision.text,
        passage.section,
        before.text if before is not None and before.response_id == passage.response_id else "",
        tuple(spans.pop(finding.provision_id)),
        tuple(s for others in spans.values() for s in others),
    )


def explain_stances(judge: EmbeddedJudge, pair: StancePair) -> tuple[StanceReasons, ...]:
    """The reasons of each stance, the likeliest first: also of one that nearly made it."""
    (seen,) = judge.views([pair])
    (row,) = judge.probabilities([seen])
    given = labels(row, judge.thresholds)
    out = [
        StanceReasons(
            stance,
            float(row[k]),
            judge.thresholds[stance],
            stance in given,
            _reasons(judge.tensors, seen, judge.language, k),
        )
        for k, stance in enumerate(STANCES)
    ]
    return tuple(sorted(out, key=lambda s: -s.probability / s.threshold))


def _reasons(tensors: Mapping[str, npt.NDArray[Any]], seen: View, language: str, column: int) -> tuple[Reason, ...]:
    slope = float(tensors["platt"][0, column])
    dense = dense_features(seen, language) * tensors["dense"][:, column].astype(np.float32) * slope
    form, reading = float(dense[FORM].sum()), float(dense[TAGGED].sum())
    weights = tensors["hashed"][:, column].astype(np.float32) * slope
    idf = tensors["idf"].astype(np.float32)
    *fields, tagged = sparse_features(seen)
    cue = float(dense.sum()) - form - reading + _field(tagged, weights, idf)
    stance = STANCES[column]
    cues = tuple((c.start, c.end) for c in seen.about.own if c.stance == stance and c.strength >= WEAK)
    clauses = tuple((a, b) for s, a, b in clauses_shown(seen) if s == stance)
    found = [Reason("cue", cue, cues), Reason("form", form), *_words(seen, fields, weights, idf)]
    if seen.tagged is not None:
        found.append(Reason("reading", reading, clauses))
    return tuple(sorted((r for r in found if abs(r.weight) >= _SLIGHT), key=lambda r: -abs(r.weight)))


def _field(buckets: npt.NDArray[np.int64], weights: npt.NDArray[Any], idf: npt.NDArray[Any]) -> float:
    norm = float(np.sqrt(idf[buckets] @ idf[buckets])) or 1.0
    return float((idf[buckets] / norm) @ weights[buckets])


def _words(
    seen: View, fields: Sequence[npt.NDArray[np.int64]], weights: npt.NDArray[Any], idf: npt.NDArray[Any]
) -> list[Reason]:
    """The words that add most, each with what its own buckets add to the fields that hold them."""
    norms = [float(np.sqrt(idf[f] @ idf[f])) or 1.0 for f in fields]
    added: dict[str, tuple[float, list[tuple[int, int]]]] = {}
    for word, start, end in seen.words():
        if word in added:
            added[word][1].append((start, end))
            continue
        total = 0.0
        for buckets, field, norm in zip(word_buckets(word), fields, norms, strict=True):
            held = buckets[np.isin(buckets, field)]
            total += float((idf[held] / norm) @ weights[held])
        added[word] = (total, [(start, end)])
    best = sorted(added.values(), key=lambda a: -abs(a[0]))[:_WORDS]
    return [Reason("word", weight, tuple(spans)) for weight, spans in best]
