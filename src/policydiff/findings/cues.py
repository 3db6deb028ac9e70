"""Cues: words and constructions that show what a passage does to a provision.

The patterns are data (languages/*.toml). They are indexed by their first two letters, so that only
a handful is tried at each word. A negator before a cue in the same clause turns it; a concession, a
condition or somebody else's opinion makes it weaker.
"""

import bisect
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Literal

from policydiff import languages
from policydiff.documents.mapping import normalise
from policydiff.errors import SettingsError
from policydiff.models import Stance

Scope = Literal["plain", "concession", "condition", "reported"]

_WORD = re.compile(r"[^\W\d_]+|\d+")
_CLAUSE_END = re.compile(r"[,.;:!?()»«\"”“]|\s[–—-]\s")
_SCOPES: tuple[Scope, ...] = ("reported", "concession", "condition")
# A negator reaches this many words to the right; further off it seldom belongs to the cue.
_REACH = 5
_WEAK, _LOWERED, _TURNED = 0.35, 0.5, 0.8
_OPPOSITE: dict[Stance, Stance] = {"endorsed": "challenged", "challenged": "endorsed"}


@dataclass(frozen=True, slots=True)
class CueMatch:
    """``text[start:end]`` shows ``stance`` with ``strength`` in (0, 1].

    ``negated`` says that a negator turned it (``stance`` is what remains after that); ``scope`` is
    "plain", "concession", "condition" or "reported".
    """

    stance: Stance
    start: int
    end: int
    strength: float
    negated: bool
    scope: str


def _regex(pattern: str) -> str:
    source = re.escape(pattern).replace(r"\*", r"\w*").replace(r"\ …\ ", r"(?: \S+){0,3}? ").replace(r"\ ", ",? ")
    return source + r"(?!\w)"


def _phrases(phrases: list[str]) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(_regex(p) for p in sorted(phrases, key=len, reverse=True)) + ")")


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
        buckets: dict[str, list[tuple[str, Stance, float]]] = defaultdict(list)
        for stance in ("endorsed", "challenged", "more_explicit", "proposal", "mentioned"):
            for level, strength in (("strong", 1.0), ("weak", _WEAK)):
                for pattern in pack[stance][level]:
                    buckets[pattern[:2].strip("*… ")].append((pattern, stance, strength))
        self._buckets: dict[str, tuple[re.Pattern[str], list[tuple[Stance, float]]]] = {}
        for key, entries in buckets.items():
            entries.sort(key=lambda e: (-len(e[0]), e[0], e[1]))
            alternatives = "|".join(f"({_regex(pattern)})" for pattern, _, _ in entries)
            self._buckets[key] = re.compile(alternatives), [(s, w) for _, s, w in entries]
        modifiers = pack["modifiers"]
        self._negators = frozenset(modifiers["negators"])
        self._breaks = frozenset(modifiers["clause_breaks"])
        self._scopes = {
            "reported": _phrases(modifiers["reported"]),
            "concession": _phrases(modifiers["concessions"]),
            "condition": _phrases(modifiers["conditions"]),
        }
        self._irony = _phrases(modifiers["irony"])
        self._first_person = _phrases(modifiers["first_person"])

    def __reduce__(self) -> tuple[type["CueFinder"], tuple[str]]:
        return CueFinder, (self.language,)

    def find(self, text: str) -> list[CueMatch]:
        """The cues of ``text`` in order, not overlapping, with spans in ``text`` as it is."""
        mapped = normalise(text).lowered()
        low = mapped.text
        words = [(m.start(), m.group()) for m in _WORD.finditer(low)]
        cuts = sorted([m.start() for m in _CLAUSE_END.finditer(low)] + [at for at, w in words if w in self._breaks])
        negators = [(i, at) for i, (at, w) in enumerate(words) if w in self._negators]
        scopes = self._scoped(low)
        found: list[CueMatch] = []
        taken = 0
        for i, (at, word) in enumerate(words):
            if at < taken:
                continue
            hit = self._match(low, at, word)
            if hit is None:
                continue
            stance, strength, end = hit
            taken = end
            clause = bisect.bisect_right(cuts, at)
            negated = stance in _OPPOSITE and any(
                0 < i - j <= _REACH and bisect.bisect_right(cuts, there) == clause for j, there in negators
            )
            if negated:
                stance, strength = _OPPOSITE[stance], strength * _TURNED
            scope = next((s for s in _SCOPES if any(a <= at < b for a, b in scopes[s])), "plain")
            if scope != "plain":
                strength *= _LOWERED
            start, stop = mapped.origin(at, end)
            found.append(CueMatch(stance, start, stop, strength, negated, scope))
        return found

    def clause_starts(self, text: str, start: int, end: int) -> list[int]:
        """Where in ``text[start:end]`` a clause begins with a word that sets it against the one before ("but")."""
        words = _WORD.finditer(text, start + 1, end)
        return [m.start() for m in words if m.group().lower() in self._breaks]

    def ironic(self, text: str) -> int:
        """How many marks of irony ``text`` has."""
        return len(self._irony.findall(normalise(text).text.lower()))

    def first_person(self, text: str) -> int:
        """How many words of ``text`` speak for the respondent."""
        return len(self._first_person.findall(normalise(text).text.lower()))

    def _match(self, low: str, at: int, word: str) -> tuple[Stance, float, int] | None:
        for key in (word[:2], word[:1]):
            bucket = self._buckets.get(key)
            match = bucket[0].match(low, at) if bucket else None
            if bucket and match and match.lastindex:
                stance, strength = bucket[1][match.lastindex - 1]
                return stance, strength, match.end()
        return None

    def _scoped(self, low: str) -> dict[str, list[tuple[int, int]]]:
        """The stretches that stand under a concession, a condition or a reported opinion."""
        out: dict[str, list[tuple[int, int]]] = {}
        for name, pattern in self._scopes.items():
            out[name] = []
            for match in pattern.finditer(low):
                stops = re.compile(r"[.!?;]" if name == "reported" else r"[,.!?;]").search(low, match.end())
                out[name].append((match.end(), stops.start() if stops else len(low)))
        return out


@cache
def finder(language: str) -> CueFinder:
    """The finder of ``language``, made once."""
    return CueFinder(language)
