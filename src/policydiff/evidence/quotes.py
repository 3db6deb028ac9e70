"""Quotations: words of the draft that a passage repeats, in quotation marks or not.

Word bigrams and trigrams that are rare in the draft seed the search; only the neighbourhood of a seed is aligned,
word by word, and the best stretch of that alignment is the quotation. What decides is the *mass* of the matched words:
the sum of their weights, where a word of every provision weighs almost nothing and a word of one provision weighs 1.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from policydiff import languages
from policydiff.documents.mapping import MappedText, normalise
from policydiff.evidence.matches import Match
from policydiff.evidence.quotation_marks import marked_parts
from policydiff.models import Policy

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W_]+(?:['’][^\W_]+)?")

# All masses are in words that only one provision has.
_TRIGRAM_SEED = 1.0
_BIGRAM_SEED = 1.4
_RARE = 0.5  # the weight from which one word is a seed inside quotation marks
_UNMARKED_MASS = 1.6  # what an unmarked repetition must weigh to be more than chance
_MARKED_MASS = 1.0
_SHORT_MASS = 0.75  # a marked quotation of one to three words, found verbatim
_SIMILARITY = 0.6
_REACH = 6  # words around a seed that are aligned with it
_GAP = 8  # words between two seeds of one quotation
_HALF_MASS = 2.0  # the mass at which a perfect quotation scores .5
_COMMON = 0.25  # what the weight of a function word counts


@dataclass(frozen=True, slots=True)
class _Found:
    """Half-open word ranges in the passage and in the draft, and how much of them agrees."""

    start: int
    end: int
    at: int
    until: int
    mass: float
    similarity: float

    @property
    def score(self) -> float:
        return self.similarity * self.mass / (self.mass + _HALF_MASS)


def _words(mapped: MappedText) -> list[tuple[str, int, int]]:
    """Folded word, start and end in ``mapped.text``."""
    return [(m.group().lower().replace("’", "'"), m.start(), m.end()) for m in _WORD.finditer(mapped.text)]


def _alike(one: str, other: str) -> bool:
    """The same word but for an ending or a misread letter."""
    if one == other:
        return True
    shorter = min(len(one), len(other))
    return shorter >= 4 and Levenshtein.distance(one, other, score_cutoff=2) <= (1 if shorter < 6 else 2)


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
            for word, start, end in _words(mapped):
                origin = mapped.origin(start, end)
                self._draft.append(word)
                self._spans.append((provision.start + origin[0], provision.start + origin[1]))
                self._owner.append(index)
            self._bounds.append((first, len(self._draft)))
        self._weights = self._weigh(policy)
        self._seeds = self._index()
        rare: defaultdict[str, list[int]] = defaultdict(list)
        for at, word in enumerate(self._draft):
            if self._weights[word] >= _RARE:
                rare[word].append(at)
        self._rare = {word: tuple(at) for word, at in rare.items()}

    def _weigh(self, policy: Policy) -> dict[str, float]:
        """Inverse document frequency over provisions and sections, scaled to [0, 1]; function words less."""
        units = [set(self._draft[a:b]) for a, b in self._bounds]
        units += [{w for w, _, _ in _words(normalise(s.text))} for s in policy.sections]
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
                    if sum(self._weights[w] for w in gram) >= least:
                        index[gram].append(at)
        return {gram: tuple(at) for gram, at in index.items()}

    def find(self, text: str) -> list[Match]:
        """The quotations in one passage, in order; kind "quote", form "marked" or "unmarked".

        ``start``/``end`` count in ``text``, ``provision_start``/``provision_end`` in ``policy.text``.
        """
        mapped = normalise(text)
        words = _words(mapped)
        folded = [w for w, _, _ in words]
        parts = []
        for start, end in marked_parts(mapped.text):
            within = [i for i, (_, s, e) in enumerate(words) if s >= start and e <= end]
            if within:
                parts.append((within[0], within[-1] + 1))
        found: list[tuple[_Found, str]] = []
        for first, last in parts:
            found += [(f, "marked") for f in self._marked(folded, first, last)]
        covered = {i for f, _ in found for i in range(f.start, f.end)}
        for quote in self._chains(folded, 0, len(folded)):
            inside_marks = any(a <= quote.start and quote.end <= b for a, b in parts)
            if self._enough(quote) and not inside_marks and not covered.intersection(range(quote.start, quote.end)):
                found.append((quote, "unmarked"))
        matches = []
        for quote, form in _best(found):
            start, end = mapped.origin(words[quote.start][1], words[quote.end - 1][2])
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
    def _enough(quote: _Found) -> bool:
        long_enough = quote.end - quote.start >= 4
        return long_enough and quote.mass >= _UNMARKED_MASS and quote.similarity >= _SIMILARITY

    def _marked(self, folded: list[str], first: int, last: int) -> list[_Found]:
        """Quotations inside one marked part; what is in quotation marks needs less to be believed."""
        if last - first <= 3:
            short = self._verbatim(folded, first, last)
            return [short] if short else []
        found = [
            f
            for f in self._chains(folded, first, last)
            if f.mass >= _MARKED_MASS and (f.end - f.start) >= 0.6 * (last - first) and f.similarity >= _SIMILARITY
        ]
        found += [f for f in self._chains(folded, first, last) if f not in found and self._enough(f)]
        if not found:
            found = self._around_rare_words(folded, first, last)
        if not found:
            blurred = self._blurred(folded, first, last)
            found = [blurred] if blurred else []
        return found

    def _around_rare_words(self, folded: list[str], first: int, last: int) -> list[_Found]:
        """The best agreement of a marked part with the places of its rare words."""
        best: _Found | None = None
        for i in range(first, last):
            for place in self._rare.get(folded[i], ()):
                a, b = self._bounds[self._owner[place]]
                window = max(a, place - (i - first) - 3), min(b, place + (last - i) + 3)
                quote = self._align(folded, first, last, *window)
                if (
                    quote is not None
                    and quote.mass >= _MARKED_MASS
                    and quote.similarity >= _SIMILARITY
                    and quote.end - quote.start >= 0.6 * (last - first)
                    and (best is None or quote.mass * quote.similarity > best.mass * best.similarity)
                ):
                    best = quote
        return [best] if best else []

    def _verbatim(self, folded: list[str], first: int, last: int) -> _Found | None:
        """A short part that stands word for word in exactly one provision."""
        part = folded[first:last]
        if part[0] not in self._weights and last - first == 1:
            return None
        hits = [
            at
            for a, b in self._bounds
            for at in range(a, b - len(part) + 1)
            if all(_alike(x, y) if len(part) > 1 else x == y for x, y in zip(part, self._draft[at:], strict=False))
        ]
        if not hits or len({self._owner[h] for h in hits}) > 1:
            return None
        mass = sum(self._weights[w] for w in self._draft[hits[0] : hits[0] + len(part)])
        if mass < _SHORT_MASS:
            return None
        return _Found(first, last, hits[0], hits[0] + len(part), mass, 1.0)

    def _blurred(self, folded: list[str], first: int, last: int) -> _Found | None:
        """A part that is too misread for seeds: the one provision that holds something very close to it."""
        wanted = " ".join(folded[first:last])
        best: tuple[float, int, int] | None = None
        for index, (a, b) in enumerate(self._bounds):
            body = " ".join(self._draft[a:b])
            if len(body) < len(wanted):
                continue
            hit = fuzz.partial_ratio_alignment(wanted, body, score_cutoff=78)
            if hit is not None and hit.score and (best is None or hit.score > best[0]):
                best = (hit.score, index, hit.dest_start)
        if best is None:
            return None
        a, b = self._bounds[best[1]]
        at = a + " ".join(self._draft[a:b])[: best[2]].count(" ")
        until = min(b, at + (last - first) + 2)
        quote = self._align(folded, first, last, max(a, at - 2), until)
        return quote if quote and quote.mass >= _MARKED_MASS and quote.similarity >= _SIMILARITY else None

    def _chains(self, folded: list[str], first: int, last: int) -> Iterator[_Found]:
        """Aligned stretches around seeds that follow each other in the passage and in one provision."""
        hits: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for at in range(first, last - 1):
            for n in (2, 3):
                if at + n <= last:
                    for place in self._seeds.get(tuple(folded[at : at + n]), ()):
                        hits[self._owner[place]].append((at, place))
        for owner, pairs in hits.items():
            a, b = self._bounds[owner]
            chains: list[list[tuple[int, int]]] = []
            near: list[list[tuple[int, int]]] = []  # the chains that may still go on
            for pair in sorted(set(pairs)):
                near = [chain for chain in near if pair[0] - chain[-1][0] <= _GAP]
                for chain in near:
                    step, leap = pair[0] - chain[-1][0], pair[1] - chain[-1][1]
                    if step <= _GAP and -2 <= leap <= 2 * _GAP:
                        chain.append(pair)
                        break
                else:
                    near.append([pair])
                    chains.append(near[-1])
            for chain in chains:
                low, high = min(p for _, p in chain), max(p for _, p in chain)
                quote = self._align(
                    folded,
                    max(first, chain[0][0] - _REACH),
                    min(last, chain[-1][0] + 3 + _REACH),
                    max(a, low - _REACH),
                    min(b, high + 3 + _REACH),
                )
                if quote is not None:
                    yield quote

    def _align(self, folded: list[str], start: int, end: int, at: int, until: int) -> _Found | None:
        """The heaviest stretch of the word alignment of a passage window with a draft window."""
        left, right = folded[start:end], self._draft[at:until]
        steps: list[tuple[int, int, float]] = []  # passage word, draft word, gain
        for op in Levenshtein.opcodes(left, right):
            here, there = range(op.src_start, op.src_end), range(op.dest_start, op.dest_end)
            if op.tag == "equal":
                steps += [(i, j, self._weights[right[j]] + 0.02) for i, j in zip(here, there, strict=True)]
            elif op.tag == "replace":
                for i, j in zip(here, there, strict=False):
                    same = _alike(left[i], right[j])
                    steps.append((i, j, 0.9 * self._weights[right[j]] + 0.02 if same else -0.25))
            elif op.tag == "insert":
                steps += [(-1, j, -0.5 * self._weights[right[j]] - 0.05) for j in there]
            else:
                steps += [(i, -1, -0.25) for i in here]
        best, run, begin, span = 0.0, 0.0, 0, (0, 0)
        for k, (_, _, gain) in enumerate(steps):
            if run <= 0:
                run, begin = 0.0, k
            run += gain
            if run > best:
                best, span = run, (begin, k + 1)
        chosen = steps[span[0] : span[1]]
        agreed = [(i, j) for i, j, gain in chosen if gain > 0]
        if not agreed:
            return None
        mass = sum(gain for _, _, gain in chosen if gain > 0)
        words = sum(1 for i, _, _ in chosen if i >= 0)
        return _Found(
            start + agreed[0][0],
            start + agreed[-1][0] + 1,
            at + agreed[0][1],
            at + agreed[-1][1] + 1,
            mass,
            len(agreed) / max(1, words),
        )


def _best(found: list[tuple[_Found, str]]) -> list[tuple[_Found, str]]:
    """Without the weaker of two quotations that share most of their words in the passage."""
    kept: list[tuple[_Found, str]] = []
    holders: defaultdict[int, list[int]] = defaultdict(list)  # word of the passage -> numbers of the kept quotations
    for quote, form in sorted(found, key=lambda f: (-f[0].mass * f[0].similarity, f[0].start, f[0].at)):
        words = range(quote.start, quote.end)
        shared = Counter(number for word in words for number in holders.get(word, ()))
        if max(shared.values(), default=0) <= 0.3 * len(words):
            for word in words:
                holders[word].append(len(kept))
            kept.append((quote, form))
    return kept
