"""Every number that can be set, in one frozen object, a section a stage."""

from pydantic import BaseModel, ConfigDict, Field


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LimitSettings(_Section):
    """What a single input may ask of the machine; whatever asks for more is refused with the limit's name."""

    file_bytes: int = Field(default=100_000_000, gt=0)  # of a file, or of a file inside another
    characters: int = Field(default=10_000_000, gt=0)  # of the text of one response or draft
    pages: int = Field(default=2_000, gt=0)  # of a PDF
    zip_bytes: int = Field(default=4_000_000_000, gt=0)  # of all that a .zip holds, unpacked
    zip_files: int = Field(default=100_000, gt=0)  # files in a .zip, parts in an Office file
    zip_ratio: float = Field(default=200, gt=1)  # bytes unpacked for each packed; Office files seldom reach 50
    nesting: int = Field(default=3, ge=0)  # zips and mails within zips and mails; 0 refuses any file in another
    depth: int = Field(default=2_000, gt=0)  # of elements within elements in HTML and XML
    table_cells: int = Field(default=5_000_000, gt=0)  # of a sheet or of a table of responses
    seconds: float = Field(default=120, gt=0)  # to read one file; looked at between its pages, rows and parts


class RecurrenceSettings(_Section):
    """Knowing the labels of a hearing's template by their recurrence, where no template is given."""

    sample: int = Field(default=200, ge=0)  # responses looked through beforehand, the first ones; 0: none
    files: int = Field(default=3, ge=2)  # responses that a label stands in; two may have written together
    share: float = Field(default=0.2, ge=0, le=1)  # of the responses; the others answer in letters of their own


class DocumentSettings(_Section):
    """Reading."""

    language: str | None = None  # of the draft and the responses; None: recognised in each
    mask: bool = False  # contact data in responses are masked before anything else sees them
    template: str | None = None  # a blank response template, whose headings are looked for in the responses
    recurrence: RecurrenceSettings = RecurrenceSettings()
    respondents: str | None = None  # a table that says who sent which file; None: respondents.csv in the folders given
    limits: LimitSettings = LimitSettings()


class EvidenceSettings(_Section):
    """Finding evidence."""

    similarity_shrinkage: float = Field(default=8.0, ge=0)  # passages; see evidence.embeddings
    threads: int | None = Field(default=None, ge=1)  # of the embedded encoder; None: the machine's cores


class FindingSettings(_Section):
    """Deciding."""

    accept: float | None = Field(default=None, ge=0, le=1)  # confidence; None: the fitted model's own threshold
    review: tuple[float, float] | None = None  # confidence band marked `review`; None: the fitted model's own
    floor: float = Field(default=0.05, ge=0, le=1)  # confidence under which candidates are not kept
    rerank: int = Field(default=5, ge=2)  # candidates of a passage that a reranker orders, where one is given


class Settings(_Section):
    """All settings. ``Settings(findings={"accept": 0.6})`` changes one."""

    documents: DocumentSettings = DocumentSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    findings: FindingSettings = FindingSettings()
