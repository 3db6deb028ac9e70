"""Cues: words and constructions that show what a passage does to a provision.

The patterns are data (languages/*.toml), the grammar is here and in ``scopes``: a negator in the same segment turns a
cue, and so does a doubt before it ("we do not think that …"); a concession, a condition or somebody else's opinion
makes it weaker; a verdict on that opinion ("we disagree") takes its stance from it; a request is filled by what it
asks for ("we suggest that it be deleted" proposes nothing, it challenges).
"""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from policydiff import languages
from policydiff.documents.mapping import MappedText, normalise
from policydiff.documents.sentences import split_sentences
from policydiff.errors import SettingsError
from policydiff.findings.clauses import Clause, Openers, Word, segment_cuts, split_clauses
from policydiff.findings.lexicon import Kind, Lexicon
from policydiff.findings.scopes import WORD, Grammar, Scope, Scopes
from policydiff.models import Stance

_LOWERED, _BARELY, _TURNED = 0.5, 0.2, 0.8
_OPPOSITE: dict[Stance, Stance] = {"endorsed": "challenged", "challenged": "endorsed"}
# A request that is filled by an edit of the wording tells this much by itself.
_FILLED = 0.1
# From here on a cue counts as a strong one, turned or asked for in a question included.
STRONG = 0.45
# How many passages are kept parsed: the pairs of one passage come one after the other.
_KEPT = 512


@dataclass(frozen=True, slots=True)
class CueMatch:
    """``text[start:end]`` shows ``stance`` with ``strength`` in (0, 1]; ``clause`` is the number of its clause.

    ``negated`` says that a negator turned it (``stance`` is what remains after that); ``scope`` is
    "plain", "concession", "condition" or "reported".
    """

    stance: Stance
    start: int
    end: int
    strength: float
    negated: bool
    scope: Scope
    kind: Kind = "plain"
    clause: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What the cues of a passage say: its clauses and cues in order, spans in the text as it is.

    ``ironic`` counts marks of irony, ``first_person`` words that speak for the respondent. ``elliptic`` are the
    numbers of clauses without a cue that turn the one before ("but not B", "unlike B"), ``alike`` of those that
    repeat it ("the same goes for B").
    """

    clauses: tuple[Clause, ...]
    cues: tuple[CueMatch, ...]
    ironic: int
    first_person: int
    elliptic: frozenset[int]
    alike: frozenset[int]

    def span(self, cue: CueMatch) -> tuple[int, int]:
        """The span of the clause that carries ``cue``."""
        clause = self.clauses[cue.clause]
        return min(clause.start, cue.start), max(clause.end, cue.end)


class CueFinder:
    """Finds the cues of one language. Immutable after construction, so safe to share between threads.

    Raises:
        SettingsError: the language has no cues.
    """

    def __init__(self, language: str) -> None:
        pack = languages.load(language).get("cues")
        if not pack:
            raise SettingsError(f"language {language!r} has no cues; add a [cues] table to languages/{language}.toml")
        self.language = language
        try:
            self._lexicon = Lexicon(pack)
            self._grammar = Grammar(pack["modifiers"])
            self._openers = Openers(
                frozenset(pack["modifiers"]["clause_breaks"]), frozenset(pack["modifiers"]["dependents"])
            )
        except KeyError as missing:
            raise SettingsError(
                f"[cues] of languages/{language}.toml lacks {missing}; da.toml has every list"
            ) from None

    def __reduce__(self) -> tuple[type["CueFinder"], tuple[str]]:
        return CueFinder, (self.language,)

    def find(self, text: str) -> list[CueMatch]:
        """The cues of ``text`` in order, not overlapping, with spans in ``text`` as it is."""
        return list(self.read(text).cues)

    def read(self, text: str) -> Reading:
        """Clauses and cues of ``text``."""
        clean = normalise(text)
        mapped = clean.lowered()
        low = mapped.text
        words: list[Word] = [(m.start(), m.end(), m.group()) for m in WORD.finditer(low)]
        sentences = _sentences(text, mapped, self.language)
        hits = self._hits(low, words)
        scopes = self._grammar.scopes(low, words, segment_cuts(low, words, self._openers), sentences)
        cues = [c for hit in hits if (c := self._scoped(hit, scopes)) is not None]
        cues += self._asked(low, sentences, cues) + self._conditional(cues, scopes)
        cues = _without_overlaps(sorted(cues, key=lambda c: (c.start, -c.strength)))
        clauses = split_clauses(low, words, sentences, self._openers, [c.start for c in cues])
        cues = _judged(_filled(_placed(cues, clauses), clauses), clauses)
        elliptic, alike = self._grammar.repeats(low, words, clauses, {c.clause for c in cues if c.stance in _OPPOSITE})
        if clean.text != text or len(low) != len(text):  # else the spans are those of the text as it is
            clauses = [replace(c, start=a, end=b) for c in clauses for a, b in [mapped.origin(c.start, c.end)]]
            cues = [replace(c, start=a, end=b) for c in cues for a, b in [mapped.origin(c.start, c.end)]]
        return Reading(
            tuple(clauses),
            tuple(cues),
            self._grammar.ironic(low),
            self._grammar.first_person(low),
            elliptic,
            alike,
        )

    def ironic(self, text: str) -> int:
        """How many marks of irony ``text`` has."""
        return self._grammar.ironic(normalise(text).text.lower())

    def first_person(self, text: str) -> int:
        """How many words of ``text`` speak for the respondent."""
        return self._grammar.first_person(normalise(text).text.lower())

    def _hits(self, low: str, words: Sequence[Word]) -> list[tuple[CueMatch, int, int]]:
        """Cues as the lexicon has them, with the number of their word and how many words the pattern has."""
        out, taken = [], 0
        for i, (at, _, word) in enumerate(words):
            if at < taken:
                continue
            hit = self._lexicon.match(low, at, word)
            if hit is not None:
                taken = hit.end
                e = hit.entry
                out.append((CueMatch(e.stance, at, hit.end, e.strength, False, "plain", e.kind), i, hit.literal))
        return out

    def _scoped(self, hit: tuple[CueMatch, int, int], scopes: Scopes) -> CueMatch | None:
        """A cue turned and weakened by what it stands under; None for mere courtesy."""
        cue, number, literal = hit
        if cue.kind == "courtesy" or scopes.told(cue.start):
            return None
        negated = scopes.negated(number, cue.end, literal)
        scope = scopes.of(cue.start)
        if cue.kind == "clear":
            if negated or scopes.wished(number):
                return replace(cue, stance="more_explicit", strength=1.0, negated=negated, scope=scope)
            cue = replace(cue, stance="endorsed")
        turned = cue.stance in _OPPOSITE and (negated != scopes.doubted(cue.start))
        if cue.stance == "endorsed" and not negated and scopes.hypothetical(number, cue.end):
            return replace(cue, stance="challenged", strength=cue.strength * _TURNED, negated=True, scope="condition")
        if turned:
            cue = replace(cue, stance=_OPPOSITE[cue.stance], strength=cue.strength * _TURNED, negated=True)
        if scope == "plain":
            return cue
        barely = scope in ("reported", "condition") or cue.stance == "challenged"
        return replace(cue, strength=cue.strength * (_BARELY if barely else _LOWERED), scope=scope)

    def _asked(self, low: str, sentences: Sequence[tuple[int, int]], cues: Sequence[CueMatch]) -> list[CueMatch]:
        """A cue for each question that has no strong one of its own: what its first words ask for."""
        out = []
        for begin, end in sentences:
            if not low[begin:end].rstrip(" »”\"')").endswith("?"):
                continue
            if any(begin <= c.start < end and c.strength >= STRONG for c in cues):
                continue
            asked = self._grammar.question(low, begin, end)
            if asked is not None:
                stance, a, b = asked
                out.append(CueMatch(stance, a, b, _LOWERED, False, "plain"))
        return out

    def _conditional(self, cues: Sequence[CueMatch], scopes: Scopes) -> list[CueMatch]:
        """What an approval is conditional on is asked for."""
        out = []
        for a, b, begin, end in scopes.conditions:
            near = [c for c in cues if begin <= c.start < end and c.strength >= STRONG]
            # Under a condition only what would be ("would support") keeps its strength.
            if any(c.stance == ("challenged" if c.scope == "condition" else "endorsed") for c in near):
                out.append(CueMatch("proposal", a, b, _LOWERED, False, "condition"))
        return out


def _sentences(text: str, mapped: MappedText, language: str) -> list[tuple[int, int]]:
    """The sentences of ``text`` as spans in ``mapped.text``."""
    spans = [
        (bisect.bisect_left(mapped.starts, a), bisect.bisect_left(mapped.starts, b))
        for a, b in split_sentences(text, language)
    ]
    return [(a, b) for a, b in spans if a < b]


def _without_overlaps(cues: Sequence[CueMatch]) -> list[CueMatch]:
    out: list[CueMatch] = []
    for cue in cues:
        if not out or cue.start >= out[-1].end:
            out.append(cue)
    return out


def _placed(cues: Sequence[CueMatch], clauses: Sequence[Clause]) -> list[CueMatch]:
    starts = [c.start for c in clauses]
    numbers = [max(0, bisect.bisect_right(starts, c.start) - 1) for c in cues]
    return [replace(c, clause=n) if n else c for c, n in zip(cues, numbers, strict=True)]  # 0 where it was not placed


def _filled(cues: Sequence[CueMatch], clauses: Sequence[Clause]) -> list[CueMatch]:
    """Requests that are filled by an edit later in their sentence lose their own strength."""
    out = list(cues)
    for n, cue in enumerate(cues):
        if cue.kind != "request":
            continue
        sentence = clauses[cue.clause].sentence
        for later in cues[n + 1 :]:
            if clauses[later.clause].sentence != sentence or later.stance == "proposal":
                if later.kind == "request" and clauses[later.clause].sentence == sentence:
                    continue
                break
            if later.kind in ("edit", "clear") or (later.stance == "more_explicit" and later.strength >= STRONG):
                out[n] = replace(cue, strength=_FILLED)
                break
    return out


def _judged(cues: Sequence[CueMatch], clauses: Sequence[Clause]) -> list[CueMatch]:
    """Verdicts on an opinion that was reported in the same sentence or the one before take its stance, or turn it."""
    out = list(cues)
    for n, cue in enumerate(cues):
        if cue.kind != "verdict" or cue.scope == "reported":
            continue
        sentence = clauses[cue.clause].sentence
        told = [
            c
            for c in cues[:n]
            if c.scope == "reported" and c.stance in _OPPOSITE and sentence - 1 <= clauses[c.clause].sentence
        ]
        if told:
            opinion = max(told, key=lambda c: c.strength).stance
            stance = opinion if cue.stance == "endorsed" else _OPPOSITE[opinion]
            out[n] = replace(cue, stance=stance, strength=1.0)
    return out


@cache
def finder(language: str) -> CueFinder:
    """The finder of ``language``, made once."""
    return CueFinder(language)


@lru_cache(maxsize=_KEPT)
def read(text: str, language: str) -> Reading:
    """The reading of ``text``; those of the last passages are kept."""
    return finder(language).read(text)
