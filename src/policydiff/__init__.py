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
    from policydiff.documents import Document, document_from_text, load_policy, parse_policy, read_document
    from policydiff.errors import (
        DraftError,
        InputError,
        LimitError,
        PartlyReadError,
        PolicydiffError,
        SettingsError,
        UnreadableError,
        UnsupportedError,
    )
    from policydiff.evaluation import Evaluation, evaluate
    from policydiff.evidence.embeddings import Encoder, SentenceTransformerEncoder, StaticEncoder, load_encoder
    from policydiff.evidence.model_files import model_path
    from policydiff.evidence.transformer import TransformerEncoder
    from policydiff.findings.align import AlignmentModel
    from policydiff.findings.stance import EmbeddedJudge, StanceJudge
    from policydiff.findings.stance_features import StancePair
    from policydiff.fitting import fit, fit_judge
    from policydiff.models import (
        STANCES,
        Comparison,
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
        Section,
        Tally,
    )
    from policydiff.settings import Settings

_HOMES = {
    "policydiff.comparing": ("ComparedResponse", "Comparer", "compare"),
    "policydiff.documents": ("Document", "document_from_text", "load_policy", "parse_policy", "read_document"),
    "policydiff.errors": (
        "DraftError",
        "InputError",
        "LimitError",
        "PartlyReadError",
        "PolicydiffError",
        "SettingsError",
        "UnreadableError",
        "UnsupportedError",
    ),
    "policydiff.evidence.embeddings": ("Encoder", "SentenceTransformerEncoder", "StaticEncoder", "load_encoder"),
    "policydiff.evidence.model_files": ("model_path",),
    "policydiff.evidence.transformer": ("TransformerEncoder",),
    "policydiff.evaluation": ("Evaluation", "evaluate"),
    "policydiff.findings.align": ("AlignmentModel",),
    "policydiff.fitting": ("fit", "fit_judge"),
    "policydiff.findings.stance": ("EmbeddedJudge", "StanceJudge"),
    "policydiff.findings.stance_features": ("StancePair",),
    "policydiff.models": (
        "STANCES",
        "Comparison",
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
        "Section",
        "Tally",
    ),
    "policydiff.settings": ("Settings",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "STANCES",
    "AlignmentModel",
    "ComparedResponse",
    "Comparer",
    "Comparison",
    "Cue",
    "Document",
    "DraftError",
    "EmbeddedJudge",
    "Encoder",
    "Evaluation",
    "Evidence",
    "Failure",
    "Finding",
    "InputError",
    "LimitError",
    "Masking",
    "PartlyReadError",
    "Passage",
    "Policy",
    "PolicydiffError",
    "Provenance",
    "Provision",
    "Response",
    "Section",
    "SentenceTransformerEncoder",
    "Settings",
    "SettingsError",
    "StanceJudge",
    "StancePair",
    "StaticEncoder",
    "Tally",
    "TransformerEncoder",
    "UnreadableError",
    "UnsupportedError",
    "__version__",
    "compare",
    "document_from_text",
    "evaluate",
    "fit",
    "fit_judge",
    "load_encoder",
    "load_policy",
    "model_path",
    "parse_policy",
    "read_document",
]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(import_module(_HOME_OF[name]), name)
    raise AttributeError(f"module 'policydiff' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
