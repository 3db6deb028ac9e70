"""The words of the review spreadsheet in the reader's language, and what they mean when they are read back."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from policydiff.documents import normalise
from policydiff.errors import valid
from policydiff.models import STANCES, Policy, Stance
from policydiff.report.wording import available, wording

STANCE_COLUMNS = ("stance_1", "stance_2", "stance_3")
GIVEN = ("respondent", "section", "page", "passage", "provision", "confidence", "found", "why")
FILLED_IN = ("decision", *STANCE_COLUMNS, "reviewer", "reason")
KEYS = ("passage_id", "provision_id")
FINDINGS = (*GIVEN, *FILLED_IN, *KEYS)
MISSED = ("passage_id", "provision", *STANCE_COLUMNS, "reviewer", "reason")


@dataclass(frozen=True)
class Words:
    """One language: names of sheets and columns, of the decisions yes and no, of stances and evidence."""

    language: str
    sheets: dict[str, str]
    columns: dict[str, str]
    decisions: dict[str, str]
    guide: dict[str, Any]
    stances: dict[Stance, str]
    via: dict[str, str]

    def joined(self, stances: Iterable[Stance]) -> str:
        """Stances as a cell shows them."""
        return ", ".join(self.stances[s] for s in stances)


@cache
def words_of(language: str) -> Words:
    """The words of a language.

    Raises:
        SettingsError: there are none.
    """
    shared = wording(language)
    own = tomllib.loads((files("policydiff.review") / f"{language}.toml").read_text(encoding="utf-8"))
    return Words(
        language=language,
        sheets=own["sheets"],
        columns=own["columns"],
        decisions=own["decisions"],
        guide=own["guide"],
        stances={s: shared["stances"][s] for s in STANCES},
        via=shared["via"],
    )


def words_in_use(sheets: Iterable[str]) -> Words | None:
    """The words of the language that a workbook with these sheets is in; None where it is no review."""
    present = set(sheets)
    spoken = (words_of(code) for code in available())
    return next((w for w in spoken if {w.sheets["findings"], w.sheets["guide"]} <= present), None)


def text_shown(text: str) -> str:
    """The text of a passage without its layout, as rows show it."""
    return valid(normalise(text).text)


def names_of(policy: Policy) -> dict[str, str]:
    """What each provision is called in the lists, by id: "princip E: Gensidighed"; with its id where two are alike."""
    names = {
        p.id: ": ".join(" ".join(part.split()) for part in (f"{p.kind} {p.label}", p.title) if part.strip())
        for p in policy.provisions
    }
    many = {name for name in names.values() if list(names.values()).count(name) > 1}
    return {id_: f"{name} [{id_}]" if name in many else name for id_, name in names.items()}
