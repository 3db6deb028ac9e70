"""A finding as the reader meets it: who says what, where, how sure that is, and why it stands at this provision."""

from collections.abc import Sequence
from dataclasses import dataclass

from policydiff.models import Correction, Finding, Passage, Response, Stance
from policydiff.report.decisions import decided
from policydiff.report.html.explaining import Reason, reasons
from policydiff.report.html.marking import Piece, Span, flowing, one_line
from policydiff.report.html.names import Names


@dataclass(frozen=True, slots=True)
class Quotation:
    """A finding under one of its stances. ``percent`` is the confidence in whole percent, rounded down."""

    anchor: str
    stance: str
    provision: str
    provision_anchor: str
    respondent: str
    kind: str | None
    section: str
    page: int | None
    source: str
    language: str
    percent: int
    confidence: str
    sure: str
    stance_confidence: str
    via: str
    reasons: tuple[Reason, ...]
    pieces: tuple[Piece, ...]
    review: bool
    passage_anchor: str


def quotation(
    finding: Finding,
    stance: Stance,
    passage: Passage,
    response: Response,
    provision: str,
    names: Names,
    *,
    anchor: str,
    provision_anchor: str,
    passage_anchor: str,
    own: Sequence[str],
    decision: Correction | None = None,
) -> Quotation:
    """A finding under one of its stances; ``provision`` is what the provision is called, ``own`` words only it has.

    ``decision`` is what a person decided of the finding, if anyone did.
    """
    by_hand = () if decision is None else (Reason(one_line(decided(decision, names.language))),)
    confidence = names.percent(finding.confidence)
    return Quotation(
        anchor=anchor,
        stance=stance,
        provision=provision,
        provision_anchor=provision_anchor,
        respondent=one_line(response.respondent) or one_line(response.source),
        kind=response.kind,
        section=one_line(passage.section),
        page=passage.page,
        source=one_line(response.source),
        language=response.language,
        percent=int(finding.confidence * 100),
        confidence=confidence,
        sure=names.words["finding"]["confidence"].format(confidence=confidence, provision=provision),
        stance_confidence=names.percent(finding.stances[stance]),
        via=finding.via,
        reasons=by_hand + reasons(finding, passage, provision, names.words["reasons"], own),
        pieces=flowing(passage.text, _marks(finding, stance, passage)),
        review=finding.review,
        passage_anchor=passage_anchor,
    )


def _marks(finding: Finding, stance: Stance, passage: Passage) -> list[Span]:
    """The clause that shows this stance, and the evidence that has a place in the passage."""
    at = passage.start
    cues = [Span(c.start - at, c.end - at, "cue") for c in finding.cues if c.stance == stance]
    return cues + [
        Span(e.start - at, e.end - at, e.kind) for e in finding.evidence if e.start is not None and e.end is not None
    ]
