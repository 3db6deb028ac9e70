"""The words and labels with which responses refer to one draft: its kinds, their inflections, its labels.

Everything word-like comes from the language pack; here it is combined with the kinds and labels of one policy.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from policydiff import languages
from policydiff.evidence.reference_nouns import Kind, kinds_of
from policydiff.evidence.reference_sought import Sought
from policydiff.models import Policy

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_PARAGRAPH = re.compile(
    r"§+\s*(?P<number>\d+(?:\.\d+)*[a-z]?)\s*(?:\((?P<letter>\w+)\)|,?\s*[^\W\d_]+\.?\s*(?P<sub>\d+))?",
    re.IGNORECASE,
)
_PART = re.compile(r"\(\w\)$")
_MASK = "·"  # stands for the letters of an idiom; no word, no space, no sign that closes a sentence
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "xi": "11", "xii": "12"}


def fold_label(label: str) -> str:
    """A label as it is looked up: lower case, without brackets, spaces and closing points."""
    bare = re.sub(r"[\s()\[\]]", "", label).rstrip(".").replace(",", ".").lower()
    return re.sub(r"^([a-z])[-–](?=\d)", r"\1", bare)


def fold_words(text: str) -> str:
    """The words of a text as they are compared: lower case, one blank between."""
    return " ".join(m.group().lower() for m in WORD.finditer(text))


def either(words: Iterable[str]) -> str:
    """A regular expression for any of the words, the longest first."""
    listed = sorted(set(words), key=lambda w: (-len(w), w))
    return "(?:" + "|".join(re.escape(w).replace(r"\ ", r"\s+") for w in listed) + ")" if listed else r"(?!)"


def signs(words: Iterable[str]) -> str:
    """A regular expression for any of the words, with or without a point; "no." only with it, "#" without more."""
    plain = [w for w in words if w[-1].isalnum()]
    return rf"(?:{either(plain)}\b\.?|{either(w for w in words if not w[-1].isalnum())})"


class Grammar:
    """The reference words of one language, for the kinds and labels of one policy."""

    def __init__(self, policy: Policy, language: str) -> None:
        pack = languages.load(language).get("references", {})
        self.words: dict[str, Any] = dict(pack["grammar"])
        every = [languages.load(code).get("references", {}).get("grammar", {}) for code in languages.available()]
        for shared in ("paragraph_signs", "chapter"):
            self.words[shared] = [word for words in every for word in words.get(shared, ())]
        self.ordinals: dict[str, int] = dict(pack["ordinals"])
        self.numbers: dict[str, int] = dict(pack["numbers"])
        self.nicknames: dict[str, int] = dict(pack["nicknames"])
        self.common = frozenset(pack.get("common_words", ()))
        self.paragraphs: dict[str, dict[str, int]] = {}
        keys = [_PARAGRAPH.match(p.label) for p in policy.provisions]
        labels = [
            m["number"].lower() if m else fold_label(p.label) for m, p in zip(keys, policy.provisions, strict=True)
        ]
        self.kinds: tuple[Kind, ...] = kinds_of(policy, language, labels)
        self.any_label: dict[str, int] = {}
        self.initials: dict[str, int] = {}
        self._index_labels(policy)
        self.by_noun: dict[str, Kind] = {noun: kind for kind in self.kinds for noun in kind.nouns}
        self.kind_of: dict[int, Kind] = {i: kind for kind in self.kinds for i in kind.members}
        self.everyone = tuple(range(len(policy.provisions)))
        children: defaultdict[str, list[int]] = defaultdict(list)
        for index, provision in enumerate(policy.provisions):
            if provision.parent_id is not None:
                children[provision.parent_id].append(index)
        self.children = {i: tuple(children[p.id]) for i, p in enumerate(policy.provisions) if p.id in children}
        spelt = either(self.ordinals)
        endings = either(self.words["ordinal_endings"])
        self.ordinal_pattern = rf"(?:{spelt}|\d{{1,2}}{endings})"
        capital = either(self.words["capital_words"])
        self._idiom = Sought(
            rf"(?<!\w){either(self.words['idioms'])}(?!\w)(?!\s+(?-i:(?!{capital}\b)[A-ZÆØÅ]\b))",
            whole=self.words["idioms"],
        )
        self._digit_ordinal = re.compile(rf"(\d{{1,2}}){endings}$")

    def without_idioms(self, text: str) -> str:
        """The text, as long, with the letters of idioms masked; "on principle A" is none."""
        if not self._idiom.possible(text):
            return text
        return self._idiom.pattern.sub(lambda m: _MASK * len(m.group()), text)

    def listed(self, *keys: str) -> frozenset[str]:
        """The words of some lists of the pack."""
        return frozenset(w for k in keys for w in self.words.get(k, ()))

    def _index_labels(self, policy: Policy) -> None:
        owners: defaultdict[str, set[int]] = defaultdict(set)
        initials: defaultdict[str, set[int]] = defaultdict(set)
        for index, provision in enumerate(policy.provisions):
            if (match := _PARAGRAPH.match(provision.label)) is not None:
                sub = match["letter"] or match["sub"] or ""
                self.paragraphs.setdefault(match["number"].lower(), {}).setdefault(sub.lower(), index)
            elif label := fold_label(provision.label):
                owners[label].add(index)
                if label[0].isdigit():
                    initials[(provision.kind.split() or [""])[-1][:1].lower() + label].add(index)
        self.any_label = {label: min(found) for label, found in owners.items() if len(found) == 1}
        self.initials = {k: min(found) for k, found in initials.items() if len(found) == 1 and k not in owners}

    def number(self, word: str) -> int | None:
        """The value of a digit or number word."""
        word = word.lower()
        return int(word) if word.isdecimal() and len(word) < 4 else self.numbers.get(word)

    def ordinal(self, word: str) -> int | None:
        """The value of an ordinal, written out or "4." or "4th"; -1 for the last, 0 for the middle one."""
        word = word.lower()
        digits = self._digit_ordinal.match(word)
        return int(digits[1]) if digits else self.ordinals.get(word)

    def resolve(self, raw: str, labels: dict[str, int]) -> int | None:
        """The provision that a label, number word or Roman numeral names in a table of labels."""
        key = fold_label(raw)
        if key in labels:
            return labels[key]
        bare = re.sub(r"['’]?s$", "", key)
        for form in (key, bare, fold_label(_PART.sub("", raw))):
            if form in labels:
                return labels[form]
            value = self.numbers.get(form)
            if value is not None and str(value) in labels:
                return labels[str(value)]
        return labels.get(_ROMAN.get(key, "")) if raw.isupper() else None
