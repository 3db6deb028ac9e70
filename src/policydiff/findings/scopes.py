"""What a cue stands under: negation, doubt, concession, condition, reported opinion, a mere wish.

The words come from the ``modifiers`` of a language pack.
"""

import bisect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from policydiff.findings.clauses import Clause, Word
from policydiff.findings.lexicon import phrases
from policydiff.models import Stance

Scope = Literal["plain", "concession", "condition", "reported"]
Spans = Sequence[tuple[int, int]]

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+")
_SENTENCE_MARK = re.compile(r"[.!?;]")
_CLAUSE_MARK = re.compile(r"[,.!?;]")
_SCOPES: tuple[Scope, ...] = ("reported", "concession", "condition")
# A negator reaches this many words to the right; further off it seldom belongs to the cue.
_REACH = 6
# After a finite verb a negator stands this near ("støtter vi ikke").
_AFTER = 3
# A modal or request before an adjective of clarity asks for it within this many words.
_WISH_REACH = 7
_HYPOTHETICAL_REACH = 4


@dataclass(frozen=True, slots=True)
class Scopes:
    """The scopes of one text; words are told by their number, spans count in the lowered text.

    ``conditions`` are (start, end of the phrase, start and end of its sentence).
    """

    words: Sequence[Word]
    cuts: Sequence[int]
    negators: Sequence[int]
    late: frozenset[int]
    wishes: Sequence[int]
    modals: Sequence[int]
    finite: tuple[str, ...]
    stops: frozenset[str]
    spans: Mapping[Scope, Spans]
    doubts: Spans
    conditions: Sequence[tuple[int, int, int, int]]
    tellers: Spans

    def told(self, at: int) -> bool:
        """Whether the character belongs to the words that tell of somebody's opinion ("critics say")."""
        return any(a <= at < b for a, b in self.tellers)

    def of(self, at: int) -> Scope:
        """What the character ``at`` stands under."""
        return next((s for s in _SCOPES if any(a <= at < b for a, b in self.spans[s])), "plain")

    def doubted(self, at: int) -> bool:
        """Whether it is what somebody does not believe."""
        return any(a <= at < b for a, b in self.doubts)

    def negated(self, number: int, end: int, literal: int) -> bool:
        """Whether an odd number of negators bear on the cue that begins at word ``number`` and ends at ``end``."""
        segment = self._segment(number)
        last = bisect.bisect_left(self.words, (end,)) - 1
        before = [j for j in self.negators if 0 < number - j <= _REACH and self._segment(j) == segment]
        inside = [j for j in self.negators if number < j <= last] if last - number + 1 > literal else []
        return (len(before) + len(inside) + self._after(number, last)) % 2 == 1

    def _after(self, number: int, last: int) -> bool:
        """Whether a negator follows the cue as it follows a finite verb."""
        ends = (self.words[number][2], self.words[last][2])
        verb = bool(self.finite) and any(word.endswith(self.finite) for word in ends)
        for j in range(last + 1, min(last + 1 + _AFTER, len(self.words))):
            word = self.words[j][2]
            if word in self.stops or self._segment(j) != self._segment(last):
                return False
            if j in self.late or (verb and j in self.negators):
                return True
        return False

    def wished(self, number: int) -> bool:
        """Whether a modal or a request comes before the word in its segment."""
        return any(0 < number - j <= _WISH_REACH and self._segment(j) == self._segment(number) for j in self.wishes)

    def hypothetical(self, number: int, end: int) -> bool:
        """Whether the cue is only what would be, in a sentence with a condition."""
        at = self.words[number][0]
        if not any(begin <= at < end for _, _, begin, end in self.conditions):
            return False
        last = bisect.bisect_left(self.words, (end,)) - 1
        return any(
            number - _HYPOTHETICAL_REACH <= j <= last and self._segment(j) == self._segment(number) for j in self.modals
        )

    def _segment(self, number: int) -> int:
        return bisect.bisect_right(self.cuts, self.words[number][0])


class Grammar:
    """The modifiers of one language, compiled."""

    def __init__(self, modifiers: Mapping[str, Any]) -> None:
        self._negators = frozenset(modifiers["negators"])
        self._late = frozenset(modifiers["late_negators"])
        self._idle = phrases(modifiers["idle_negators"])
        self._wishes = frozenset(modifiers["wishes"])
        self._modals = frozenset(modifiers["hypothetical"])
        self._finite = tuple(modifiers["finite_endings"])
        self._stops = frozenset(modifiers["complementizers"])
        self._breaks = frozenset(modifiers["clause_breaks"])
        self._phrases: dict[Scope, re.Pattern[str]] = {
            "reported": phrases(modifiers["reported"]),
            "concession": phrases(modifiers["concessions"]),
            "condition": phrases(modifiers["conditions"]),
        }
        self._doubts = phrases(modifiers["doubts"])
        self._contrasts = phrases(modifiers["contrasts"])
        self._alike = phrases(modifiers["alike"])
        self._irony = phrases(modifiers["irony"])
        self._first_person = phrases(modifiers["first_person"])
        self._questions: list[tuple[Stance, re.Pattern[str]]] = [
            ("proposal", phrases(modifiers["questions"]["proposal"])),
            ("challenged", phrases(modifiers["questions"]["challenged"])),
            ("more_explicit", phrases(modifiers["questions"]["more_explicit"])),
        ]

    def ironic(self, low: str) -> int:
        """How many marks of irony there are."""
        return len(self._irony.findall(low))

    def first_person(self, low: str) -> int:
        """How many words speak for the respondent."""
        return len(self._first_person.findall(low))

    def scopes(self, low: str, words: Sequence[Word], cuts: Sequence[int], sentences: Spans) -> Scopes:
        """All that the words of ``low`` may stand under."""
        # A negator that makes a doubt turns what is doubted, and nothing twice.
        doubting = [m.span() for m in self._doubts.finditer(low)]
        idle = [m.span() for m in self._idle.finditer(low)] + doubting
        found = {scope: [m.span() for m in pattern.finditer(low)] for scope, pattern in self._phrases.items()}
        negators = [
            i
            for i, (at, _, w) in enumerate(words)
            if (w in self._negators or w in self._late) and not any(a <= at < b for a, b in idle)
        ]
        scopes = Scopes(
            words,
            cuts,
            negators,
            frozenset(i for i in negators if words[i][2] in self._late),
            [i for i, (_, _, w) in enumerate(words) if w in self._wishes],
            [i for i, (_, _, w) in enumerate(words) if w in self._modals],
            self._finite,
            self._stops,
            {scope: _stretches(low, spans, scope) for scope, spans in found.items()},
            (),
            _conditions(found["condition"], found["concession"], sentences),
            found["reported"],
        )
        return self._with_doubts(low, scopes, doubting, sentences)

    def question(self, low: str, begin: int, end: int) -> tuple[Stance, int, int] | None:
        """What the question ``low[begin:end]`` asks for, and the words that ask."""
        for stance, pattern in self._questions:
            match = pattern.search(low, begin, end)
            if match:
                return stance, match.start(), match.end()
        return None

    def repeats(
        self, low: str, words: Sequence[Word], clauses: Sequence[Clause], judged: set[int]
    ) -> tuple[frozenset[int], frozenset[int]]:
        """The clauses not in ``judged`` that turn the stance of the one before, and those that repeat it."""
        starts = [at for at, _, _ in words]
        elliptic, alike = set(), set()
        for n, clause in enumerate(clauses):
            if n in judged:
                continue
            inside = words[bisect.bisect_left(starts, clause.start) : bisect.bisect_left(starts, clause.end)]
            first = [w for _, _, w in inside[:2]]
            opened = first[1:] if first and first[0] in self._breaks else first[:1]
            if self._contrasts.search(low, clause.start, clause.end) or any(w in self._negators for w in opened):
                elliptic.add(n)
            elif self._alike.search(low, clause.start, clause.end):
                alike.add(n)
        return frozenset(elliptic), frozenset(alike)

    def _with_doubts(self, low: str, scopes: Scopes, doubting: Spans, sentences: Spans) -> Scopes:
        """What follows a doubt in its sentence, up to a word that sets a clause against it."""
        if not doubting:
            return scopes
        starts = [at for at, _, _ in scopes.words]
        doubts = []
        for start, stop in doubting:
            number = bisect.bisect_left(starts, start)
            literal = len(low[start:stop].split())
            if number >= len(starts) or scopes.negated(number, stop, literal):
                continue
            end = next((b for a, b in sentences if a <= start < b), len(low))
            stops = [at for at, _, w in scopes.words if stop <= at < end and w in self._breaks]
            doubts.append((stop, min([*stops, end])))
        return replace(scopes, doubts=doubts)


def _conditions(conditions: Spans, conceded: Spans, sentences: Spans) -> list[tuple[int, int, int, int]]:
    return [
        (start, stop, a, b)
        for start, stop in conditions
        for a, b in sentences
        if a <= start < b and not any(c <= start < d for c, d in conceded)
    ]


def _stretches(low: str, phrases_found: Spans, scope: Scope) -> list[tuple[int, int]]:
    """From the end of each phrase to the next mark that ends its scope."""
    stop = _SENTENCE_MARK if scope == "reported" else _CLAUSE_MARK
    return [(b, found.start() if (found := stop.search(low, b)) else len(low)) for _, b in phrases_found]
