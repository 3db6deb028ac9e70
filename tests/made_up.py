"""A made-up result, small or large, with what a page can trip over: hostile text, marks that overlap, silence."""

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

DRAFT = (
    "Politik\n\nPrincip A: Ro\nByen skal være rolig om natten, og ingen må larme.\n\n"
    "Princip B: Lys\nGaderne skal være oplyste.\n\nPrincip C: Vand\nHavnen skal være ren.\n"
)
HOSTILE = (
    "<script>document.title = 'taken'</script></style><style>*{display:none}</style>"
    '<img src=x onerror="document.title=1"> javascript:alert(1) "\'&amp; \u202egnos\u2066 {{ 7 * 7 }} '
    "</div></span></body>"
)
ANSWER = (
    "Til kommunen\r\n\r\nVi støtter princip A, for ingen må\nlarme om nat-\nten.\n\n"
    f"  {HOSTILE}\n\nPrincip B er\tforkert\x0c. \x01Hej.\n\n\nMvh\u200f Anna\n"
)


def _finding(passage, provision, labels, confidence, **more):
    stances = {s: 0.9 if s in labels else 0.05 for s in STANCES}
    given = {"accepted": confidence >= 0.46, "review": 0.3 <= confidence < 0.7, "via": "similarity", "evidence": ()}
    return Finding(
        passage_id=passage,
        provision_id=provision,
        confidence=confidence,
        stances=stances,
        labels=labels,
        **(given | more),
    )


def _policy(count):
    provisions = []
    for n in range(count):
        label = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[n]
        title = ("Ro", "Lys", "Vand")[n % 3]
        text = (
            "Byen skal være rolig om natten, og ingen må larme.",
            "Gaderne skal være oplyste.",
            "Havnen skal være ren.",
        )
        start = DRAFT.index(text[n % 3])
        provisions.append(
            Provision(
                id=f"princip-{label.lower()}",
                kind="princip",
                label=label,
                title=title,
                text=text[n % 3],
                start=start,
                end=start + len(text[n % 3]),
            )
        )
    return Policy(id="politik", title="Politik <b>& ro</b>", language="da", text=DRAFT, provisions=tuple(provisions))


def _result(policy, responses, passages, findings, errors=()):
    return Comparison(
        provenance=Provenance(
            version="0",
            models={"encoder": "e-1", "alignment": "a-1", "judge": "j-1"},
            settings={"findings": {"accept": 0.46, "review": [0.3, 0.7], "calibrated_for_encoder": "e-1"}},
            inputs={"draft": "0" * 64},
        ),
        policy=policy,
        responses=tuple(responses),
        passages=tuple(passages),
        findings=tuple(findings),
        tallies=tally(policy, findings, {p.id: p.response_id for p in passages}),
        errors=errors,
    )


def small():
    """Two responses, three provisions of which one is silent, a finding with two stances, a candidate, a failure."""
    policy = _policy(3)
    parts = (
        ("Vi støtter princip A, for ingen må\nlarme om nat-\nten.", "aligned"),
        (HOSTILE, "out_of_draft"),
        ("Princip B er\tforkert\x0c. \x01Hej.", "aligned"),
        ("Mvh\u200f Anna", "boilerplate"),
    )
    responses = [
        Response(
            id="r1",
            respondent='Anna "<i>A</i>"',
            source="a.txt",
            language="da",
            sha256="1" * 64,
            text=ANSWER,
            kind="citizen",
        ),
        Response(id="r2", respondent="", source="b/b.txt", language="en", sha256="2" * 64, text="Light is good."),
    ]
    passages = [
        Passage(
            id=f"r1/{n}",
            response_id="r1",
            section="Om <u>ro</u>" if n == 1 else "",
            start=ANSWER.index(text),
            end=ANSWER.index(text) + len(text),
            text=text,
            disposition=disposition,
            page=n,
        )
        for n, (text, disposition) in enumerate(parts, 1)
    ]
    passages.append(
        Passage(id="r2/1", response_id="r2", section="", start=0, end=14, text="Light is good.", disposition="aligned")
    )
    at, quoted = ANSWER.index("princip A"), ANSWER.index("ingen må\nlarme")
    in_draft = DRAFT.index("ingen må larme")
    findings = [
        _finding(
            "r1/1",
            "princip-a",
            ("endorsed", "proposal"),
            0.999,
            via="reference",
            evidence=(
                Evidence(kind="reference", score=0.97, start=at, end=at + 9),
                Evidence(
                    kind="quote",
                    score=0.5,
                    start=quoted,
                    end=quoted + 14,
                    provision_start=in_draft,
                    provision_end=in_draft + 14,
                ),
                Evidence(kind="lexical", score=0.2),
            ),
            cues=(Cue(stance="endorsed", start=passages[0].start, end=quoted + 5),),
        ),
        _finding("r1/3", "princip-b", ("challenged",), 0.6),
        _finding("r1/3", "princip-a", ("challenged",), 0.35),
        _finding("r1/2", "princip-a", ("mentioned",), 0.1),
        _finding("r2/1", "princip-b", ("endorsed",), 0.8, via="lexical"),
    ]
    failure = Failure(source="c<b>.pdf", error="UnreadableError", message="is <broken>")
    return _result(policy, responses, passages, findings, (failure,))


def large(responses=250, passages=20):
    """One finding a passage: 5,000 as it stands, over twelve provisions."""
    policy = _policy(12)
    text = ("Vi mener, at byen skal være rolig om natten, men gaderne bør være bedre oplyste end i dag. " * 4).strip()
    made, cut, found = [], [], []
    kinds = ("citizen", "organisation", "authority", None)
    for r in range(responses):
        whole = "\n\n".join([text] * passages)
        made.append(
            Response(
                id=f"r{r}",
                respondent=f"Part {r}",
                source=f"{r}.txt",
                language="da",
                sha256="3" * 64,
                text=whole,
                kind=kinds[r % 4],
            )
        )
        for n in range(passages):
            start = n * (len(text) + 2)
            cut.append(
                Passage(
                    id=f"r{r}/{n}",
                    response_id=f"r{r}",
                    section="Om ro",
                    start=start,
                    end=start + len(text),
                    text=text,
                    disposition="aligned",
                )
            )
            found.append(
                _finding(
                    f"r{r}/{n}",
                    policy.provisions[(r + n) % 12].id,
                    (STANCES[(r * n) % 5],),
                    0.5 + (r * 7 + n) % 50 / 100,
                    via="quote",
                    evidence=(
                        Evidence(
                            kind="quote",
                            score=0.6,
                            start=start + 15,
                            end=start + 44,
                            provision_start=24,
                            provision_end=60,
                        ),
                        Evidence(kind="lexical", score=0.2),
                    ),
                    cues=(Cue(stance=STANCES[(r * n) % 5], start=start, end=start + 30),),
                )
            )
    return _result(policy, made, cut, found)
