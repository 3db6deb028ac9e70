"""The kinds of provision in one draft, and the nouns that mean them: the draft's own and those of other languages."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from policydiff import languages
from policydiff.models import Policy


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of provision: its nouns, and its provisions in the order of the draft."""

    name: str
    singular: frozenset[str]
    definite: frozenset[str]
    plural: frozenset[str]
    definite_plural: frozenset[str]
    members: tuple[int, ...]
    labels: dict[str, int]
    weak: bool

    @property
    def nouns(self) -> frozenset[str]:
        """All its forms, singular and plural."""
        return self.singular | self.plural

    def nth(self, number: int) -> int | None:
        """The provision labelled with a number, else the one that stands there; -1 is the last, 0 the middle one."""
        if number <= 0:
            at = number + len(self.members) if number else len(self.members) // 2
            return self.members[at] if at >= 0 else None
        if str(number) in self.labels:
            return self.labels[str(number)]
        return self.members[number - 1] if number <= len(self.members) else None


@dataclass(slots=True)
class _Forms:
    """The nouns of one kind while they are collected."""

    singular: set[str] = field(default_factory=set)
    definite: set[str] = field(default_factory=set)
    plural: set[str] = field(default_factory=set)
    definite_plural: set[str] = field(default_factory=set)

    def add(self, entry: dict[str, Any], stem: str, taken: Iterable[str] = (), *, own: bool = False) -> None:
        """Adds the forms of an entry, except those that another kind has; of an ``own`` weak noun the definite too."""
        barred = set(taken)
        self.singular |= {stem + w for w in [*entry["sg"], *entry.get("abbr", ())]} - barred
        if own or not entry.get("weak"):
            self.definite |= {stem + w for w in entry["sg"][1:2]} - barred
        self.plural |= {stem + w for w in entry["pl"]} - barred
        self.definite_plural |= {stem + w for w in entry["pl"][1:2]} - barred

    def all(self) -> set[str]:
        return self.singular | self.plural


def _last(kind: str) -> str:
    return (kind.split() or [""])[-1]


def _entries(code: str) -> list[dict[str, Any]]:
    return list(languages.load(code).get("references", {}).get("nouns", ()))


def _inflected(kind: str, code: str) -> dict[str, Any]:
    """Forms of a kind that no list has, by the endings of the language."""
    words = languages.load(code)["references"]["grammar"]
    return {
        "sg": [_last(kind) + ending for ending in words["singular_endings"]],
        "pl": [_last(kind) + ending for ending in words["plural_endings"]],
    }


def kinds_of(policy: Policy, code: str, labels: Sequence[str]) -> tuple[Kind, ...]:
    """The kinds of a draft, with its nouns and what other languages call them.

    ``code`` is the language whose nouns count where the draft's own has no pack, ``labels`` are the keys under
    which the provisions are looked up, empty for those without one.
    """
    own = policy.language if policy.language in languages.available() else code
    members: defaultdict[str, list[int]] = defaultdict(list)
    for index, provision in enumerate(policy.provisions):
        members[provision.kind.lower()].append(index)
    heads: dict[str, dict[str, Any]] = {}
    for kind in members:
        fitting = [e for e in _entries(own) if kind.endswith(e["sg"][0])]
        heads[kind] = max(fitting, key=lambda e: len(e["sg"][0]), default=_inflected(kind, own))
    forms = _own_forms(heads, _entries(own))
    for other in languages.available():
        if other != own:
            _translate(forms, heads, _entries(other))
    result = []
    for kind, found in forms.items():
        table: dict[str, int] = {}
        for i in members[kind]:
            if labels[i]:
                table.setdefault(labels[i], i)
        sets = (found.singular, found.definite, found.plural, found.definite_plural)
        singular, definite, plural, definite_plural = (frozenset(s if kind else ()) for s in sets)
        weak = bool(heads[kind].get("weak", False))
        result.append(Kind(kind, singular, definite, plural, definite_plural, tuple(members[kind]), table, weak))
    return tuple(result)


def _own_forms(heads: dict[str, dict[str, Any]], entries: Sequence[dict[str, Any]]) -> dict[str, _Forms]:
    """The nouns of each kind in the draft's language; a compound also goes by its head where no other kind does."""
    forms = {kind: _Forms() for kind in heads}
    for kind, entry in heads.items():
        last = _last(kind)
        forms[kind].add(entry, last[: len(last) - len(entry["sg"][0])], own=True)
    taken = {w for found in forms.values() for w in found.all()}
    for kind, entry in heads.items():
        if any(k != kind and e["sg"][0] == entry["sg"][0] for k, e in heads.items()):
            continue
        for extra in [entry, *(e for e in entries if e["sg"][0] in entry.get("also", ()))]:
            forms[kind].add(extra, "", taken)
    return forms


def _translate(forms: dict[str, _Forms], heads: dict[str, dict[str, Any]], entries: Sequence[dict[str, Any]]) -> None:
    """Adds the nouns of another language to the kind whose meaning is nearest, if one is.

    Entries list what they mean, the nearest first, in words that all packs share.
    """
    taken = {w for found in forms.values() for w in found.all()}
    for entry in entries:
        ranks: dict[int, list[str]] = {}
        for kind, head in heads.items():
            shared = [m for m in entry.get("means", ()) if m in head.get("means", ())]
            if shared:
                compound = int(_last(kind) != head["sg"][0])
                rank = min(entry["means"].index(m) + head["means"].index(m) for m in shared) + compound
                ranks.setdefault(rank, []).append(kind)
        nearest = ranks[min(ranks)] if ranks else []
        if len(nearest) == 1:
            forms[nearest[0]].add(entry, "", taken)
