"""The result on a terminal: a row a provision, a column a stance, then the strongest quotations."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from policydiff.documents import normalise
from policydiff.findings.corrections import by_hand
from policydiff.findings.explaining import ReasonKind, Reasons, StanceReasons
from policydiff.models import STANCES, Comparison, Correction, Finding, Policy, Provision, Tally

QUOTATIONS = 6  # that a summary shows
_TITLE_WIDTH = 60  # characters of a provision's name and title in a table, at most
_NAME_WIDTH = 16  # and at least
# What a response holds must not steer the terminal: control characters are shown as a box.
_CONTROLS = dict.fromkeys((*range(9), *range(14, 32), *range(127, 160)), "�")
_EXCERPT = 240  # characters of a passage that are shown
_NEARLY = 0.5  # share of its threshold from which a stance that is not given is explained
_REASONS = 3  # shown a stance
_REASON_WIDTH = 48  # characters of the words of a reason
_REASON_NAMES: dict[ReasonKind, str] = {
    "cue": "cue words",
    "reading": "reading of",
    "word": "the word",
    "form": "form of the passage",
}


def name_of(provision: Provision) -> str:
    """What people call it: its kind and label, or its kind and title where it has no label."""
    return f"{provision.kind} {provision.label or '»' + provision.title + '«'}".strip()


def shortened(text: str, width: int) -> str:
    """One line of at most ``width`` characters, cut at a word."""
    line = " ".join(text.translate(_CONTROLS).split())
    if len(line) <= width:
        return line
    return line[: width - 1].rsplit(" ", 1)[0] + "…"


def tally_table(comparison: Comparison, *, width: int = 80) -> Table:
    """Counts of respondents, a row a provision and a column a stance; 0 is shown as a dot.

    Where fewer say it independently, their number follows in brackets. ``width`` is that of the whole table in
    characters; what the counts leave of it goes to the titles.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    keys = (*STANCES, "any")
    columns = [heading.split("_") for heading in keys]
    rows = [[_count(tally, key) for key in keys] for tally in comparison.tallies]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] or [0] * len(keys)
    room = width - sum(max(wide, *map(len, words)) + 2 for wide, words in zip(widths, columns, strict=True))
    table.add_column("respondents a provision")
    for words in columns:
        table.add_column("\n".join(words), justify="right", no_wrap=True)
    provisions = {p.id: p for p in comparison.policy.provisions}
    for tally, counts in zip(comparison.tallies, rows, strict=True):
        provision = provisions[tally.provision_id]
        title = provision.title if provision.label else ""
        name = Text.assemble((name_of(provision), "bold"), f"  {title}")
        name.truncate(min(max(room, _NAME_WIDTH), _TITLE_WIDTH), overflow="ellipsis")
        table.add_row(name, *counts)
    return table


def _count(tally: Tally, key: str) -> str:
    """A count as it is shown: "12", or "12 (3)" where only three say it independently."""
    said = tally.respondents[key]
    independent = tally.collapsed.get(key, said)
    return "·" if not said else str(said) if independent == said else f"{said} ({independent})"


def finding_lines(
    comparison: Comparison, findings: Iterable[Finding], reasons: Reasons | None = None
) -> list[RenderableType]:
    """Each finding with its respondent, place, stances, confidence and words, and the ``reasons`` there are for it."""
    reasons = reasons or {}
    passages = {p.id: p for p in comparison.passages}
    responses = {r.id: r for r in comparison.responses}
    provisions = {p.id: p for p in comparison.policy.provisions}
    lines: list[RenderableType] = []
    decided = by_hand(comparison)
    for finding in findings:
        passage = passages[finding.passage_id]
        response = responses[passage.response_id]
        quote = _excerpt(finding, passage.text, passage.start)
        head = Text.assemble(
            (name_of(provisions[finding.provision_id]), "bold"),
            "  ",
            (", ".join(s.replace("_", " ") for s in finding.labels), "bold green"),
            f"  {finding.confidence:.2f} via {finding.via}" + ("  review" if finding.review else ""),
            _corrected(decided.get((finding.passage_id, finding.provision_id))),
        )
        place = f"{shortened(response.respondent, _TITLE_WIDTH)} · {response.source} [{passage.start}:{passage.end}]"
        why = [
            Padding(line, (0, 0, 0, 2))
            for stance in reasons.get((finding.passage_id, finding.provision_id), ())
            if (line := _why(stance, passage.text)) is not None
        ]
        lines += [head, Padding(quote, (0, 0, 0, 2)), *why, Padding(Text(place, style="dim"), (0, 0, 1, 2))]
    return lines


def _corrected(decision: Correction | None) -> str:
    """What follows a finding that a person decided on: who, when and why."""
    if decision is None:
        return ""
    reason = f": {shortened(decision.reason, _TITLE_WIDTH)}" if decision.reason else ""
    return f"  decided by {shortened(decision.reviewer, _TITLE_WIDTH)} {decision.at:%Y-%m-%d}{reason}"


def _why(stance: StanceReasons, text: str) -> Text | None:
    """A line such as "endorsed .83 (needs .41): + the word …"; None for a stance that is far from being given."""
    if not stance.given and stance.probability < _NEARLY * stance.threshold:
        return None
    said = []
    for reason in stance.reasons[:_REASONS]:
        words = ", ".join(f"“{shortened(' '.join(text[a:b].split()), _REASON_WIDTH)}”" for a, b in reason.spans[:2])
        said.append(f"{'+' if reason.weight > 0 else '−'} {_REASON_NAMES[reason.kind]} {words}".rstrip())
    verdict = "" if stance.given else "not "
    head = f"{verdict}{stance.stance.replace('_', ' ')} {stance.probability:.2f} (needs {stance.threshold:.2f})"
    return Text(f"{head}: {'; '.join(said)}".translate(_CONTROLS), style="" if stance.given else "dim")


def _excerpt(finding: Finding, text: str, offset: int) -> Text:
    """The passage without its layout, the evidence underlined and the cues bold, cut after ``_EXCERPT`` characters."""
    mapped = normalise(text)
    shown = Text(mapped.text.translate(_CONTROLS))
    for style, parts in (("underline", finding.evidence), ("bold", finding.cues)):
        for part in parts:
            if part.start is not None and part.end is not None:
                first = bisect_left(mapped.starts, part.start - offset)
                shown.stylize(style, first, bisect_left(mapped.starts, part.end - offset, first))
    shown.truncate(_EXCERPT, overflow="ellipsis")
    return shown


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def strongest(comparison: Comparison, count: int) -> list[Finding]:
    """The accepted findings that take a stance, most confident first, in draft order where equal."""
    order = {p.id: n for n, p in enumerate(comparison.policy.provisions)}
    taking = [f for f in comparison.findings if f.accepted and takes_stance(f.labels)]
    return sorted(taking, key=lambda f: (-strength(f.confidence, f.stances, f.labels), order[f.provision_id]))[:count]


def takes_stance(labels: Iterable[str]) -> bool:
    """Whether a finding with these labels is worth a quotation."""
    return "mentioned" not in labels


def strength(confidence: float, stances: Mapping[Any, float], labels: Iterable[str]) -> float:
    """How sure a finding is, and the stance that it is most sure of."""
    return confidence * max(stances[label] for label in labels)


@dataclass(frozen=True, slots=True)
class Ledger:
    """How much there is in a result.

    ``campaigns`` have ``copies`` responses, ``copied`` passages came from several respondents, ``senders`` sent more
    than one response, ``sent`` together.
    """

    responses: int
    dispositions: Counter[str]
    review: int
    campaigns: int
    copies: int
    copied: int
    senders: int
    sent: int


def ledger_of(comparison: Comparison) -> Ledger:
    """The ledger of a result that is whole."""
    return Ledger(
        responses=len(comparison.responses),
        dispositions=Counter(p.disposition for p in comparison.passages),
        review=sum(f.review and f.accepted for f in comparison.findings),
        campaigns=len(comparison.campaigns),
        copies=sum(len(c.response_ids) for c in comparison.campaigns),
        copied=len(comparison.copied_passages),
        senders=len(comparison.resubmissions),
        sent=sum(len(r.response_ids) for r in comparison.resubmissions),
    )


def summary(
    comparison: Comparison, *, width: int = 80, quotations: int = QUOTATIONS, ledger: Ledger | None = None
) -> Group:
    """What is printed when no output file is asked for, for a terminal of ``width`` characters.

    ``ledger`` is given where the comparison has no more than the strongest findings of a larger one.
    """
    ledger = ledger or ledger_of(comparison)
    number = ledger.dispositions
    line = (
        f"{_counted(ledger.responses, 'response')}, {_counted(number.total(), 'passage')}: "
        f"{number['aligned']} aligned, {number['out_of_draft']} outside the draft, "
        f"{number['no_position'] + number['boilerplate'] + number['duplicate']} without a position or not judged; "
        f"{_counted(ledger.review, 'finding')} to review"
    )
    parts: list[RenderableType] = [
        Text(comparison.policy.title, style="bold"),
        tally_table(comparison, width=width),
        *(Text(said) for said in copying_lines(ledger)),
        "",
    ]
    found = strongest(comparison, quotations)
    if found:
        parts += [Text("Strongest quotations", style="bold"), *finding_lines(comparison, found)]
    return Group(*parts, Text(line, style="dim"))


def copying_lines(ledger: Ledger) -> list[str]:
    """What the counts do with copies and with responses of one respondent: a line each, none where there are none."""
    lines = []
    if ledger.campaigns or ledger.copied:
        texts = "one text" if ledger.campaigns == 1 else f"{ledger.campaigns} texts"
        found = [f"{ledger.copies} responses are near-copies of {texts}"] if ledger.copies else []
        if ledger.copied:
            found.append(f"{_counted(ledger.copied, 'passage')} came from several respondents")
        lines.append(f"{'; '.join(found)}; counted once in brackets")
    if ledger.senders:
        many = _counted(ledger.senders, "respondent")
        lines.append(f"{many} sent {ledger.sent} responses; each respondent counts once")
    return lines


def provisions_table(policy: Policy) -> Group:
    """The provisions that were found in a draft, and the sections beside them."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("id", "kind", "label", "title", "span", "parent"):
        table.add_column(column)
    for p in policy.provisions:
        title = shortened(p.title, _TITLE_WIDTH)
        table.add_row(*(Text(c) for c in (p.id, p.kind, p.label, title, f"{p.start}:{p.end}", p.parent_id or "")))
    sections = ", ".join(s.title or "(untitled)" for s in policy.sections)
    return Group(Text(policy.title, style="bold"), table, Text(f"Sections beside them: {sections or 'none'}"))


def models_table(cards: Iterable[dict[str, Any]]) -> Group:
    """The embedded encoders by their cards: size, languages, licence, and how well each does alone."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("encoder", "MB", "languages", "licence", "alone*", "what"):
        table.add_column(column, no_wrap=column != "what")
    for card in cards:
        alone = ", ".join(f"{code} {figure:.2f}" for code, figure in card["natural_left_out_ap"].items())
        size, languages = f"{card['bytes'] / 1e6:.0f}", ", ".join(card["languages"])
        table.add_row(card["encoder"], size, languages, card["licence"], alone, card["what"])
    note = "* strict average precision of centred cosines on labelled consultations that the encoder did not see"
    return Group(table, Text(note))


def console(*, stderr: bool = False) -> Console:
    """A console that neither highlights nor reads markup from what respondents wrote."""
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)
