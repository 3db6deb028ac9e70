"""Text that was decoded wrongly once ("bÃ¸rn") is repaired, and offsets of pages and hints move along."""

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import replace
from functools import lru_cache

from policydiff.documents.extract import Extract

# How the letters of UTF-8 begin when they are read as cp1252, Mac Roman or DOS; only then is ftfy asked.
_SUSPECT = re.compile("[ÃÂÅâ√┬├‚Γ][^\x00-\x7f]")
_RUN = re.compile(r"[^\x00-\x7f]{2,}")


@lru_cache(maxsize=10_000)
def _fixed(run: str) -> tuple[str, str]:
    """A run as ftfy mends it, and the code page it had been read with; empty where ftfy leaves it alone."""
    import ftfy

    fixed = ftfy.fix_encoding_and_explain(run)
    pages = [str(page) for action, page in fixed.explanation or [] if action == "encode"]
    return fixed.text, pages[0] if pages and fixed.text != run else ""


def _read_with(run: str, code_page: str) -> str:
    import ftfy.bad_codecs  # noqa: F401  (registers the code pages as browsers know them)

    try:
        return run.encode(code_page).decode("utf-8")
    except UnicodeError:
        return run


def repairs(text: str) -> list[tuple[int, int, str]]:
    """(start, end, replacement) of each run of letters that was decoded wrongly, in order.

    ftfy leaves runs alone that could be meant ("Ã¥"). Where it is sure of others in the same text, these were
    read with the same code page.
    """
    if _SUSPECT.search(text) is None:
        return []
    runs = [match for match in _RUN.finditer(text) if _SUSPECT.search(match.group())]
    pages = Counter(page for page in (_fixed(match.group())[1] for match in runs) if page)
    if not pages:
        return []
    (code_page, _), *_ = pages.most_common(1)
    found: list[tuple[int, int, str]] = []
    for match in runs:
        run = match.group()
        new = _read_with(run, code_page)
        new = _fixed(run)[0] if new == run else new
        if len(new) < len(run):
            found.append((match.start(), match.end(), new))
    return found


def repaired(extract: Extract) -> Extract:
    """``extract`` with its text repaired by ftfy; the same object where nothing was wrong.

    A page or a hint that begins or ends within a repaired run moves to the beginning of it.
    """
    found = repairs(extract.text)
    if not found:
        return extract
    parts: list[str] = []
    starts: list[int] = []
    moved: list[int] = []
    at = shift = 0
    for start, end, new in found:
        parts += [extract.text[at:start], new]
        shift += len(new) - (end - start)
        starts.append(end)
        moved.append(shift)
        at = end
    parts.append(extract.text[at:])

    def place(offset: int) -> int:
        before = bisect_right(starts, offset)
        if before < len(found) and found[before][0] < offset:
            offset = found[before][0]
        return offset + (moved[before - 1] if before else 0)

    return replace(
        extract,
        text="".join(parts),
        pages=tuple(place(page) for page in extract.pages),
        hints=tuple(replace(hint, start=place(hint.start), end=place(hint.end)) for hint in extract.hints),
    )
