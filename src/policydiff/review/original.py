"""A result as it was found, before any correction, and what tells it from every other result."""

import hashlib
import json

from policydiff.findings.corrections import Pair, pairs_of
from policydiff.models import Comparison, Finding, Passage


def original(comparison: Comparison) -> tuple[dict[Pair, Finding], dict[str, Passage]]:
    """The findings by passage and provision, and the passages by id, as they were before any correction."""
    findings = {(f.passage_id, f.provision_id): f for f in comparison.findings}
    passages = {p.id: p for p in comparison.passages}
    for correction in comparison.corrections:
        for pair in pairs_of(correction):
            findings.pop(pair, None)
        passage = passages[correction.passage_id]
        passages[passage.id] = passage.model_copy(update={"disposition": correction.disposition})
    for correction in comparison.corrections:
        findings |= {(f.passage_id, f.provision_id): f for f in correction.found}
    return findings, passages


def identity(comparison: Comparison) -> str:
    """A hash of what was compared and found, the same before and after corrections."""
    findings, passages = original(comparison)
    said = [
        sorted(comparison.provenance.inputs.items()),
        [p.id for p in comparison.policy.provisions],
        [
            (p.id, p.start, p.end, hashlib.sha256(p.text.encode(errors="surrogatepass")).hexdigest())
            for p in passages.values()
        ],
        sorted((*pair, f.confidence, f.accepted, f.labels) for pair, f in findings.items()),
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
