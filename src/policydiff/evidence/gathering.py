"""All evidence between the passages of one response and the provisions of one policy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from policydiff.documents.mapping import normalise
from policydiff.evidence.embeddings import Encoder, SimilarityMatcher
from policydiff.evidence.lexical import LexicalMatcher
from policydiff.evidence.matches import Match
from policydiff.evidence.quotes import QuoteMatcher
from policydiff.evidence.references import ReferenceMatcher
from policydiff.models import Policy


@dataclass(frozen=True, slots=True)
class Gathered:
    """The evidence for n passages and m provisions.

    ``matches[i]`` are the references, quotes, carried and section matches of passage i. ``lexical`` has shape
    (n, m, 3) (see LexicalMatcher.scores), ``similarity`` (n, m), ``words`` (n,) the passages' lengths in words.
    """

    matches: list[list[Match]]
    lexical: npt.NDArray[np.float64]
    similarity: npt.NDArray[np.float64]
    words: npt.NDArray[np.int64]


class Gatherer:
    """The four kinds of evidence, prepared once for a policy. Read-only after construction."""

    def __init__(self, policy: Policy, encoder: Encoder, *, shrinkage: float) -> None:
        titles = [normalise(p.title).text for p in policy.provisions]
        texts = [normalise(p.text).text for p in policy.provisions]
        sections = [normalise(f"{s.title} {s.text}").text for s in policy.sections]
        self.references = ReferenceMatcher(policy)
        self.quotes = QuoteMatcher(policy)
        self.lexical = LexicalMatcher(titles, texts, sections)
        self.similarity = SimilarityMatcher(
            [f"{title}. {text}" for title, text in zip(titles, texts, strict=True)], encoder, shrinkage=shrinkage
        )

    def gather(self, passages: Sequence[str], sections: Sequence[str]) -> Gathered:
        """The evidence for the passages of one response, in order, each with its section heading."""
        clean = [normalise(p).text for p in passages]
        quoted = [self.quotes.find(p) for p in passages]
        referred = self.references.find(passages, sections, [[m.provision for m in found] for found in quoted])
        return Gathered(
            matches=[[*r, *q] for r, q in zip(referred, quoted, strict=True)],
            lexical=self.lexical.scores(clean),
            similarity=self.similarity.scores(clean).astype(np.float64),
            words=np.array([len(p.split()) for p in clean], dtype=np.int64),
        )
