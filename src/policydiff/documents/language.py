"""Which language a text is in, by the stop words of the language packs."""

import re
from functools import cache

from policydiff import languages

DEFAULT_LANGUAGE = "da"
_WORD = re.compile(r"[^\W\d_]+")
# A letter that only one language has says as much as this many stop words.
_LETTER_WEIGHT = 1
_SAMPLE = 20_000


@cache
def _vocabulary(language: str, strict: bool) -> tuple[frozenset[str], frozenset[str]]:
    """The stop words and own letters of a language.

    ``strict``: all its function words instead, without those that another language has too.
    """
    pack = languages.load(language)["documents"]
    words = frozenset(pack["stopwords"])
    if strict:  # "to" is Danish for two
        others = (_function_words(other) for other in languages.available() if other != language)
        words = _function_words(language).difference(*others)
    return words, frozenset(pack["letters"])


@cache
def _function_words(language: str) -> frozenset[str]:
    pack = languages.load(language)
    return frozenset(pack["documents"]["stopwords"]) | frozenset(pack.get("references", {}).get("common_words", ()))


def language_scores(text: str, *, strict: bool = False) -> dict[str, int]:
    """How much ``text`` looks like each language that has a pack: its stop words, and words with letters of its own.

    ``strict`` looks at all function words but those that another language has too: for texts of a few words. Looks
    at the first 20,000 characters.
    """
    sample = text[:_SAMPLE].lower()
    words = _WORD.findall(sample)
    scores: dict[str, int] = {}
    for language in languages.available():
        stopwords, letters = _vocabulary(language, strict)
        scores[language] = sum(map(stopwords.__contains__, words))
        if any(letter in sample for letter in letters):
            scores[language] += _LETTER_WEIGHT * sum(not letters.isdisjoint(word) for word in words)
    return scores


def detect_language(text: str) -> str:
    """The code of the pack whose stop words and own letters ``text`` uses most; "da" where none does.

    Looks at the first 20,000 characters.
    """
    scores = language_scores(text)
    best = max(scores, key=lambda language: (scores[language], language == DEFAULT_LANGUAGE))
    return best if scores[best] else DEFAULT_LANGUAGE
