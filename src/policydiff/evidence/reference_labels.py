"""Lists of labels: "A", "2 og 4", "B-D", "1.1-1.3", "M5"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from policydiff.evidence.reference_grammar import Grammar, either, fold_label, signs


@dataclass(frozen=True, slots=True)
class Hit:
    """A provision named at ``text[start:end]``; ``score`` is raw, ``form`` as in ``Match``."""

    provision: int
    score: float
    start: int
    end: int
    form: str


@dataclass(frozen=True, slots=True)
class Label:
    """One label of a list as it stands in the text; where it is ``ranged``, the whole range does."""

    raw: str
    start: int
    end: int
    ranged: bool = False


_ATOM = re.compile(
    r"[(\[]?(?P<label>[A-Za-z][\s–-]?\d+(?:[.,]\d+)*|\d+(?:[.,]\d+)*(?:\s?[a-z])?(?:\(\w\))?|[A-Za-z]{1,5}|[^\W\d_]+)(?![\w@])[)\]]?"
)
_SPLIT = re.compile(r"[\s–-]")
_LEFT = 40  # characters before a label that may say what it is
_LAST_WORD = re.compile(r"(?P<word>[^\W\d_]+)\s$")
_COMPOUND = re.compile(r"[-'’](?:[^\W\d_]{2}|\s)")


def atom(text: str, at: int, table: dict[str, int] | None = None) -> Label | None:
    """What may be a label at ``at``; "3 b", "H 1" and "H-1" are one only where the table has it."""
    match = _ATOM.match(text, at)
    if match is None:
        return None
    raw = match["label"]
    split = _SPLIT.search(raw)
    spaced = split is not None and raw[0].islower() and split.group().isspace()  # "i 2. række"
    if split is not None and (spaced or fold_label(raw) not in (table or ())):
        raw = _SPLIT.split(raw)[0]
    return Label(raw, match.start("label"), match.start("label") + len(raw))


def closed(text: str, at: int) -> int:
    """Behind a closing bracket at ``at``, if there is one."""
    return at + 1 if text[at : at + 1] in (")", "]") else at


class LabelReader:
    """Reads lists of labels at a place in normalised text, for one policy and language."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        words = grammar.words
        join = either([*words["joins"], "&", "/", "+"])
        number_sign = rf"(?:{signs(words['number_signs'])}\s*)?"
        self.joint = re.compile(rf"\s*(?:,\s*(?:{join}\s+)?|\s{join}\s|\s?[/&+]\s?)\s*{number_sign}", re.IGNORECASE)
        self.stretch = re.compile(rf"\s?[-–—]\s?|\s+{either(words['ranges'])}\s+", re.IGNORECASE)
        self.part = re.compile(rf"\.\s*{either(words['parts'])}\b")
        self._unit = re.compile(rf"\s*(?:%|‰|°|-?{either(words['units'])}\b|[-–]\s?\d)", re.IGNORECASE)
        self._stop = re.compile(
            rf"(?<!\w){either(words['label_stops'])}\.?\s*(?:\s{either(words['copulas'])}\s+)?$", re.IGNORECASE
        )
        self._elsewhere = re.compile(rf"\s*{either(words['elsewhere'])}\b", re.IGNORECASE)
        self._said = re.compile(rf"\s+{either(words['verbs'])}\b", re.IGNORECASE)
        self._follows = re.compile(
            rf"\s*(?:[:;,.–)]|$|{either([*words['joins'], *words['ranges']])}\b|-\w\b)", re.IGNORECASE
        )

    def read(self, text: str, at: int, table: dict[str, int]) -> tuple[list[tuple[int, Label]], int]:
        """The provisions of a list of labels at ``at``, each with its label, and where the list ends."""
        found: list[tuple[int, Label]] = []
        end = at
        while (label := atom(text, at, table)) is not None:
            provision = self.resolve(text, label, table)
            if provision is None:
                break
            end = at = closed(text, label.end)
            stretch = self.stretch.match(text, at)
            last = atom(text, stretch.end(), table) if stretch else None
            until = self.resolve(text, last, table) if last else None
            if last is not None and until is not None and provision < until:
                end = at = closed(text, last.end)
                whole = Label(label.raw, label.start, last.end, ranged=True)
                among = self.grammar.kind_of[provision].members
                found += [(i, whole) for i in sorted(set(table.values())) if provision <= i <= until and i in among]
            else:
                found.append((provision, label))
            joint = self.joint.match(text, at)
            if joint is None:
                break
            at = joint.end()
        return found, end

    def hits(self, text: str, start: int, at: int, table: dict[str, int], score: float) -> Iterator[Hit]:
        """The references of a list at ``at`` whose first one begins at ``start`` already ("princip A")."""
        found, end = self.read(text, at, table)
        if not found or self.elsewhere(text, end):
            return
        if self.measured(text, end, text[at:end].rstrip(")]")):
            found = found[:-1] if not found[-1][1].ranged else []
        for n, (provision, label) in enumerate(found):
            form = "range" if label.ranged else "label"
            yield Hit(provision, score, start if n == 0 or label.ranged else label.start, label.end, form)

    def resolve(self, text: str, label: Label, table: dict[str, int]) -> int | None:
        """The provision a label names in the table, unless its surroundings say that it is none."""
        raw = label.raw
        if len(raw) == 1 and raw.lower() in self.grammar.words["shy_labels"] and not self._firm(text, label):
            return None
        if len(raw) == 1 and raw.isalpha() and _COMPOUND.match(text, label.end):
            return None
        if raw.isdecimal() and self.part.match(text, label.end):
            return None
        if raw.lower() in self.grammar.words["numbers_skip"] and text[label.end : label.end + 1].isspace():
            return None
        return self.grammar.resolve(raw, table)

    def _firm(self, text: str, label: Label) -> bool:
        """Whether a letter that is also a word ("a", "I") is meant as a label."""
        inside = text[max(0, label.start - 2) : label.start - 1].isalnum() and text[label.start - 1] == " "
        if inside and label.raw.isupper() and label.raw not in self.grammar.words["capital_words"]:
            return True
        if inside and label.raw in self.grammar.words["article_labels"]:
            noun = _LAST_WORD.search(text, max(0, label.start - _LEFT), label.start)
            after = self._said.match(text, label.end) or self._follows.match(text, label.end)
            return after is not None and noun is not None and noun["word"].lower() in self.grammar.by_noun
        bracketed = text[max(0, label.start - 1) : label.start] == "(" and text[label.end : label.end + 1] == ")"
        return bracketed or (label.raw.isupper() and self._follows.match(text, label.end) is not None)

    def measured(self, text: str, end: int, raw: str) -> bool:
        """Whether a number that ends at ``end`` counts or measures something ("2 mio. kr.")."""
        return raw[-1:].isdigit() and self._unit.match(text, end) is not None

    def elsewhere(self, text: str, end: int) -> bool:
        """Whether a label that ends at ``end`` belongs to another text ("på dagsordenen")."""
        return self._elsewhere.match(text, end) is not None

    def stopped(self, text: str, start: int) -> bool:
        """Whether the word before ``start`` says that the label there is of something else ("bus 3", "bilag C")."""
        return self._stop.search(text, max(0, start - _LEFT), start) is not None
