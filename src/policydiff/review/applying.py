"""A result with the officer's decisions in it: findings as they leave them, tallies counted anew, all on record."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from policydiff.findings.corrections import Pair, in_force, pairs_of
from policydiff.findings.stance import unaligned
from policydiff.findings.tally import tallies_of
from policydiff.models import STANCES, Comparison, Correction, Finding, Passage, Record, Stance
from policydiff.review.filled import Decision, read_review
from policydiff.review.original import original


class Applied(Record):
    """The corrected result, and what became of the decisions in the spreadsheet.

    ``new`` are those that the result did not have; ``known`` counts those that the same reviewer had made before.
    ``superseded`` are the decisions in force that a later one than the spreadsheet's made otherwise.
    """

    comparison: Comparison
    new: tuple[Correction, ...]
    known: int
    superseded: tuple[Correction, ...]


def apply_review(
    comparison: Comparison, sheet: Path | str, *, reviewer: str = "", at: datetime | None = None
) -> Applied:
    """Apply a filled-in review to the result that it was written from, corrected or not.

    Decisions are dated ``at``, by default when the spreadsheet was last saved; the latest of a finding holds, and all
    are kept. What a reviewer decided already is not taken twice, so that a spreadsheet can be applied again.

    Raises:
        SettingsError: openpyxl is not installed.
        InputError: the spreadsheet is of another result, or a cell is wrong; names sheet, row and column.
    """
    filled = read_review(sheet, comparison, reviewer=reviewer)
    findings, passages = original(comparison)
    corrections, new = list(comparison.corrections), []
    for decision in filled.decisions:
        correction = _correction(decision, at or filled.at, findings, passages)
        if not _known(correction, comparison.corrections):
            new.append(correction)
    corrections += new
    result = corrected(comparison, corrections)
    decided = {(d.passage_id, d.provision_id): (d.verdict, d.instead, d.labels) for d in filled.decisions}
    return Applied(
        comparison=result,
        new=tuple(new),
        known=len(filled.decisions) - len(new),
        superseded=tuple(
            c
            for c in in_force(corrections)
            if decided.get((c.passage_id, c.provision_id), (c.verdict, c.instead, c.labels))
            != (c.verdict, c.instead, c.labels)
        ),
    )


def corrected(comparison: Comparison, corrections: Sequence[Correction]) -> Comparison:
    """``comparison`` with all of ``corrections`` in it, and none that it had before."""
    findings, passages = original(comparison)
    for correction in in_force(corrections):
        own = (correction.passage_id, correction.provision_id)
        if correction.verdict in ("wrong", "elsewhere") and own in findings:
            findings[own] = findings[own].model_copy(update={"accepted": False, "review": False})
        if correction.verdict != "wrong":
            pair = pairs_of(correction)[-1]
            findings[pair] = _accepted(findings.get(pair), pair, correction.labels)
    language = {r.id: r.language for r in comparison.responses}
    aligned = {pair[0] for pair, f in findings.items() if f.accepted}
    for passage_id in {c.passage_id for c in corrections}:
        passage = passages[passage_id]
        if passage_id in aligned:
            disposition = "aligned"
        elif passage.disposition == "aligned":
            disposition = unaligned(passage.text, language[passage.response_id])
        else:
            disposition = passage.disposition
        passages[passage_id] = passage.model_copy(update={"disposition": disposition})
    result = comparison.model_copy(
        update={
            "passages": tuple(passages.values()),
            "findings": _ordered(findings.values(), comparison),
            "corrections": tuple(corrections),
        }
    )
    return result.model_copy(update={"tallies": tallies_of(result)})


def _accepted(found: Finding | None, pair: Pair, labels: tuple[Stance, ...]) -> Finding:
    """A finding that holds with these stances. Cues of stances that it does not have show nothing any more."""
    if found is None:
        return Finding(
            passage_id=pair[0],
            provision_id=pair[1],
            confidence=0.0,
            accepted=True,
            review=False,
            stances=dict.fromkeys(STANCES, 0.0),
            labels=labels,
            via="by_hand",
            evidence=(),
        )
    cues = tuple(c for c in found.cues if c.stance in labels)
    return found.model_copy(update={"accepted": True, "review": False, "labels": labels, "cues": cues})


def _ordered(findings: Iterable[Finding], comparison: Comparison) -> tuple[Finding, ...]:
    """In the order in which they are found: by passage, then by provision."""
    passage = {p.id: n for n, p in enumerate(comparison.passages)}
    provision = {p.id: n for n, p in enumerate(comparison.policy.provisions)}
    return tuple(sorted(findings, key=lambda f: (passage[f.passage_id], provision[f.provision_id])))


def _correction(
    decision: Decision, at: datetime, findings: dict[Pair, Finding], passages: dict[str, Passage]
) -> Correction:
    correction = Correction(
        passage_id=decision.passage_id,
        provision_id=decision.provision_id,
        verdict=decision.verdict,
        instead=decision.instead,
        labels=decision.labels,
        reviewer=decision.reviewer,
        at=at,
        reason=decision.reason,
        disposition=passages[decision.passage_id].disposition,
    )
    found = tuple(findings[pair] for pair in pairs_of(correction) if pair in findings)
    return correction.model_copy(update={"found": found})


def _known(correction: Correction, before: Sequence[Correction]) -> bool:
    """Whether the reviewer's latest decision on this finding was the same, for the same reason."""
    theirs = [
        c
        for c in before
        if (c.passage_id, c.provision_id, c.reviewer)
        == (correction.passage_id, correction.provision_id, correction.reviewer)
    ]
    if not theirs:
        return False
    latest = max(enumerate(theirs), key=lambda numbered: (numbered[1].at, numbered[0]))[1]
    return correction == latest.model_copy(update={"at": correction.at})
