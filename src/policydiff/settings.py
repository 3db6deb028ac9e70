"""Every number that can be set, in one frozen object, a section a stage."""

from pydantic import BaseModel, ConfigDict, Field


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DocumentSettings(_Section):
    """Reading."""

    language: str | None = None  # of the draft and the responses; None: recognised in each


class EvidenceSettings(_Section):
    """Finding evidence."""

    similarity_shrinkage: float = Field(default=8.0, ge=0)  # passages; see evidence.embeddings
    threads: int | None = Field(default=None, ge=1)  # of the embedded encoder; None: the machine's cores


class FindingSettings(_Section):
    """Deciding."""

    accept: float | None = Field(default=None, ge=0, le=1)  # confidence; None: the fitted model's own threshold
    review: tuple[float, float] | None = None  # confidence band marked `review`; None: the fitted model's own
    floor: float = Field(default=0.05, ge=0, le=1)  # confidence under which candidates are not kept


class Settings(_Section):
    """All settings. ``Settings(findings={"accept": 0.6})`` changes one."""

    documents: DocumentSettings = DocumentSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    findings: FindingSettings = FindingSettings()
