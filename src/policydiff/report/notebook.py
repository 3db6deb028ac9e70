"""The records as a notebook shows them: small tables and marked quotations, by ``_repr_html_`` of each record.

Nothing is asked about where it is shown: the colours are tints over whatever lies behind and the text has the colour
of the notebook, light or dark. All text is escaped by the template, and nothing is fetched.
"""

from bisect import bisect_left
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from policydiff.documents import normalise
from policydiff.models import STANCES, Comparison, Evidence, Finding, Policy, Provision, Stance, Tally
from policydiff.report.html.marking import Piece, Span, flowing, one_line, paragraphs, pieces
from policydiff.report.terminal import name_of, shortened, strongest
from policydiff.report.wording import available, wording

_QUOTATIONS = 6  # of a comparison
_MOST_PROVISIONS = 60  # rows of a matrix or an outline; a law may have hundreds
_EXCERPT = 320  # characters of a quotation, from some words before its first mark
_BEFORE = 40  # characters before the first mark
_TITLE = 80  # characters of a title
_BODY = 1_200  # characters of a provision


class Cell(NamedTuple):
    """A figure of the matrix; ``tint`` is how dark its ground is, 0 to 1."""

    text: str
    tint: float


def comparison_html(comparison: Comparison) -> str:
    """The matrix of provisions and stances, the ledger of passages, and the strongest quotations."""
    words = words_of(comparison.policy)
    provisions = {p.id: p for p in comparison.policy.provisions}
    most = max((t.respondents[s] for t in comparison.tallies for s in STANCES), default=0)
    said = {d: sum(p.disposition == d for p in comparison.passages) for d in words["dispositions"]}
    return _filled(
        "comparison",
        words,
        title=one_line(comparison.policy.title),
        figures=[
            (len(comparison.responses), _noun(words, "response", len(comparison.responses))),
            (len(comparison.passages), _noun(words, "passage", len(comparison.passages))),
            *((n, words["dispositions"][d]) for d, n in said.items() if n),
            *([(len(comparison.errors), words["notebook"]["errors"])] if comparison.errors else []),
        ],
        stances=STANCES,
        rows=[
            (*heading(provisions[t.provision_id]), _cells(t, most), t.respondents["any"])
            for t in comparison.tallies[:_MOST_PROVISIONS]
        ],
        left_out=max(0, len(comparison.tallies) - _MOST_PROVISIONS),
        quotations=[_quotation(comparison, f, words) for f in strongest(comparison, _QUOTATIONS)],
    )


def finding_html(finding: Finding, comparison: Comparison | None) -> str:
    """The passage with its cues and its evidence marked, and what each rests on.

    Without the ``comparison`` that it belongs to a finding does not know its passage, and only its numbers are shown.
    """
    words = wording("en") if comparison is None else words_of(comparison.policy)
    return _filled(
        "finding",
        words,
        q=None if comparison is None else _quotation(comparison, finding, words, whole=True),
        finding=finding,
        stances=[(s, finding.stances[s]) for s in STANCES],
        evidence=[_evidence(e, finding, comparison) for e in finding.evidence],
    )


def tally_html(tally: Tally, comparison: Comparison | None) -> str:
    """A row a way of counting, a column a stance; ``comparison`` gives the provision's name and the language."""
    words = wording("en") if comparison is None else words_of(comparison.policy)
    named = {} if comparison is None else {p.id: p for p in comparison.policy.provisions}
    counts: list[tuple[str, Mapping[str, float]]] = [
        ("respondents", tally.respondents),
        ("collapsed", tally.collapsed),
        ("passages", tally.passages),
    ]
    if any(tally.weighted[key] != tally.respondents[key] for key in tally.weighted):
        counts.insert(2, ("weighted", tally.weighted))
    return _filled(
        "tally",
        words,
        heading=heading(named[tally.provision_id]) if tally.provision_id in named else (tally.provision_id, ""),
        keys=(*STANCES, "any"),
        rows=[(words["notebook"][name], count) for name, count in counts if count],
    )


def provision_html(provision: Provision) -> str:
    """Its heading and its text, paragraph by paragraph, cut after some 1,200 characters."""
    cut = provision.text[:_BODY]
    return _filled(
        "provision",
        wording("en"),
        heading=heading(provision),
        id=provision.id,
        paragraphs=list(paragraphs(cut, ())),
        more=len(provision.text) > _BODY,
    )


def policy_html(policy: Policy) -> str:
    """An outline: each provision with its id, what it is called and how its text begins."""
    words = words_of(policy)
    depth: dict[str, int] = {}
    for p in policy.provisions:
        depth[p.id] = depth.get(p.parent_id or "", -1) + 1
    return _filled(
        "policy",
        words,
        title=one_line(policy.title),
        figures=[(len(policy.provisions), _noun(words, "provision", len(policy.provisions)))],
        rows=[
            (p.id, *heading(p), shortened(p.text, _TITLE), depth[p.id]) for p in policy.provisions[:_MOST_PROVISIONS]
        ],
        left_out=max(0, len(policy.provisions) - _MOST_PROVISIONS),
        sections=[one_line(s.title) for s in policy.sections if s.title],
    )


def words_of(policy: Policy) -> dict[str, Any]:
    """The wording in the draft's language where there is any, else in English."""
    return wording(policy.language if policy.language in available() else "en")


def heading(provision: Provision) -> tuple[str, str]:
    """What it is called and, where that does not say it, its title."""
    name = provision.label if provision.label.startswith("§") else name_of(provision)
    return one_line(name), shortened(provision.title, _TITLE) if provision.label else ""


def _noun(words: dict[str, Any], noun: str, number: int) -> str:
    one, many = words["nouns"][noun]
    return str(one if number == 1 else many)


def _cells(tally: Tally, most: int) -> list[Cell]:
    """Its counts a stance, with the independent ones in brackets where they are fewer."""
    cells = []
    for stance in STANCES:
        said = tally.respondents[stance]
        independent = tally.collapsed.get(stance, said)
        text = "·" if not said else str(said) if independent == said else f"{said} ({independent})"
        cells.append(Cell(text, round(said / most, 2) if most else 0.0))
    return cells


class _Quotation(NamedTuple):
    name: str
    title: str
    respondent: str
    place: str
    language: str
    labels: tuple[Stance, ...]
    confidence: float
    via: str
    review: bool
    pieces: tuple[Piece, ...]


def _quotation(comparison: Comparison, finding: Finding, words: dict[str, Any], *, whole: bool = False) -> _Quotation:
    passage = next(p for p in comparison.passages if p.id == finding.passage_id)
    response = next(r for r in comparison.responses if r.id == passage.response_id)
    provision = next(p for p in comparison.policy.provisions if p.id == finding.provision_id)
    marks = [Span(c.start - passage.start, c.end - passage.start, "cue") for c in finding.cues]
    marks += [
        Span(e.start - passage.start, e.end - passage.start, "evidence")
        for e in finding.evidence
        if e.start is not None and e.end is not None
    ]
    name, title = heading(provision)
    page = [] if passage.page is None else [words["notebook"]["page"].format(passage.page)]
    return _Quotation(
        name=name,
        title=title,
        respondent=one_line(response.respondent) or one_line(response.source),
        place=" · ".join(filter(None, (shortened(passage.section, _TITLE), *page, one_line(response.source)))),
        language=response.language,
        labels=finding.labels,
        confidence=finding.confidence,
        via=finding.via,
        review=finding.review,
        pieces=flowing(passage.text, marks) if whole else _excerpt(passage.text, marks),
    )


def _excerpt(text: str, marks: list[Span]) -> tuple[Piece, ...]:
    """Some 320 characters from shortly before the first mark, cut at words."""
    mapped = normalise(text)
    placed = []
    for span in marks:
        start = bisect_left(mapped.starts, span.start)
        placed.append(Span(start, bisect_left(mapped.starts, span.end, start), span.mark))
    whole = mapped.text
    first = min((s.start for s in placed), default=0)
    begin = 0 if first < _EXCERPT // 2 else whole.rfind(" ", 0, first - _BEFORE) + 1
    end = len(whole) if len(whole) - begin <= _EXCERPT else max(whole.rfind(" ", begin, begin + _EXCERPT), begin + 1)
    shown = pieces(whole[begin:end], [Span(s.start - begin, s.end - begin, s.mark) for s in placed])
    dots = Piece("…", "")
    return (*([dots] if begin else []), *shown, *([dots] if end < len(whole) else []))


def _evidence(evidence: Evidence, finding: Finding, comparison: Comparison | None) -> tuple[str, float, str]:
    """Its kind, its score and its words, where it has a place and the comparison has the text."""
    words = ""
    if comparison is not None and evidence.start is not None and evidence.end is not None:
        passage = next(p for p in comparison.passages if p.id == finding.passage_id)
        words = shortened(passage.text[evidence.start - passage.start : evidence.end - passage.start], _TITLE)
    return evidence.kind, evidence.score, words


def _filled(macro: str, words: dict[str, Any], **values: Any) -> str:
    """The macro of that name in notebook.html.j2, given ``values``."""
    html: str = getattr(_template(), macro)(words, **values)
    return html.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be sent to a browser


@cache
def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("policydiff.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("notebook.html.j2").module
