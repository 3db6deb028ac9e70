"""Contact data is overwritten, character by character, before anything else sees a text.

Found are e-mail addresses, telephone numbers, Danish civil registration (CPR) numbers whose first six digits are
a date, and street addresses. Recall comes first: a street that a response is about is masked too.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache

from policydiff import languages
from policydiff.documents.reading import Document
from policydiff.models import ContactKind, Masking

BLOCK = "█"
# Blanks as people and PDF files write them inside a number.
_S = r"[ \u00a0\u2009\u202f]"
_SIGN = r"(?:at|snabel-?a)"
_AT = re.compile(
    rf"@|[(\[{{]{_S}?(?:{_SIGN}|@){_S}?[)\]}}]|(?<=[ \u00a0]){_SIGN}(?=[ \u00a0])",
    re.IGNORECASE,
)
_DOT = rf"(?:\.|{_S}?[(\[{{]{_S}?(?:dot|punktum|\.){_S}?[)\]}}]{_S}?|{_S}(?:dot|punktum){_S})"
_LOCAL_PART = re.compile(rf"[\w.+%'-]*[\w+%-]{_S}{{0,2}}$")
_DOMAIN = re.compile(rf"{_S}{{0,2}}(?:[\w-]{{1,63}}{_DOT}){{1,4}}[A-Za-z]{{2,24}}(?!\w)", re.IGNORECASE)
_LOOSE_DOMAIN = re.compile(r"[\w.-]{0,200}\w")  # after an @ sign without a proper domain
_WORDS_DOMAIN = re.compile(r"dot|punktum|\.(?:dk|com|org|net|eu|uk|info)(?!\w)", re.IGNORECASE)
_LOOK_BACK = 80  # characters: longer than any part of an address
_CPR = re.compile(
    rf"(?<![\d.,/-])(\d\d){_S}?[./-]?{_S}?(\d\d){_S}?[./-]?{_S}?(\d\d|(?:19|20)\d\d){_S}{{0,4}}[-–—‐‑\ufffe\u00ad]?\s{{0,20}}"
    r"(?:\d{4}|[xX*]{4})(?![\d/-]|[.,]\d)"
)
_GROUPS = ("2222", "44", "8", "323", "332", "233", "26", "62")
_SEP = rf"(?:{_S}|[.\-–‑/]|{_S}[-–]{_S})?"
_LOCAL = "|".join(_SEP.join(rf"\d{{{n}}}" for n in groups) for groups in _GROUPS)
_PHONE = re.compile(
    rf"(?<![\d.,/§-])(?<!\d{_S})"
    rf"(?:\(?(?:\+|00){_S}?\d{{1,3}}\)?{_SEP}(?:\(0\){_S}?)?(?:\d[ \u00a0().\-–/]{{0,2}}){{6,12}}\d"
    rf"|\(?0\d{{2,4}}\)?{_SEP}\d{{3,4}}{_SEP}\d{{3,4}}|(?:{_LOCAL}))(?!\d|[.,/-]\d|{_S}\d{{3}}(?!\d))"
)
_YEARS = re.compile(rf"(?:19|20)\d\d{_SEP}(?:19|20)\d\d")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.  \u00a0]\d{3})+")
_POSTCODE_UK = re.compile(r"(?<!\w)(?:GIR ?0AA|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})(?!\w)")
_TIMES = re.compile(r"(?:[01]?\d|2[0-4])[.:][0-5]\d\s?[-–]\s?(?:[01]?\d|2[0-4])[.:][0-5]\d")
_DATE = re.compile(rf"\d\d?{_SEP}\d\d?{_SEP}(?:19|20)\d\d")
_NAME = r"[A-ZÆØÅÉÖÄÜ][\w’'´.-]{0,40}"
_HOUSE = re.compile(r"(?<![\w.,/-])\d{1,3}(?:[ ]?[A-Za-z](?!\w))?(?:[ ]?[-–/][ ]?\d{1,3}[A-Za-z]?)?(?![\w%]|[.,]\d)")
_STREET_WORD = re.compile(rf"(\w[\w’'´.-]{{0,40}}){_S}{{1,2}}$")
_WORDS_BEFORE = re.compile(rf"(?:(?:{_NAME}|den|[A-ZÆØÅ]\.){_S}){{1,3}}$")
_SIDE = rf"(?:tv|th|mf|til venstre|til højre|dør{_S}?\d+|nr\.?{_S}?\d+|\d{{1,3}})\.?(?!\w)"
_STOREY = r"(?:\d{1,2}(?!\d)|st|kld|kl|stuen)"
_FLOOR = re.compile(
    rf",?{_S}{{0,2}}{_STOREY}\.?(?:{_S}?(?:sal|etage)\.?)?,?{_S}{{0,2}}{_SIDE}"
    rf"|,?{_S}{{0,2}}{_STOREY}\.?{_S}?(?:sal|etage)(?!\w)\.?|,{_S}{{0,2}}{_STOREY}\.(?!\w)"
)
_CITY = re.compile(rf",?\s{{0,3}}(?:DK[- ]?)?\d{{4}}{_S}{{1,2}}{_NAME}(?:{_S}(?:[NSVØKC]V?(?!\w)|{_NAME}))?")


@cache
def _streets() -> tuple[re.Pattern[str], frozenset[str], frozenset[str], re.Pattern[str]]:
    """How a street's last word ends, those endings, the ones that are written apart, and whole English addresses."""
    packs = [languages.load(code)["documents"]["contacts"] for code in languages.available()]
    endings = {word for pack in packs for word in pack["street_endings"]}
    never = "|".join(re.escape(w) for pack in packs for w in pack["not_streets"])
    ending = rf"(?!(?:{never})$)[\w’'´.-]*(?:{'|'.join(map(re.escape, sorted(endings)))})"
    streets = "|".join(re.escape(w.capitalize()) for pack in packs for w in pack["streets"])
    english = (
        rf"(?<!\w)(?:(?:Flat|Unit|Apartment|Apt){_S}\w{{1,4}},?{_S})?\d{{1,4}}[A-Za-z]?,?{_S}(?:{_NAME}{_S}){{1,3}}"
        rf"(?:{streets})(?!\w)\.?(?:,\s{{1,2}}{_NAME}){{0,3}}(?:,?\s{{1,2}}{_POSTCODE_UK.pattern})?"
    )
    whole = frozenset(word for pack in packs for word in pack["street_words"])
    return re.compile(ending, re.IGNORECASE), frozenset(endings), whole, re.compile(english)


@cache
def _no_phone() -> tuple[re.Pattern[str], re.Pattern[str]]:
    packs = [languages.load(code)["documents"]["contacts"] for code in languages.available()]
    before, after = (
        "|".join(re.escape(w) for pack in packs for w in pack[key]) for key in ("no_phone_before", "no_phone_after")
    )
    return (
        re.compile(rf"(?<!\w)(?:{before})\W{{0,4}}$", re.IGNORECASE),
        re.compile(rf"\W{{0,2}}(?:{after})(?!\w)", re.IGNORECASE),
    )


def contacts(text: str) -> list[Masking]:
    """The contact data in a text, in order, none overlapping; offsets count in ``text``."""
    found = [*_cpr(text), *_emails(text), *_phones(text), *_addresses(text)]
    kept: list[Masking] = []
    for kind, start, end in sorted(found, key=lambda f: (f[1], -f[2])):
        if kept and start < kept[-1].end:  # what overlaps is masked as a whole
            kept[-1] = kept[-1].model_copy(update={"end": max(end, kept[-1].end)})
        else:
            kept.append(Masking(kind=kind, start=start, end=end))
    return kept


_Found = tuple[ContactKind, int, int]


def _emails(text: str) -> Iterator[_Found]:
    for sign in _AT.finditer(text):
        first = max(0, sign.start() - _LOOK_BACK)
        local = _LOCAL_PART.search(text[first : sign.start()])
        domain = _DOMAIN.match(text, sign.end())
        if sign.group() == "@":
            domain = domain or _LOOSE_DOMAIN.match(text, sign.end())
        elif sign.group()[0].isalpha() and domain is not None and not _WORDS_DOMAIN.search(domain.group()):
            continue  # "at" is a word, too
        if local is not None and domain is not None:
            yield "email", first + local.start(), domain.end()


def _addresses(text: str) -> Iterator[_Found]:
    ending, endings, whole, english = _streets()
    for house in _HOUSE.finditer(text):
        if text[max(0, house.start() - 3) : house.start()].rstrip()[-1:].isdigit():
            continue  # one of a row of numbers
        first = max(0, house.start() - _LOOK_BACK)
        street = _STREET_WORD.search(text[first : house.start()])
        if street is None:
            continue
        before = _WORDS_BEFORE.search(text[first : first + street.start(1)])
        floor = _FLOOR.match(text, house.end())
        end = floor.end() if floor else house.end()
        city = _CITY.match(text, end)
        word = street[1]
        named = ending.fullmatch(word) is not None
        if word in endings:  # "Nørre allé 12", but not "ad den vej 12" or "We have 12"
            named = word in whole and before is not None and before.group()[0].isupper()
        # Any name and number will do where a floor or a postcode with a town follows.
        if named or (word[0].isupper() and (city or (floor and floor.group()[0] == ","))):
            start = before.start() if before is not None else street.start(1)
            yield "address", first + start, city.end() if city else end
    for found in (*english.finditer(text), *_POSTCODE_UK.finditer(text)):
        yield "address", *found.span()


def _cpr(text: str) -> Iterator[_Found]:
    for found in _CPR.finditer(text):
        day, month, year = (int(part) for part in found.groups())
        if day > 60:
            day -= 60  # numbers given instead of a real one have 60 added to the day
        try:
            date(year if year > 99 else 2000 + year, month, day)  # 2000: each century has its leap years there
        except ValueError:
            continue
        yield "cpr", *found.span()


def _phones(text: str) -> Iterator[_Found]:
    before, after = _no_phone()
    for found in _PHONE.finditer(text):
        digits = found.group()
        if (
            _YEARS.fullmatch(digits)
            or _DATE.fullmatch(digits)
            or _TIMES.fullmatch(digits)
            or (_THOUSANDS.fullmatch(digits) and "." in digits)
        ):
            continue
        if digits[0] not in "+(0" and (
            before.search(text, max(0, found.start() - 30), found.start()) or after.match(text, found.end())
        ):
            continue
        yield "phone", *found.span()


def masked_text(text: str, found: list[Masking]) -> str:
    """``text`` with blocks over what was found; white space stays, so that lines and offsets do."""
    parts: list[str] = []
    at = 0
    for masking in found:
        parts.append(text[at : masking.start])
        parts.append("".join(c if c.isspace() else BLOCK for c in text[masking.start : masking.end]))
        at = masking.end
    parts.append(text[at:])
    return "".join(parts)


def mask_document(document: Document) -> Document:
    """``document`` with contact data overwritten in its text, and listed in ``masked``; all offsets stay.

    Names of respondents are no contact data and stay, but for an address that stands in place of a name.
    """
    found = contacts(document.text)
    return replace(
        document,
        text=masked_text(document.text, found),
        masked=tuple(found),
        sender=masked_text(document.sender, contacts(document.sender)),
        respondent=masked_text(document.respondent, contacts(document.respondent)),
    )
