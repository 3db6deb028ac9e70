"""Explicit references in one text: a noun with labels, labels that stand alone, and what the other scanners find."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from string import ascii_letters

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from policydiff.evidence.quotation_marks import marked_parts
from policydiff.evidence.reference_chapters import ChapterScanner
from policydiff.evidence.reference_counts import CountScanner
from policydiff.evidence.reference_exceptions import Exceptions
from policydiff.evidence.reference_grammar import Grammar, either, fold_words, signs
from policydiff.evidence.reference_labels import Hit, Label, LabelReader, atom
from policydiff.evidence.reference_nouns import Kind
from policydiff.evidence.reference_paragraphs import ParagraphScanner
from policydiff.evidence.reference_sought import Sought
from policydiff.models import Policy

_QUOTE_OR_SPACE = re.compile(r"[\s\"»'’”“‘]*")
_CLOSES = re.compile(r"\s*(?:[:.,;!?)–]|$)")
_NAME = re.compile(r"[A-ZÆØÅ][\w.]*\s$")
_NAMED = re.compile(r"\s[A-ZÆØÅ][^\W\d_]")
_WORD_BEFORE = re.compile(r"(?P<word>[^\W\d_]+)\s+$")
_INITIAL = re.compile(r"\.(?:[^\W\d_]\.?)*\s?(?P<word>[^\W\d_]*)")
_ENDS = re.compile(r"[.!?;](?=\s|$)")
_NEAR = 30  # characters within which a noun tells what numbers alone are
_LEFT = 40  # characters before a label that may say what it is
_INSIDE_QUOTE = 0.4  # a reference in quoted words is seldom the respondent's own
_FROM_DRAFT = 85  # rapidfuzz ratio from which quoted words are the draft's
_PARENT = 0.4  # a provision that is named only to say which ones are under it


def _shape(raw: str) -> str:
    """A label with a letter for each letter and a digit for each digit."""
    return re.sub(r"\d", "0", re.sub(r"[^\W\d_]", "a", raw))


def _with_roman(labels: dict[str, int]) -> dict[str, int]:
    """The labels, and V and X where there is a fifth and a tenth but none of these letters."""
    return {r: labels[n] for r, n in (("v", "5"), ("x", "10")) if n in labels} | labels


class Scanner:
    """Finds references in normalised text. Compiled once a policy; without state afterwards."""

    def __init__(self, policy: Policy, grammar: Grammar) -> None:
        self._grammar = grammar
        self._draft = fold_words(policy.text)
        self._reader = LabelReader(grammar)
        self._counts = CountScanner(grammar)
        self._paragraphs = ParagraphScanner(grammar, self._reader)
        self._chapters = ChapterScanner(policy, grammar)
        self._exceptions = Exceptions(grammar, self._reader)
        self._table = grammar.any_label | grammar.initials
        plain = {n: subs[""] for n, subs in grammar.paragraphs.items() if "" in subs}
        self._generic_table = plain | self._table
        letter = self._first_letters([self._table])
        self._bare_label = re.compile(rf"(?<![\w.,§@&'’+-])(?=\(?(?:\d|{letter}(?![^\W\d_])))")
        self._noun_tables = {k.name: _with_roman(k.labels) for k in grammar.kinds}
        words = grammar.words
        genitive = f"(?:{either(words['genitive_endings'])})?"
        nouns, sign = either(grammar.by_noun), signs(words["number_signs"])
        leads = signs([*words["generic"], *words["label_leads"]])
        self._noun = Sought(rf"(?<![\w-])(?P<noun>{nouns}){genitive}(?![^\W\d])", grammar.by_noun)
        plural = either({w for k in grammar.kinds for w in k.plural})
        self._under = re.compile(rf"(?<!\w)(?P<noun>{plural})\s+{either(words['part_links'])}\s+$", re.IGNORECASE)
        self._hyphened = re.compile(rf"(?<![\w-])(?P<label>\w{{1,4}})-(?P<noun>{nouns}){genitive}(?!\w)", re.IGNORECASE)
        self._generic = Sought(rf"(?<![\w-]){leads}\s*(?:{sign}\s*)?", whole=[*words["generic"], *words["label_leads"]])
        self._sign = re.compile(rf"(?:\s*,)?\s*(?:{sign})?\s*", re.IGNORECASE)
        before = either([*words["list_leads"], *words["label_leads"]])
        self._lead = re.compile(rf"(?<!\w){before}\b\.?\s*$", re.IGNORECASE)
        firm = either([*words["number_leads"], *words["label_leads"]])
        self._number_lead = re.compile(rf"(?<!\w){firm}\b\.?\s*$", re.IGNORECASE)
        letter = "[A-Za-z]" if grammar.paragraphs else self._first_letters(k.labels for k in grammar.kinds)
        self._word_label = re.compile(
            rf"(?<!\w)(?P<word>[^\W\d_]{{5,}})\s+(?P<label>{letter}(?!\w)|\d{{1,2}}(?:\.\d)?[a-z]?(?!\w))"
        )
        self._leading = grammar.common | grammar.listed(
            "list_leads", "label_leads", "joins", "verbs", "except", "your", "determiners", "definite", "unnumbered"
        )
        self._no_noun = grammar.listed("label_stops", "list_leads") | set(grammar.by_noun)

    def _first_letters(self, tables: Iterable[dict[str, int]]) -> str:
        """A regular expression for a letter that is a label or begins one in any of these tables."""
        found = {
            letter
            for table in tables
            for letter in ascii_letters
            if self._grammar.resolve(letter, table) is not None or any(key.startswith(letter.lower()) for key in table)
        }
        return f"[{''.join(sorted(found))}]" if found else "(?!)"

    def scan(
        self,
        text: str,
        *,
        heading: bool = False,
        kind: Kind | None = None,
        several: bool = False,
        paragraph: str | None = None,
    ) -> list[Hit]:
        """The references in ``text``, in order; in a heading less is needed.

        ``kind`` is what a bare ordinal counts, unless ``several`` provisions were spoken of before; ``paragraph`` is
        the number that a bare "stk. 2" belongs to.
        """
        text = self._grammar.without_idioms(text)
        hits = list(self._paragraphs.scan(text, paragraph)) if self._grammar.paragraphs else []
        hits += self._nouns(text, heading=heading, counted=None if several else kind)
        taken = [(h.start, h.end) for h in hits]
        for further in (self._generics(text), self._misspelt(text)):
            hits += [h for h in further if not any(a < h.end and h.start < b for a, b in taken)]
        taken = [(h.start, h.end) for h in hits]
        bare = self._bare(text, heading=heading, seen=bool(hits))
        hits += [h for h in bare if not any(a < h.end and h.start < b for a, b in taken)]
        hits += self._counts.without_noun(text, kind)
        hits += [] if heading else self._counts.whole(text)
        hits += self._chapters.scan(text)
        hits = self._exceptions.subtract(text, self._children(text, hits))
        if not heading:
            hits = self._outside_quotes(text, hits)
        best: dict[tuple[int, int], Hit] = {}
        for hit in hits:
            key = (hit.provision, hit.start)
            if key not in best or best[key].score < hit.score:
                best[key] = hit
        return sorted(best.values(), key=lambda h: (h.start, h.provision))

    def _children(self, text: str, hits: list[Hit]) -> list[Hit]:
        """The hits, and those under a provision that is named for them ("the policies under Objective 1")."""
        result = []
        for hit in hits:
            under = self._under.search(text[max(0, hit.start - _LEFT) : hit.start])
            kind = self._grammar.by_noun.get(under["noun"].lower()) if under else None
            below = [c for c in self._grammar.children.get(hit.provision, ()) if kind and c in kind.members]
            if under is None or not below:
                result.append(hit)
                continue
            begin = max(0, hit.start - _LEFT) + under.start("noun")
            result.append(replace(hit, score=min(hit.score, _PARENT)))
            result += [Hit(child, 0.7, begin, hit.end, "all") for child in below]
        return result

    def _outside_quotes(self, text: str, hits: list[Hit]) -> list[Hit]:
        """The hits without those in words quoted from the draft; those in other quoted words are believed less."""
        parts = marked_parts(text) if hits else []
        if not parts:
            return hits
        result = []
        drafts: dict[tuple[int, int], bool] = {}
        for hit in hits:
            room = hit.end - hit.start + 3
            around = next(((a, b) for a, b in parts if a <= hit.start and hit.end <= b and b - a > room), None)
            if around is None:
                result.append(hit)
                continue
            if around not in drafts:
                drafts[around] = fuzz.partial_ratio(fold_words(text[slice(*around)]), self._draft) >= _FROM_DRAFT
            if not drafts[around]:
                result.append(replace(hit, score=round(hit.score * _INSIDE_QUOTE, 3)))
        return result

    def _nouns(self, text: str, *, heading: bool, counted: Kind | None) -> Iterator[Hit]:
        """Hits for "princip E", "pejlemærkerne 2 og 4", "E-princippet", and for nouns that are counted."""
        for match in self._hyphened.finditer(text) if self._noun.possible(text) else ():
            kind = self._grammar.by_noun.get(match["noun"].lower())  # None: letters that only fold alike, as in İ
            provision = None if kind is None else self._grammar.resolve(match["label"], kind.labels)
            if provision is not None:
                yield Hit(provision, 0.95, match.start(), match.end(), "label")
        plurals: list[tuple[int, Kind]] = []
        for match in self._noun.finditer(text):
            sign = self._sign.match(text, match.end())
            at = _QUOTE_OR_SPACE.match(text, sign.end() if sign else match.end())
            kind = self._grammar.by_noun.get(match["noun"].lower())
            if kind is None:
                continue
            table = {} if self._grammar.paragraphs else self._noun_tables[kind.name]
            labelled = list(self._reader.hits(text, match.start(), at.end() if at else match.end(), table, 0.97))
            if match["noun"].lower() in kind.plural - kind.singular and not labelled:
                plurals.append((match.end(), kind))
            if not labelled and not self._reader.elsewhere(text, match.end()):
                counts = list(self._counts.before_noun(text, *match.span("noun"), heading=heading))
                if any(h.form == "ordinal" for h in counts):
                    plurals.append((match.end(), kind))
                yield from counts
            yield from labelled
        if plurals or counted is not None:
            yield from self._counts.elided(text, plurals, counted)

    def _generics(self, text: str) -> Iterator[Hit]:
        """Hits for "pkt. C", "nr. 3", "ad 4"; a number word ("nummer tre") is believed less."""
        for match in self._generic.finditer(text):
            left = text[max(0, match.start() - _LEFT) : match.start()]
            if not self._reader.stopped(text, match.start()):
                start = text[match.end() : match.end() + 2]
                spelt = start.isalpha() and len(start) == 2 and not start[0].isupper()
                score = 0.2 if self._named_before(left) else 0.5 if spelt else 0.85
                found = list(self._reader.hits(text, match.start(), match.end(), self._generic_table, score))
                label = atom(text, match.end()) if self._grammar.paragraphs and not found else None
                if label is not None and label.raw.isdecimal() and score > 0.5:
                    ours = not (
                        self._reader.elsewhere(text, label.end) or self._reader.measured(text, label.end, label.raw)
                    )
                    found = self._paragraphs.misspelt(int(label.raw), match.start(), label.end) if ours else []
                yield from found

    def _named_before(self, left: str) -> bool:
        """Whether the word before a "no." is likely what it numbers ("house no. 4"), and no function word or verb."""
        word = _WORD_BEFORE.search(left)
        return word is not None and word["word"].lower() not in self._leading

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
        """Labels that stand alone: "A og D", "2.3", "3b", "M5", "(6)"; not "grade C, and theirs is D"."""
        at = 0
        other, until = "", 0  # the shape of what a sentence speaks of instead, and where the sentence ends
        for match in self._bare_label.finditer(text):
            label = atom(text, match.start(), self._table) if match.start() >= at else None
            if label is None or (len(label.raw) > 6 and not label.raw[0].isdigit()):
                continue
            found, end = self._reader.read(text, match.start(), self._table)
            if not found or self._reader.elsewhere(text, end):
                continue
            if self._reader.stopped(text, match.start()) or self._reader.measured(text, end, text[match.start() : end]):
                stop = _ENDS.search(text, end)
                other, until, at = _shape(label.raw), stop.start() if stop else len(text), end
            if match.start() < until and _shape(label.raw) == other:
                continue
            score = self._trust(text, match.start(), end, [lab for _, lab in found], heading=heading, seen=seen)
            if score:
                at = end
                for provision, lab in found:
                    yield Hit(provision, score, lab.start, lab.end, "range" if lab.ranged else "label")

    def _trust(self, text: str, start: int, end: int, labels: list[Label], *, heading: bool, seen: bool) -> float:
        """How far a bare list of labels is believed; 0 where it is more likely something else."""
        left, raw = text[max(0, start - _LEFT) : start], labels[0].raw
        several = len(labels) > 1
        opening = not left.strip() or left.rstrip()[-1] in ".:;!?-–•*("
        lead = self._lead.search(left) is not None
        bracketed = text[start] == "(" and text[end - 1] == ")"
        if len(raw) == 1 and raw.isalpha():
            if not several and self._initial(text, end):
                return 0.0
            if opening and not bracketed and not heading and text[end : end + 1] == ".":
                return 0.0  # "A. Indledning"
            if raw.isupper():
                if opening or several or lead:
                    return 0.9 if several else 0.85
                named = _NAME.search(left) is not None or _NAMED.match(text, end) is not None
                return 0.0 if named else 0.7
            sure = (bracketed and not opening) or ((lead or heading) and (several or _CLOSES.match(text, end)))
            return 0.8 if sure else 0.7 if lead else 0.0
        if raw.isdecimal() and bracketed:
            return 0.6 if seen else 0.0
        if raw.isdecimal():
            listed = several and all(label.raw.isdecimal() for label in labels)
            return 0.8 if listed and (heading or self._numbers_meant(text, start, end, lead=lead)) else 0.0
        if not any(c.isdigit() for c in raw) or ("," in raw and not raw[0].isalpha()):
            return 0.0
        return 0.9 if several or lead or opening else 0.8

    def _numbers_meant(self, text: str, start: int, end: int, *, lead: bool) -> bool:
        """Whether a list of mere numbers is led up to as one of provisions, or has their noun beside it."""
        if self._number_lead.search(text, max(0, start - _LEFT), start) is not None:
            return True
        return lead and self._noun.pattern.search(text, max(0, start - _NEAR), end + _NEAR) is not None

    def _initial(self, text: str, end: int) -> bool:
        """Whether a capital that ends at ``end`` is that of a name ("A. Holm", "A.M. Jensen")."""
        after = _INITIAL.match(text, end)
        if after is not None and text[end + 1 : end + 2].isalpha():
            return True
        return after is not None and after["word"][:1].isupper() and after["word"].lower() not in self._grammar.common
