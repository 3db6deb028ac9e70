"""What is taken out of "all": "alle principper undtagen D", "Measures 1 to 5, with the exception of Measure 3"."""

import re
from dataclasses import replace

from policydiff.evidence.reference_grammar import Grammar, either, signs
from policydiff.evidence.reference_labels import Hit, LabelReader
from policydiff.evidence.reference_sought import Sought

_MANY = ("all", "range")  # forms that name several provisions at once
_EXCEPTED = 0.3  # a provision is named, but to say that something does not go for it
_KEPT = 0.5  # "the principles, except D" says "all" as plainly as "all the principles"
_REACH = 25  # characters after the word of exception within which what is excepted begins
_SENTENCE = 400  # characters before the word of exception in which its sentence began
_ENDS = re.compile(r"[.!?;](?=\s|$)")


class Exceptions:
    """Subtracts exceptions from the references of one text, for one policy and language."""

    def __init__(self, grammar: Grammar, reader: LabelReader) -> None:
        self._grammar = grammar
        self._reader = reader
        words = grammar.words
        close = rf"(?<=\w)\s+{either(words['except_close'])}" if words["except_close"] else r"(?!)"
        self._words = Sought(
            rf"(?<!\w){either(words['except'])}(?!\w)|(?P<close>{close})(?!\w)",
            whole=[*words["except"], *words["except_close"]],
        )
        self._all = re.compile(rf"(?<!\w){either(words['all'])}\W*$", re.IGNORECASE)
        self._ordinal = re.compile(
            rf"\s*(?:{either(words['articles'])}\s+)?(?P<ordinal>{grammar.ordinal_pattern})(?!\w)", re.I
        )
        nouns = either(grammar.by_noun)
        self._lead = re.compile(
            rf"\s*(?:{either(words['determiners'])}\s+)?(?:{nouns}\s+)?(?:{signs(words['number_signs'])}\s*)?",
            re.IGNORECASE,
        )

    def subtract(self, text: str, hits: list[Hit]) -> list[Hit]:
        """The hits without those that an exception takes out; what is excepted is believed less."""
        for match in self._words.finditer(text) if hits else ():
            begin, end = self._sentence(text, match.start())
            groups = [h for h in hits if h.form in _MANY and begin <= h.start < end]
            everything = self._all.search(text, max(0, match.start() - _REACH), match.start())
            if match["close"] and everything is None and not any(h.end == match.start() for h in groups):
                continue
            excepted, until = self._excepted(text, match.end(), hits, groups)
            if everything is not None and not groups and excepted:
                groups = [
                    Hit(i, _KEPT, everything.start(), until, "all")
                    for i in self._grammar.kind_of[min(excepted)].members
                ]
                hits = hits + groups
            if groups and excepted:
                hits = [
                    self._seen(h, match.end(), until, groups)
                    for h in hits
                    if h.provision not in excepted or h not in groups
                ]
        return hits

    @staticmethod
    def _seen(hit: Hit, begin: int, end: int, groups: list[Hit]) -> Hit:
        """A hit as the exception shows it: what is excepted counts less, and the rest is surely meant."""
        if hit in groups:
            return replace(hit, score=max(hit.score, _KEPT))
        return replace(hit, score=min(hit.score, _EXCEPTED)) if begin <= hit.start < end else hit

    @staticmethod
    def _sentence(text: str, at: int) -> tuple[int, int]:
        first = max(0, at - _SENTENCE)
        begin = max((m.end() for m in _ENDS.finditer(text, first, at)), default=first)
        end = _ENDS.search(text, at)
        return begin, end.start() if end else len(text)

    def _excepted(self, text: str, at: int, hits: list[Hit], groups: list[Hit]) -> tuple[set[int], int]:
        """The provisions named right after the word of exception, and where they end."""
        lead = self._lead.match(text, at)
        start = lead.end() if lead else at
        for kind in {k.name: k for k in (self._grammar.kind_of[h.provision] for h in groups)}.values():
            found, end = self._reader.read(text, start, kind.labels)
            if found:
                return {p for p, _ in found}, end
            ordinal = self._ordinal.match(text, at)
            nth = kind.nth(self._grammar.ordinal(ordinal["ordinal"]) or 0) if ordinal else None
            if ordinal is not None and nth is not None:
                return {nth}, ordinal.end()
        named = [h for h in hits if at <= h.start <= at + _REACH and h not in groups]
        return {h.provision for h in named}, max((h.end for h in named), default=at)
