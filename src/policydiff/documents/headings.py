"""Which lines of a response are headings: those of the template, marked ones, and short ones that stand alone."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from policydiff import languages
from policydiff.documents.kinds import kinds
from policydiff.documents.lines import Line, one_line

# Longer lines are sentences that lack a full stop. Template headings are not measured.
_LONGEST = 100
_MOST_WORDS = 9
_MOST_WORDS_MARKED = 14
_LONGEST_NAME = 120
_LONGEST_LABEL = 200
_MOST_WORDS_OF_NAME = 16
_MARKED = re.compile(r"#{1,6}\s+(?=\S)")
_NUMBERED = re.compile(r"(?:\d{1,2}(?:\.\d{1,2})*\.?|[IVX]{1,4}\.|[A-ZÆØÅ]\.|§+\s*\d[\w.]*)\s+(?=[^\W\d_])")
_STOP = re.compile(r"([^\W\d_][\w.]*)[.!?]+\s+(?=[^\W\d_])")
_ENDS_OPEN = re.compile(r"[.;,…]$")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class _Words:
    template: re.Pattern[str]
    sender: re.Pattern[str]
    reference: re.Pattern[str]
    never: re.Pattern[str]
    question: re.Pattern[str]
    greeting: re.Pattern[str]
    noise: re.Pattern[str]
    letter: tuple[str, ...]
    abbreviations: frozenset[str]


def _any_of(words: list[str]) -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(re.escape(word) for word in words)})\b", re.IGNORECASE)


@cache
def _words(language: str) -> _Words:
    pack: dict[str, Any] = languages.load(language)["documents"]["passages"]

    def template(patterns: list[str]) -> re.Pattern[str]:
        joined = "|".join(pattern.replace(" ", r"\s+") for pattern in patterns)
        return re.compile(rf"(?:\d{{1,2}}\.\s+)?(?:{joined})", re.IGNORECASE)

    return _Words(
        template(pack["templates"]),
        template(pack["sender"]),
        _any_of(pack["references"]),
        _any_of(pack["never"]),
        _any_of(pack["question_words"]),
        _any_of(pack["greetings"]),
        re.compile("|".join(pack["noise"]), re.IGNORECASE),
        tuple(pack["letter"]),
        frozenset(languages.load(language)["documents"]["sentences"]["abbreviations"]),
    )


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading ``[start, end)``, its ``name`` on one line.

    ``template``: a response template prints it; ``sender``: it asks who answers; ``marked``: the format
    or Markdown's marks make it a heading.
    """

    start: int
    end: int
    name: str
    template: bool = False
    sender: bool = False
    marked: bool = False


def is_noise(line: Line, language: str) -> bool:
    """Whether the line is no writing of the respondent: a bare link address or a page number."""
    return _words(language).noise.fullmatch(line.text) is not None


def letter_words(language: str) -> tuple[str, ...]:
    """Lower-case phrases of the letter that asks for responses."""
    return _words(language).letter


def template_heading(text: str, line: Line, language: str, template: re.Pattern[str] | None = None) -> Heading | None:
    """The template heading that begins at ``line``, which may run on over the next lines, or None.

    ``template`` matches the headings of the template at hand, besides those that the language knows.

    What follows on the heading's last line must be nothing, or an answer that begins with a capital, as
    where the cells of a row were written on one line.
    """
    words = _words(language)
    for pattern, sender in ((words.template, False), (words.sender, True), (template, False)):
        found = pattern.match(text, line.start) if pattern is not None else None
        if found is None:
            continue
        rest = re.compile(r"[ \t]*:?[ \t]*").match(text, found.end())
        after = rest.end() if rest else found.end()
        if after >= len(text) or text[after] in "\r\n\f":
            end = found.end() + len(rest.group().rstrip()) if rest else found.end()  # with its colon
            return Heading(found.start(), end, one_line(found.group()), not sender, sender)
        if not sender and after > found.end() and text[after].isupper():
            return Heading(found.start(), found.end(), one_line(found.group()), template=True)
    return None


def without_label(line: str, language: str) -> str:
    """``line`` without a label such as "Afsender:" before the name of who answers."""
    found = _words(language).sender.match(line)
    rest = line[found.end() :].lstrip(" :") if found is not None and found.group().endswith(":") else ""
    return rest or line


def marked_heading(line: Line) -> Heading | None:
    """The heading of a line with Markdown's marks, or None."""
    found = _MARKED.match(line.text)
    if found is None:
        return None
    return Heading(line.start, line.end, one_line(line.text[found.end() :].rstrip("# ")), marked=True)


def hinted_heading(text: str, start: int, end: int, language: str) -> Heading:
    """The heading that a format marked as one."""
    name, words = one_line(text[start:end]), _words(language)
    template = words.template.fullmatch(name.rstrip(" :")) is not None
    return Heading(start, end, name, template, words.sender.fullmatch(name) is not None, marked=True)


def may_be_name(line: str, language: str) -> bool:
    """Whether the first line of a response, standing alone, is the name of who sent it."""
    words = _words(language)
    return (
        len(line) <= _LONGEST_NAME
        and (line[0].isupper() or line[0].isdigit())
        and len(_WORD.findall(line)) <= _MOST_WORDS_OF_NAME
        and (re.search(r"[.!?:;,]$", line) is None or _abbreviated(line, words))
        and not _two_sentences(line, words)
        and not _never(line, words)
        and words.reference.match(line) is None
        and kinds(language).labelled_name(line) is None
        and kinds(language).paragraph_name(line) is None
    )


def may_be_label(line: str, language: str) -> bool:
    """Whether a template may print the line, were it to recur: no greeting, no end of a sentence but a question's."""
    never = _words(language).never.match(line)
    return (
        2 < len(line) <= _LONGEST_LABEL
        and (line[0].isupper() or line[0].isdigit() or line[0] in "§”\"“»'(")
        and not line.endswith((".", ",", ";", "!", "…"))
        and re.search(r"[^\W\d_]{2}", line) is not None
        and never is None
    )


def _two_sentences(line: str, words: _Words) -> bool:
    return any(len(m[1]) > 2 and m[1].lower() not in words.abbreviations for m in _STOP.finditer(line))


def _never(line: str, words: _Words) -> bool:
    found = words.never.match(line)
    return found is not None and found.end() < len(line)


def _abbreviated(line: str, words: _Words) -> bool:
    return line.endswith(".") and line[:-1].split()[-1].lower() in words.abbreviations


def plain_heading(line: Line, language: str) -> Heading | None:
    """The heading that a line standing alone is by its wording, or None."""
    text, words = line.text, _words(language)
    if (
        len(text) > _LONGEST
        or _ENDS_OPEN.search(text)
        or not (text[0].isupper() or text[0].isdigit() or text[0] in "§”\"“»'(")
    ):
        return None
    numbered = _NUMBERED.match(text)
    body = text[numbered.end() :] if numbered else text
    count = len(_WORD.findall(body))
    pointed = words.reference.match(body) is not None
    asks = words.question.match(body) is not None
    if not count or count > (_MOST_WORDS_MARKED if pointed or numbered else _MOST_WORDS + asks):
        return None
    if _two_sentences(body, words) or _never(body, words):
        return None
    if text[-1] == "?" and not asks:
        return None
    if text[-1] == "!" and not words.greeting.match(body):
        return None
    if text[-1] == ":" and not (pointed or numbered):
        return None
    return Heading(line.start, line.end, one_line(text))


def numbered_or_pointing(line: Line, language: str) -> bool:
    """Whether the line begins as headings do that need no blank line after them: "1. ", "Ad ", "Vedr. "."""
    return bool(_NUMBERED.match(line.text) or _words(language).reference.match(line.text))
