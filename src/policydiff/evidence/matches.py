"""What every kind of evidence returns."""

from dataclasses import dataclass

from policydiff.models import EvidenceKind


@dataclass(frozen=True, slots=True)
class Match:
    """One piece of evidence that a passage addresses a provision.

    ``provision`` is an index into ``policy.provisions``. ``start``/``end`` count in the passage's text as
    given to the matcher, ``provision_start``/``provision_end`` in ``policy.text``. ``form`` says how it was
    found, e.g. "label", "ordinal", "range", "all", "title", "marked", "unmarked".
    """

    provision: int
    kind: EvidenceKind
    score: float
    start: int | None = None
    end: int | None = None
    provision_start: int | None = None
    provision_end: int | None = None
    form: str = ""
