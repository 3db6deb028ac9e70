"""Text that nobody wrote: drafts and responses of any number, grown from the gold sets.

A draft takes the provisions of one consultation after the other and numbers them anew. A passage is about one of its
provisions: sentences that the gold has on it beside others of the same language, some of them made of two, some words
changed, references renamed to the new numbers, now and then a quotation. No two passages are equal, so that no cache
or compression gains by repetition. The same seed gives the same text.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

from benchmarks.material import LABEL, RANGE, WORD, Material, sentences_of
from policydiff.models import Policy, Provision

_KINDS = ("paragraph", "paragraph", "paragraph", "bullet")  # of passages, as often as they occur
_ABOUT = 0.7  # of the passages are about a provision, as in the gold sets
_OWN = 0.6  # of the sentences of such a passage are the gold's on that provision
_JOINED = 0.5  # of the sentences are made of two, where both have a comma
_CHANGED = 0.08  # of the words are others
_OTHERS = 0.7  # of the words of a provision made of two; less, and it would be a copy of them
_QUOTED = 0.1  # of the passages about a provision quote it
_SHORT = 0.5  # of the responses have fewer passages than the gold's
_PASSAGE = 90  # characters of the shortest passage; shorter ones may be read as headings
_BITS = 27  # of the hash by which a passage is known again; what it costs is memory, 16 MB

Part = tuple[str, str]  # "heading", "paragraph" or "bullet", and its words


@dataclass(frozen=True, slots=True)
class Grown:
    """A response that nobody wrote: who sent it, and its parts in order."""

    sender: str
    parts: tuple[Part, ...]

    @property
    def texts(self) -> list[str]:
        """The words of its passages: of the parts that are no headings."""
        return [words for kind, words in self.parts if kind != "heading"]

    def plain(self) -> str:
        """The response as plain text."""
        return "\n\n".join(f"- {words}" if kind == "bullet" else words for kind, words in self.parts) + "\n"


@dataclass(frozen=True, slots=True)
class Draft:
    """A grown policy, and for each provision those of the gold that it is made of: set and provision id."""

    policy: Policy
    origins: tuple[tuple[tuple[str, str], ...], ...]


def grow_draft(sets: Sequence[Material], provisions: int, *, seed: int = 0) -> Draft:
    """A draft of ``provisions`` provisions, markdown as it would be published, in the language of the first set.

    Where the gold has too few of the language, more are made of two of one set each, with other words.
    """
    rng = random.Random(seed)  # noqa: S311 (no secret is made)
    language = sets[0].policy.language
    chosen = [one for one in sets if one.policy.language == language]
    rng.shuffle(chosen)
    chosen.sort(key=lambda one: len({p.kind for p in one.policy.provisions}) == 1)  # principles and goals, then laws
    words = sorted(frozenset().union(*(one.words for one in chosen)))
    made = [(p, p.title, p.text, ((one.name, p.id),)) for one in chosen for p in one.policy.provisions]
    while len(made) < provisions:
        both = rng.choice(chosen)
        one, other = rng.sample(both.policy.provisions, 2)
        pairs = zip(sentences_of(one.text, language), sentences_of(other.text, language), strict=False)
        text = " ".join(_changed(rng, rng.choice(pair), words, _OTHERS) for pair in pairs)
        title = _changed(rng, f"{one.title}, {other.title.lower()}", words, _OTHERS)
        made.append((one, title, text, ((both.name, one.id), (both.name, other.id))))
    numbers: defaultdict[str, int] = defaultdict(int)
    pieces, length = [f"# Forslag til plan {seed + 1}"], len(f"# Forslag til plan {seed + 1}")
    found: list[Provision] = []
    for model, title, text, _ in made[:provisions]:
        kind = model.kind
        numbers[kind] += 1
        label = _numbered(numbers[kind], model.label)
        name = _name(kind, label)
        heading = f"\n\n## {name[0].upper()}{name[1:]}: {title}\n\n"
        start = length + len(heading)
        length = start + len(text)
        pieces += [heading, text]
        number = f"p{len(found) + 1}"
        found.append(Provision(id=number, kind=kind, label=label, title=title, text=text, start=start, end=length))
    policy = Policy(id="grown", title=pieces[0][2:], language=language, text="".join(pieces), provisions=tuple(found))
    return Draft(policy, tuple(origins for *_, origins in made[:provisions]))


class Grower:
    """Grows responses to ``draft`` from the gold sets of its language, one after the other.

    Without a draft each response is one to the draft of a set, in turn.
    """

    def __init__(self, sets: Sequence[Material], draft: Draft | None = None, *, seed: int = 0) -> None:
        self._stocks = [_Stock([one], _as_it_is(one)) for one in sets] if draft is None else [_Stock(sets, draft)]
        self._seed = seed
        self._seen = bytearray(1 << (_BITS - 3))

    def grow(self, number: int) -> Grown:
        """Response ``number``; the same in every run that asks for the same numbers in order."""
        rng = random.Random(f"{self._seed}/{number}")  # noqa: S311
        stock = self._stocks[number % len(self._stocks)]
        size = rng.randint(1, 4) if rng.random() < _SHORT else rng.choice(stock.sizes)
        parts: list[Part] = []
        left = 0
        for _ in range(size):
            if not left:
                topic, left = rng.randrange(len(stock.names)), rng.randint(2, 5)
                if size > 2:
                    parts.append(("heading", stock.filled(rng, rng.choice(stock.sections), topic)))
            left -= 1
            words = stock.passage(rng, topic)
            while not self._is_new(words):
                words = stock.passage(rng, topic)
            parts.append((rng.choice(_KINDS), words))
        return Grown(f"Respondent {number}", tuple(parts))

    def responses(self, passages: int) -> Iterator[Grown]:
        """Responses with ``passages`` passages in all."""
        left, number = passages, 0
        while left > 0:
            response = self.grow(number)
            if len(response.texts) > left:
                at = [n for n, (kind, _) in enumerate(response.parts) if kind != "heading"][left]
                response = Grown(response.sender, response.parts[:at])
            yield response
            left -= len(response.texts)
            number += 1

    def sentence(self, rng: random.Random, provision: int) -> str:
        """A sentence that need not be about the provision, with references renamed."""
        stock = self._stocks[0]
        return stock.filled(rng, stock.other(rng), provision)

    def _is_new(self, words: str) -> bool:
        """Whether no passage before had this hash: a few new ones are taken for old, no old one for new."""
        at = crc32(words.encode()) >> (32 - _BITS)
        byte, bit = at >> 3, 1 << (at & 7)
        if self._seen[byte] & bit:
            return False
        self._seen[byte] |= bit
        return True


class _Stock:
    """What responses to one draft are made of."""

    def __init__(self, sets: Sequence[Material], draft: Draft) -> None:
        policy = draft.policy
        sets = [one for one in sets if one.policy.language == policy.language]
        self.names = [_name(p.kind, p.label) or f"»{p.title}«" for p in policy.provisions]
        self.texts = [p.text for p in policy.provisions]
        self.sizes = [size for one in sets for size in one.sizes]
        self.sections = [section for one in sets for section in one.sections]
        self._lengths = [length for one in sets for length in one.lengths]
        self._words = sorted(frozenset().union(*(one.words for one in sets)))
        self._other = sorted({sentence for one in sets for sentence in one.others})
        about = {(one.name, provision): found for one in sets for provision, found in one.about.items()}
        self._about = [
            [sentence for origin in own for sentence in about.get(origin, ())] or self._other for own in draft.origins
        ]

    def passage(self, rng: random.Random, topic: int) -> str:
        """The words of a new passage, more likely than not about provision ``topic``."""
        own = rng.random() < _ABOUT
        sentences = [
            self._sentence(rng, self._about[topic]) if own and rng.random() < _OWN else self.other(rng)
            for _ in range(rng.choice(self._lengths))
        ]
        while sum(map(len, sentences)) < _PASSAGE:
            sentences.append(self.other(rng))
        if own and rng.random() < _QUOTED:
            sentences.insert(
                rng.randint(0, len(sentences)), f"»{stretch(rng, self.texts[topic], exact=rng.random() < 0.5)}«"
            )
        return self.filled(rng, " ".join(sentences), topic)

    def other(self, rng: random.Random) -> str:
        """A sentence that is about no provision."""
        return self._sentence(rng, self._other)

    def _sentence(self, rng: random.Random, pool: Sequence[str]) -> str:
        sentence = rng.choice(pool)
        if rng.random() < _JOINED:
            start, comma, _ = sentence.partition(", ")
            _, _, end = rng.choice(pool).partition(", ")
            sentence = start + comma + end if comma and end else sentence
        return _changed(rng, sentence, self._words, _CHANGED)

    def filled(self, rng: random.Random, opened: str, topic: int) -> str:
        """Words with their references: to ``topic`` first, then to any."""
        at = topic
        while LABEL in opened or RANGE in opened:
            name, after = self.names[at], self.names[(at + 1) % len(self.names)]
            opened = opened.replace(LABEL, name, 1).replace(RANGE, f"{name} og {after}", 1)
            at = rng.randrange(len(self.names))
        return opened[:1].upper() + opened[1:]


def stretch(rng: random.Random, text: str, *, exact: bool = True, least: int = 5, most: int = 25) -> str:
    """Words of a provision that follow each other; not exact, about one in six is misspelt or left out."""
    words = text.split()
    size = min(rng.randint(least, most), len(words))
    at = rng.randint(0, len(words) - size)
    taken = words[at : at + size]
    return " ".join(taken if exact else [w for w in (_copied(rng, word) for word in taken) if w]).rstrip(",;:")


def _copied(rng: random.Random, word: str) -> str:
    kind = rng.random()
    if kind < 0.05:
        return ""
    if kind < 0.16 and len(word) > 3:
        at = rng.randrange(1, len(word) - 1)
        return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
    return word


def _numbered(number: int, like: str) -> str:
    """A label as the gold's are: a paragraph, a letter as long as there are letters, or a number."""
    if like.startswith("§"):
        return f"§ {number}"
    return chr(64 + number) if like.isalpha() and number <= 26 else str(number)


def _name(kind: str, label: str) -> str:
    """How a response names a provision; empty where it has no label."""
    return label if label.startswith("§") or not label else f"{kind} {label}"


def _changed(rng: random.Random, text: str, words: Sequence[str], share: float) -> str:
    return WORD.sub(lambda m: rng.choice(words) if rng.random() < share else m.group(), text)


def _as_it_is(one: Material) -> Draft:
    return Draft(one.policy, tuple(((one.name, p.id),) for p in one.policy.provisions))
