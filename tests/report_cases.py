"""A small result made by hand, with the texts that break reports: formulas, controls, other scripts, long words."""

from policydiff.findings.tally import tally
from policydiff.models import (
    STANCES,
    Comparison,
    Cue,
    Evidence,
    Failure,
    Finding,
    Passage,
    Policy,
    Provenance,
    Provision,
    Response,
)

DRAFT = "Princip A\nAlle skal høres.\nPrincip B\nIngen skal glemmes.\n§ 4.10\nPrisen fastsættes af rådet."
FORMULA = '=HYPERLINK("http://ond.example","klik")'
CONTROLS = "Vi støtter\x00 princip\x07 A \u202eabc\u202c \u200fשלום\u200f \ud800 ￾ og <b>tegn</b> & mere."
LONG = "Vi støtter princip A. " + "Det er en lang begrundelse uden ende. " * 100 + "Men princip A skal være klarere."


def provision(identifier: str, kind: str, label: str, title: str, text: str) -> Provision:
    start = DRAFT.index(text)
    return Provision(id=identifier, kind=kind, label=label, title=title, text=text, start=start, end=start + len(text))


def found(passage: Passage, target: str, *labels: str, confidence: float = 0.9, **more: object) -> Finding:
    accepted = confidence >= 0.46
    fields = {
        "passage_id": passage.id,
        "provision_id": target,
        "confidence": confidence,
        "accepted": accepted,
        "review": 0.3 <= confidence < 0.7,
        "stances": {s: 0.8 if s in labels else 0.1 for s in STANCES},
        "labels": labels,
        "via": "reference",
        "evidence": (Evidence(kind="lexical", score=0.2),),
    }
    return Finding.model_validate(fields | more)


def made_result() -> Comparison:
    """Three respondents; A is endorsed by two, B asked to be clearer by one, § 4.10 silent, two files failed."""
    texts = {
        "r1": [LONG, "Princip B bør være tydeligere.", "Tak for ordet."],
        "r2": [CONTROLS, "Busserne kører for sent.", "+45 er vores kode"],
        "r3": [FORMULA, "Vi nævner princip B."],
    }
    names = {"r1": "@Foreningen", "r2": "-Klubben\r\nmed to linjer", "r3": "=1+1"}
    responses, passages = [], []
    for key, parts in texts.items():
        text = "\n\n".join(parts)
        responses.append(
            Response(
                id=key, respondent=names[key], source=f"{key}.txt", language="da", sha256="0" * 64, text=text, kind=None
            )
        )
        at = 0
        for number, part in enumerate(parts, 1):
            passages.append(
                Passage(
                    id=f"{key}/{number}",
                    response_id=key,
                    section="4.10",
                    start=at,
                    end=at + len(part),
                    text=part,
                    disposition="out_of_draft" if part.startswith("Busserne") else "aligned",
                    page=number,
                )
            )
            at += len(part) + 2
    at = {p.id: p for p in passages}
    reference = Evidence(kind="reference", score=0.9, start=11, end=20, provision_start=10, provision_end=26)
    cue = LONG.index("Men princip A")
    findings = (
        found(
            at["r1/1"],
            "a",
            "endorsed",
            "more_explicit",
            evidence=(reference, Evidence(kind="lexical", score=0.2)),
            cues=(Cue(stance="endorsed", start=0, end=20), Cue(stance="more_explicit", start=cue, end=len(LONG))),
        ),
        found(at["r1/2"], "b", "more_explicit", "proposal", confidence=0.5),
        found(at["r2/1"], "a", "endorsed"),
        found(at["r2/3"], "b", "proposal", confidence=0.35),
        found(at["r3/1"], "a", "challenged"),
        found(at["r3/2"], "b", "mentioned"),
        found(at["r3/2"], "p4.10", "mentioned", confidence=0.1),
    )
    policy = Policy(
        id="p",
        title="Udkast til politik",
        language="da",
        text=DRAFT,
        provisions=(
            provision("a", "princip", "A", "Alle med", "Alle skal høres."),
            provision("b", "princip", "B", "", "Ingen skal glemmes."),
            provision("p4.10", "paragraf", "§ 4.10", "Pris", "Prisen fastsættes af rådet."),
        ),
    )
    return Comparison(
        provenance=Provenance(
            version="0.1.0",
            models={"encoder": "e", "alignment": "a", "judge": "j"},
            settings={"findings": {"accept": 0.46, "review": [0.3, 0.7]}},
            inputs={"draft": "0" * 64},
        ),
        policy=policy,
        responses=tuple(responses),
        passages=tuple(passages),
        findings=findings,
        tallies=tally(policy, findings, {p.id: p.response_id for p in passages}),
        errors=(
            Failure(source="scan.pdf", error="UnsupportedError", message="has no text layer"),
            Failure(source="=tom.txt", error="UnreadableError", message="is empty"),
        ),
    )
