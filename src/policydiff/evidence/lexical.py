"""Shared words: TF-IDF of character n-grams and of word beginnings, weighted by the policy's own IDF.

Character n-grams inside words meet Danish compounds and inflections ("foreningsliv", "foreningerne") without
a dictionary; what all provisions say ("kommunen", "skal") weighs nothing, since the IDF is the policy's own.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

_WORD = re.compile(r"[^\W_]+")
_SIZES = (3, 4, 5)  # characters; of 2-4, 3-5 and 3-6 the best alone on the natural sets
_STEM = 6  # characters of a word that are compared: Danish inflection stands behind them


def _ngrams(text: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for word in _WORD.findall(text.lower()):
        padded = f" {word} "
        for size in _SIZES:
            counts.update(padded[i : i + size] for i in range(max(1, len(padded) - size + 1)))
    return counts


def _stems(text: str) -> Counter[str]:
    return Counter(w[:_STEM] for w in _WORD.findall(text.lower()))


class _Index:
    """Cosine of TF-IDF vectors (log tf, smoothed IDF) of a text with a few fixed documents."""

    def __init__(self, documents: Sequence[Counter[str]], background: Iterable[Counter[str]]) -> None:
        pool = [*documents, *background]
        seen = Counter(term for counts in pool for term in counts)
        self.size = len(documents)
        self.idf = {term: math.log((len(pool) + 1) / (n + 0.5)) for term, n in seen.items()}
        self.unseen = math.log((len(pool) + 1) / 0.5)
        postings: dict[str, tuple[list[int], list[float]]] = {}
        for number, counts in enumerate(documents):
            weights = self._weights(counts)
            norm = math.sqrt(sum(w * w for w in weights.values())) or 1.0
            for term, weight in weights.items():
                rows, values = postings.setdefault(term, ([], []))
                rows.append(number)
                values.append(weight / norm)
        self.postings = {t: (np.array(r), np.array(v)) for t, (r, v) in postings.items()}

    def _weights(self, counts: Counter[str]) -> dict[str, float]:
        return {t: (1 + math.log(n)) * self.idf.get(t, self.unseen) for t, n in counts.items()}

    def cosines(self, counts: Counter[str]) -> npt.NDArray[np.float64]:
        weights = self._weights(counts)
        norm = math.sqrt(sum(w * w for w in weights.values())) or 1.0
        out = np.zeros(self.size)
        for term, weight in weights.items():
            posting = self.postings.get(term)
            if posting is not None:
                out[posting[0]] += weight / norm * posting[1]
        return out


class LexicalMatcher:
    """Lexical closeness of passages to the provisions of one policy.

    ``titles`` and ``texts`` are the provisions', ``background`` other text of the draft (its sections), which
    only adds to the IDF.
    """

    def __init__(self, titles: Sequence[str], texts: Sequence[str], background: Sequence[str] = ()) -> None:
        whole = [f"{title} {text}" for title, text in zip(titles, texts, strict=True)]
        self._ngrams = _Index([_ngrams(t) for t in whole], [_ngrams(t) for t in background])
        self._stems = _Index([_stems(t) for t in whole], [_stems(t) for t in background])
        self._titles = _Index([_ngrams(t) for t in titles], [_ngrams(t) for t in [*texts, *background]])

    def scores(self, passages: Sequence[str]) -> npt.NDArray[np.float64]:
        """Cosines in [0, 1], shape (len(passages), number of provisions, 3).

        The last axis: character n-grams of title and text, word beginnings of both, n-grams of the title.
        """
        out = np.zeros((len(passages), self._ngrams.size, 3))
        for row, passage in enumerate(passages):
            grams = _ngrams(passage)
            out[row, :, 0] = self._ngrams.cosines(grams)
            out[row, :, 1] = self._stems.cosines(_stems(passage))
            out[row, :, 2] = self._titles.cosines(grams)
        return out


_LETTERS = 4  # of a word that can tell one provision from another


class OwnWords:
    """The words of a passage that one provision has and no other: what tells it from its neighbours."""

    def __init__(self, provisions: Sequence[str]) -> None:
        seen = Counter(stem for text in provisions for stem in _stems(text))
        self._own = [{stem for stem in _stems(text) if seen[stem] == 1} for text in provisions]

    def find(self, provision: int, passage: str, *, most: int = 5) -> tuple[str, ...]:
        """At most ``most`` of them as they stand in the passage, in its order, each form once."""
        own = self._own[provision]
        found = (w for w in _WORD.findall(passage) if len(w) >= _LETTERS and w.lower()[:_STEM] in own)
        return tuple(dict.fromkeys(found))[:most]
