"""Quotation marks of every style, and the pieces that ellipses cut a quotation into."""

import re

_ELLIPSIS = re.compile(r"[(\[]\s*(?:…|\.{2,}|-{1,3}|–)\s*[)\]]|…|\.{3,}|\.\s\.\s\.")
# Opening and closing marks; the straight and single ones only at the edge of a word.
_MARKED = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"»([^»«]{2,2000}?)«",
        r"«([^»«]{2,2000}?)»",
        r"[”“„]([^”“„]{2,2000}?)[”“]",
        r"(?<!\w)\"([^\"]{2,2000}?)\"(?!\w)",
        r"(?<!\w)''([^']{2,2000}?)''(?!\w)",
        r"(?<![\w'])['‘’‚](?=\S)((?:[^'‘’‚]|(?<=\w)['’](?=\w)){2,600}?)(?<=\S)['’‘](?![\w'])",
    )
)


def marked_parts(text: str) -> list[tuple[int, int]]:
    """The spans inside quotation marks, split where an ellipsis leaves words out, in order."""
    parts: set[tuple[int, int]] = set()
    for pattern in _MARKED:
        for match in pattern.finditer(text):
            at, end = match.span(1)
            for gap in _ELLIPSIS.finditer(text, at, end):
                parts.add((at, gap.start()))
                at = gap.end()
            parts.add((at, end))
    return sorted(p for p in parts if text[p[0] : p[1]].strip())
