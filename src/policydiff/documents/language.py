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
def _vocabulary(language: str) -> tuple[frozenset[str], frozenset[str]]:
    pack = languages.load(language)["documents"]
    return frozenset(pack["stopwords"]), frozenset(pack["letters"])


def detect_language(text: str) -> str:
    """The code of the pack whose stop words and own letters ``text`` uses most; "da" where none does.

    Looks at the first 20,000 characters.
    """
    sample = text[:_SAMPLE]
    words = _WORD.findall(sample.lower())
    scores: dict[str, int] = {}
    for language in languages.available():
        stopwords, letters = _vocabulary(language)
        scores[language] = sum(word in stopwords for word in words)
        scores[language] += _LETTER_WEIGHT * sum(not letters.isdisjoint(word) for word in words)
    best = max(scores, key=lambda language: (scores[language], language == DEFAULT_LANGUAGE))
    return best if scores[best] else DEFAULT_LANGUAGE
