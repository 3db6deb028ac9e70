"""Findings counted over provisions: how many respondents, how many passages, a stance.

Three figures of respondents stand side by side, and none of them replaces another:

- ``respondents``: everyone who says it, once, however often and in however many responses.
- ``collapsed``: how many said it independently. Who says it in a passage of their own words, in any of their
  responses, counts as themselves, a member of a campaign too. Those who say it only in text that they copied count
  once together with all that copied the same text. A position that anybody takes is thus never counted as nought, and
  the figure is never larger than ``respondents``.
- ``weighted``: what those who say it weigh together, by the weights of a table of respondents.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import TypeVar

from policydiff.findings.campaigns import copied_units
from policydiff.findings.identity import Respondent, numbers_of, respondents
from policydiff.models import STANCES, Comparison, Finding, Policy, Tally

KEYS = (*STANCES, "any")
_DIGITS = 6  # decimals kept of sums of weights


@dataclass(slots=True)
class Said:
    """What one respondent says of a provision: in which passages, and with what these were copied.

    ``own`` is whether one of them is in words of their own, ``units`` are the ids of campaigns and copied passages.
    """

    passages: set[str] = field(default_factory=set)
    own: bool = False
    units: set[str] = field(default_factory=set)


R = TypeVar("R", bound=Hashable)
# For a provision's id and a key of KEYS: what is said by each respondent who says it.
Sayings = Mapping[tuple[str, str], Mapping[R, Said]]


def sayings_in(comparison: Comparison) -> tuple[list[Respondent], Sayings[int]]:
    """The respondents of a comparison, and what each of them, by number, says."""
    people = respondents(comparison.responses)
    number = numbers_of(people)
    units = copied_units(comparison.campaigns, comparison.copied_passages, comparison.passages)
    return people, sayings(comparison.findings, {p.id: number[p.response_id] for p in comparison.passages}, units)


def tallies_of(comparison: Comparison) -> tuple[Tally, ...]:
    """The tallies of a comparison, counted anew from its findings."""
    people = respondents(comparison.responses)
    number = numbers_of(people)
    return tally(
        comparison.policy,
        comparison.findings,
        {p.id: number[p.response_id] for p in comparison.passages},
        units_of=copied_units(comparison.campaigns, comparison.copied_passages, comparison.passages),
        weight_of={n: person.weight for n, person in enumerate(people)},
    )


def tally(
    policy: Policy,
    findings: Iterable[Finding],
    respondent_of: Mapping[str, R],
    *,
    units_of: Mapping[str, Sequence[str]] | None = None,
    weight_of: Mapping[R, float] | None = None,
) -> tuple[Tally, ...]:
    """One Tally a provision, in the draft's order, silent provisions included.

    Only accepted findings count. ``respondent_of`` gives the respondent for a passage id; each respondent counts once
    a stance, however often they say it. ``units_of`` gives the ids of what a passage was copied with (its campaign,
    its group of copied passages), nothing for own words; ``weight_of`` the weight of a respondent, 1 by default.
    """
    said = sayings(findings, respondent_of, units_of or {})
    weights = weight_of or {}

    def by(provision: str, key: str) -> Mapping[R, Said]:
        return said.get((provision, key), {})

    return tuple(
        Tally(
            provision_id=p.id,
            respondents={k: len(by(p.id, k)) for k in KEYS},
            passages={k: sum(len(what.passages) for what in by(p.id, k).values()) for k in KEYS},
            collapsed={k: _independent(by(p.id, k).values()) for k in KEYS},
            weighted={k: round(fsum(weights.get(r, 1.0) for r in by(p.id, k)), _DIGITS) for k in KEYS},
        )
        for p in policy.provisions
    )


def sayings(
    findings: Iterable[Finding], respondent_of: Mapping[str, R], units_of: Mapping[str, Sequence[str]]
) -> Sayings[R]:
    """Who says what of which provision in the accepted findings; nobody where a provision and key are missing."""
    said: dict[tuple[str, str], dict[R, Said]] = defaultdict(lambda: defaultdict(Said))
    for finding in findings:
        if not finding.accepted:
            continue
        units = units_of.get(finding.passage_id, ())
        for key in (*finding.labels, "any"):
            what = said[finding.provision_id, key][respondent_of[finding.passage_id]]
            what.passages.add(finding.passage_id)
            what.own |= not units
            what.units.update(units)
    return {place: dict(by) for place, by in said.items()}


def _independent(said: Iterable[Said]) -> int:
    """How many say it independently: each in own words, and the groups of those that share a copied text."""
    count = 0
    groups: list[set[str]] = []
    for what in said:
        if what.own:
            count += 1
            continue
        apart = [g for g in groups if not g & what.units]
        groups = [*apart, what.units.union(*(g for g in groups if g & what.units))]
    return count + len(groups)
