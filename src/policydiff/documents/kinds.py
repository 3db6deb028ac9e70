"""What drafts call their provisions, and how they label them."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from policydiff import languages

# A label: "1", "4.10", "5a", "H1", "IV", "E", "a". Words are never labels ("Mål i tal").
_LABEL = r"(?:\d{1,3}(?:\.\d{1,3})*[a-zæøå]?|[A-ZÆØÅ]{1,3}[-.]?\d{1,3}(?:\.\d{1,3})*[a-z]?|[IVXLC]{1,6}|[A-ZÆØÅa-zæøå])"
_SEPARATOR = r"(?:\s*[:–—|]\s*|\s+-\s+|[.)]\s+|[.)]?\s*$)"
_CHAPTER_LABEL = r"(?:\d{1,3}(?:\s?[a-zæøå])?|[IVXLC]{1,6}|[A-ZÆØÅ])(?:\s*[.:–—]\s*|\s+-\s+|\s*$|\s+(?=[A-ZÆØÅ]))"
_BARE = re.compile(rf"\(?(?P<label>{_LABEL})(?P<sep>[.):]+\s*(?=\S)|\s*[–—:]\s+|\s+(?=\S)|[.):]?$)")
_PARAGRAPH = re.compile(
    r"§+\s*(?P<number>\d+(?:\.\d+)*(?:\s?[a-zæøå](?![^\W\d_]))?(?:\([a-z0-9]{1,4}\))*)(?P<after>.*)",
    re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Name:
    """What a heading says of its provision; ``at`` is where its title begins in the heading.

    ``strong`` is false where the label could as well be the first word of the title.
    """

    kind: str
    label: str
    at: int
    strong: bool = True


class Kinds:
    """The kinds of one language, as its pack lists them."""

    def __init__(self, language: str) -> None:
        pack: dict[str, Any] = languages.load(language)["documents"]["provisions"]
        self._singular: dict[str, str] = {}
        for forms in pack["nouns"]:
            for form in forms:
                self._singular.setdefault(form, forms[0])
        # Longest first, so that "indsatsområder" is read as itself and not by a shorter ending.
        self._endings = sorted(self._singular, key=len, reverse=True)
        self._not = frozenset(pack["not_nouns"])
        self._determiners = frozenset(pack["determiners"])
        self._barriers = frozenset(pack["barriers"])
        self._adjectives: list[list[str]] = pack["adjectives"]
        self._compounds: bool = pack["compounds"]
        self.paragraph: str = pack["paragraph"]
        self.item: str = pack["item"]
        self.example: str = pack["example"]
        parts = "|".join(re.escape(word).replace(r"\.", r"\.?") for word in pack["subparagraph"])
        numbers = "|".join(re.escape(word).replace(r"\.", r"\.?") for word in pack["number"])
        chapters = "|".join(re.escape(form) for word in pack["chapters"] for form in (word.capitalize(), word.upper()))
        self._chapter = re.compile(rf"(?:{chapters})\s+{_CHAPTER_LABEL}")
        self._part_word: str = pack["subparagraph"][0]
        self._number_word: str = pack["number"][0]
        self._part = re.compile(rf"(?:{parts})\s*(?P<number>\d+|\(\d+\))", re.IGNORECASE)
        self._labelled = re.compile(
            rf"(?P<name>[^\W\d_][^\d:§]{{1,40}}?)\s+(?:(?:{numbers})\s*)?"
            rf"(?P<label>{_LABEL})(?P<sep>{_SEPARATOR}|\s+(?=\S))"
        )
        self._number = re.compile(rf"(?:{numbers})\s*(?P<number>\d+)", re.IGNORECASE)

    def singular(self, word: str) -> str | None:
        """The lower-case singular of a kind noun in any of its forms or compounds, or None."""
        low = word.lower()
        if low in self._not:
            return None
        if low in self._singular:
            return self._singular[low]
        for ending in self._endings:
            stem = low.removesuffix(ending)
            if self._compounds and len(ending) > 2 and len(low) - 2 > len(ending) and stem != low and stem.isalpha():
                singular = stem + self._singular[ending]
                return None if singular in self._not else singular
        return None

    def group(self, heading: str) -> str | None:
        """The kind whose provisions a heading announces ("De fem etiske principper": etisk princip), or None."""
        words = heading.strip(" :.").lower().split()
        if not 1 <= len(words) <= 5 or self._barriers.intersection(words[:-1]):
            return None
        noun = self.singular(words[-1])
        if noun is None:
            return None
        named = [self._adjective(word) for word in words[:-1] if word not in self._determiners and not word.isdigit()]
        if len(named) > 2 or not all(word.replace("-", "").isalpha() for word in named):
            return None
        return " ".join([*named, noun])

    def _adjective(self, word: str) -> str:
        for plural, singular in self._adjectives:
            if word.endswith(plural):
                return word.removesuffix(plural) + singular
        return word

    def paragraph_name(self, heading: str) -> Name | None:
        """The name in a heading that begins with a section sign: "§ 4, stk. 2. Title", or None."""
        found = _PARAGRAPH.match(heading)
        if found is None:
            return None
        label, at = f"§ {' '.join(found['number'].split())}", found.start("after")
        for pattern, word in ((self._part, self._part_word), (self._number, self._number_word)):
            lead = re.compile(r",?\s*").match(heading, at)
            part = pattern.match(heading, lead.end() if lead else at)
            if part:
                label, at = f"{label}, {word} {part['number']}", part.end()
        return Name(self.paragraph, label, _skip(heading, at))

    def part_name(self, line: str, paragraph: str) -> Name | None:
        """The name of "Stk. 2." under the label of its paragraph, or None."""
        found = self._part.match(line)
        if found is None or not line[found.end() :].startswith("."):
            return None
        base = paragraph.split(",", 1)[0]
        return Name(self.paragraph, f"{base}, {self._part_word} {found['number']}", _skip(line, found.end()))

    def chapter(self, line: str) -> int | None:
        """Where the number of a chapter ends in a line that begins with one ("Kapitel 2. Straf"), or None."""
        found = self._chapter.match(line)
        return None if found is None else found.end()

    def labelled_name(self, heading: str) -> Name | None:
        """The name in "Pejlemærke 1: Title" or "Objective 2", or None.

        A single letter without a stop or colon after it counts only as a capital.
        """
        found = self._labelled.match(heading)
        if found is None:
            return None
        kind = self.group(found["name"])
        plain = not found["sep"].strip() and found.end() < len(heading)
        if kind is None or (plain and found["label"].isalpha() and found["label"].islower()):
            return None
        return Name(kind, found["label"], found.end(), strong=not plain)

    def bare_name(self, heading: str, kind: str) -> Name | None:
        """The name in "A. Title", "1.1 Title" or "a Title", given the kind that the group has, or None."""
        found = _BARE.match(heading)
        if found is None:
            return None
        plain = not found["sep"].strip() and found.end() < len(heading)
        weak = plain and found["label"].isalpha()
        return Name(kind, found["label"], found.end(), strong=not weak)


def _skip(text: str, at: int) -> int:
    lead = re.compile(r"[.:]?\s*(?:[–—-]\s+)?").match(text, at)
    return lead.end() if lead else at


@cache
def kinds(language: str) -> Kinds:
    """The kinds of a language.

    Raises:
        SettingsError: there is no pack for it.
    """
    return Kinds(language)
