"""Provisions named by their title: in quotation marks, with a capital, or after a noun such as "princippet om"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from rapidfuzz import fuzz

from policydiff.evidence.quotation_marks import marked_parts
from policydiff.evidence.reference_grammar import WORD, Grammar, either, fold_words
from policydiff.evidence.reference_labels import Hit
from policydiff.evidence.reference_sought import Sought
from policydiff.models import Policy

_SHORTEST = 4  # characters from which a title is found in running text at all
_LONG = 12  # characters from which a title is distinctive enough to be found in running text
_LONGER = 18  # the same for a title of two words without a capital
_EXACT = 13  # the same where they stand word by word
_SAME = 100  # rapidfuzz ratio of equal texts
_FILLS = 74  # rapidfuzz ratio from which a piece of text is a title that is like no other one
_WHOLE = 97  # the same for the words before a first comma
_SENTENCE = 92  # the same for a whole sentence
_LEFT = 40  # characters before a word that say whether it opens a sentence
_PART = 7  # letters from which a part of a title is distinctive enough after "the section on"
_HALF = 6  # letters from which one word says which title is half remembered
_TELLING = 9  # letters from which one word of a title can name its provision
_UNLIKE = 84  # the least ratio from which a piece of text of some length is a title, whatever the others are
_OPENING = re.compile(r"[\s•*–-]*(?:\d+[.)]\s+)?(?P<title>[^:.!?\n]{3,80}?)\s*[:.!?]")
_OPENS = re.compile(r"(?:^|[.:!?•–-]\s)[\s•–-]*$")


def _shared(one: str, other: str) -> int:
    """How many letters two words have in common from the start."""
    return next((k for k, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _related(one: str, other: str) -> bool:
    """Two forms or compounds of one word."""
    shorter, longer = sorted((one, other), key=len)
    if len(other) <= 5 or len(shorter) <= 4:
        return False
    return one[:-1] == other[:-2] or (longer.startswith(shorter) and len(longer) - len(shorter) <= 3)


@dataclass(frozen=True, slots=True)
class _Lead:
    """Words after which a title may follow, and how sure it is then.

    ``least`` is the ratio that makes a title, ``by_word`` the score where one telling word of ``letters`` or more is
    all that is left of it; 0 where that is not enough.
    """

    pattern: Sought
    least: int
    score: float
    by_word: float = 0.0
    letters: int = 1


class TitleScanner:
    """Finds titles in normalised text. Prepared once a policy; without state afterwards."""

    def __init__(self, policy: Policy, grammar: Grammar) -> None:
        self._common = common = grammar.common
        self._senders = grammar.listed("senders")
        self._titles = [(i, fold_words(p.title)) for i, p in enumerate(policy.provisions) if fold_words(p.title)]
        self._running_titles = [
            (i, title, title.split(), len(title) >= _LONG and sum(w not in common for w in title.split()) > 1)
            for i, title in self._titles
            if len(title) >= _SHORTEST
        ]
        words: dict[str, set[int]] = {}
        for i, title in self._titles:
            for word in title.split():
                if word not in common and len(word) > 3:
                    words.setdefault(word, set()).add(i)
        parts = [(i, p) for i, title in self._titles for p in self._split(title, grammar)]
        self._named_by = self._titles + [(i, p) for i, p in parts if sum(p == other for _, other in parts) == 1]
        self._unique = {w: min(found) for w, found in words.items() if len(found) == 1}
        bodies = [(i, set(fold_words(p.text).split())) for i, p in enumerate(policy.provisions)]
        telling: dict[str, list[tuple[str, int]]] = {}
        for word, i in self._unique.items():
            key = word[:_TELLING]
            if len(word) >= _TELLING and not any(w.startswith(key) for j, body in bodies if j != i for w in body):
                telling.setdefault(key, []).append((word, i))
        self._telling = {key: tuple(found) for key, found in telling.items()}
        nouns = [*grammar.by_noun, *grammar.words["generic_named"]]
        about = Sought(
            rf"(?<!\w)(?:{either(nouns)}),?\s+(?:(?:der|som)\s+\w+\s+)?{either(grammar.words['about'])}\s+",
            whole=nouns,
        )
        halfway = Sought(rf"(?<!\w){either(grammar.words['halfway'])}\s+", whole=grammar.words["halfway"])
        topic = Sought(
            rf"(?:^|[.!?]\s)[\s•–-]*{either(grammar.words['topics'])}\s+(?:{either(grammar.words['articles'])}\s+)?",
            whole=grammar.words["topics"],
        )
        self._join = re.compile(
            rf"[\"«»”'’]?\s*(?:,|\s{either(grammar.words['joins'])}\s)\s*(?:{either(grammar.words['about'])}\s)?",
            re.IGNORECASE,
        )
        definite = {w for k in grammar.kinds for w in (k.definite or k.singular) | k.plural}
        named = Sought(rf"(?<![\w-])(?:{either(definite)})\s+(?=[\w\"»'])", whole=definite)
        self._leads = (
            _Lead(about, 78, 0.8, 0.7),
            _Lead(named, 82, 0.85),
            _Lead(halfway, 78, 0.75, 0.55, _HALF),
            _Lead(topic, 78, 0.75, 0.5, _HALF),
        )
        ends = {w for k in grammar.kinds for w in k.singular} | set(grammar.words["compound_heads"])
        self._compound = Sought(rf"(?<![\w-])(?P<stem>[^\W\d_]{{4,}}?)[se]?-?(?:{either(ends)})(?:s|'s)?(?!\w)", ends)

    @staticmethod
    def _split(title: str, grammar: Grammar) -> list[str]:
        """The parts of a title with "and" that can stand for it."""
        pieces = re.split(rf"\s{either(grammar.words['joins'])}\s", title)
        return [p for p in pieces if len(pieces) > 1 and len(p) >= _PART]

    def scan(self, text: str, *, heading: bool = False) -> list[Hit]:
        """The titles in ``text``, one hit each; in a heading a title that fills it is enough."""
        hits: dict[int, Hit] = {}
        for hit in self._all(text, heading=heading):
            if hit.provision not in hits or hits[hit.provision].score < hit.score:
                hits[hit.provision] = hit
        return sorted(hits.values(), key=lambda h: h.start)

    def _all(self, text: str, *, heading: bool) -> Iterator[Hit]:
        for start, end in marked_parts(text):
            yield from self._fills(text, start, end, 0.95)
        opening = _OPENING.match(text)
        if heading:
            shown = re.sub(r"^\W*(?:[\dA-Za-z][\d.)]*[.):]\s+)?", "", text)
            yield from self._fills(text, len(text) - len(shown), len(text), 0.9)
        elif opening is not None:
            least = _FILLS if text[opening.end() - 1] == ":" else _SENTENCE
            if (comma := text.find(",", opening.start("title"), opening.end("title"))) > 0:
                yield from self._fills(text, opening.start("title"), comma, 0.75, _WHOLE)
            yield from self._fills(text, opening.start("title"), opening.end("title"), 0.85, least)
            yield from self._begins(text, opening.start("title"), opening.end("title"))
        words = list(WORD.finditer(text))
        folded = [m.group().lower() for m in words]
        yield from self._running(text, words, folded)
        yield from self._after_noun(text)
        yield from self._words(text, words, folded)
        for match in self._compound.finditer(text):
            stem = match["stem"].lower()
            owners = {i for w, i in self._unique.items() if w.startswith(stem) and len(w) - len(stem) <= 2}
            if len(owners) == 1:
                yield Hit(min(owners), 0.7, match.start(), match.end(), "title")

    def _fills(self, text: str, start: int, end: int, score: float, least: int = _FILLS) -> Iterator[Hit]:
        """The title that a piece of text consists of, small errors aside."""
        words = list(WORD.finditer(text, start, end))
        piece = " ".join(m.group().lower() for m in words)
        if not piece or len(piece) > 120:
            return
        if not any(fuzz.ratio(piece, title, score_cutoff=min(least, _UNLIKE)) for _, title in self._titles):
            return
        rated = sorted(((fuzz.ratio(piece, title), i) for i, title in self._titles), reverse=True)
        best = rated[0]
        clear = len(piece) >= _LONG and best[0] >= least and (len(rated) < 2 or best[0] - rated[1][0] >= 20)
        if best[0] >= (max(least, _UNLIKE) if len(piece) >= 8 else 95) or clear:
            yield Hit(best[1], round(score * best[0] / 100, 3), words[0].start(), words[-1].end(), "title")

    def _begins(self, text: str, start: int, end: int) -> Iterator[Hit]:
        """The one title that begins with the opening words of a passage ("De grønne bånd: ...")."""
        words = list(WORD.finditer(text, start, end))
        while words and words[0].group().lower() in self._common:
            del words[0]
        piece = " ".join(m.group().lower() for m in words)
        owners = [i for i, title in self._titles if title.startswith(piece)]
        if len(piece) >= _LONG - 2 and len(owners) == 1:
            yield Hit(owners[0], 0.7, words[0].start(), words[-1].end(), "title")

    def _running(self, text: str, words: list[re.Match[str]], folded: list[str]) -> Iterator[Hit]:
        """Titles inside a sentence: long ones nearly verbatim, shorter ones only with a capital."""
        joined = " ".join(folded)
        for i, title, parts, long in self._running_titles:
            n = len(parts)
            if long:
                hit = (
                    fuzz.partial_ratio_alignment(title, joined, score_cutoff=86) if len(title) <= len(joined) else None
                )
                if hit is None or not hit.score:
                    continue
                first = joined[: hit.dest_start].count(" ") + (joined[hit.dest_start : hit.dest_start + 1] == " ")
                first, last, ratio = self._fit(folded, first, n, title)
                capital = words[first].group()[:1].isupper() and words[first].start() > 0
                if ratio >= (86 if capital else 93) and (
                    capital or n > 2 or len(title) >= (_EXACT if ratio == _SAME else _LONGER)
                ):
                    common = not capital and n <= 2 and len(title) < _LONGER
                    yield Hit(
                        i,
                        round(ratio / 100 * (0.9 if capital else 0.4 if common else 0.75), 3),
                        words[first].start(),
                        words[last].end(),
                        "title",
                    )
            elif parts[0] in folded:
                for k in range(folded.index(parts[0]), len(folded) - n + 1):
                    if folded[k : k + n] == parts and self._stands_out(text, words[k], words[k + n - 1]):
                        yield Hit(i, 0.75, words[k].start(), words[k + n - 1].end(), "title")

    @staticmethod
    def _fit(folded: list[str], first: int, n: int, title: str) -> tuple[int, int, float]:
        """The run of words around ``first`` that is closest to the title: first and last word, ratio."""
        best = (first, min(first, len(folded) - 1), 0.0)
        for begin in range(max(0, first - 1), min(len(folded), first + 2)):
            for length in (n - 1, n, n + 1):
                last = begin + length
                if length < 1 or last > len(folded):
                    continue
                ratio = fuzz.ratio(" ".join(folded[begin:last]), title)
                if ratio > best[2]:
                    best = (begin, last - 1, ratio)
        return best

    @staticmethod
    def _stands_out(text: str, first: re.Match[str], last: re.Match[str]) -> bool:
        """A capital inside a sentence, where no other capital stands beside it."""
        before = text[max(0, first.start() - _LEFT) : first.start()].rstrip()
        if not first.group()[:1].isupper() or not before or before[-1] in ".:!?•–-":
            return False
        after = text[last.end() : last.end() + _LEFT].lstrip()
        return not after[:1].isupper() and not re.search(r"[A-ZÆØÅ]\w*$", before)

    def _words(self, text: str, words: list[re.Match[str]], folded: list[str]) -> Iterator[Hit]:
        """Sentences that open with a long word that only one provision has, and has in its title, endings aside."""
        for match, word in zip(words, folded, strict=True):
            owners = self._telling.get(word[:_TELLING]) if len(word) >= _TELLING else None
            if owners is None or word in self._senders or not match.group()[:1].isupper():
                continue
            if _OPENS.search(text[max(0, match.start() - _LEFT) : match.start()]) is None:
                continue
            fitting = {
                i for w, i in owners if abs(len(w) - len(word)) <= 3 and _shared(w, word) >= min(len(w), len(word)) - 1
            }
            if len(fitting) == 1:
                heads = text[match.end() : match.end() + 1] == ":"
                yield Hit(min(fitting), 0.55 if heads else 0.4, match.start(), match.end(), "title")

    def _after_noun(self, text: str) -> Iterator[Hit]:
        """The words after a noun, and after each "og", against every title: "princippet om åbne algoritmer"."""
        for lead in self._leads:
            for match in lead.pattern.finditer(text):
                start, at, least = match.start(), match.end(), lead.least
                while (hit := self._named_at(text, start, at, least, lead)) is not None:
                    yield hit
                    joint = self._join.match(text, hit.end)
                    if joint is None:
                        break
                    start = at = joint.end()
                    least = 88  # further ones must be closer: the list may have ended

    def _named_at(self, text: str, start: int, at: int, least: int, lead: _Lead) -> Hit | None:
        """The title that the words at ``at`` are closest to, if they are close enough."""
        words = list(WORD.finditer(text, at, min(len(text), at + 90)))[:10]
        said = list(accumulate((w.group().lower() for w in words), "{} {}".format))
        best = (0.0, -1, 0)
        for i, title in self._named_by:
            n = title.count(" ") + 1
            for length in range(max(1, n - 1), min(n + 2, len(words)) + 1):
                ratio = fuzz.ratio(said[length - 1], title, score_cutoff=least)
                best = max(best, (ratio, i, length))
        if best[0] >= least:
            return Hit(best[1], round(lead.score * best[0] / 100, 3), start, words[best[2] - 1].end(), "title")
        if not lead.by_word:
            return None
        if (begun := self._begun(words)) is not None:
            return Hit(begun[0], 0.7, start, begun[1], "title")
        return self._by_word(start, words, lead)

    def _begun(self, words: list[re.Match[str]]) -> tuple[int, int] | None:
        """The one title that begins with several of the words, and where they end ("det med én plan på tværs")."""
        said, best = "", None
        for n, word in enumerate(words):
            said = f"{said} {word.group().lower()}".lstrip()
            owners = {i for i, title in self._titles if f"{title} ".startswith(f"{said} ")}
            if len(owners) != 1:
                if not owners:
                    break
            elif n and len(said) >= _LONG - 2:
                best = (min(owners), word.end())
        return best

    def _by_word(self, start: int, words: list[re.Match[str]], lead: _Lead) -> Hit | None:
        """The provision whose title alone has the first telling word ("punktet om fritiden")."""
        word = next((w for w in words[:4] if w.group().lower() not in self._common), None)
        if word is None or word.end() - word.start() < lead.letters:
            return None
        key = word.group().lower()
        owners = {i for w, i in self._unique.items() if w == key or _related(w, key)}
        return Hit(min(owners), lead.by_word, start, word.end(), "title") if len(owners) == 1 else None
