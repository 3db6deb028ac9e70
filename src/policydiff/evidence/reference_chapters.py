"""Chapters of the draft, and the provisions in them: "kapitel 2", "the chapter on buses", "the first two in part 1"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from policydiff.evidence.reference_grammar import WORD, Grammar, either, fold_words
from policydiff.evidence.reference_labels import Hit
from policydiff.evidence.reference_sought import Sought
from policydiff.models import Policy

_NUMBERED = re.compile(r"(?P<number>\d{1,2})[.):]?\s+(?P<title>\S.*)")
_OWNER = 30  # characters before a chapter in which its owner stands: "lovens kapitel 2"
_LONG = 6  # letters from which a word may be what the draft calls itself
_WINDOW = 60  # characters before a chapter in which words count out some of it
_LIKE = 85  # rapidfuzz ratio from which words name the title of a chapter


@dataclass(frozen=True, slots=True)
class _Chapter:
    number: str
    title: str
    members: tuple[int, ...]


def _headings(policy: Policy, words: list[str]) -> list[tuple[int, str, str]]:
    """Where each numbered chapter begins, with its number and title; an unnumbered section only ends one."""
    line = re.compile(rf"^[#*\s]*{either(words)}\s+(?P<number>\d{{1,2}})(?!\w|[.]\d)\W*(?P<title>.*)$", re.I | re.M)
    found = [(m.start(), m["number"], m["title"]) for m in line.finditer(policy.text)]
    for section in policy.sections:
        match = _NUMBERED.match(section.title)
        if match is not None:
            found.append((section.start, match["number"], match["title"]))
        elif not any(start <= section.start and title.strip() in section.title for start, _, title in found if title):
            found.append((section.start, "", ""))
    return sorted(found)


class ChapterScanner:
    """Finds chapters in normalised text, for one policy and language."""

    def __init__(self, policy: Policy, grammar: Grammar) -> None:
        self._grammar = grammar
        words = grammar.words
        headings = _headings(policy, words["chapter"])
        ends = [*(start for start, _, _ in headings), len(policy.text) + 1][1:]
        self._chapters = [
            _Chapter(
                number, fold_words(title), tuple(i for i, p in enumerate(policy.provisions) if start < p.start < end)
            )
            for (start, number, title), end in zip(headings, ends, strict=True)
            if number
        ]
        self._chapters = self._without_what_follows(self._chapters)
        self._numbers = {c.number: c.members for c in self._chapters if c.members} | self._dotted()
        self._title = fold_words(policy.title)
        chapter, number = either(words["chapter"]), either(grammar.numbers)
        self._numbered = Sought(
            rf"(?<!\w){chapter}\s+(?:(?P<digits>\d{{1,2}})(?![\w.]\d|\w)|(?P<word>{number})(?!\w))"
            rf"|(?<!\w)(?P<ordinal>{grammar.ordinal_pattern})\s+{chapter}(?!\w)",
            whole=words["chapter"],
        )
        named = [*words["chapter"], *words["chapter_named"]]
        self._about = Sought(rf"(?<!\w){either(named)}\s+{either(words['about'])}\s+", whole=named)
        self._next = re.compile(rf"\s*(?:,|\s{either(words['joins'])}\s)\s*(?P<number>\d{{1,2}})(?![\w.]\d|\w)", re.I)
        links = either(words["part_links"])
        whose = either([*words["determiners"], *words["articles"], *words["your"], *words["some"]])
        self._of = re.compile(rf"\s+{links}\s+(?:{whose}\s+)?(?P<word>[^\W\d_]+)", re.IGNORECASE)
        self._owned = re.compile(r"(?<!\w)(?P<owner>[^\W\d_]{4,})['’]?s\s+$")
        ordinal = grammar.ordinal_pattern
        self._some = re.compile(
            rf"(?<!\w)(?:(?P<count>{number})\s+)?(?P<first>{ordinal})(?:\s+(?P<after>{number}))?\s+{links}\s+$",
            re.IGNORECASE,
        )

    def _without_what_follows(self, chapters: list[_Chapter]) -> list[_Chapter]:
        """The chapters, the last one without provisions of kinds that no other has: those come after the chapters."""
        kinds = {self._grammar.kind_of[i].name for c in chapters[:-1] for i in c.members}
        if not kinds:
            return chapters
        last = chapters[-1]
        kept = tuple(i for i in last.members if self._grammar.kind_of[i].name in kinds)
        return [*chapters[:-1], replace(last, members=kept or last.members)]

    def _dotted(self) -> dict[str, tuple[int, ...]]:
        """Chapters by what stands before the point of the labels: 2.1 and 2.2 are in chapter 2."""
        found: dict[str, tuple[int, ...]] = {}
        for label, provision in self._grammar.any_label.items():
            number, point, _ = label.partition(".")
            if point:
                found[number] = (*found.get(number, ()), provision)
        return found

    def scan(self, text: str) -> Iterator[Hit]:
        """The provisions of the chapters named in ``text``, or those of them that are counted out."""
        if not self._numbers:
            return
        for match in self._numbered.finditer(text):
            number = match["digits"] or self._number(match["word"], match["ordinal"])
            members = self._numbers.get(str(number), ())
            if members and not self._foreign(text, match.start(), match.end()):
                yield from self._of_members(text, match.start(), match.end(), members)
                yield from self._further(text, match.end())
        for match in self._about.finditer(text):
            words = list(WORD.finditer(text, match.end(), match.end() + 60))[:8]
            for chapter in self._chapters:
                n = chapter.title.count(" ") + 1
                said = " ".join(w.group().lower() for w in words[:n])
                if chapter.members and len(words) >= n and fuzz.ratio(said, chapter.title) >= _LIKE:
                    yield from self._of_members(text, match.start(), words[n - 1].end(), chapter.members)
                    break

    def _further(self, text: str, at: int) -> Iterator[Hit]:
        """The chapters that are named after a first one: "kapitel 1 og 2"."""
        while (further := self._next.match(text, at)) is not None:
            members = self._numbers.get(further["number"], ())
            yield from (Hit(p, 0.5, further.start("number"), further.end(), "all") for p in members)
            at = further.end()

    def _number(self, word: str | None, ordinal: str | None) -> int | None:
        return self._grammar.number(word) if word else self._grammar.ordinal(ordinal or "")

    def _of_members(self, text: str, start: int, end: int, members: tuple[int, ...]) -> Iterator[Hit]:
        """All of a chapter's provisions, or the ones that words before it count out ("de to sidste i ...")."""
        some = self._some.search(text, max(0, start - _WINDOW), start)
        if some is None:
            for provision in members:
                yield Hit(provision, 0.5, start, end, "all")
            return
        count = self._grammar.number(some["count"] or some["after"] or "") or 1
        first = self._grammar.ordinal(some["first"]) or 0
        if first == 1:
            chosen = members[:count]
        elif first < 0:
            chosen = members[len(members) + first + 1 - count : len(members) + first + 1]
        else:
            chosen = members[first - 1 : first]
        for provision in chosen:
            yield Hit(provision, 0.8, some.start(), end, "ordinal")

    def _foreign(self, text: str, start: int, end: int) -> bool:
        """Whether the chapter is said to be one of something else than the draft."""
        owner = self._owned.search(text, max(0, start - _OWNER), start)
        if owner is not None and owner["owner"].lower() not in self._grammar.words["draft"]:
            return True
        of = self._of.match(text, end)
        if of is None:
            return False
        word = of["word"].lower()
        return word not in self._grammar.words["draft"] and (len(word) < _LONG or word[:-2] not in self._title)
