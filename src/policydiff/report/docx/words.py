"""The wording of the memo, in the language of the report: a TOML file a language."""

import tomllib
from collections.abc import Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from policydiff.models import Provision
from policydiff.report.docx.quoting import plain
from policydiff.report.wording import available, counted, wording

_MOST_NAMES = 12  # respondents that a sentence names; the quotations below it name all


class Words:
    """Sentences and numbers in one language.

    Raises:
        SettingsError: there is no wording in that language.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self.shared = wording(language)
        self.own = _own(language)

    def __getitem__(self, key: str) -> Any:
        return self.own[key]

    def counted(self, number: int, noun: str, *, first: bool = False) -> str:
        """A number with its noun; ``first`` in a sentence it has a capital."""
        text = counted(number, noun, self.language)
        return text[:1].upper() + text[1:] if first else text

    def listed(self, names: Sequence[str], *, most: int = _MOST_NAMES) -> str:
        """A sentence's list: "A, B og C"; of more than ``most`` names the first ones, and how many others there are."""
        if len(names) > most + 1:
            names = [*names[:most], self.own["others"].format(number=len(names) - most)]
        if len(names) < 2:
            return "".join(names)
        return f"{', '.join(names[:-1])} {self.own['and']} {names[-1]}"

    def decimal(self, number: float) -> str:
        """A probability with two decimals and the language's own mark between."""
        return f"{number:.2f}".replace(".", self.own["decimal"])

    def day(self, day: date) -> str:
        """A date with the month in letters."""
        return str(self.own["day"]).format(day=day.day, month=self.own["months"][day.month - 1], year=day.year)

    def quoted(self, text: str) -> str:
        """``text`` in quotation marks."""
        opening, closing = self.own["marks"]
        return f"{opening}{text}{closing}"

    def name(self, provision: Provision) -> str:
        """What a sentence calls a provision: "princip E", "§ 4, stk. 2", or its title in quotation marks."""
        if provision.label:
            alone = provision.label.startswith("§")
            return plain(provision.label if alone else f"{provision.kind} {provision.label}")
        return self.quoted(plain(provision.title)) if provision.title else plain(provision.kind)

    def heading(self, provision: Provision) -> str:
        """What the heading over a provision says: its name and its title."""
        title = plain(provision.title)
        name = plain(provision.kind) if title and not provision.label else self.name(provision)
        name = name[:1].upper() + name[1:]
        return f"{name}: {title}" if title else name


def locale_of(language: str) -> str:
    """The locale that a spell check knows a language by: that of our wording, or the bare code."""
    return str(_own(language)["locale"]) if language in available() else language


@cache
def _own(language: str) -> dict[str, Any]:
    name = f"{language}.toml"
    return tomllib.loads((files("policydiff.report.docx") / name).read_text(encoding="utf-8"))
