"""Who is who: which responses come from one respondent, so that nobody counts twice and nobody is lost in another.

A name is the same name whatever its case, spacing and punctuation. What is no name (a file's name, "Borger i Nordby")
tells nobody from others, so such responses count by file; two of them that are the same file, byte for byte, count
once. Two people of one name cannot be told apart: a table of respondents (respondents.csv) can give them two.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath

from policydiff import languages
from policydiff.findings.triples import words_of
from policydiff.models import RespondentKind, Response, Resubmission

# Words from which a file that came twice is a file sent twice, and not two people who wrote "Ja tak".
_SENT_TWICE = 20


@dataclass(frozen=True, slots=True)
class Respondent:
    """One respondent: the ids of the responses in order, the name of the first, what is known of the kind.

    ``weight`` is the largest that a response of theirs has.
    """

    response_ids: tuple[str, ...]
    name: str
    kind: RespondentKind | None
    kind_guessed: bool
    weight: float


def respondents(responses: Iterable[Response]) -> list[Respondent]:
    """The respondents in the order of their first response. Every response belongs to exactly one."""
    found: dict[str, list[Response]] = {}
    for response in responses:
        found.setdefault(key_of(response), []).append(response)
    return [_respondent(theirs) for theirs in found.values()]


def numbers_of(people: Iterable[Respondent]) -> dict[str, int]:
    """For each response id, the number of its respondent."""
    return {r: number for number, person in enumerate(people) for r in person.response_ids}


def resubmissions(people: Iterable[Respondent], responses: Mapping[str, Response]) -> tuple[Resubmission, ...]:
    """The respondents who sent more than one response, and which of these repeat one before."""
    return tuple(
        resubmission(person.name, [(r, contents(responses[r])) for r in person.response_ids])
        for person in people
        if len(person.response_ids) > 1
    )


def contents(response: Response) -> frozenset[str]:
    """What makes a response the same as another: its file, byte for byte, or its words."""
    words = hashlib.sha256("\n".join(words_of(response.text)).encode(errors="surrogatepass"))
    return frozenset((response.sha256, words.hexdigest()))


def resubmission(name: str, sent: Iterable[tuple[str, frozenset[str]]]) -> Resubmission:
    """The responses of one respondent, in order: the id of each and its ``contents``."""
    seen: set[str] = set()
    ids, copies = [], []
    for response_id, same in sent:
        ids.append(response_id)
        if same & seen:
            copies.append(response_id)
        seen |= same
    return Resubmission(respondent=name, response_ids=tuple(ids), copies=tuple(copies))


def _respondent(theirs: Sequence[Response]) -> Respondent:
    told = next((r for r in theirs if r.kind is not None and not r.kind_guessed), None)
    guessed = next((r for r in theirs if r.kind is not None), theirs[0])
    by = told or guessed
    return Respondent(
        tuple(r.id for r in theirs), theirs[0].respondent, by.kind, told is None, max(r.weight for r in theirs)
    )


def key_of(response: Response) -> str:
    """A text that is the same for all responses of one respondent."""
    name = " ".join(words_of(response.respondent))
    stem = " ".join(words_of(PurePath(response.source).stem))
    # "Tenants' Federation" begins like a description of a citizen, but was found to be none.
    described = response.kind in (None, "citizen") and _unnamed().match(name)
    if name and name != stem and not described:
        return f"name {name}"
    row = "#" in response.source  # the hash of a row is of its text, which many may share
    if response.sha256 and not row and len(response.text.split()) >= _SENT_TWICE:
        return f"file {response.sha256}"
    return f"response {response.id}"


@cache
def _unnamed() -> re.Pattern[str]:
    """Of all languages: a hearing in Danish gets answers in English."""
    packs = (languages.load(code)["documents"]["respondents"] for code in languages.available())
    words = sorted({re.escape(phrase) for pack in packs for phrase in pack["unnamed"]})
    return re.compile(rf"(?:{'|'.join(words)})(?!\w)")
