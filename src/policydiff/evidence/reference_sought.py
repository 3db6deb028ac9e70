"""Regular expressions that are tried only on texts that hold a word without which they cannot match.

Most passages name nothing, and looking for a word is many times faster than trying an expression at every character.
"""

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import Final

_ODD: Final = "İıſ"  # they match an "i" or "s" when case is ignored, and become none in lower case
_LETTERS = re.compile(r"\w+")


@lru_cache(16)
def _lowered(text: str) -> str | None:
    """The text in lower case, the few texts that are looked at together; None where words may hide in it."""
    plain = text.isprintable() and "  " not in text and not any(letter in text for letter in _ODD)
    return text.lower() if plain else None


@lru_cache(16)
def _words(lowered: str) -> frozenset[str]:
    return frozenset(_LETTERS.findall(lowered))


def _fewest(words: Iterable[str]) -> tuple[str, ...]:
    """The words without those that hold another one."""
    kept: list[str] = []
    for word in sorted({w.lower() for w in words}, key=lambda w: (len(w), w)):
        if not any(other in word for other in kept):
            kept.append(word)
    return tuple(kept)


class Sought:
    """A regular expression that ignores case, and what words one of which is in every match.

    ``whole`` are the words and phrases that in no match are part of a longer word, ``parts`` the others.
    """

    def __init__(self, pattern: str, parts: Iterable[str] = (), *, whole: Iterable[str] = ()) -> None:
        self._source = pattern
        words = {phrase: _LETTERS.findall(phrase.lower()) for phrase in whole}
        self._parts = _fewest([*parts, *(phrase for phrase, found in words.items() if not found)])
        phrases: dict[str, list[str]] = {}
        for phrase, found in words.items():
            if found:
                phrases.setdefault(max(found, key=len), []).append(phrase.lower())
        self._phrases = {word: _fewest(those) for word, those in phrases.items()}
        self._words = frozenset(phrases)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The expression, compiled when a text first needs it."""
        return re.compile(self._source, re.IGNORECASE)

    def possible(self, text: str) -> bool:
        """Whether the text may hold a match; False is sure."""
        lowered = _lowered(text)
        if lowered is None:
            return True
        for part in self._parts:  # a generator would cost more than the looking
            if part in lowered:
                return True
        words = _words(lowered)
        if self._words.isdisjoint(words):
            return False
        return any(phrase in lowered for word in self._words & words for phrase in self._phrases[word])

    def finditer(self, text: str) -> Iterable[re.Match[str]]:
        """The matches in the text."""
        return self.pattern.finditer(text) if self.possible(text) else ()
