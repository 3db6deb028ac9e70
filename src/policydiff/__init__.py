"""policydiff compares public-consultation responses with the draft policy they answer.

    import policydiff

    result = policydiff.compare("draft.md", ["response.txt"])
    for finding in result.findings:
        print(finding.provision_id, finding.labels, finding.confidence, finding.via)

Names are imported at first use, so that ``import policydiff`` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from policydiff.comparing import ComparedResponse, Comparer, compare
    from policydiff.documents import (
        Document,
        document_from_bytes,
        document_from_text,
        load_policy,
        parse_policy,
        read_document,
    )
    from policydiff.errors import (
        DraftError,
        InputError,
        LimitError,
        PartlyReadError,
        PolicydiffError,
        SettingsError,
        UnreadableError,
        UnsupportedError,
        WorkerError,
    )
    from policydiff.evaluation import Evaluation, evaluate
    from policydiff.evidence.embeddings import Encoder, SentenceTransformerEncoder, StaticEncoder, load_encoder
    from policydiff.evidence.model_files import model_path
    from policydiff.evidence.transformer import TransformerEncoder
    from policydiff.findings.align import AlignmentModel
    from policydiff.findings.corrections import by_hand
    from policydiff.findings.cross_table import CrossTable, by_kind
    from policydiff.findings.explaining import Reason, StanceReasons, explain_stances
    from policydiff.findings.intervals import Interval, intervals
    from policydiff.findings.reranking import CrossEncoderReranker, Reranker
    from policydiff.findings.stance import EmbeddedJudge, ShowingJudge, StanceJudge
    from policydiff.findings.stance_features import StancePair
    from policydiff.fitting import fit, fit_judge
    from policydiff.judges import load_judge
    from policydiff.judges.llm import LanguageModelJudge
    from policydiff.judges.nli import NliJudge
    from policydiff.judges.requests import Estimate, RequestSettings, Usage
    from policydiff.models import (
        STANCES,
        Campaign,
        Comparison,
        CopiedPassage,
        Correction,
        Cue,
        Evidence,
        Failure,
        Finding,
        Masking,
        Passage,
        Policy,
        Provenance,
        Provision,
        Response,
        Resubmission,
        Section,
        Tally,
    )
    from policydiff.results import load_result
    from policydiff.review import apply_review, write_review
    from policydiff.settings import Settings

_HOMES = {
    "policydiff.comparing": ("ComparedResponse", "Comparer", "compare"),
    "policydiff.documents": (
        "Document",
        "document_from_bytes",
        "document_from_text",
        "load_policy",
        "parse_policy",
        "read_document",
    ),
    "policydiff.errors": (
        "DraftError",
        "InputError",
        "LimitError",
        "PartlyReadError",
        "PolicydiffError",
        "SettingsError",
        "UnreadableError",
        "UnsupportedError",
        "WorkerError",
    ),
    "policydiff.evidence.embeddings": ("Encoder", "SentenceTransformerEncoder", "StaticEncoder", "load_encoder"),
    "policydiff.evidence.model_files": ("model_path",),
    "policydiff.evidence.transformer": ("TransformerEncoder",),
    "policydiff.evaluation": ("Evaluation", "evaluate"),
    "policydiff.findings.align": ("AlignmentModel",),
    "policydiff.fitting": ("fit", "fit_judge"),
    "policydiff.findings.explaining": ("Reason", "StanceReasons", "explain_stances"),
    "policydiff.findings.reranking": ("CrossEncoderReranker", "Reranker"),
    "policydiff.findings.stance": ("EmbeddedJudge", "ShowingJudge", "StanceJudge"),
    "policydiff.findings.corrections": ("by_hand",),
    "policydiff.findings.cross_table": ("CrossTable", "by_kind"),
    "policydiff.findings.intervals": ("Interval", "intervals"),
    "policydiff.findings.stance_features": ("StancePair",),
    "policydiff.judges": ("load_judge",),
    "policydiff.judges.llm": ("LanguageModelJudge",),
    "policydiff.judges.nli": ("NliJudge",),
    "policydiff.judges.requests": ("Estimate", "RequestSettings", "Usage"),
    "policydiff.models": (
        "STANCES",
        "Campaign",
        "Comparison",
        "CopiedPassage",
        "Correction",
        "Cue",
        "Evidence",
        "Failure",
        "Finding",
        "Masking",
        "Passage",
        "Policy",
        "Provenance",
        "Provision",
        "Response",
        "Resubmission",
        "Section",
        "Tally",
    ),
    "policydiff.results": ("load_result",),
    "policydiff.review": ("apply_review", "write_review"),
    "policydiff.settings": ("Settings",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "STANCES",
    "AlignmentModel",
    "Campaign",
    "ComparedResponse",
    "Comparer",
    "Comparison",
    "CopiedPassage",
    "Correction",
    "CrossEncoderReranker",
    "CrossTable",
    "Cue",
    "Document",
    "DraftError",
    "EmbeddedJudge",
    "Encoder",
    "Estimate",
    "Evaluation",
    "Evidence",
    "Failure",
    "Finding",
    "InputError",
    "Interval",
    "LanguageModelJudge",
    "LimitError",
    "Masking",
    "NliJudge",
    "PartlyReadError",
    "Passage",
    "Policy",
    "PolicydiffError",
    "Provenance",
    "Provision",
    "Reason",
    "RequestSettings",
    "Reranker",
    "Response",
    "Resubmission",
    "Section",
    "SentenceTransformerEncoder",
    "Settings",
    "SettingsError",
    "ShowingJudge",
    "StanceJudge",
    "StancePair",
    "StanceReasons",
    "StaticEncoder",
    "Tally",
    "TransformerEncoder",
    "UnreadableError",
    "UnsupportedError",
    "Usage",
    "WorkerError",
    "__version__",
    "apply_review",
    "by_hand",
    "by_kind",
    "compare",
    "document_from_bytes",
    "document_from_text",
    "evaluate",
    "explain_stances",
    "fit",
    "fit_judge",
    "intervals",
    "load_encoder",
    "load_judge",
    "load_policy",
    "load_result",
    "model_path",
    "parse_policy",
    "read_document",
    "write_review",
]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(import_module(_HOME_OF[name]), name)
    raise AttributeError(f"module 'policydiff' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
