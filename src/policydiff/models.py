"""The records, in the order of the flow: draft, responses, passages, findings, tallies, corrections.

All spans are half-open character offsets in the document's own text as read, so that
``policy.text[p.start:p.end] == p.text`` and ``response.text[q.start:q.end] == q.text`` hold exactly.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Literal
from weakref import WeakValueDictionary

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

# Of the JSON of a Comparison, major.minor: a field more raises the minor, any other change the major.
SCHEMA_VERSION = "1.0"

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Stance = Literal["endorsed", "challenged", "more_explicit", "proposal", "mentioned"]
STANCES: tuple[Stance, ...] = ("endorsed", "challenged", "more_explicit", "proposal", "mentioned")

EvidenceKind = Literal["reference", "quote", "lexical", "similarity", "carried", "section", "by_hand"]

Disposition = Literal["aligned", "out_of_draft", "no_position", "boilerplate", "duplicate"]
DISPOSITIONS: tuple[Disposition, ...] = ("aligned", "out_of_draft", "no_position", "boilerplate", "duplicate")

Offset = Annotated[int, Field(ge=0)]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class Record(BaseModel):
    """Base of all records: frozen, and unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _report(name: str) -> Any:
    """A module of the reports, by name since the records come before them in the order of imports."""
    return import_module(f"policydiff.report.{name}")


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

    def _repr_html_(self) -> str:
        return str(_report("notebook").provision_html(self))


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

    def _repr_html_(self) -> str:
        return str(_report("notebook").policy_html(self))


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
    of evidence that carried the finding. One that a person added where nothing was found is ``by_hand``, with
    0 for its confidence and its stances; see Correction.
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

    @property
    def id(self) -> str:
        """What reports call it, one of a kind in a result: passage and provision."""
        return f"{self.passage_id}:{self.provision_id}"

    def _repr_html_(self) -> str:
        return str(_report("notebook").finding_html(self, _comparison_of(self)))


class Tally(Record):
    """One provision, counted over the accepted findings: respondents and passages a stance.

    ``respondents`` counts people and organisations by who they are, not by file. ``collapsed`` counts those once
    together who say it only in text that they copied from one another, ``weighted`` adds up what respondents weigh.
    ``any`` in all of them counts each once, whatever the stances. Older results have no ``collapsed`` and no
    ``weighted``.
    """

    provision_id: str
    respondents: dict[str, int]
    passages: dict[str, int]
    collapsed: dict[str, int] = Field(default_factory=dict)
    weighted: dict[str, float] = Field(default_factory=dict)

    def _repr_html_(self) -> str:
        return str(_report("notebook").tally_html(self, _comparison_of(self)))


class Campaign(Record):
    """Responses of several respondents that are near-copies of one text, in the order of the responses.

    ``id`` depends on what the responses are, not on their order. ``representative`` is the response nearest to what
    they have in common, ``similarity`` the least resemblance of one of them with it (Jaccard index of word triples,
    quotations of the draft left out). ``added`` gives the passages that the common text does not contain, for the
    responses that have any.
    """

    id: str
    response_ids: tuple[str, ...]
    representative: str
    similarity: Probability
    added: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class CopiedPassage(Record):
    """A passage that stands in the responses of several respondents, whatever stands around it.

    What a campaign's responses have in common is not listed again, unless it stands in other responses too.
    ``representative`` is a passage, ``similarity`` as in Campaign.
    """

    id: str
    passage_ids: tuple[str, ...]
    representative: str
    similarity: Probability


class Resubmission(Record):
    """Several responses of one respondent, which count once; ``copies`` say the same as one before them."""

    respondent: str
    response_ids: tuple[str, ...]
    copies: tuple[str, ...] = ()


Verdict = Literal["right", "wrong", "elsewhere", "missed"]


class Correction(Record):
    """What a person decided of one passage and one provision, when, and why.

    The finding is ``right`` or ``wrong``, belongs ``elsewhere`` (to the provision ``instead``), or was ``missed``.
    ``labels`` are the stances from then on, none where it is wrong; ``at`` is in UTC. ``found`` are the findings that
    it bears on as they were found, before any correction, and ``disposition`` what their passage was then.
    """

    passage_id: str
    provision_id: str
    verdict: Verdict
    instead: str | None = None
    labels: tuple[Stance, ...] = ()
    reviewer: str
    at: AwareDatetime
    reason: str = ""
    found: tuple[Finding, ...] = ()
    disposition: Disposition


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
    """The whole result. ``model_dump_json()`` is the JSON others rely on, ``policydiff.load_result`` reads it.

    ``corrections`` are all that were ever made, in the order in which they were applied; the findings are as the
    latest of them leave them.
    """

    schema_version: str = Field(default=SCHEMA_VERSION, pattern=r"^\d+\.\d+$")
    provenance: Provenance
    policy: Policy
    responses: tuple[Response, ...]
    passages: tuple[Passage, ...]
    findings: tuple[Finding, ...]
    tallies: tuple[Tally, ...]
    campaigns: tuple[Campaign, ...] = ()
    copied_passages: tuple[CopiedPassage, ...] = ()
    resubmissions: tuple[Resubmission, ...] = ()
    errors: tuple[Failure, ...] = ()
    corrections: tuple[Correction, ...] = ()

    def to_frame(self, kind: str = "findings", *, library: Literal["pandas", "polars", "pyarrow"] = "pandas") -> Any:
        """One table of the result as a data frame: see ``policydiff.report.frames.to_frame``."""
        return _report("frames").to_frame(self, kind, library=library)

    def plot(
        self, kind: Literal["matrix", "stances"] = "matrix", *, language: str | None = None, seed: int = 0
    ) -> "Figure":
        """A figure of respondents a provision: see ``policydiff.report.plots.plot``."""
        figure: Figure = _report("plots").plot(self, kind, language=language, seed=seed)
        return figure

    def _repr_html_(self) -> str:
        return str(_report("notebook").comparison_html(self))

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """In short: the records themselves would fill a book."""
        yield "policy", self.policy.title
        for name in ("responses", "passages", "findings", "errors"):
            yield name, len(getattr(self, name))

    def model_post_init(self, _context: Any, /) -> None:
        """Let findings and tallies find their texts when a notebook shows them."""
        _IN_USE[id(self)] = self

    def __setstate__(self, state: dict[Any, Any]) -> None:
        super().__setstate__(state)
        _IN_USE[id(self)] = self


# A finding has ids and offsets, not the texts; a notebook that shows one looks here for the comparison it is of.
# Held weakly, and asked for nothing else.
_IN_USE: WeakValueDictionary[int, Comparison] = WeakValueDictionary()


def _comparison_of(record: Finding | Tally) -> Comparison | None:
    """The comparison in use that holds this very record."""
    for held in _IN_USE.valuerefs():
        comparison = held()
        if comparison is not None and any(r is record for r in (*comparison.tallies, *comparison.findings)):
            return comparison
    return None
