"""Who sent a response, where the document says it, and what kind of sender that seems to be."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import PurePath
from typing import Any

from policydiff import languages
from policydiff.documents.headings import may_be_name, without_label
from policydiff.documents.lines import one_line
from policydiff.documents.reading import Document
from policydiff.models import RespondentKind

_NAME_LENGTH = 200
# A signature stands within this many lines of the end, a label such as "Afsender:" within as many of the beginning.
_SIGNATURE_LINES = 12
_LABEL_LINES = 12
_CONTACT = re.compile(r"\S+@\S+|https?://\S+|www\.\S+|\+?\d[\d \-/]{6,}\d|█+")
_NAME = re.compile(r"(?:[A-ZÆØÅÉÖÄÜ][\w’'.-]*\s+){1,4}[A-ZÆØÅÉÖÄÜ][\w’'-]+")
_TITLE = re.compile(r"^(?:v(?:\.|/)\s*|ved\s+)", re.IGNORECASE)


@cache
def _pack(language: str) -> dict[str, Any]:
    pack: dict[str, Any] = languages.load(language)["documents"]["respondents"]
    return pack


@cache
def _kind_words(language: str) -> tuple[tuple[RespondentKind, re.Pattern[str]], ...]:
    found: list[tuple[RespondentKind, re.Pattern[str]]] = []
    for kind, forms in _pack(language)["kinds"].items():
        joined = "|".join(map(re.escape, forms["words"]))
        ends = "|".join(map(re.escape, forms["endings"]))
        pattern = rf"(?<!\w)(?:{joined})(?!\w)" + (rf"|\w(?:{ends})(?!\w)" if ends else "")
        found.append((kind, re.compile(pattern, re.IGNORECASE)))
    return tuple(found)


def respondent_of(document: Document, blocks: Sequence[tuple[str, str, str]], language: str) -> str:
    """The respondent of a document whose blocks are given as (kind, section, text).

    In this order: a table's word, the sender's cell or line, the sender of a mail, the name that opens the
    document, the name below the closing words, the file's name without its suffix.
    """
    if document.respondent:
        return one_line(document.respondent)[:_NAME_LENGTH]
    found = _cell(blocks) or _labelled(document.text, language) or document.sender
    if not found and blocks and blocks[0][0] == "front" and len(blocks[0][2].splitlines()) == 1:
        found = without_label(one_line(blocks[0][2]), language)
    found = found or _signature(document.text, language) or PurePath(document.source).stem
    return one_line(found)[:_NAME_LENGTH]


def _cell(blocks: Sequence[tuple[str, str, str]]) -> str:
    sender = [text for kind, section, text in blocks if kind == "front" and section]
    return sender[0].splitlines()[0] if sender else ""


def _labelled(text: str, language: str) -> str:
    """The name on one of the first lines after a label such as "Afsender:", on the same line."""
    for line in text[:5000].splitlines()[:_LABEL_LINES]:
        bare = one_line(line)
        name = without_label(bare, language) if bare else ""
        if name and name != bare:
            return name
    return ""


def _signature(text: str, language: str) -> str:
    """The name below "Med venlig hilsen", with the line after it where that names an organisation."""
    lines = [one_line(line) for line in text[-5000:].splitlines() if line.strip()]
    tail = lines[-_SIGNATURE_LINES:]
    closings: list[str] = _pack(language)["closings"]
    for n, line in reversed(list(enumerate(tail))):
        low = line.lower()
        closing = next((c for c in closings if low.startswith(c)), None)
        if closing is None:
            continue
        on_line = line[len(closing) :].strip(" ,.!:–-")
        names = ([on_line] if on_line else []) + tail[n + 1 :]
        names = [_CONTACT.sub("", _TITLE.sub("", name)).strip(" ,.;:–-") for name in names[:4]]
        names = [name for name in names if name]
        if not names or not may_be_name(names[0], language):
            return ""
        more = next((name for name in names[1:] if _kind_by_words(name, language) and len(name) < 80), "")
        return f"{names[0]}, {more}" if more else names[0]
    return ""


def guessed_kind(respondent: str, text: str, language: str) -> RespondentKind | None:
    """What kind of sender a name and the words of a response suggest; None where they suggest nothing.

    A word of the name that tells a kind ("Lokaludvalg", "A/S") is taken before all else, the first one in it;
    a personal name, or none, with a text in the first person singular is a citizen's.
    """
    known = _kind_by_words(respondent, language)
    if known is not None:
        return known
    single, plural = (len(re.findall(p, text[:20_000], re.IGNORECASE)) for p in _pack(language)["persons"])
    return "citizen" if single > plural or (_NAME.fullmatch(respondent) and single) else None


def _kind_by_words(name: str, language: str) -> RespondentKind | None:
    best: tuple[int, RespondentKind] | None = None
    for kind, words in _kind_words(language):
        found = words.search(name)
        if found is not None and (best is None or found.start() < best[0]):
            best = (found.start(), kind)
    return None if best is None else best[1]
