"""The reader's language: how the page calls things and writes numbers."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from policydiff.models import Provision
from policydiff.report.html.marking import shown
from policydiff.report.terminal import name_of
from policydiff.report.wording import wording

_ALMOST = 0.99  # above it no percentage is shown, since 100 % would say too much


@cache
def _page_words(language: str) -> dict[str, Any]:
    return tomllib.loads((files(__package__) / f"{language}.toml").read_text(encoding="utf-8"))


class Names:
    """Words and numbers in one language.

    ``shared`` are the tables that all reports share, ``words`` those of the page.

    Raises:
        SettingsError: there is no wording in that language.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self.shared = wording(language)
        self.words = _page_words(language)

    def provision(self, provision: Provision) -> str:
        """What people call it in a sentence: "princip E", "§ 4, stk. 2", or its title in quotation marks."""
        if provision.label.startswith("§"):  # the sign says the kind
            return shown(provision.label)
        return shown(name_of(provision))

    def noun(self, number: int, noun: str) -> str:
        """The noun alone, agreeing with a number that stands elsewhere."""
        one, many = self.shared["nouns"][noun]
        return str(one if number == 1 else many)

    def number_of(self, number: int, noun: str) -> str:
        """A number with its noun, in figures throughout: "1 høringspart", "14 citater"."""
        return f"{number} {self.noun(number, noun)}"

    def percent(self, probability: float) -> str:
        """Whole percent, with "over 99 %" for what would round up to certainty."""
        if probability > _ALMOST:
            return str(self.words["almost"])
        return str(self.words["percent"]).format(round(100 * probability))

    def listed(self, items: tuple[str, ...]) -> str:
        """The items as a sentence lists them: "A, B og C"."""
        return f" {self.words['and']} ".join(part for part in (", ".join(items[:-1]), items[-1]) if part)
