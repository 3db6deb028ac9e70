"""Text that remembers where each of its characters came from.

Matching works on normalised text; what is shown is the original. A ``MappedText`` carries, for every
character, the half-open span of the original that it stands for, so that any span found in it can be
brought back exactly.
"""

import re
import unicodedata
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from policydiff import languages

# Presentation forms that PDF text layers carry instead of letters (Unicode block FB00-FB06).
_LIGATURES = {chr(c): unicodedata.normalize("NFKC", chr(c)) for c in range(0xFB00, 0xFB07)}
# A hyphen at a line end that continues in lower case; U+00AD and U+FFFE are soft hyphens wherever they stand
# (pdfium gives U+FFFE for a hyphen it knows to be typographic).
_LINE_HYPHEN = re.compile(r"(?<=[^\W\d_])[-‐][ \t]*(?:\r\n|[\n\r\f])[\s]*(?=[a-zæøåäöéü])")
_SOFT_HYPHEN = re.compile(r"[\u00ad\ufffe]\s*(?=\w)|[\u00ad\ufffe\u200b\ufeff]")
_SPACE = re.compile(r" \s+|[^\S ]\s*")  # all white space but a single blank, which stays as it is
_LIGATURE = re.compile(f"[{''.join(_LIGATURES)}]")
# Characters up to which a text is remembered with its map: all passages. Each stage asks for the passages of a
# response again, and most responses have fewer of them than this.
_PASSAGE, _PASSAGES = 4000, 512


@dataclass(frozen=True, slots=True)
class MappedText:
    """``text`` with, for each character i, its origin ``[starts[i], ends[i])`` in the original."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def __post_init__(self) -> None:
        if not len(self.text) == len(self.starts) == len(self.ends):
            raise ValueError("a MappedText needs one start and one end a character")

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original that ``text[start:end]`` stands for; an empty span stays empty."""
        if not 0 <= start <= end <= len(self.text):
            raise ValueError(f"span [{start}, {end}) lies outside a text of {len(self.text)} characters")
        if start == end:
            at = self.starts[start] if start < len(self.text) else (self.ends[-1] if self.ends else 0)
            return at, at
        return self.starts[start], self.ends[end - 1]

    def lowered(self) -> "MappedText":
        """The same in lower case; characters whose lower case has another length keep their map."""
        low = self.text.lower()
        if len(low) == len(self.text):
            return MappedText(low, self.starts, self.ends)
        pieces = [(c.lower(), s, e) for c, s, e in zip(self.text, self.starts, self.ends, strict=True)]
        return _join(pieces)


def _join(pieces: Iterable[tuple[str, int, int]]) -> MappedText:
    text: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for piece, start, end in pieces:
        for char in piece:
            text.append(char)
            starts.append(start)
            ends.append(end)
    return MappedText("".join(text), tuple(starts), tuple(ends))


@cache
def _suspended() -> re.Pattern[str]:
    """What joins two compounds in any language: the hyphen of "børne-" stays before "og ungeområdet"."""
    words = (word for code in languages.available() for word in languages.load(code)["documents"]["joining"])
    return re.compile(rf"(?:{'|'.join(map(re.escape, words))})\b")


def _replacements(text: str) -> list[tuple[int, int, str]]:
    """Non-overlapping (start, end, replacement), in order."""
    found: list[tuple[int, int, str]] = []
    for match in _LINE_HYPHEN.finditer(text):
        keep = "-" + " " if _suspended().match(text, match.end()) else ""
        found.append((match.start(), match.end(), keep))
    found.extend((m.start(), m.end(), "") for m in _SOFT_HYPHEN.finditer(text))
    found.extend((m.start(), m.end(), " ") for m in _SPACE.finditer(text))
    found.extend((m.start(), m.end(), _LIGATURES[m.group()]) for m in _LIGATURE.finditer(text))
    found.sort(key=lambda r: (r[0], -r[1]))
    kept: list[tuple[int, int, str]] = []
    for item in found:
        if not kept or item[0] >= kept[-1][1]:
            kept.append(item)
    return kept


def normalise(text: str) -> MappedText:
    """``text`` with line-end and soft hyphens undone, ligatures spelt out and white space made single.

    Case, punctuation and spelling stay. Leading and trailing white space is dropped.
    """
    return _remembered(text) if len(text) <= _PASSAGE else _normalised(text)


def _is_normal(text: str) -> bool:
    """Whether there surely is nothing to undo; what is neither a sign nor a plain blank cannot be printed."""
    single = text.isprintable() and "  " not in text and text.strip(" ") == text
    return single and (text.isascii() or not any(ligature in text for ligature in _LIGATURES))


def _normalised(text: str) -> MappedText:
    if _is_normal(text):
        return MappedText(text, range(len(text)), range(1, len(text) + 1))
    return _undone(text)


def _undone(text: str) -> MappedText:
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    after_space = True  # a space here would be a leading or a double one
    at = 0
    for start, end, new in (*_replacements(text), (len(text), len(text), "")):
        if after_space and at < start and text[at] == " ":
            at += 1
        if at < start:
            parts.append(text[at:start])
            starts.extend(range(at, start))
            ends.extend(range(at + 1, start + 1))
            after_space = text[start - 1] == " "
        if new == " " and after_space:
            new = ""
        if new:
            parts.append(new)
            starts.extend([start] * len(new))
            ends.extend([end] * len(new))
            after_space = new.endswith(" ")
        at = end
    joined = "".join(parts)
    size = len(joined.rstrip())
    return MappedText(joined[:size], array("l", starts[:size]), array("l", ends[:size]))


_remembered = lru_cache(_PASSAGES)(_normalised)
