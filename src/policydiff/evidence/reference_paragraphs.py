"""Paragraphs of a law: "§ 4, stk. 2 og 3", "§§ 5-7", "section 310.4(b)", and not those of another law."""

import re
from collections.abc import Iterator
from dataclasses import replace

from policydiff.evidence.reference_grammar import Grammar, either, signs
from policydiff.evidence.reference_labels import Hit, LabelReader, atom, closed

_BRACKETED = re.compile(r"(?<![\w)§])\((?P<letter>[a-z])\)")


class ParagraphScanner:
    """Finds references to numbered paragraphs in normalised text, for one policy and language."""

    def __init__(self, grammar: Grammar, reader: LabelReader) -> None:
        self._grammar = grammar
        self._reader = reader
        self._known = grammar.paragraphs
        words = grammar.words
        dotted = [n for n in self._known if "." in n]
        dotted += [f"{n}.{s}" for n, subs in self._known.items() for s in subs if s.isdecimal()]
        self._sign = re.compile(
            rf"§+\s*|(?<!\w){either(words['paragraph_signs'])}\.?\s+(?=\S)|(?<![\w.,§])(?={either(dotted)}(?!\w|[.,]\d))"
            rf"|(?<![\w.,§])(?=\d+\(\w\))",
            re.IGNORECASE,
        )
        inner = signs([*words["number_signs"], *words["generic"]])
        self._inner = re.compile(rf"(?:,?\s+{inner}\s*(?:\d+|[a-z])(?!\w))+", re.IGNORECASE)
        letters = either([*words["joins"], *words["ranges"]])
        self._letters = re.compile(rf"(?:\s?[-–]\s?|,?\s+{letters}\s+)\((?P<letter>\w)\)", re.IGNORECASE)
        sub, sign = either(words["subparagraph_signs"]), rf"(?:§+|{either(words['paragraph_signs'])}\.?(?!\w))\s*"
        links = either([*words["law_links"], *words["part_links"]])
        genitive = f"(?:{either(words['genitive_endings'])})?"
        self._sub = re.compile(rf"{genitive}\s*,?\s*{sub}\b\.?\s*", re.IGNORECASE)
        self._sub_ordinal = re.compile(
            rf"{genitive},?\s+(?P<ordinal>{grammar.ordinal_pattern})\s+{sub}(?!\w)", re.IGNORECASE
        )
        self._sub_of = re.compile(
            rf"(?<!\w){sub}\b\.?\s*(?:(?P<sub>\d+)|\((?P<letter>\w)\))(?P<of>\s+{links}\s+{sign}(?=\d))?", re.IGNORECASE
        )
        self._owned = re.compile(r"(?<!\w)(?P<owner>[^\W\d_]{4,}?)['’]?s\s+$")
        laws = either(words["law_suffixes"])
        self._law_before = re.compile(
            rf"(?P<law>[^\W\d_-]*{laws}|{either(words['law_abbreviations'])})(?:[s']|'s)?,?\s+$", re.IGNORECASE
        )
        self._law_after = re.compile(
            rf",?\s+(?:{either(words['law_links'])})\s+(?:\w+\s+){{0,2}}?(?P<law>[^\W\d_]*{laws})(?!\w)", re.IGNORECASE
        )

    def scan(self, text: str, inherited: str | None) -> Iterator[Hit]:
        """The paragraphs named in ``text``; a bare "stk. 2" is of the one before it, or of ``inherited``."""
        subs = list(self._sub_of.finditer(text))
        turned = [(m.start("of"), m.end()) for m in subs if m["of"]]
        hits = [(h, n) for h, n in self._numbered(text) if not any(a <= h.start < b for a, b in turned)]
        yield from (h for h, _ in hits)
        for match in subs:
            number, end = inherited, match.end()
            if match["of"]:
                label = atom(text, match.end())
                number, end = (self._split(label.raw)[0], label.end) if label else (None, end)
            elif any(h.start <= match.start() < h.end for h, _ in hits) or self._not_ours(text, match):
                continue
            elif before := [n for h, n in hits if h.end <= match.start()]:
                number = before[-1]
            own = self._known.get(number or "", {})
            sub = (match["sub"] or match["letter"]).lower()
            provision = own.get(sub, own.get("") if sub == "1" else None)
            if provision is not None:
                yield Hit(provision, 0.85, match.start(), end, "label")
        yield from self._bracketed(text, hits, [m.span() for m in subs])

    def _bracketed(self, text: str, hits: list[tuple[Hit, str]], taken: list[tuple[int, int]]) -> Iterator[Hit]:
        """A letter in brackets after a paragraph with letters: "Delete 310.3(a). We can accept (b)."."""
        taken = [*taken, *((h.start, h.end) for h, _ in hits)]
        for match in _BRACKETED.finditer(text):
            before = [n for h, n in hits if h.end <= match.start()]
            opens = text[: match.start()].rstrip()[-1:] in ".:;!?"  # "(a) Who pays? (b) Who decides?"
            provision = self._known[before[-1]].get(match["letter"]) if before and not opens else None
            if provision is not None and not any(a <= match.start() < b for a, b in taken):
                yield Hit(provision, 0.7, match.start(), match.end(), "label")

    def _not_ours(self, text: str, match: re.Match[str]) -> bool:
        """Whether a "stk. 2" is said to be of another law, or of something that is not numbered."""
        law = self._law_after.match(text, match.end())
        if law is not None and law["law"].lower() not in self._grammar.words["own_texts"]:
            return True
        owner = self._owned.search(text[max(0, match.start() - 40) : match.start()])
        return owner is not None and owner["owner"].lower() not in self._grammar.words["paragraph_nouns"]

    def _numbered(self, text: str) -> Iterator[tuple[Hit, str]]:
        """The hits of every list of numbers, each with the number that was read last."""
        done = 0
        for match in self._sign.finditer(text):
            if match.start() >= done and not self._foreign(text, match.start()):
                listed, done = self._list(text, match.start(), match.end())
                yield from listed

    def _list(self, text: str, start: int, at: int) -> tuple[list[tuple[Hit, str]], int]:
        found: list[tuple[Hit, str]] = []
        bare, begin = at == start, start
        ranged_from: str | None = None
        while (label := atom(text, at)) is not None:
            number, letter = self._split(label.raw)
            if number is None or self._other(text, label.raw, label.end, bare=bare):
                break
            if ranged_from is not None:
                keys = list(self._known)
                spanned = keys[keys.index(ranged_from) : keys.index(number) + 1]
                found += [
                    (Hit(p, 0.97, begin, label.end, "range"), number) for k in spanned for p in self._known[k].values()
                ]
                at = label.end
            else:
                begin = label.start if found else start
                subs, at = self._subs(text, label.end) if letter is None else ([letter], label.end)
                if (inner := self._inner.match(text, at)) is not None:
                    at = inner.end()
                last = self._letters.match(text, closed(text, at)) if letter else None
                if letter is not None and last is not None:
                    subs = [chr(c) for c in range(ord(letter), max(ord(letter), ord(last["letter"])) + 1)]
                    at = last.end()
                hits = self._sub_hits(number, subs, begin, at)
                found += [(replace(h, form="range") if last is not None else h, number) for h in hits]
            bare, ranged_from = False, None
            stretch, joint = self._reader.stretch.match(text, at), self._reader.joint.match(text, at)
            until = atom(text, stretch.end()) if stretch else None
            if stretch is not None and until is not None and self._split(until.raw)[0] is not None:
                ranged_from, at = number, stretch.end()
            elif joint is not None:
                at = joint.end()
            else:
                break
        return found, at

    def _other(self, text: str, raw: str, end: int, *, bare: bool) -> bool:
        """Whether a number is a part ("3. pkt."), a measure, or a paragraph of another law."""
        if raw.isdecimal() and self._reader.part.match(text, end):
            return True
        if bare and (self._reader.measured(text, end, raw) or self._reader.stopped(text, end - len(raw))):
            return True
        after = self._law_after.match(text, self._subs(text, end)[1])
        return after is not None and after["law"].lower() not in self._grammar.words["own_texts"]

    def _foreign(self, text: str, start: int) -> bool:
        before = self._law_before.search(text[max(0, start - 60) : start])
        return before is not None and before["law"].lower() not in self._grammar.words["own_texts"]

    def _split(self, raw: str) -> tuple[str | None, str | None]:
        """The number and the letter or stk. of "310.3(a)", "5.3" or "elleves"; None without such a paragraph."""
        match = re.match(r"(?P<number>[^\W_]+(?:\.\d+)*)(?:\((?P<letter>\w)\))?", raw.strip())
        if match is None:
            return None, None
        number = match["number"].lower()
        if number in self._known:
            return number, match["letter"]
        tails = [n for n in self._known if n.rpartition(".")[2] == number] if match["letter"] else []
        if len(tails) == 1:
            return tails[0], match["letter"]
        value = self._grammar.number(re.sub(r"['’]?s$", "", number))
        if value is not None and str(value) in self._known:
            return str(value), match["letter"]
        head, _, tail = number.partition(".")
        return (head, tail) if tail in self._known.get(head, ()) else (None, None)

    def _subs(self, text: str, at: int) -> tuple[list[str], int]:
        """The stk. after a paragraph number, and where they end."""
        if (spelt := self._sub_ordinal.match(text, at)) is not None:
            return [str(self._grammar.ordinal(spelt["ordinal"]))], spelt.end()
        subs: list[str] = []
        sign = self._sub.match(text, at)
        place, end = (sign.end() if sign else at), at
        while sign is not None and (label := atom(text, place)) is not None:
            value = self._grammar.number(label.raw)
            if value is None or (subs and self._reader.part.match(text, label.end)):
                break
            stretch = self._reader.stretch.match(text, label.end)
            last = atom(text, stretch.end()) if stretch else None
            until = self._grammar.number(last.raw) if last else None
            subs += [str(n) for n in range(value, min(until or value, value + 20) + 1)]
            end = last.end if last is not None and until is not None else label.end
            joint = self._reader.joint.match(text, end)
            if joint is None or self._inner.match(text, end):
                break
            place = joint.end()
        return subs, end

    def _sub_hits(self, number: str, subs: list[str], start: int, end: int) -> list[Hit]:
        own = self._known[number]
        if not subs and "" not in own:
            return [Hit(p, 0.6, start, end, "label") for p in own.values()]
        named = [own.get(s.lower(), own.get("")) for s in subs or [""]]
        return [Hit(p, 0.97, start, end, "label") for p in dict.fromkeys(named) if p is not None]

    def misspelt(self, number: int | None, start: int, end: int) -> list[Hit]:
        """The provisions of a number after a misspelt "paragraf", or after "pkt."."""
        hits = self._sub_hits(str(number), [], start, end) if str(number) in self._known else []
        return [replace(h, score=0.9 if len(hits) == 1 else 0.5) for h in hits]
