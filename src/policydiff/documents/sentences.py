"""Where sentences end: a stop, what stands before it, and what follows it."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from policydiff import languages
from policydiff.documents.lines import trimmed

# A stop or several, closing quotation marks and brackets, then white space or the end.
_STOP = re.compile(r"(?P<stop>[.!?…]+)(?P<close>[”\"“»«'’)\]]*)(?=\s|$)")
_BLANK_LINE = re.compile(r"\n[ \t]*\r?\n\s*")
_WORD_BEFORE = re.compile(r"[^\s(\[”\"“„»«'’]+$")
_OPENING = "”\"“„»«'’(["
_INITIAL = re.compile(r"(?:[A-ZÆØÅ]\.-?)*[A-ZÆØÅ]")
_SENTENCE_START = re.compile(r"[a-zæøå]{3}[.!?]\s+([^\W\d_])")
_WINDOW = 60  # characters: longer than any abbreviation with the word before it
_AROUND = 300  # characters: a few sentences
_ORDINAL = re.compile(r"\d{1,3}|[IVXLC]+")
# Characters up to which a text is remembered with its sentences: all passages. Each stage asks for the passages of a
# response again, and most responses have fewer of them than this.
_PASSAGE, _PASSAGES = 4000, 512


@dataclass(frozen=True, slots=True)
class _Words:
    abbreviations: frozenset[str]
    final: frozenset[str]
    months: frozenset[str]


@cache
def _words(language: str) -> _Words:
    pack = languages.load(language)["documents"]["sentences"]
    return _Words(frozenset(pack["abbreviations"]), frozenset(pack["final"]), frozenset(pack["months"]))


def split_sentences(text: str, language: str) -> list[tuple[int, int]]:
    """The spans of the sentences of ``text`` in order, without white space around them.

    Together they hold every character that is not white space. A blank line always ends a sentence.

    Raises:
        SettingsError: there is no pack for ``language``.
    """
    return list(_remembered(text, language) if len(text) <= _PASSAGE else _split(text, language))


def _split(text: str, language: str) -> tuple[tuple[int, int], ...]:
    words = _words(language)
    ends = {m.end() for m in _STOP.finditer(text) if _ends(text, m, words)}
    ends.update(m.start() for m in _BLANK_LINE.finditer(text))
    spans: list[tuple[int, int]] = []
    at = 0
    for end in (*sorted(ends), len(text)):
        start, stop = trimmed(text, at, end)
        if start < stop:
            spans.append((start, stop))
        at = end
    return tuple(spans)


_remembered = lru_cache(_PASSAGES)(_split)


def _ends(text: str, stop: re.Match[str], words: _Words) -> bool:
    """Whether a sentence ends at ``stop``, from what stands within ``_WINDOW`` characters of it."""
    following = text[stop.end() : stop.end() + _WINDOW].lstrip()
    if not following:
        return True
    bare = following.lstrip(_OPENING + "-–—•* ")
    first = bare[0] if bare else ""
    lead = text[max(0, stop.start() - _WINDOW) : stop.start()]
    found = _WORD_BEFORE.search(lead)
    before = found.group() if found else ""
    lead = lead[: len(lead) - len(before)]
    low = before.lower().lstrip(_OPENING)
    if first.islower():
        # Lower case goes on with the sentence, unless the writer uses no capitals.
        plain = stop["stop"] != "…" and not stop["close"] and low not in words.abbreviations
        return plain and len(low) > 2 and low.isalpha() and _without_capitals(text, stop)
    if stop["stop"] != ".":
        return True
    if low in words.final:
        return first.isupper()
    if low in words.abbreviations or (_INITIAL.fullmatch(before) and _in_name(lead, before)):
        return bool(stop["close"]) and first.isupper()
    if _ORDINAL.fullmatch(before):
        return _after_number(lead, following, words)
    return True


def _in_name(lead: str, initial: str) -> bool:
    """Whether a capital with a stop is an initial ("Morten C. Larsen") or an enumerator, not a label ("princip E.")."""
    names = lead.split()
    return "." in initial or not names or names[-1][0].isupper() or lead.endswith("\n")


def _after_number(lead: str, following: str, words: _Words) -> bool:
    """Whether a stop after a number ends the sentence: not in "10. april" and not in the enumerator "3. "."""
    lead = lead.rstrip("§ \t")
    if not lead or lead[-1] in "\n!?:":
        return False
    if lead[-1] == "." and lead.split()[-1][:-1].lower() not in words.abbreviations:
        return False
    next_word = re.match(r"[^\W\d_]+", following)
    if next_word and next_word.group().lower() in words.months:
        return False
    return following[0].isupper() or following[0] in _OPENING


def _without_capitals(text: str, stop: re.Match[str]) -> bool:
    """Whether most sentences around ``stop`` begin in lower case."""
    around = text[max(0, stop.start() - _AROUND) : stop.end() + _AROUND]
    starts: list[str] = [m[1] for m in _SENTENCE_START.finditer(around)]
    lower: int = sum(char.islower() for char in starts)
    return lower * 2 > len(starts)
