"""Words that point back: "dette princip", "the latter", "both", "the same applies here", and passages that go on."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from policydiff.evidence.reference_grammar import Grammar, either
from policydiff.evidence.reference_labels import Hit
from policydiff.evidence.reference_nouns import Kind
from policydiff.evidence.reference_sought import Sought

FIRM = 0.6  # the score from which a reference becomes what later passages point back to
_NAMED = 0.45  # the score from which a provision counts as named, so that nothing need be pointed back to
_HINTED = 0.3  # the score from which a reference says that a passage does not just go on with the one before
_WEAK = 0.6  # how much less a noun says that is also an ordinary word ("this goal")
_WORDS = 6  # words of a passage before a connective that joins it to the passage before
_PAIR = 2


class Memory:
    """The provisions that were named so far in one response, the latest last."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []

    def add(self, provisions: Iterable[int]) -> None:
        """Remembers the provisions that one passage or heading names, in its order."""
        group = list(dict.fromkeys(provisions))
        if group:
            self.groups.append(group)

    def latest(self, members: Sequence[int] | None = None) -> list[int]:
        """The last group of provisions named, of these members where given."""
        for group in reversed(self.groups):
            chosen = [p for p in group if members is None or p in members]
            if chosen:
                return chosen
        return []


@dataclass(frozen=True, slots=True)
class Before:
    """What the passage before was about, and how far that is believed: 1 where it named or quoted it."""

    provisions: tuple[int, ...] = ()
    trust: float = 1.0


@dataclass(slots=True)
class _Pointed:
    """What one passage points back to, as it is found; nothing that the passage names itself."""

    hits: Sequence[Hit]
    cited: Sequence[int]
    found: dict[int, Hit]

    def add(self, start: int, end: int, provisions: Iterable[int], score: float, form: str = "anaphora") -> None:
        """Adds the provisions, unless other references lie there."""
        if any(h.start < end and start < h.end for h in self.hits if h.score >= _NAMED):
            return
        named = {h.provision for h in self.hits if h.score >= _NAMED} | set(self.cited)
        for p in provisions:
            if p not in named and (p not in self.found or self.found[p].score < score):
                self.found[p] = Hit(p, round(score, 3), start, end, form)


class Pointer:
    """Resolves what points back in one passage, for one policy and language. Without state."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        words, kinds = grammar.words, grammar.kinds
        singulars = {w for k in kinds for w in k.singular}
        plurals = {w for k in kinds for w in k.plural}
        definites = {w for k in kinds for w in k.definite if not k.weak}
        strongs = {w for k in kinds for w in k.singular if not k.weak and not k.definite}
        singular, plural, definite, strong = map(either, (singulars, plurals, definites, strongs))
        number, articles = either(grammar.numbers), either(words["articles"])
        about = either([*words["about"], *words["subparagraph_signs"]])
        self._nouns = (
            (Sought(rf"(?<!\w){either(words['this'])}\s+(?P<noun>{singular})(?!\w)", whole=singulars), 0.85, False),
            (
                Sought(
                    rf"(?<!\w){either([*words['these'], *words['both']])}\s+(?:{number}\s+)?(?P<noun>{plural})(?!\w)",
                    whole=plurals,
                ),
                0.8,
                True,
            ),
            (Sought(rf"(?<![\w-])(?P<noun>{definite})s?(?!\w)(?!\s+{about}\b)", definites), 0.55, False),
            (Sought(rf"(?<!\w){articles}\s+(?P<noun>{strong})(?!\w)(?!\s+{about}\b)", whole=strongs), 0.5, False),
        )
        self._counted = Sought(
            rf"(?<!\w){articles}\s+(?P<number>{number}|\d{{1,2}})\s+(?P<noun>{plural})(?!\w)", whole=plurals
        )
        self._former, self._latter = (
            Sought(rf"(?<!\w){either(words[which])}(?:\s+(?P<noun>{singular}))?(?!\w)", whole=words[which])
            for which in ("former", "latter")
        )
        said = either(set(words["verbs"]) | grammar.common)
        self._alone = re.compile(rf"\s*(?:[^\w\s]|$|{said}(?!\w)|[^\W\d_]+{either(words['verb_endings'])}(?!\w))", re.I)
        goes_on = either([*words["verbs"], *words["joins"], *words["openers"], *words["connectives"]])
        self._complete = re.compile(rf"\s*(?:[^\w\s]|$|{goes_on}(?!\w))", re.I)
        self._both = re.compile(
            rf"\W*(?P<word>{either(words['both'])})(?!\w)(?=\s+{either(words['verbs'])}\b|\s*[,.:])", re.I
        )
        self._pair = re.compile(rf"\W*(?P<word>{either(words['pairs'])})(?!\w)(?!\s+{about}\b)", re.I)
        self._one = Sought(rf"(?<!\w){either(words['one_of_two'])}(?!\w)", whole=words["one_of_two"])
        self._other = Sought(rf"(?<!\w){either(words['other_of_two'])}(?!\w)", whole=words["other_of_two"])
        self._same = Sought(
            rf"(?<!\w){either(words['same_applies'])}(?!\w)(?!\s+{about}\b)", whole=words["same_applies"]
        )
        self._nothing_new = re.compile(rf"\s*(?:[.,;:!?]|$|{either(words['same_places'])}(?!\w))", re.I)
        self._opening = re.compile(rf"\W*(?P<word>{either(words['pronouns'])})(?!\w)", re.I)
        self._connected = re.compile(
            rf"\W*(?:\w+\s+){{0,{_WORDS}}}?(?P<word>{either(words['connectives'])})(?!\w)", re.I
        )
        self._going_on = re.compile(rf"\W*(?P<word>{either(words['openers'])})(?!\w)", re.I)

    def find(self, text: str, hits: Sequence[Hit], cited: Sequence[int], memory: Memory, before: Before) -> list[Hit]:
        """What a passage points back to, given what it names, what it quotes, and what was named before it."""
        text = self._grammar.without_idioms(text)
        pointed = _Pointed(hits, cited, {})
        for kind, start, end, score, many in self._by_noun(text, hits, cited):
            nearest = [p for p in before.provisions if p in kind.members]
            remembered = memory.latest(kind.members)
            latest = nearest or remembered
            trust = (1.0 if latest == remembered else before.trust) * (_WEAK if kind.weak else 1.0)
            pointed.add(start, end, latest if many else latest[-1:], score * trust)
        for match in self._counted.finditer(text):
            of = self._grammar.by_noun.get(match["noun"].lower())
            latest = memory.latest(of.members) if of else []
            if len(latest) == self._grammar.number(match["number"]):
                pointed.add(match.start(), match.end(), latest, 0.75)
        if not cited and not any(h.score >= FIRM for h in hits):
            self._of_several(text, memory, before, pointed)
            self._same_again(text, before if before.provisions else Before(tuple(memory.latest())), pointed)
            if len(before.provisions) == 1 and not pointed.found and not any(h.score >= _HINTED for h in hits):
                self._going_on_with(text, before, pointed)
        return list(pointed.found.values())

    def _going_on_with(self, text: str, before: Before, pointed: _Pointed) -> None:
        """What the passage before was about, where this one opens like one that goes on with it."""
        for pattern, form, score in (
            (self._opening, "anaphora", 0.4),
            (self._connected, "continuation", 0.4),
            (self._going_on, "continuation", 0.25),
        ):
            opening = pattern.match(text)
            if opening is not None:
                pointed.add(*opening.span("word"), before.provisions, score * before.trust, form)
                return

    def _by_noun(
        self, text: str, hits: Sequence[Hit], cited: Sequence[int]
    ) -> Iterator[tuple[Kind, int, int, float, bool]]:
        """The kinds that are pointed to by their noun, unless one of the kind is named before it or quoted."""
        own = [(h.start, h.provision) for h in hits if h.score >= FIRM]
        for pattern, score, many in self._nouns:
            for match in pattern.finditer(text):
                kind = self._grammar.by_noun.get(match["noun"].lower())
                if kind is None:
                    continue
                nearer = any(start < match.start() and p in kind.members for start, p in own)
                if not nearer and not any(p in kind.members for p in cited):
                    yield kind, match.start(), match.end(), score, many

    def _of_several(self, text: str, memory: Memory, before: Before, pointed: _Pointed) -> None:
        """What "the former" and "the latter" are in the last group; of two also "both" and "the first, the second"."""
        for pattern, at in ((self._former, 0), (self._latter, -1)):
            for match in pattern.finditer(text):
                kind = self._grammar.by_noun.get((match["noun"] or "").lower())
                latest = memory.latest(kind.members if kind else None)
                if latest and (kind is not None or self._alone.match(text, match.end())):
                    score = 0.8 if len(latest) == _PAIR else 0.4 if len(latest) < _PAIR else 0.6
                    pointed.add(match.start(), match.end(), [latest[at]], score)
        latest = memory.latest()
        if len(latest) != _PAIR:
            return
        score = 0.6 if before.provisions == tuple(latest) else 0.4
        both = self._both.match(text) or self._pair.match(text)
        if both is not None and self._complete.match(text, both.end("word")):
            pointed.add(*both.span("word"), latest, score)
        one, other = self._bare(self._one, text), self._bare(self._other, text)
        if one is not None and other is not None:
            pointed.add(*one.span(), latest[:1], score)
            pointed.add(*other.span(), latest[1:], score)

    def _bare(self, pattern: Sought, text: str) -> re.Match[str] | None:
        """The first match that no noun follows."""
        return next((m for m in pattern.finditer(text) if self._complete.match(text, m.end())), None)

    def _same_again(self, text: str, before: Before, pointed: _Pointed) -> None:
        """What "the same applies" is said of: here and to us, of what was named; to something new, hardly."""
        for match in self._same.finditer(text):
            here = self._nothing_new.match(text, match.end()) is not None
            score = (0.45 if len(before.provisions) == 1 else 0.3) if here else 0.2
            pointed.add(match.start(), match.end(), before.provisions, score * before.trust)
