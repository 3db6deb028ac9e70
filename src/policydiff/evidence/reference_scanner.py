"""Explicit references in one text: a noun with labels, labels that stand alone, and what the other scanners find."""

import re
from collections.abc import Iterator
from dataclasses import replace

from rapidfuzz.distance import Levenshtein

from policydiff.evidence.quotation_marks import marked_parts
from policydiff.evidence.reference_counts import CountScanner
from policydiff.evidence.reference_grammar import Grammar, Kind, either
from policydiff.evidence.reference_labels import Hit, Label, LabelReader, atom
from policydiff.evidence.reference_paragraphs import ParagraphScanner

_QUOTE_OR_SPACE = re.compile(r"[\s\"»'’”“‘]*")
_BARE = re.compile(r"(?<![\w.,§@&'’+-])(?=[\w(])")
_CLOSES = re.compile(r"\s*(?:[:.,;!?)–]|$)")
_NAME = re.compile(r"[A-ZÆØÅ][\w.]*\s$")
_LEFT = 40  # characters before a label that may say what it is
_INSIDE_QUOTE = 0.4  # a reference in quoted words is the quoted text's own


class Scanner:
    """Finds references in normalised text. Compiled once a policy; without state afterwards."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._reader = LabelReader(grammar)
        self._counts = CountScanner(grammar)
        self._paragraphs = ParagraphScanner(grammar, self._reader)
        self._table = grammar.any_label | grammar.initials
        plain = {n: subs[""] for n, subs in grammar.paragraphs.items() if "" in subs}
        self._generic_table = plain | self._table
        words = grammar.words
        genitive = f"(?:{either(words['genitive_endings'])})?"
        nouns, sign = either(grammar.by_noun), either(words["number_signs"])
        leads = either([*words["generic"], *words["label_leads"]])
        self._noun = re.compile(rf"(?<![\w-])(?P<noun>{nouns}){genitive}(?!\w)", re.IGNORECASE)
        self._hyphened = re.compile(rf"(?<![\w-])(?P<label>\w{{1,4}})-(?P<noun>{nouns}){genitive}(?!\w)", re.IGNORECASE)
        self._generic = re.compile(rf"(?<![\w-]){leads}\b\.?\s*(?:{sign}\b\.?\s*)?", re.IGNORECASE)
        self._sign = re.compile(rf"(?:\s*,)?\s*(?:{sign}\b\.?)?\s*", re.IGNORECASE)
        self._stop = re.compile(rf"(?<!\w){either(words['label_stops'])}\.?\s*$", re.IGNORECASE)
        before = either([*words["list_leads"], *words["label_leads"]])
        self._lead = re.compile(rf"(?<!\w){before}\b\.?\s*$", re.IGNORECASE)
        self._word_label = re.compile(
            r"(?<!\w)(?P<word>[^\W\d_]{5,})\s+(?P<label>[A-Za-z](?!\w)|\d{1,2}(?:\.\d)?[a-z]?(?!\w))"
        )
        self._no_noun = grammar.listed("label_stops", "list_leads") | set(grammar.by_noun)

    def scan(
        self, text: str, *, heading: bool = False, kind: Kind | None = None, paragraph: str | None = None
    ) -> list[Hit]:
        """The references in ``text``, in order; in a heading less is needed.

        ``kind`` is what a bare ordinal counts, ``paragraph`` the number that a bare "stk. 2" belongs to.
        """
        hits = list(self._paragraphs.scan(text, paragraph)) if self._grammar.paragraphs else []
        hits += self._nouns(text, heading=heading)
        hits += self._generics(text)
        hits += self._misspelt(text)
        taken = [(h.start, h.end) for h in hits]
        bare = self._bare(text, heading=heading, seen=bool(hits))
        hits += [h for h in bare if not any(a < h.end and h.start < b for a, b in taken)]
        hits += self._counts.without_noun(text, kind)
        hits += self._counts.chapters(text)
        parts = [] if heading else marked_parts(text)
        best: dict[tuple[int, int], Hit] = {}
        for hit in hits:
            if any(a <= hit.start and hit.end <= b and b - a > hit.end - hit.start + 3 for a, b in parts):
                hit = replace(hit, score=round(hit.score * _INSIDE_QUOTE, 3))
            key = (hit.provision, hit.start)
            if key not in best or best[key].score < hit.score:
                best[key] = hit
        return sorted(best.values(), key=lambda h: (h.start, h.provision))

    def _nouns(self, text: str, *, heading: bool) -> Iterator[Hit]:
        """Hits for "princip E", "pejlemærkerne 2 og 4", "E-princippet", and for nouns that are counted."""
        for match in self._hyphened.finditer(text):
            kind = self._grammar.by_noun.get(match["noun"].lower())  # None: letters that only fold alike, as in İ
            provision = None if kind is None else self._grammar.resolve(match["label"], kind.labels)
            if provision is not None:
                yield Hit(provision, 0.95, match.start(), match.end(), "label")
        for match in self._noun.finditer(text):
            sign = self._sign.match(text, match.end())
            at = _QUOTE_OR_SPACE.match(text, sign.end() if sign else match.end())
            kind = self._grammar.by_noun.get(match["noun"].lower())
            if kind is None:
                continue
            table = {} if self._grammar.paragraphs else kind.labels
            labelled = list(self._reader.hits(text, match.start(), at.end() if at else match.end(), table, 0.97))
            yield from labelled or self._counts.before_noun(text, *match.span("noun"), heading=heading)

    def _generics(self, text: str) -> Iterator[Hit]:
        """Hits for "pkt. C", "nr. 3", "ad 4"; a number word ("nummer tre") is believed less."""
        for match in self._generic.finditer(text):
            if not self._stop.search(text[max(0, match.start() - _LEFT) : match.start()]):
                start = text[match.end() : match.end() + 2]
                spelt = start.isalpha() and len(start) == 2 and not start[0].isupper()
                yield from self._reader.hits(
                    text, match.start(), match.end(), self._generic_table, 0.5 if spelt else 0.85
                )

    def _misspelt(self, text: str) -> Iterator[Hit]:
        """Hits for "standerd 8", "princib C": a label after a noun with a letter or two wrong."""
        for match in self._word_label.finditer(text):
            word = match["word"].lower()
            if word in self._no_noun:
                continue
            near = (n for n in self._grammar.by_noun if len(n) >= 6 and abs(len(n) - len(word)) <= 1)
            noun = next((n for n in near if Levenshtein.distance(word, n) <= (1 if len(n) < 8 else 2)), None)
            if noun is None:
                continue
            if self._grammar.paragraphs:
                number = self._grammar.number(match["label"])
                yield from self._paragraphs.misspelt(number, match.start(), match.end("label"))
            else:
                table = self._grammar.by_noun[noun].labels
                yield from self._reader.hits(text, match.start(), match.start("label"), table, 0.9)

    def _bare(self, text: str, *, heading: bool, seen: bool) -> Iterator[Hit]:
        """Labels that stand alone: "A og D", "2.3", "3b", "M5", "(6)"."""
        at = 0
        for match in _BARE.finditer(text):
            label = atom(text, match.start(), self._table) if match.start() >= at else None
            if label is None or (len(label.raw) > 6 and not label.raw[0].isdigit()):
                continue
            found, end = self._reader.read(text, match.start(), self._table)
            if not found or self._reader.elsewhere(text, end):
                continue
            score = self._trust(text, match.start(), end, [lab for _, lab in found], heading=heading, seen=seen)
            if score:
                at = end
                for provision, lab in found:
                    yield Hit(provision, score, lab.start, lab.end, "range" if lab.ranged else "label")

    def _trust(self, text: str, start: int, end: int, labels: list[Label], *, heading: bool, seen: bool) -> float:
        """How far a bare list of labels is believed; 0 where it is more likely something else."""
        left, raw = text[max(0, start - _LEFT) : start], labels[0].raw
        if self._stop.search(left) or self._reader.measured(text, end, text[start:end]):
            return 0.0
        several = len(labels) > 1
        opening = not left.strip() or left.rstrip()[-1] in ".:;!?-–•*("
        lead = self._lead.search(left) is not None
        bracketed = text[start] == "(" and text[end - 1] == ")"
        if len(raw) == 1 and raw.isalpha():
            if opening and not bracketed and not heading and text[end : end + 1] == ".":
                return 0.0  # "A. Indledning"
            if raw.isupper():
                name = _NAME.search(left) is not None and not (opening or several or lead)
                return 0.0 if name else 0.9 if several else 0.85 if opening or lead else 0.7
            sure = bracketed or ((lead or heading) and (several or _CLOSES.match(text, end)))
            return 0.8 if sure else 0.7 if lead else 0.0
        if raw.isdecimal():
            if bracketed:
                return 0.6 if seen else 0.0
            listed = several and all(label.raw.isdecimal() for label in labels)
            return 0.8 if listed and (lead or heading) else 0.0
        if not any(c.isdigit() for c in raw) or ("," in raw and not raw[0].isalpha()):
            return 0.0
        return 0.9 if several or lead or opening else 0.8
