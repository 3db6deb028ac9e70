"""All evidence between the passages of one response and the provisions of one policy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from policydiff.documents.mapping import normalise
from policydiff.evidence.embeddings import Encoder, Read, SimilarityMatcher, read_sentences
from policydiff.evidence.lexical import LexicalMatcher
from policydiff.evidence.matches import Match
from policydiff.evidence.quotes import QuoteMatcher
from policydiff.evidence.references import ReferenceMatcher
from policydiff.evidence.remembering import ReadLately
from policydiff.evidence.tagger import Tagged, Tagger, sentences_read
from policydiff.models import Policy


@dataclass(frozen=True, slots=True)
class Gathered:
    """The evidence for n passages and m provisions.

    ``matches[i]`` are the references, quotes, carried and section matches of passage i. ``lexical`` has shape
    (n, m, 3) (see LexicalMatcher.scores), ``similarity`` and ``closest`` (n, m) (see SimilarityMatcher.scores),
    ``words`` (n,) the passages' lengths in words.
    ``tagged[i]`` is passage i as the tagger read it, None without a tagger.
    """

    matches: list[list[Match]]
    lexical: npt.NDArray[np.float64]
    similarity: npt.NDArray[np.float64]
    closest: npt.NDArray[np.float64]
    words: npt.NDArray[np.int64]
    tagged: list[Tagged | None]


# The cosine by which a provision must lead the next one for a passage to lean towards it. On the natural sets the
# passage was then about it in 65 of 100 cases.
_LEAD = 0.03


def _leanings(ngrams: npt.NDArray[np.float64]) -> list[int | None]:
    """The provision that each passage is most like, where one stands out; ``ngrams`` has shape (n, m)."""
    if ngrams.shape[1] < 2:
        return [None] * len(ngrams)
    ordered = np.sort(ngrams, axis=1)
    clear = ordered[:, -1] - ordered[:, -2] >= _LEAD
    return [int(best) if stands_out else None for best, stands_out in zip(ngrams.argmax(axis=1), clear, strict=True)]


class Gatherer:
    """The four kinds of evidence, prepared once for a policy. Safe in threads.

    With a ``tagger``, passages are read by it too; where it belongs to the encoder, for tags and vectors at once.
    """

    def __init__(self, policy: Policy, encoder: Encoder, *, shrinkage: float, tagger: Tagger | None = None) -> None:
        titles = [normalise(p.title).text for p in policy.provisions]
        texts = [normalise(p.text).text for p in policy.provisions]
        sections = [normalise(f"{s.title} {s.text}").text for s in policy.sections]
        self.references = ReferenceMatcher(policy)
        self.quotes = QuoteMatcher(policy)
        self.lexical = LexicalMatcher(titles, texts, sections)
        self.tagger = tagger
        self._lately = None if tagger is None else ReadLately(tagger, policy.language)
        self._encoder = encoder
        self._language = policy.language
        read, _ = self.read([f"{title}. {text}" for title, text in zip(titles, texts, strict=True)])
        self.similarity = SimilarityMatcher(read, shrinkage=shrinkage)

    def read(self, texts: Sequence[str]) -> tuple[Read, list[Tagged | None]]:
        """The vectors of texts and their sentences, and the texts as the tagger read them."""
        tagged = [] if self._lately is None else self._lately.read(texts)
        if self.tagger is not None and self.tagger.encoder is self._encoder:
            read = sentences_read(tagged)
        else:
            read = read_sentences(self._encoder, [normalise(t).text for t in texts], self._language)
        return read, [*tagged] or [None] * len(texts)

    def gather(self, passages: Sequence[str], sections: Sequence[str]) -> Gathered:
        """The evidence for the passages of one response, in order, each with its section heading."""
        clean = [normalise(p).text for p in passages]
        quoted = self.quotes.find_all(passages)
        lexical = self.lexical.scores(clean)
        cited = [[m.provision for m in found] for found in quoted]
        referred = self.references.find(passages, sections, cited, _leanings(lexical[:, :, 0]))
        read, tagged = self.read(passages)
        similarity, closest = self.similarity.scores(read)
        return Gathered(
            matches=[[*r, *q] for r, q in zip(referred, quoted, strict=True)],
            lexical=lexical,
            similarity=similarity.astype(np.float64),
            closest=closest.astype(np.float64),
            words=np.array([len(p.split()) for p in clean], dtype=np.int64),
            tagged=tagged,
        )
