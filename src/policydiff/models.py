"""The records, in the order of the flow: draft, responses, passages, findings, tallies.

All spans are half-open character offsets in the document's own text as read, so that
``policy.text[p.start:p.end] == p.text`` and ``response.text[q.start:q.end] == q.text`` hold exactly.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Stance = Literal["endorsed", "challenged", "more_explicit", "proposal", "mentioned"]
STANCES: tuple[Stance, ...] = ("endorsed", "challenged", "more_explicit", "proposal", "mentioned")

EvidenceKind = Literal["reference", "quote", "lexical", "similarity", "carried", "section"]

Disposition = Literal["aligned", "out_of_draft", "no_position", "boilerplate", "duplicate"]
DISPOSITIONS: tuple[Disposition, ...] = ("aligned", "out_of_draft", "no_position", "boilerplate", "duplicate")

Offset = Annotated[int, Field(ge=0)]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class Record(BaseModel):
    """Base of all records: frozen, and unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Provision(Record):
    """An addressable part of the draft.

    ``text`` is the body without its heading, ``policy.text[start:end]``; ``label`` is what the draft
    numbers it with ("E", "1.2", "§ 4, stk. 2"), empty where it has only a title.
    """

    id: str
    kind: str
    label: str = ""
    title: str = ""
    text: str
    start: Offset
    end: Offset
    parent_id: str | None = None


class Section(Record):
    """A part of the draft that is not a provision: a foreword, a chapter that describes an area."""

    id: str
    title: str
    text: str
    start: Offset
    end: Offset


class Policy(Record):
    """The document in consultation: its own text, its provisions, and what lies beside them."""

    id: str
    title: str
    language: str
    text: str = Field(repr=False)
    provisions: tuple[Provision, ...]
    sections: tuple[Section, ...] = ()


RespondentKind = Literal["citizen", "organisation", "authority", "company", "committee"]

ContactKind = Literal["email", "phone", "cpr", "address"]


class Masking(Record):
    """Contact data that stood at ``text[start:end]`` of a response and was overwritten by as many blocks (█)."""

    kind: ContactKind
    start: Offset
    end: Offset


class Response(Record):
    """One respondent's document. ``sha256`` is of the file's bytes, ``text`` is what was read from it.

    A row of a table and a mail with its attachments are one document each; the hash of a row is of its text.
    ``kind`` is a guess from names and words where ``kind_guessed``; None is no guess. ``weight`` is what a table
    of respondents gives, for reports to count with. ``masked`` says what was masked where, in order.
    """

    id: str
    respondent: str
    source: str
    language: str
    sha256: str
    text: str = Field(repr=False)
    kind: RespondentKind | None = None
    kind_guessed: bool = True
    weight: float = Field(default=1.0, ge=0)
    masked: tuple[Masking, ...] = ()


class Passage(Record):
    """A paragraph or bullet of a response, the unit of judgement, under its section heading.

    ``page`` is the one that it begins on, from 1, in documents that have pages.
    """

    id: str
    response_id: str
    section: str
    start: Offset
    end: Offset
    text: str
    disposition: Disposition
    page: int | None = None


class Evidence(Record):
    """Why a passage is aligned with a provision.

    ``score`` is a raw number of its kind, not a probability. ``start``/``end`` count in the response's
    text, ``provision_start``/``provision_end`` in the draft's; both are None where the evidence is the
    passage as a whole (lexical, similarity) or lies outside it (section, carried without a word).
    """

    kind: EvidenceKind
    score: float
    start: Offset | None = None
    end: Offset | None = None
    provision_start: Offset | None = None
    provision_end: Offset | None = None


class Cue(Record):
    """The clause of the response that shows a stance, or, where none does, that speaks of the provision."""

    stance: Stance
    start: Offset
    end: Offset


class Finding(Record):
    """One passage, one provision: how sure we are that it is addressed, what is done to it, and why.

    ``confidence`` is a calibrated probability; ``stances`` holds one a stance, given that the passage
    addresses the provision. ``labels`` are the stances that reach their thresholds, or the one
    nearest to it. ``accepted`` is false for
    candidates below the acceptance threshold; ``review`` marks the uncertain band. ``via`` is the kind
    of evidence that carried the finding.
    """

    passage_id: str
    provision_id: str
    confidence: Probability
    accepted: bool
    review: bool
    stances: dict[Stance, Probability]
    labels: tuple[Stance, ...]
    via: EvidenceKind
    evidence: tuple[Evidence, ...]
    cues: tuple[Cue, ...] = ()


class Tally(Record):
    """One provision, counted over the accepted findings: respondents and passages a stance.

    ``any`` in both counts each respondent or passage once, whatever the stances.
    """

    provision_id: str
    respondents: dict[str, int]
    passages: dict[str, int]


class Failure(Record):
    """An input that could not be compared: which, the name of the error, and why."""

    source: str
    error: str
    message: str


class Provenance(Record):
    """What made the result: version, models with their hashes, settings, and the hash of each input."""

    version: str
    models: dict[str, str]
    settings: dict[str, object]
    inputs: dict[str, str]


class Comparison(Record):
    """The whole result. ``model_dump_json()`` is the JSON others rely on."""

    provenance: Provenance
    policy: Policy
    responses: tuple[Response, ...]
    passages: tuple[Passage, ...]
    findings: tuple[Finding, ...]
    tallies: tuple[Tally, ...]
    errors: tuple[Failure, ...] = ()
