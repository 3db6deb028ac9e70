"""Shared words: TF-IDF of character n-grams and of word beginnings, weighted by the policy's own IDF.

Character n-grams inside words meet Danish compounds and inflections ("foreningsliv", "foreningerne") without
a dictionary; what all provisions say ("kommunen", "skal") weighs nothing, since the IDF is the policy's own.

All passages of a response are counted together: a term is a 64-bit number made of its letters, and numpy counts them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.uint64]

_WORD = re.compile(r"[^\W_]+")
_SIZES = (3, 4, 5)  # characters; of 2-4, 3-5 and 3-6 the best alone on the natural sets
_STEM = 6  # characters of a word that are compared: Danish inflection stands behind them
_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no two terms of a few letters are the same number
_SPACE = ord(" ")
_CHARACTERS = 30_000  # that are counted at a time, so that what is made of them stays in the processor's cache


@dataclass(frozen=True, slots=True)
class _Terms:
    """How often each of several texts has each of its terms.

    ``known`` are the numbers of all terms, sorted. Entry i says that text ``text[i]`` has the term ``known[term[i]]``
    ``count[i]`` times.
    """

    texts: int
    known: Numbers
    text: Indices
    term: Indices
    count: Indices

    @classmethod
    def counted(cls, texts: int, of_text: Sequence[Indices], numbers: Sequence[Numbers]) -> "_Terms":
        """Of terms in any order, each with the number of its text."""
        known, term = np.unique(np.concatenate(numbers), return_inverse=True)
        both, count = np.unique(np.concatenate(of_text) * max(len(known), 1) + term, return_counts=True)
        return cls(texts, known, *np.divmod(both, max(len(known), 1)), count)


@dataclass(frozen=True, slots=True)
class _Letters:
    """The words of several texts in lower case as one row of letters, a blank before and after each word."""

    texts: int
    codes: Numbers
    blank: npt.NDArray[np.bool_]
    text: Indices  # that each letter belongs to

    @classmethod
    def of(cls, texts: Sequence[str]) -> "_Letters":
        words = [_WORD.findall(text.lower()) for text in texts]
        row = " ".join(["", *(word for found in words for word in found), ""])
        codes = np.frombuffer(row.encode("utf-32-le", errors="surrogatepass"), dtype="<u4").astype(np.uint64)
        lengths = [sum(map(len, found)) + len(found) for found in words]
        text = np.repeat(np.arange(len(texts)), lengths)
        return cls(len(texts), codes, codes == _SPACE, text)

    def ngrams(self) -> _Terms:
        """The character n-grams inside words, the blanks around a word included."""
        texts, numbers = [], []
        term, inside = self.codes, np.ones(len(self.codes), dtype=np.bool_)
        for size in range(2, _SIZES[-1] + 1):
            term = term[:-1] * _BASE + self.codes[size - 1 :]
            inside = inside[:-1]
            if size > 2:
                inside = inside & ~self.blank[size - 2 : len(self.blank) - 1]
            whole = inside & self.blank[: len(inside)] & self.blank[size - 1 :]
            # A word that is shorter than a size counts as a whole for it too.
            shorter = len([s for s in _SIZES if s > size])
            for chosen in (inside, *[whole] * shorter) if size in _SIZES else ():
                at = np.flatnonzero(chosen)
                texts.append(self.text[at])
                numbers.append(term[at])
        return _Terms.counted(self.texts, texts, numbers)

    def stems(self) -> _Terms:
        """The beginnings of words."""
        starts = np.flatnonzero(self.blank[:-1] & ~self.blank[1:]) + 1
        term, inside = np.zeros(len(starts), dtype=np.uint64), np.ones(len(starts), dtype=np.bool_)
        for n in range(_STEM):
            at = np.minimum(starts + n, len(self.codes) - 1)
            inside = inside & ~self.blank[at]
            term = term * _BASE + np.where(inside, self.codes[at], np.uint64(0))
        return _Terms.counted(self.texts, [self.text[starts - 1]], [term])


class _Index:
    """Cosine of TF-IDF vectors (log tf, smoothed IDF) of texts with the first ``size`` of a few fixed ones."""

    def __init__(self, pool: _Terms, size: int) -> None:
        self.size = size
        self._known = pool.known
        self._idf = np.log((pool.texts + 1) / (np.bincount(pool.term, minlength=len(pool.known)) + 0.5))
        self._unseen = float(np.log((pool.texts + 1) / 0.5))
        weights = self._weights(pool, self._idf)
        # For each term the texts of the index that have it, and what it weighs in them.
        order = np.argsort(pool.term, kind="stable")
        order = order[pool.text[order] < size]
        self._texts, self._values = pool.text[order], weights[order]
        self._first = np.searchsorted(pool.term[order], np.arange(len(pool.known) + 1))

    @staticmethod
    def _weights(terms: _Terms, idf: Floats) -> Floats:
        weights = (1 + np.log(terms.count)) * idf[terms.term]
        norm = np.sqrt(np.bincount(terms.text, weights * weights, minlength=terms.texts))
        return np.asarray(weights / np.where(norm == 0, 1, norm)[terms.text])

    def cosines(self, terms: _Terms) -> Floats:
        """Shape (texts, size)."""
        at = np.searchsorted(self._known, terms.known)
        seen = self._known[np.minimum(at, len(self._known) - 1)] == terms.known if len(self._known) else at < 0
        weights = self._weights(terms, np.where(seen, np.append(self._idf, 0)[at], self._unseen))
        own = np.flatnonzero(seen[terms.term])
        where = at[terms.term[own]]
        first, many = self._first[where], self._first[where + 1] - self._first[where]
        entry = np.repeat(own, many)
        posting = np.repeat(first - np.cumsum(many) + many, many) + np.arange(len(entry))
        place = terms.text[entry] * self.size + self._texts[posting]
        sums = np.bincount(place, weights[entry] * self._values[posting], minlength=terms.texts * self.size)
        return sums.reshape(terms.texts, self.size).astype(np.float64)  # of nothing, numpy makes whole numbers


class LexicalMatcher:
    """Lexical closeness of passages to the provisions of one policy.

    ``titles`` and ``texts`` are the provisions', ``background`` other text of the draft (its sections), which
    only adds to the IDF.
    """

    def __init__(self, titles: Sequence[str], texts: Sequence[str], background: Sequence[str] = ()) -> None:
        whole = [f"{title} {text}" for title, text in zip(titles, texts, strict=True)]
        letters = _Letters.of([*whole, *background])
        self._ngrams = _Index(letters.ngrams(), len(whole))
        self._stems = _Index(letters.stems(), len(whole))
        self._titles = _Index(_Letters.of([*titles, *texts, *background]).ngrams(), len(titles))

    def scores(self, passages: Sequence[str]) -> Floats:
        """Cosines in [0, 1], shape (len(passages), number of provisions, 3).

        The last axis: character n-grams of title and text, word beginnings of both, n-grams of the title.
        """
        return np.concatenate([np.zeros((0, self._ngrams.size, 3)), *map(self._scores, _together(passages))])

    def _scores(self, passages: Sequence[str]) -> Floats:
        letters = _Letters.of(passages)
        ngrams = letters.ngrams()
        found = (self._ngrams.cosines(ngrams), self._stems.cosines(letters.stems()), self._titles.cosines(ngrams))
        return np.stack(found, axis=2)


def _together(passages: Sequence[str]) -> Iterator[Sequence[str]]:
    """The passages in order, as many at a time as have about so many characters: of a long response not all."""
    first, size = 0, 0
    for n, passage in enumerate(passages, 1):
        size += len(passage)
        if size >= _CHARACTERS or n == len(passages):
            yield passages[first:n]
            first, size = n, 0


_LETTERS = 4  # of a word that can tell one provision from another


def _stems(text: str) -> set[str]:
    return {w[:_STEM] for w in _WORD.findall(text.lower())}


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
