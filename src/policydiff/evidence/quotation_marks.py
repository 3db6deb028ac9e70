"""Quotation marks of every style, and the pieces that ellipses cut a quotation into."""

import re

_ELLIPSIS = re.compile(r"[(\[]\s*(?:…|\.{2,}|-{1,3}|–)\s*[)\]]|…|\.{3,}|\.\s\.\s\.")
# The marks that open a quotation, and the whole of it; the straight and single ones only at the edge of a word.
_MARKED = tuple(
    (opening, re.compile(pattern, re.DOTALL))
    for opening, pattern in (
        ("»", r"»([^»«]{2,2000}?)«"),
        ("«", r"«([^»«]{2,2000}?)»"),
        ("”“„", r"[”“„]([^”“„]{2,2000}?)[”“]"),
        ('"', r"(?<!\w)\"([^\"]{2,2000}?)\"(?!\w)"),
        ("'", r"(?<!\w)''([^']{2,2000}?)''(?!\w)"),
        ("'‘’‚", r"(?<![\w'])['‘’‚](?=\S)((?:[^'‘’‚]|(?<=\w)['’](?=\w)){2,600}?)(?<=\S)['‘’](?![\w'])"),
    )
)
_OPENING = re.compile(f"[{''.join(opening for opening, _ in _MARKED)}]")


def marked_parts(text: str) -> list[tuple[int, int]]:
    """The spans inside quotation marks, split where an ellipsis leaves words out, in order."""
    parts: set[tuple[int, int]] = set()
    opened = set(_OPENING.findall(text))
    for opening, pattern in _MARKED if opened else ():
        for match in pattern.finditer(text) if not opened.isdisjoint(opening) else ():
            at, end = match.span(1)
            for gap in _ELLIPSIS.finditer(text, at, end):
                parts.add((at, gap.start()))
                at = gap.end()
            parts.add((at, end))
    return sorted(p for p in parts if text[p[0] : p[1]].strip())
