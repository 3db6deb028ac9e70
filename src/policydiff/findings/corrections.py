"""What people decided of findings: which decisions are in force, and which findings stand as a person left them."""

from collections.abc import Iterable

from policydiff.models import Comparison, Correction

Pair = tuple[str, str]  # a passage's id and a provision's


def in_force(corrections: Iterable[Correction]) -> list[Correction]:
    """The latest decision of each finding, oldest first; of two made at the same time the one that comes later."""
    latest: dict[Pair, Correction] = {}
    for correction in sorted(corrections, key=lambda c: c.at):
        key = (correction.passage_id, correction.provision_id)
        latest.pop(key, None)
        latest[key] = correction
    return list(latest.values())


def pairs_of(correction: Correction) -> tuple[Pair, ...]:
    """The findings that a decision bears on: the one it is of, and the one that takes its place."""
    own = (correction.passage_id, correction.provision_id)
    return (own,) if correction.instead is None else (own, (correction.passage_id, correction.instead))


def by_hand(comparison: Comparison) -> dict[Pair, Correction]:
    """For each finding that a person decided on, the decision that it stands by.

    Reports look findings up here to say that they were corrected by hand, by whom, when and why.
    """
    return {pair: correction for correction in in_force(comparison.corrections) for pair in pairs_of(correction)}
