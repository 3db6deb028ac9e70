"""Quotations: words of the draft that a passage repeats, in quotation marks or not.

Word bigrams and trigrams that are rare in the draft seed the search; only the neighbourhood of a seed is aligned,
word by word, and the best stretch of that alignment is the quotation. What decides is the *mass* of the matched words:
the sum of their weights, where a word of every provision weighs almost nothing and a word of one provision weighs 1.
"""

import math
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from policydiff import languages
from policydiff.documents.mapping import normalise
from policydiff.evidence.matches import Match
from policydiff.evidence.quotation_marks import marked_parts
from policydiff.evidence.quote_alignment import AGREED, Found, align, alike, best_of
from policydiff.evidence.quote_seeds import Seeds
from policydiff.models import Policy

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W_]+(?:['’][^\W_]+)?")

# All masses are in words that only one provision has.
_TRIGRAM_SEED = 1.0
_BIGRAM_SEED = 1.4
_RARE = 0.5  # the weight from which one word is a seed inside quotation marks
_UNMARKED_MASS = 1.6  # what an unmarked repetition must weigh to be more than chance
_MARKED_MASS = 1.0
_SHORT = 3  # words of a marked part that must be found verbatim
_SHORT_MASS = 0.75
_MOST = 0.6  # share of a longer marked part that must be found
_SIMILARITY = 0.6
_REACH = 6  # words around a seed that are aligned with it
_GAP = 8  # words between two seeds of one quotation
_COMMON = 0.25  # what the weight of a function word counts
_INFLECTED = 4  # letters from which a word may differ from the draft's
_CLOSE = 78  # rapidfuzz ratio from which a part without seeds is taken for a misread quotation


def _words(text: str) -> list[str]:
    """The words of a normalised text in one case."""
    words = [word.lower() for word in _WORD.findall(text)]
    return [word.replace("’", "'") for word in words] if "’" in text else words


class QuoteMatcher:
    """Finds the draft's own words in passages. Prepared once a policy; picklable, and safe in threads."""

    def __init__(self, policy: Policy) -> None:
        self._spans: list[tuple[int, int]] = []
        self._draft: list[str] = []
        self._owner: list[int] = []
        self._bounds: list[tuple[int, int]] = []
        for index, provision in enumerate(policy.provisions):
            mapped = normalise(provision.text)
            first = len(self._draft)
            self._draft += _words(mapped.text)
            for match in _WORD.finditer(mapped.text):
                origin = mapped.origin(*match.span())
                self._spans.append((provision.start + origin[0], provision.start + origin[1]))
                self._owner.append(index)
            self._bounds.append((first, len(self._draft)))
        self._bodies = [" ".join(self._draft[a:b]) for a, b in self._bounds]
        weights = self._weigh(policy)
        self._weights = [weights[word] for word in self._draft]
        self._grams = self._index()
        self._seeds = Seeds(self._grams)
        places: defaultdict[str, list[int]] = defaultdict(list)
        for at, word in enumerate(self._draft):
            places[word].append(at)
        self._places = {word: tuple(at) for word, at in places.items()}
        self._by_length: defaultdict[int, list[str]] = defaultdict(list)
        for word in places:
            self._by_length[len(word)].append(word)

    def _weigh(self, policy: Policy) -> dict[str, float]:
        """Inverse document frequency over provisions and sections, scaled to [0, 1]; function words less."""
        units = [set(self._draft[a:b]) for a, b in self._bounds]
        units += [set(_words(normalise(s.text).text)) for s in policy.sections]
        count: defaultdict[str, int] = defaultdict(int)
        for unit in units:
            for word in unit:
                count[word] += 1
        known = policy.language in languages.available()
        pack = languages.load(policy.language).get("references", {}) if known else {}
        common = frozenset(pack.get("common_words", ()))
        top = math.log(len(units) + 1)
        return {
            word: math.log((len(units) + 1) / n) / top * (_COMMON if word in common or len(word) < 2 else 1.0)
            for word, n in count.items()
        }

    def _index(self) -> dict[tuple[str, ...], tuple[int, ...]]:
        index: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for first, last in self._bounds:
            for n, least in ((2, _BIGRAM_SEED), (3, _TRIGRAM_SEED)):
                for at in range(first, last - n + 1):
                    gram = tuple(self._draft[at : at + n])
                    if sum(self._weights[at : at + n]) >= least:
                        index[gram].append(at)
        return {gram: tuple(at) for gram, at in index.items()}

    def find_all(self, texts: Sequence[str]) -> list[list[Match]]:
        """The quotations in each of many passages, as ``find`` gives them, in less time."""
        may_quote = self._seeds.may_quote([normalise(text).text for text in texts])
        return [self.find(text) if may else [] for text, may in zip(texts, may_quote, strict=True)]

    def find(self, text: str) -> list[Match]:
        """The quotations in one passage, in order; kind "quote", form "marked" or "unmarked".

        ``start``/``end`` count in ``text``, ``provision_start``/``provision_end`` in ``policy.text``.
        """
        mapped = normalise(text)
        words = _words(mapped.text)
        hits = self._hits(words)
        marked = marked_parts(mapped.text)
        if not hits and not marked:
            return []
        spans = [m.span() for m in _WORD.finditer(mapped.text)]
        starts, ends = [start for start, _ in spans], [end for _, end in spans]
        parts = [(bisect_left(starts, start), bisect_right(ends, end)) for start, end in marked]
        parts = [(first, last) for first, last in parts if first < last]
        found = [(f, "marked") for first, last in parts for f in self._marked(words, hits, first, last)]
        covered = {i for f, _ in found for i in range(f.start, f.end)}
        for quote in self._chains(words, hits, 0, len(words)):
            inside_marks = any(a <= quote.start and quote.end <= b for a, b in parts)
            if self._enough(quote) and not inside_marks and not covered.intersection(range(quote.start, quote.end)):
                found.append((quote, "unmarked"))
        matches = []
        for quote, form in best_of(found):
            start, end = mapped.origin(starts[quote.start], ends[quote.end - 1])
            matches.append(
                Match(
                    provision=self._owner[quote.at],
                    kind="quote",
                    score=round(quote.score, 4),
                    start=start,
                    end=end,
                    provision_start=self._spans[quote.at][0],
                    provision_end=self._spans[quote.until - 1][1],
                    form=form,
                )
            )
        return sorted(matches, key=lambda m: (m.start or 0, m.provision))

    @staticmethod
    def _enough(quote: Found) -> bool:
        long_enough = quote.end - quote.start >= 4
        return long_enough and quote.mass >= _UNMARKED_MASS and quote.similarity >= _SIMILARITY

    def _marked(self, words: list[str], hits: Sequence[tuple[int, int, int]], first: int, last: int) -> list[Found]:
        """Quotations inside one marked part; what is in quotation marks needs less to be believed."""
        if last - first <= _SHORT:
            short = self._verbatim(words, first, last)
            return [short] if short else []
        chains = self._chains(words, hits, first, last)
        most = _MOST * (last - first)
        found = [
            f for f in chains if f.mass >= _MARKED_MASS and f.end - f.start >= most and f.similarity >= _SIMILARITY
        ]
        found += [f for f in chains if f not in found and self._enough(f)]
        if not found:
            found = self._around_rare_words(words, first, last)
        if not found:
            blurred = self._blurred(words, first, last)
            found = [blurred] if blurred else []
        return found

    def _around_rare_words(self, words: list[str], first: int, last: int) -> list[Found]:
        """The best agreement of a marked part with the places of its rare words."""
        best: Found | None = None
        windows: set[tuple[int, int]] = set()
        for i in range(first, last):
            places = self._places.get(words[i], ())
            for place in places if places and self._weights[places[0]] >= _RARE else ():
                a, b = self._bounds[self._owner[place]]
                window = max(a, place - (i - first) - 3), min(b, place + (last - i) + 3)
                if window in windows:
                    continue
                windows.add(window)
                quote = self._align(words, first, last, *window)
                if (
                    quote is not None
                    and quote.mass >= _MARKED_MASS
                    and quote.similarity >= _SIMILARITY
                    and quote.end - quote.start >= _MOST * (last - first)
                    and (best is None or quote.mass * quote.similarity > best.mass * best.similarity)
                ):
                    best = quote
        return [best] if best else []

    def _verbatim(self, words: list[str], first: int, last: int) -> Found | None:
        """A short part that stands word for word in exactly one provision."""
        part = words[first:last]
        hits = self._places.get(part[0], ()) if len(part) == 1 else self._alike(part)
        if not hits or len({self._owner[h] for h in hits}) > 1:
            return None
        mass = sum(self._weights[hits[0] : hits[0] + len(part)])
        if mass < _SHORT_MASS:
            return None
        return Found(first, last, hits[0], hits[0] + len(part), mass, 1.0)

    def _alike(self, part: list[str]) -> list[int]:
        """Where a part stands within a provision, endings aside."""
        if any(len(word) < _INFLECTED and word not in self._places for word in part):
            return []
        longest = max(range(len(part)), key=lambda n: len(part[n]))
        found = sorted(place - longest for word in self._close(part[longest]) for place in self._places[word])
        return [
            at
            for at in found
            if at >= 0
            and at + len(part) <= self._bounds[self._owner[at]][1]
            and all(map(alike, part, self._draft[at : at + len(part)]))
        ]

    def _blurred(self, words: list[str], first: int, last: int) -> Found | None:
        """A part that is too misread for seeds: the one provision that holds something very close to it."""
        wanted = " ".join(words[first:last])
        hopeful = self._may_weigh(words[first:last], _MARKED_MASS)
        best: tuple[float, int, int] | None = None
        # A provision without hope may be the closest, but only those with hope say whether one is close at all.
        for index in (*hopeful, *(n for n in range(len(self._bodies)) if n not in hopeful)):
            if index not in hopeful and best is None:
                return None
            if len(self._bodies[index]) < len(wanted):
                continue
            least = _CLOSE if best is None else best[0]
            hit = fuzz.partial_ratio_alignment(wanted, self._bodies[index], score_cutoff=least)
            if hit is not None and hit.score and (best is None or (hit.score, -index) > (best[0], -best[1])):
                best = (hit.score, index, hit.dest_start)
        if best is None:
            return None
        a, b = self._bounds[best[1]]
        at = a + self._bodies[best[1]][: best[2]].count(" ")
        until = min(b, at + (last - first) + 2)
        quote = self._align(words, first, last, max(a, at - 2), until)
        return quote if quote and quote.mass >= _MARKED_MASS and quote.similarity >= _SIMILARITY else None

    def _may_weigh(self, part: Sequence[str], mass: float) -> dict[int, float]:
        """The provisions in which the words of a part, endings aside, weigh as much together, in order."""
        sums: defaultdict[int, float] = defaultdict(float)
        for word in part:
            heaviest: dict[int, float] = {}
            for other in self._close(word):
                places = self._places[other]
                weight = self._weights[places[0]] + AGREED
                for owner in {self._owner[place] for place in places}:
                    heaviest[owner] = max(heaviest.get(owner, 0.0), weight)
            for owner, weight in heaviest.items():
                sums[owner] += weight
        return {owner: sums[owner] for owner in sorted(sums) if sums[owner] >= mass - 1e-6}

    def _close(self, word: str) -> list[str]:
        """The draft's words that differ from a word in two letters at most; of a short one, only itself."""
        if len(word) < _INFLECTED:
            return [word] if word in self._places else []
        near = [w for length in range(len(word) - 2, len(word) + 3) for w in self._by_length.get(length, ())]
        found = process.extract(word, near, scorer=Levenshtein.distance, score_cutoff=2, limit=None)
        return [w for w, _, _ in found]

    def _hits(self, words: Sequence[str]) -> list[tuple[int, int, int]]:
        """Each seed in a passage: its first and its last word, and where it stands in the draft."""
        grams = self._grams
        seeds: list[tuple[int, int, tuple[str, ...]]] = [
            (at, at + 1, pair) for at, pair in enumerate(pairwise(words)) if pair in grams
        ]
        triples = zip(words, words[1:], words[2:], strict=False)
        seeds += [(at, at + 2, triple) for at, triple in enumerate(triples) if triple in grams]
        return [(at, end, place) for at, end, gram in seeds for place in grams[gram]]

    def _chains(self, words: list[str], hits: Sequence[tuple[int, int, int]], first: int, last: int) -> list[Found]:
        """Aligned stretches around seeds that follow each other in the passage and in one provision."""
        by_owner: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)
        for at, end, place in hits:
            if first <= at and end < last:
                by_owner[self._owner[place]].add((at, place))
        found = []
        for owner, pairs in by_owner.items():
            a, b = self._bounds[owner]
            chains: list[list[tuple[int, int]]] = []
            near: list[list[tuple[int, int]]] = []  # the chains that may still go on
            for pair in sorted(pairs):
                near = [chain for chain in near if pair[0] - chain[-1][0] <= _GAP]
                for chain in near:
                    if -2 <= pair[1] - chain[-1][1] <= 2 * _GAP:
                        chain.append(pair)
                        break
                else:
                    near.append([pair])
                    chains.append(near[-1])
            for chain in chains:
                low, high = min(p for _, p in chain), max(p for _, p in chain)
                quote = self._align(
                    words,
                    max(first, chain[0][0] - _REACH),
                    min(last, chain[-1][0] + 3 + _REACH),
                    max(a, low - _REACH),
                    min(b, high + 3 + _REACH),
                )
                if quote is not None:
                    found.append(quote)
        return found

    def _align(self, words: list[str], start: int, end: int, at: int, until: int) -> Found | None:
        return align(words[start:end], self._draft[at:until], self._weights[at:until], start, at)
