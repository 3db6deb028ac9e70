"""Bytes to text: a byte order mark, strict UTF-8, UTF-16 by its NULs, else the likeliest 8-bit code page."""

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# In order of preference where the scores are equal: Windows, old Macintosh, DOS.
_CODE_PAGES = ("cp1252", "mac-roman", "cp850")
_EXPECTED = frozenset("æøåÆØÅéÉäöüÄÖÜßáè§–—’‘“”„»«…•°½£€´")
_SAMPLE = 4096


def decode(data: bytes) -> str:
    """The text of ``data``, without a byte order mark; line ends are left as they are.

    Undecodable bytes of the 8-bit code pages become U+FFFD, so that no file is lost to one bad byte.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, errors="replace")
    if b"\0" in data[:_SAMPLE]:
        return data.decode(_wide(data), errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return max((data.decode(name, errors="replace") for name in _CODE_PAGES), key=_likeliness)


def _wide(data: bytes) -> str:
    """UTF-16 text in Latin letters has its NULs in every second byte; which one tells the byte order."""
    sample = data[:_SAMPLE]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) < len(sample) / 8:
        return "utf-8"
    return "utf-16-be" if even > odd else "utf-16-le"


def _likeliness(text: str) -> int:
    """Letters that Danish and English texts use, less those they do not; ``max`` keeps the first of equals."""
    score = 0
    for before, char in zip(" " + text, text, strict=False):
        if char.isascii():
            continue
        if char not in _EXPECTED:
            score -= 3
        elif char.isupper() and before.islower():
            score -= 1  # "BłrNE" and "bØrn": a capital inside a word comes from the wrong code page
        else:
            score += 1
    return score
