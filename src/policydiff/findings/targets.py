"""Which clauses of a passage speak of which provision, and so which cues are about it.

A clause with a provision's own evidence is about it; one without any goes on with what the clause before was about
("A is fine. We do miss a deadline"), or, at the beginning, with what comes next ("We are glad of one thing: A").
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from policydiff.findings.cues import CueMatch, Reading
from policydiff.models import Stance

Spans = Sequence[tuple[int, int]]

_OPPOSITE: dict[Stance, Stance] = {"endorsed": "challenged", "challenged": "endorsed"}
# What is said of one provision and only repeated of the next ("the same goes for B") is a little less sure.
_REPEATED = 0.8


@dataclass(frozen=True, slots=True)
class Addressed:
    """The clauses about a provision, by number, and the cues in and outside them.

    ``own`` includes the stances that a clause without a cue takes over from the one before: "but not B".
    """

    clauses: frozenset[int]
    own: tuple[CueMatch, ...]
    other: tuple[CueMatch, ...]


def addressed(reading: Reading, focus: Spans, others: Spans, previous: Reading | None = None) -> Addressed:
    """What of ``reading`` is about the provision whose evidence stands at ``focus``.

    ``others`` are the spans of other provisions' evidence; without ``focus`` the clauses with only those are left
    out. ``previous`` is the reading of the passage before, for "the same goes for B".
    """
    clauses = _about(reading, focus, others)
    own = [c for c in reading.cues if c.clause in clauses]
    own += _taken_over(reading, clauses, previous)
    return Addressed(clauses, tuple(own), tuple(c for c in reading.cues if c.clause not in clauses))


def _about(reading: Reading, focus: Spans, others: Spans) -> frozenset[int]:
    named = [(_meets(focus, c.start, c.end), _meets(others, c.start, c.end)) for c in reading.clauses]
    if not any(theirs for _, theirs in named):
        return frozenset(range(len(named)))
    if not focus:  # meant by what it says, not by name: all that names no other
        return frozenset(n for n, (_, theirs) in enumerate(named) if not theirs) or frozenset(range(len(named)))
    current = next(ours for ours, theirs in named if ours or theirs)
    chosen = []
    for number, (ours, theirs) in enumerate(named):
        if ours or theirs:
            current = ours
        if current:
            chosen.append(number)
    return frozenset(chosen)


def _meets(spans: Spans, start: int, end: int) -> bool:
    return any(a < end and start < b for a, b in spans)


def _taken_over(reading: Reading, clauses: frozenset[int], previous: Reading | None) -> list[CueMatch]:
    out: list[CueMatch] = []
    for number in sorted(clauses & (reading.elliptic | reading.alike)):
        clause = reading.clauses[number]
        turned = number in reading.elliptic
        before = [c for c in reading.cues if c.clause < number]
        if not before and previous is not None and not turned:
            before = [replace(c, clause=0) for c in previous.cues]
        last = [c for c in before if c.stance in _OPPOSITE or not turned]
        if last:
            source = max(last, key=lambda c: (c.strength >= 0.5, c.clause, c.strength))
            stance = _OPPOSITE[source.stance] if turned else source.stance
            strength = source.strength * _REPEATED
            out.append(
                replace(source, stance=stance, start=clause.start, end=clause.end, strength=strength, clause=number)
            )
    return out
