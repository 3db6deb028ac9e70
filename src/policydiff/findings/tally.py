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
from dataclasses import dataclass
from math import fsum
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from policydiff.findings.campaigns import copied_units
from policydiff.findings.groups import Groups
from policydiff.findings.identity import Respondent, numbers_of, respondents
from policydiff.findings.triples import Floats, Indices
from policydiff.models import STANCES, Comparison, Finding, Policy, Tally

KEYS = (*STANCES, "any")
# A bit for each label.
BITS: dict[str, int] = {stance: 1 << n for n, stance in enumerate(STANCES)}
_DIGITS = 6  # decimals kept of sums of weights

R = TypeVar("R", bound=Hashable)
# For a provision's id and a key of KEYS: the respondents who say it.
Sayings = Mapping[tuple[str, str], set[R]]


@dataclass(frozen=True, slots=True)
class Positions:
    """The accepted findings in numbers, a row each.

    ``provision`` is a place in the draft, ``labels`` are BITS, ``passage`` and ``respondent`` any numbers of theirs.
    The passage of row ``copied[k]`` was copied with ``unit[k]``, the number of a campaign or of a group of copied
    passages.
    """

    provision: Indices
    labels: npt.NDArray[np.uint8]
    passage: Indices
    respondent: Indices
    copied: Indices
    unit: Indices


def sayings_in(comparison: Comparison) -> tuple[list[Respondent], Sayings[int]]:
    """The respondents of a comparison, and who of them, by number, says what."""
    people = respondents(comparison.responses)
    number = numbers_of(people)
    return people, sayings(comparison.findings, {p.id: number[p.response_id] for p in comparison.passages})


def sayings(findings: Iterable[Finding], respondent_of: Mapping[str, R]) -> Sayings[R]:
    """Who says what of which provision in the accepted findings; nobody where a provision and key are missing."""
    said: dict[tuple[str, str], set[R]] = defaultdict(set)
    for finding in findings:
        if finding.accepted:
            for key in (*finding.labels, "any"):
                said[finding.provision_id, key].add(respondent_of[finding.passage_id])
    return dict(said)


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
    place = {p.id: n for n, p in enumerate(policy.provisions)}
    accepted = [f for f in findings if f.accepted and f.provision_id in place]
    passages: dict[str, int] = {}
    people: dict[R, int] = {}
    units: dict[str, int] = {}
    edges = [
        (row, units.setdefault(unit, len(units)))
        for row, finding in enumerate(accepted)
        for unit in (units_of or {}).get(finding.passage_id, ())
    ]
    copied, unit = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    positions = Positions(
        provision=_numbers(place[f.provision_id] for f in accepted),
        labels=np.array([sum(BITS[label] for label in f.labels) for f in accepted], dtype=np.uint8),
        passage=_numbers(passages.setdefault(f.passage_id, len(passages)) for f in accepted),
        respondent=_numbers(people.setdefault(respondent_of[f.passage_id], len(people)) for f in accepted),
        copied=copied,
        unit=unit,
    )
    return counted(policy, positions, np.array([(weight_of or {}).get(person, 1.0) for person in people]))


def counted(policy: Policy, positions: Positions, weights: Floats) -> tuple[Tally, ...]:
    """The tallies of a draft; ``weights[n]`` is what respondent n weighs."""
    order = np.argsort(positions.provision, kind="stable")
    row_of = np.empty_like(order)
    row_of[order] = np.arange(len(order))
    copied = row_of[positions.copied]
    by_row = np.argsort(copied, kind="stable")
    copied, unit = copied[by_row], positions.unit[by_row]
    labels, passage, respondent = positions.labels[order], positions.passage[order], positions.respondent[order]
    starts = np.searchsorted(positions.provision[order], np.arange(len(policy.provisions) + 1))
    tallies = []
    for provision, start, stop in zip(policy.provisions, starts, starts[1:], strict=False):
        edges = slice(*np.searchsorted(copied, (start, stop)))
        here = slice(start, stop)
        figures = {
            key: _figures(
                labels[here] & BITS[key] != 0 if key in BITS else np.ones(stop - start, dtype=bool),
                passage[here],
                respondent[here],
                copied[edges] - start,
                unit[edges],
                weights,
            )
            for key in KEYS
        }
        tallies.append(
            Tally(
                provision_id=provision.id,
                respondents={key: found[0] for key, found in figures.items()},
                passages={key: found[1] for key, found in figures.items()},
                collapsed={key: found[2] for key, found in figures.items()},
                weighted={key: found[3] for key, found in figures.items()},
            )
        )
    return tuple(tallies)


def _figures(
    says: npt.NDArray[np.bool_], passage: Indices, respondent: Indices, copied: Indices, unit: Indices, weights: Floats
) -> tuple[int, int, int, float]:
    """Respondents, passages, independent respondents and weight in the rows that say it."""
    if not says.any():
        return 0, 0, 0, 0.0
    people = np.unique(respondent[says])
    by_copy = np.zeros(len(says), dtype=bool)
    by_copy[copied] = True
    own = np.unique(respondent[says & ~by_copy])
    copied, unit = copied[says[copied]], unit[says[copied]]
    rest = ~np.isin(respondent[copied], own)
    who, person = np.unique(respondent[copied[rest]], return_inverse=True)
    what, text = np.unique(unit[rest], return_inverse=True)
    groups = Groups(len(who) + len(what))  # people and the texts that they copied
    groups.join(person, len(who) + text)
    independent = len(own) + len(np.unique(groups.first))
    weight = round(fsum(weights[people].tolist()), _DIGITS)
    return len(people), len(np.unique(passage[says])), independent, weight


def _numbers(found: Iterable[int]) -> Indices:
    return np.fromiter(found, dtype=np.int64)
