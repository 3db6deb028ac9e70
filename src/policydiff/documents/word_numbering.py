"""The labels that Word counts itself: "1.1", "§ 4", "Princip A:". They stand nowhere in the text of the file."""

import re
from dataclasses import dataclass, field
from typing import Any

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PLACE = re.compile(r"%(\d)")
_ROMAN = tuple(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"),
        strict=True,
    )
)
_MOST_LETTERS = 26 * 30  # as Word goes; a list may say that it begins at any number
_STYLES_ABOVE = 20  # no style is based on more others; a circle would never end


@dataclass(frozen=True, slots=True)
class NumberLabel:
    """The label of a list item, empty for a bullet; ``named`` where it holds a word or a section sign."""

    text: str
    named: bool = False


@dataclass(slots=True)
class _Level:
    form: str
    text: str
    start: int


@dataclass(slots=True)
class _List:
    levels: dict[int, _Level]
    counts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """The lists of one Word file; ``label`` counts on, so it is asked once for each paragraph in order."""

    def __init__(self, document: Any) -> None:
        self._lists: dict[str, _List] = {}
        self._by_style: dict[str, tuple[str, int]] = {}
        try:
            root = document.part.numbering_part.element
        except (KeyError, NotImplementedError, AttributeError):
            return
        abstract = {
            _value(a, "abstractNumId"): _List(dict(map(_level, a.iter(f"{_W}lvl"))))
            for a in root.iter(f"{_W}abstractNum")
        }
        for number in root.iter(f"{_W}num"):
            known = abstract.get(_value(number.find(f"{_W}abstractNumId")))
            if known is None:
                continue
            overrides = {
                int(_value(o, "ilvl") or 0): int(_value(o.find(f"{_W}startOverride")) or 1)
                for o in number.iter(f"{_W}lvlOverride")
                if o.find(f"{_W}startOverride") is not None
            }
            if overrides:  # a list that begins anew counts for itself
                known = _List(
                    {n: _Level(lev.form, lev.text, overrides.get(n, lev.start)) for n, lev in known.levels.items()}
                )
            self._lists[_value(number, "numId")] = known

    def label(self, paragraph: Any, style: Any) -> NumberLabel | None:
        """The label of a paragraph (its w:p) that is a list item, by itself or by its style, else None."""
        number, at = self._place(paragraph, style)
        if number in ("", "0"):
            return None
        known = self._lists.get(number)
        level = known.levels.get(at) if known is not None else None
        if known is None or level is None or level.form in ("bullet", "none"):
            return NumberLabel("")
        known.counts[at] = known.counts.get(at, level.start - 1) + 1
        for deeper in [n for n in known.counts if n > at]:
            del known.counts[deeper]

        def shown(found: re.Match[str]) -> str:
            n = int(found[1]) - 1
            of = known.levels.get(n, level)
            return written_number(known.counts.get(n, of.start), of.form)

        return number_label(_PLACE.sub(shown, level.text), level.text)

    def _place(self, paragraph: Any, style: Any) -> tuple[str, int]:
        """The list and the level in it that a paragraph, its style or one that this is based on names."""
        own = _numbered(paragraph.pPr)
        if own is not None or style is None:
            return own or ("", 0)
        name = style.style_id
        if name not in self._by_style:
            found = None
            for _ in range(_STYLES_ABOVE):
                found = found or _numbered(style.element.pPr)
                style = style.base_style
                if found is not None or style is None:
                    break
            self._by_style[name] = found or ("", 0)
        return self._by_style[name]


def _numbered(properties: Any) -> tuple[str, int] | None:
    """The list and the level in it that the properties of a paragraph or style name, or None."""
    numbering = properties.find(f"{_W}numPr") if properties is not None else None
    if numbering is None:
        return None
    level = _value(numbering.find(f"{_W}ilvl")) or "0"
    return _value(numbering.find(f"{_W}numId")), int(level) if level.isdecimal() else 0


def _value(element: Any, name: str = "val") -> str:
    return "" if element is None else str(element.get(f"{_W}{name}") or "")


def _level(element: Any) -> tuple[int, _Level]:
    start = _value(element.find(f"{_W}start"))
    return int(_value(element, "ilvl") or 0), _Level(
        _value(element.find(f"{_W}numFmt")) or "decimal",
        _value(element.find(f"{_W}lvlText")),
        int(start) if start.lstrip("-").isdecimal() else 1,
    )


def number_label(text: str, pattern: str) -> NumberLabel:
    """A label, and whether what is written around its numbers names something."""
    return NumberLabel(text.strip(), bool(re.search(r"[^\W\d_]{2}|§", pattern)))


def written_number(number: int, form: str) -> str:
    """A number as Word calls the form: "decimal", "decimalZero", "lowerLetter", "upperRoman" and so on."""
    if form in ("upperLetter", "lowerLetter") and 0 < number <= _MOST_LETTERS:
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter.upper() if form == "upperLetter" else letter
    if form in ("upperRoman", "lowerRoman") and 0 < number < 4000:
        roman = ""
        for value, sign in _ROMAN:
            roman += sign * (number // value)
            number %= value
        return roman.upper() if form == "upperRoman" else roman
    return f"{number:02d}" if form == "decimalZero" else str(number)
