"""Who says it: respondents counted by their kind, a provision and a stance."""

from collections import Counter
from dataclasses import dataclass

from policydiff.findings.tally import KEYS, sayings_in
from policydiff.models import Comparison

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CrossTable:
    """Respondents by kind; "unknown" where none is known. Kinds without a respondent are left out.

    ``respondents`` counts those of each kind, ``guessed`` how many of them were put there by a guess from names and
    words. ``counts[provision_id][kind][key]`` are numbers of respondents, the keys those of a Tally, and add up over
    the kinds to ``Tally.respondents``.
    """

    respondents: dict[str, int]
    guessed: dict[str, int]
    counts: dict[str, dict[str, dict[str, int]]]


def by_kind(comparison: Comparison) -> CrossTable:
    """The respondents of a comparison by kind, the largest kind first."""
    people, said = sayings_in(comparison)
    kinds: list[str] = [person.kind or UNKNOWN for person in people]
    number = Counter(kinds)
    order = sorted(number, key=lambda kind: (kind == UNKNOWN, -number[kind], kind))
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for provision in comparison.policy.provisions:
        found = {key: Counter(kinds[n] for n in said.get((provision.id, key), {})) for key in KEYS}
        counts[provision.id] = {kind: {key: found[key][kind] for key in KEYS} for kind in order}
    guessed = Counter(str(p.kind) for p in people if p.kind is not None and p.kind_guessed)
    return CrossTable({k: number[k] for k in order}, {k: guessed[k] for k in order if k != UNKNOWN}, counts)
