"""What the page shows, as plain data: all is counted, sorted, named and marked here, the template only writes."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from policydiff.evidence.lexical import OwnWords
from policydiff.findings.corrections import by_hand
from policydiff.models import DISPOSITIONS, STANCES, Campaign, Comparison, Finding, Passage, Provision, Stance, Tally
from policydiff.report.html.anchors import Anchors
from policydiff.report.html.marking import Piece, flowing, layered, one_line, paragraphs, shown
from policydiff.report.html.names import Names
from policydiff.report.html.quotations import Quotation, quotation
from policydiff.report.html.responses import FullResponse, full_response
from policydiff.report.terminal import shortened

FIRST = 12  # quotations of one stance that stand open; the rest unfolds
BRIEF = 900  # characters of a provision that may stay in view beside its quotations; a longer one would be cut


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar: from ``x`` on, ``width`` wide, of a bar that is 100 long."""

    name: str
    x: float
    width: float
    count: int


@dataclass(frozen=True, slots=True)
class StanceGroup:
    """The quotations of one stance to one provision, strongest first; ``rest`` follows ``first``."""

    anchor: str
    stance: str
    respondents: int
    quotations: int
    first: tuple[Quotation, ...]
    rest: tuple[Quotation, ...]


@dataclass(frozen=True, slots=True)
class ProvisionView:
    """One provision: its text with what was quoted marked, its counts, its quotations a stance."""

    anchor: str
    name: str
    heading: str
    title: str
    depth: int
    paragraphs: tuple[tuple[Piece, ...], ...]
    quoted: bool
    brief: bool
    counts: Mapping[str, int]
    independent: Mapping[str, int]
    bar: tuple[Segment, ...]
    group_anchors: Mapping[str, str]
    groups: tuple[StanceGroup, ...]


@dataclass(frozen=True, slots=True)
class Outside:
    """A passage that takes a position on something that is no provision."""

    respondent: str
    section: str
    page: int | None
    language: str
    pieces: tuple[Piece, ...]
    passage_anchor: str


@dataclass(frozen=True, slots=True)
class CampaignView:
    """Near-copies of one text: who sent them, with a link to the response, and how many added passages of their own."""

    members: tuple[tuple[str, str], ...]
    added: int


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page."""

    title: str
    language: str
    policy_language: str
    figures: tuple[tuple[str, str], ...]
    silent: tuple[str, ...]
    provisions: tuple[ProvisionView, ...]
    quotations: int
    ledger: tuple[Segment, ...]
    kinds: tuple[tuple[str, int], ...]
    campaigns: tuple[CampaignView, ...]
    outside: tuple[Outside, ...]
    to_review: tuple[Quotation, ...]
    candidates: tuple[Quotation, ...]
    responses: tuple[FullResponse, ...]
    errors: tuple[tuple[str, str, str], ...]
    sections: tuple[str, ...]
    accept: str
    review_band: tuple[str, str]
    uncalibrated: str
    versions: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[str, str], ...]
    settings: str


class _View:
    """A comparison looked up by id, and the page's parts made from it."""

    def __init__(self, comparison: Comparison, names: Names) -> None:
        self.comparison, self.names = comparison, names
        self.anchors = Anchors()
        self.decisions = by_hand(comparison)
        self.provisions = {p.id: p for p in comparison.policy.provisions}
        self.responses = {r.id: r for r in comparison.responses}
        self.passages = {p.id: p for p in comparison.passages}
        self.places = {p.id: self.anchors.new(p.id) for p in comparison.policy.provisions}
        self.numbers = {p.id: n for n, p in enumerate(comparison.policy.provisions)}
        self.own_words = OwnWords([f"{p.title} {p.text}" for p in comparison.policy.provisions])
        self.response_anchors = {r.id: self.anchors.new(f"response-{r.id}") for r in comparison.responses}
        self.passage_anchors = {p.id: self.anchors.new(f"passage-{p.id}") for p in comparison.passages}

    def quotation(self, finding: Finding, stance: Stance) -> Quotation:
        passage = self.passages[finding.passage_id]
        return quotation(
            finding,
            stance,
            passage,
            self.responses[passage.response_id],
            self.names.provision(self.provisions[finding.provision_id]),
            self.names,
            anchor=self.anchors.new(f"finding-{finding.passage_id}-{finding.provision_id}-{stance}"),
            provision_anchor=self.places[finding.provision_id],
            passage_anchor=self.passage_anchors[passage.id],
            own=self.own_words.find(self.numbers[finding.provision_id], passage.text),
            decision=self.decisions.get((finding.passage_id, finding.provision_id)),
        )

    def provision(self, provision: Provision, findings: Iterable[Finding], tally: Tally, widest: int) -> ProvisionView:
        findings, counts = tuple(findings), tally.respondents
        quoted = tuple(
            layered(
                (e.provision_start - provision.start, e.provision_end - provision.start)
                for f in findings
                for e in f.evidence
                if e.provision_start is not None and e.provision_end is not None
            )
        )
        groups = []
        for stance in STANCES:
            found = sorted((f for f in findings if stance in f.labels), key=lambda f: -f.confidence * f.stances[stance])
            if found:
                quotations = tuple(self.quotation(f, stance) for f in found)
                group = self.anchors.new(f"{self.places[provision.id]}-{stance}")
                first = len(quotations) if len(quotations) <= FIRST + 2 else FIRST  # a rest of two is not worth hiding
                groups.append(
                    StanceGroup(group, stance, counts[stance], len(quotations), quotations[:first], quotations[first:])
                )
        name = self.names.provision(provision)
        return ProvisionView(
            anchor=self.places[provision.id],
            name=name,
            heading=name[:1].upper() + name[1:],
            title=shown(provision.title) if provision.label else "",
            depth=self.depth(provision),
            paragraphs=tuple(paragraphs(provision.text, quoted)),
            quoted=bool(quoted),
            brief=len(provision.text) <= BRIEF,
            counts=counts,
            independent={k: n for k, n in tally.collapsed.items() if n != counts[k]},
            bar=_bar([(s, counts[s]) for s in STANCES], widest),
            group_anchors={g.stance: g.anchor for g in groups} | {"any": self.places[provision.id]},
            groups=tuple(groups),
        )

    def depth(self, provision: Provision) -> int:
        """How many provisions it stands under."""
        seen = {provision.id}
        while (parent := self.provisions.get(provision.parent_id or "")) is not None and parent.id not in seen:
            seen.add(parent.id)
            provision = parent
        return len(seen) - 1

    def campaign(self, campaign: Campaign) -> CampaignView:
        members = tuple(
            (one_line(self.responses[r].respondent or self.responses[r].source), self.response_anchors[r])
            for r in campaign.response_ids
        )
        return CampaignView(members, sum(bool(passages) for passages in campaign.added.values()))

    def outside(self, passage: Passage) -> Outside:
        response = self.responses[passage.response_id]
        return Outside(
            respondent=one_line(response.respondent) or one_line(response.source),
            section=one_line(passage.section),
            page=passage.page,
            language=response.language,
            pieces=flowing(passage.text, ()),
            passage_anchor=self.passage_anchors[passage.id],
        )


def view(comparison: Comparison, names: Names) -> Page:
    """The page for one comparison."""
    make = _View(comparison, names)
    policy, words = comparison.policy, names.words
    accepted: dict[str, list[Finding]] = defaultdict(list)
    for finding in comparison.findings:
        if finding.accepted:
            accepted[finding.provision_id].append(finding)
    tallies = {t.provision_id: t for t in comparison.tallies}
    widest = max((sum(t.respondents[s] for s in STANCES) for t in comparison.tallies), default=0)
    provisions = tuple(make.provision(p, accepted[p.id], tallies[p.id], widest) for p in policy.provisions)

    of_passage: dict[str, list[Quotation]] = defaultdict(list)
    quotations = [q for p in provisions for g in p.groups for q in (*g.first, *g.rest)]
    for q in quotations:
        of_passage[q.passage_anchor].append(q)
    of_response: dict[str, list[Passage]] = defaultdict(list)
    for passage in comparison.passages:
        of_response[passage.response_id].append(passage)
    candidates = sorted((f for f in comparison.findings if f.review and not f.accepted), key=lambda f: -f.confidence)
    # A finding with several stances is one to review: it is listed at its first.
    to_review = {(q.passage_anchor, q.provision_anchor): q for q in reversed(quotations) if q.review}
    dispositions = Counter(p.disposition for p in comparison.passages)
    kinds = Counter(r.kind or "unknown" for r in comparison.responses)
    settings = comparison.provenance.settings
    decided = _table(settings.get("findings"))
    models = comparison.provenance.models
    fitted_with = decided.get("calibrated_for_encoder")
    silent = tuple(p.name for p in provisions if not p.groups)
    return Page(
        title=shown(policy.title),
        language=names.language,
        policy_language=policy.language,
        figures=(
            (str(len(comparison.responses)), names.noun(len(comparison.responses), "response")),
            (str(len(comparison.passages)), names.noun(len(comparison.passages), "passage")),
            (str(len(quotations)), words["figures"]["quotations"]),
            (str(len(provisions) - len(silent)), words["figures"]["spoken"].format(len(provisions))),
            (str(len(to_review) + len(candidates)), words["figures"]["review"]),
        ),
        silent=silent,
        provisions=provisions,
        quotations=len(quotations),
        ledger=_bar([(d, dispositions[d]) for d in DISPOSITIONS], len(comparison.passages)),
        kinds=tuple((kind, kinds[kind]) for kind in words["kinds"] if kinds[kind]),
        campaigns=tuple(make.campaign(c) for c in comparison.campaigns),
        outside=tuple(make.outside(p) for p in comparison.passages if p.disposition == "out_of_draft"),
        to_review=tuple(reversed(to_review.values())),
        candidates=tuple(make.quotation(f, f.labels[0]) for f in candidates),
        responses=tuple(
            full_response(r, of_response[r.id], make.passage_anchors, of_passage, make.response_anchors[r.id])
            for r in comparison.responses
        ),
        errors=tuple(
            (one_line(e.source), words["errors"].get(e.error, words["errors"]["other"]), one_line(e.message))
            for e in comparison.errors
        ),
        sections=tuple(shortened(s.title, 80) for s in policy.sections if s.title),
        accept=_percent(decided.get("accept"), names),
        review_band=(
            (_percent(decided["review"][0], names), _percent(decided["review"][1], names))
            if isinstance(decided.get("review"), list | tuple)
            else ("–", "–")
        ),
        uncalibrated="" if fitted_with in (None, models.get("encoder")) else models["encoder"],
        versions=(
            ("version", comparison.provenance.version),
            *((k, models[k]) for k in ("encoder", "alignment", "judge") if k in models),
        ),
        inputs=tuple((one_line(k), v) for k, v in comparison.provenance.inputs.items()),
        settings=shown(json.dumps(settings, ensure_ascii=False, indent=1, sort_keys=True)),
    )


def _bar(counted: Iterable[tuple[str, int]], whole: int) -> tuple[Segment, ...]:
    segments, x = [], 0.0
    for name, count in counted:
        if count:
            width = round(100 * count / max(whole, 1), 3)
            segments.append(Segment(name, round(x, 3), width, count))
            x += width
    return tuple(segments)


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _percent(value: object, names: Names) -> str:
    return names.percent(value) if isinstance(value, float | int) else "–"
