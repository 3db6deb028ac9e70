"""The words and labels with which responses refer to one draft: its kinds, their inflections, its labels.

Everything word-like comes from the language pack; here it is combined with the kinds and labels of one policy.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from policydiff import languages
from policydiff.models import Policy

_PARAGRAPH = re.compile(
    r"§+\s*(?P<number>\d+(?:\.\d+)*[a-z]?)\s*(?:\((?P<letter>\w+)\)|,?\s*[^\W\d_]+\.?\s*(?P<sub>\d+))?",
    re.IGNORECASE,
)
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "xi": "11", "xii": "12"}


def fold_label(label: str) -> str:
    """A label as it is looked up: lower case, without brackets, spaces and closing points."""
    return re.sub(r"[\s()\[\]]", "", label).rstrip(".").replace(",", ".").lower()


def either(words: Iterable[str]) -> str:
    """A regular expression for any of the words, the longest first."""
    listed = sorted(set(words), key=lambda w: (-len(w), w))
    return "(?:" + "|".join(re.escape(w).replace(r"\ ", r"\s+") for w in listed) + ")" if listed else r"(?!)"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of provision: its nouns, and its provisions in the order of the draft."""

    name: str
    singular: frozenset[str]
    definite: frozenset[str]
    plural: frozenset[str]
    members: tuple[int, ...]
    labels: dict[str, int]
    weak: bool

    @property
    def nouns(self) -> frozenset[str]:
        """All its forms, singular and plural."""
        return self.singular | self.plural

    def nth(self, number: int) -> int | None:
        """The provision that is labelled with a number, else the one that stands there in the order."""
        if str(number) in self.labels:
            return self.labels[str(number)]
        return self.members[number - 1] if 0 < number <= len(self.members) else None


class Grammar:
    """The reference words of one language, for the kinds and labels of one policy."""

    def __init__(self, policy: Policy, language: str) -> None:
        pack = languages.load(language).get("references", {})
        self.words: dict[str, Any] = pack["grammar"]
        self.ordinals: dict[str, int] = dict(pack["ordinals"])
        self.numbers: dict[str, int] = dict(pack["numbers"])
        self.nicknames: dict[str, int] = dict(pack["nicknames"])
        self.paragraphs: dict[str, dict[str, int]] = {}
        self.kinds: tuple[Kind, ...] = tuple(self._kinds(policy, pack["nouns"]))
        self.any_label: dict[str, int] = {}
        self.initials: dict[str, int] = {}
        self._index_labels(policy)
        self.by_noun: dict[str, Kind] = {noun: kind for kind in self.kinds for noun in kind.nouns}
        self.kind_of: dict[int, Kind] = {i: kind for kind in self.kinds for i in kind.members}
        spelt = either([*self.ordinals, *self.words["last"], *self.words["middle"]])
        endings = either(self.words["ordinal_endings"])
        self.ordinal_pattern = rf"(?:{spelt}|\d{{1,2}}{endings})"
        self._digit_ordinal = re.compile(rf"(\d{{1,2}}){endings}$")

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

    def _kinds(self, policy: Policy, entries: Sequence[dict[str, Any]]) -> list[Kind]:
        members: defaultdict[str, list[int]] = defaultdict(list)
        for index, provision in enumerate(policy.provisions):
            members[provision.kind.lower()].append(index)
        heads: dict[str, dict[str, Any]] = {}
        for kind in members:
            fitting = [e for e in entries if kind.endswith(e["sg"][0])]
            heads[kind] = max(fitting, key=lambda e: len(e["sg"][0]), default=self._inflect(kind))
        forms: dict[str, tuple[set[str], set[str], set[str]]] = {}
        for kind, entry in heads.items():
            last = (kind.split() or [""])[-1]
            stem = last[: len(last) - len(entry["sg"][0])]
            forms[kind] = (
                {stem + w for w in entry["sg"]},
                {stem + w for w in entry["sg"][1:2]},
                {stem + w for w in entry["pl"]},
            )
        taken = {w for sg, _, pl in forms.values() for w in sg | pl}
        for kind, entry in heads.items():
            rivals = [k for k, e in heads.items() if k != kind and e["sg"][0] == entry["sg"][0]]
            also = [e for e in entries if e["sg"][0] in entry.get("also", ())]
            for extra in [entry, *also] if not rivals else []:
                free = [{w for w in extra[key] if w not in taken} for key in ("sg", "pl")]
                forms[kind][0].update(free[0])
                forms[kind][1].update(w for w in extra["sg"][1:2] if w in free[0])
                forms[kind][2].update(free[1])
        result = []
        for kind, (singular, definite, plural) in forms.items():
            labels: dict[str, int] = {}
            for i in members[kind]:
                label = policy.provisions[i].label
                match = _PARAGRAPH.match(label)
                key = fold_label(label) if match is None else match["number"].lower()
                if key:
                    labels.setdefault(key, i)
            result.append(
                Kind(
                    kind,
                    frozenset(singular if kind else ()),
                    frozenset(definite if kind else ()),
                    frozenset(plural if kind else ()),
                    tuple(members[kind]),
                    labels,
                    bool(heads[kind].get("weak", False)),
                )
            )
        return result

    def _inflect(self, kind: str) -> dict[str, Any]:
        """Forms of a kind that no list has, by the pack's endings."""
        last = (kind.split() or [""])[-1]
        return {
            "sg": [last + ending for ending in self.words["singular_endings"]],
            "pl": [last + ending for ending in self.words["plural_endings"]],
        }

    def number(self, word: str) -> int | None:
        """The value of a digit or number word."""
        word = word.lower()
        return int(word) if word.isdecimal() and len(word) < 4 else self.numbers.get(word)

    def ordinal(self, word: str) -> int | None:
        """The value of an ordinal, written out or "4." or "4th"; -1 for the last, 0 for the middle one."""
        word = word.lower()
        if word in self.listed("last"):
            return -1
        if word in self.listed("middle"):
            return 0
        digits = self._digit_ordinal.match(word)
        return int(digits[1]) if digits else self.ordinals.get(word)

    def resolve(self, raw: str, labels: dict[str, int]) -> int | None:
        """The provision that a label, number word or Roman numeral names in a table of labels."""
        key = fold_label(raw)
        if key in labels:
            return labels[key]
        bare = re.sub(r"['’]?s$", "", key)
        for form in (key, bare):
            if form in labels:
                return labels[form]
            value = self.numbers.get(form)
            if value is not None and str(value) in labels:
                return labels[str(value)]
        return labels.get(_ROMAN.get(key, "")) if raw.isupper() else None
