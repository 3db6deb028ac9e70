"""Provisions that are counted out: "the third principle", "de to sidste", "alle pejlemærker", "hele udkastet"."""

import re
from collections.abc import Iterator

from policydiff.evidence.reference_grammar import Grammar, either
from policydiff.evidence.reference_labels import Hit
from policydiff.evidence.reference_nouns import Kind
from policydiff.evidence.reference_sought import Sought

_PAIR = 2
_FIRST_SENTENCE = re.compile(r"[^.!?:;]+[.!?:;]")
_WINDOW = 60  # characters before a noun in which its ordinal or quantifier stands


class CountScanner:
    """Finds ordinals and quantifiers in normalised text, for one policy and language."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        words = grammar.words
        join = either([*words["joins"], "&", "/", "+"])
        number = either(grammar.numbers)
        ordinal, your = grammar.ordinal_pattern, either(words["your"])
        verb = rf"\s+{either(words['verbs'])}\b"
        article = either(words["articles"])
        generic = either({*words["generic"], *words["generic_named"]} - set(grammar.by_noun))
        self._all = re.compile(
            rf"(?:^|[^\w]){either(words['all'])}\s+(?:(?:{either(words['definite'])})\s+)?$", re.IGNORECASE
        )
        self._definite = re.compile(rf"(?:^|[^\w]){either(words['definite'])}\s+$", re.IGNORECASE)
        self._partitive = re.compile(rf"(?:^|[^\w]){either(words['partitive'])}\s*$", re.IGNORECASE)
        whose, of = either(words["rest_determiners"]), [w for w in words["rest"] if " " in w]
        self._rest = re.compile(
            rf"(?:(?:^|[^\w\s]\s*|(?<!\w){whose}\s+)(?={either(words['rest'])})|(?<!\w)(?={either(of)}))"
            rf"(?P<rest>{either(words['rest'])})\s+$",
            re.IGNORECASE,
        )
        self._specified = re.compile(rf"\s+{either([*words['about'], *words['part_links']])}\s", re.IGNORECASE)
        self._counted = re.compile(rf"(?P<number>{number}|\d{{1,2}})\s+(?:\w+e\s+)?$", re.IGNORECASE)
        determined = rf"(?:{either(words['determiners'])}\s+)"
        self._before = re.compile(
            rf"(?<![\w.])(?:(?P<count>{number})\s+)?(?P<first>{ordinal})"
            rf"(?:\s*(?:,|{join})\s*{determined}?(?P<second>{ordinal}))?(?:\s+(?P<after>{number}))?\s+$",
            re.IGNORECASE,
        )
        self._after = re.compile(
            rf"\s*(?:,|{join})\s+{determined}(?P<ordinal>{ordinal})(?=\s*[,.;:!?)]|{verb}|$)", re.IGNORECASE
        )
        self._yours = Sought(
            rf"(?<!\w){your}\s+(?P<ordinal>{ordinal})(?=\s*[(:;,.!?]|{verb}|\s+{generic}\b)", whole=words["your"]
        )
        self._nickname = Sought(
            rf"(?<![\w-])(?:(?P<word>{either(grammar.nicknames)})|(?P<digits>\d{{1,2}}){either(words['nickname_endings'])})"
            r"(?!\w)",
            words["nickname_endings"],
            whole=grammar.nicknames,
        )
        self._every = re.compile(rf"(?<!\w){either(words['every'])}\s+$", re.IGNORECASE)
        self._both = re.compile(rf"(?<!\w){either(words['both'])}\s+$", re.IGNORECASE)
        self._elided = re.compile(rf"(?<!\w){article}\s+(?P<ordinal>{ordinal})(?=\s*[(:;,.!?]|{verb}|$)", re.IGNORECASE)
        self._within = re.compile(
            rf"(?<!\w){either(words['within'])}\s+(?:{either(words['articles'])}\s+)?$", re.IGNORECASE
        )
        draft = either(words["draft"])
        self._whole = Sought(
            rf"(?<!\w){either(words['whole'])}\s+(?:\w+\s+)?{draft}(?!\w)"
            rf"|(?<!\w)(?:{article}\s+)?{draft}\s+{either(words['as_a_whole'])}(?!\w)",
            whole=[*words["whole"], *words["as_a_whole"]],
        )

    def before_noun(self, text: str, start: int, end: int, *, heading: bool) -> Iterator[Hit]:
        """What is counted by the words around the noun ``text[start:end]``; in a heading also the bare plural."""
        noun = text[start:end].lower()
        kind = self._grammar.by_noun[noun]
        left = text[max(0, start - _WINDOW) : start]
        offset = start - len(left)
        ordinal = self._before.search(left)
        if ordinal is not None and heading and offset + ordinal.start() == 0 and ordinal["first"][0].isdigit():
            ordinal = None  # "2. Målene" numbers the heading
        if ordinal is None:
            every = self._every.search(left)
            if every is not None and noun in kind.singular:
                for provision in kind.members:
                    yield Hit(provision, 0.5, offset + every.start(), end, "all")
            elif noun in kind.plural:
                only = len(kind.members) == len(self._grammar.everyone)  # then it tells nothing apart
                bare = heading and noun not in kind.singular and not only
                yield from self._quantified(text, left, (start, end), kind, bare_plural=bare)
            return
        second = self._after.match(text, end)
        nth = self._nth(second["ordinal"], kind) if second else None
        if second is not None and nth is not None:
            yield Hit(nth, 0.8, second.start("ordinal"), second.end("ordinal"), "ordinal")
        for provision in self._ordinals(ordinal, kind, plural=noun in kind.plural - kind.singular):
            yield Hit(provision, 0.9, offset + ordinal.start(), end, "ordinal")

    def _quantified(
        self, text: str, left: str, noun: tuple[int, int], kind: Kind, *, bare_plural: bool
    ) -> Iterator[Hit]:
        """Hits for "all", "both", "the five" where there are five, "the other ones", and weakly "the principles"."""
        offset, text_noun = noun[0] - len(left), text[slice(*noun)].lower()
        counted = self._counted.search(left)
        rest = left[: counted.start()] if counted else left
        count = self._grammar.number(counted["number"]) if counted else None
        whole, definite = self._all.search(rest), self._definite.search(rest)
        both = self._both.search(left)
        if definite is not None and whole is None and self._partitive.search(rest[: definite.start() + 1]):
            return
        other = self._rest.search(left)
        everyone = len(kind.members)
        named = text_noun in kind.definite_plural or (definite is not None and not counted)
        named = named and not self._specified.match(text, noun[1])
        if (whole and count in (None, everyone)) or (definite and count == everyone):
            marker = whole or definite
            begin = marker.start() if marker else len(left)
            begin += len(left[begin:]) - len(left[begin:].lstrip(" ,;:.(»"))
            found = (offset + begin, 0.5, "all")
        elif both is not None and everyone == _PAIR:
            found = (offset + both.start(), 0.6, "all")
        elif other is not None and not kind.weak:
            found = (offset + other.start("rest"), 0.35, "rest")
        elif bare_plural or (named and not (kind.weak or counted or both)):
            found = (noun[0], 0.25, "all")
        else:
            return
        for provision in kind.members:
            yield Hit(provision, found[1], found[0], noun[1], found[2])

    def _nth(self, word: str, kind: Kind) -> int | None:
        value = self._grammar.ordinal(word)
        return None if value is None else kind.nth(value)

    def _ordinals(self, match: re.Match[str], kind: Kind, *, plural: bool) -> list[int]:
        count = self._grammar.number(match["count"] or match["after"] or "")
        first = self._grammar.ordinal(match["first"])
        if plural and count and first in (1, -1) and count < len(kind.members):
            return list(kind.members[:count] if first == 1 else kind.members[-count:])
        words = [w for w in (match["first"], match["second"]) if w and not (plural and w[0].isdigit())]
        return [nth for w in words if (nth := self._nth(w, kind)) is not None]

    def without_noun(self, text: str, kind: Kind | None) -> Iterator[Hit]:
        """Nicknames ("femmeren") and ordinals without a noun ("jeres femte"), of ``kind`` or the one numbered kind."""
        kinds = self._grammar.kinds
        numbered = [k for k in kinds if "1" in k.labels]
        counted = kind or (kinds[0] if len(kinds) == 1 else numbered[0] if len(numbered) == 1 else None)
        if counted is None:
            return
        for match in self._nickname.finditer(text):
            value = self._grammar.nicknames.get((match["word"] or "").lower()) or int(match["digits"] or 0)
            nth = counted.labels.get(str(value))
            if nth is not None:
                yield Hit(nth, 0.75, match.start(), match.end(), "ordinal")
        for match in self._yours.finditer(text):
            nth = self._nth(match["ordinal"], counted)
            if nth is not None:
                yield Hit(nth, 0.7, match.start(), match.end(), "ordinal")

    def elided(self, text: str, plurals: list[tuple[int, Kind]], kind: Kind | None) -> Iterator[Hit]:
        """Ordinals whose noun stood before, in the plural: "Of the standards, the fourth is best".

        Or in a passage before, of ``kind``: then only at the end of the first sentence, and believed less.
        """
        for match in self._elided.finditer(text):
            before = [(found, 0.6) for end, found in plurals if end <= match.start()]
            if not before and kind is not None and _FIRST_SENTENCE.fullmatch(text, 0, match.end() + 1):
                before = [(kind, 0.45)]
            nth = self._nth(match["ordinal"], before[-1][0]) if before else None
            if nth is not None:
                yield Hit(nth, before[-1][1], match.start(), match.end(), "ordinal")

    def whole(self, text: str) -> Iterator[Hit]:
        """Every provision, weakly, where the draft is named as a whole."""
        for match in self._whole.finditer(text):
            if self._within.search(text[max(0, match.start() - _WINDOW) : match.start()]):
                continue
            for provision in self._grammar.everyone:
                yield Hit(provision, 0.2, match.start(), match.end(), "all")
