"""The cue patterns of one language, indexed by their first word so that few are tried at each word.

A pattern is plain words; "*" is any ending, "…" up to three words between, "(a|b)" alternatives.
"""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

from policydiff.models import STANCES, Stance

Kind = Literal["plain", "edit", "request", "verdict", "clear", "courtesy"]

WEAK = 0.35
# The lists a pack may hold under a stance, with the strength of one match.
_LEVELS: tuple[tuple[str, float, Kind], ...] = (
    ("strong", 1.0, "plain"),
    ("weak", WEAK, "plain"),
    ("edit", 1.0, "edit"),
    ("request", 1.0, "request"),
    ("verdict", 1.0, "verdict"),
    ("clear", WEAK, "clear"),
)
_GROUP = re.compile(r"\(([^()]*)\)")
# A pattern whose first word has an open end is filed under this many letters.
_PREFIX = 3
# For so many words it is kept which patterns may begin with them: most words recur.
_WORDS_KEPT = 1 << 14


@dataclass(frozen=True, slots=True)
class Entry:
    """What a pattern shows: a stance, how strongly, and which rule it falls under.

    ``kind``: "edit" asks that the provision's wording be kept, cut or cleared up, "request" opens a wish of any
    sort, "verdict" may judge what somebody said before, "clear" praises clarity, "courtesy" says nothing.
    """

    stance: Stance
    strength: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class Hit:
    """A pattern found: its entry, where it ends, and how many words the pattern itself has."""

    entry: Entry
    end: int
    literal: int


Patterns = tuple[re.Pattern[str], list[tuple[Entry, int]]]


def expanded(pattern: str) -> list[str]:
    """``pattern`` without groups, one for each choice of alternatives."""
    parts = _GROUP.split(pattern)
    choices = [part.split("|") if n % 2 else [part] for n, part in enumerate(parts)]
    return [" ".join("".join(chosen).split()) for chosen in itertools.product(*choices)]


def _regex(pattern: str) -> str:
    source = re.escape(pattern).replace(r"\*", r"\w*")
    source = source.replace(r"\ …\ ", r"(?:,? [^\s.;:!?]+){0,3}? ").replace(r"\ ", ",? ")
    return source + r"(?!\w)"


def phrases(patterns: Iterable[str]) -> re.Pattern[str]:
    """Any of ``patterns`` at a word's beginning, the longest first; matches nothing where there are none."""
    every = sorted({p for pattern in patterns for p in expanded(pattern)}, key=lambda p: (-len(p), p))
    return re.compile(r"(?<!\w)(?:" + "|".join(_regex(p) for p in every) + ")" if every else r"(?!)")


class Lexicon:
    """Finds the longest pattern that begins at a word. Patterns are compiled when a text has their first word."""

    def __init__(self, pack: Mapping[str, Any]) -> None:
        filed: dict[str, dict[str, Entry]] = defaultdict(dict)
        for pattern, entry in _entries(pack):
            for plain in expanded(pattern):
                first = plain.split(" ", 1)[0]
                key = first[:_PREFIX].rstrip("*") + "*" if first.endswith("*") else first
                filed[key].setdefault(plain, entry)
        self._filed = dict(filed)
        self._patterns = lru_cache(maxsize=_WORDS_KEPT)(self._beginning)

    def _beginning(self, word: str) -> tuple[Patterns, ...]:
        """The patterns that may begin with ``word``."""
        keys = (word, *(word[:n] + "*" for n in range(1, _PREFIX + 1)))
        return tuple(self._compiled(key) for key in keys if key in self._filed)

    @cache  # noqa: B019 a lexicon lives as long as the process
    def _compiled(self, key: str) -> Patterns:
        patterns = self._filed[key]
        ordered = sorted(patterns, key=lambda p: (-len(p), p))
        source = "|".join(f"({_regex(p)})" for p in ordered)
        return re.compile(source), [(patterns[p], len([w for w in p.split() if w != "…"])) for p in ordered]

    def match(self, low: str, at: int, word: str) -> Hit | None:
        """The longest pattern that begins with ``word`` at ``low[at]``."""
        best: Hit | None = None
        for pattern, entries in self._patterns(word):
            match = pattern.match(low, at)
            if match and match.lastindex and (best is None or match.end() > best.end):
                entry, literal = entries[match.lastindex - 1]
                best = Hit(entry, match.end(), literal)
        return best


def _entries(pack: Mapping[str, Any]) -> Iterable[tuple[str, Entry]]:
    for pattern in pack["modifiers"].get("courtesy", ()):
        yield pattern, Entry("mentioned", 0.0, "courtesy")
    for stance in STANCES:
        for level, strength, kind in _LEVELS:
            for pattern in pack[stance].get(level, ()):
                yield pattern, Entry(stance, strength, kind)
