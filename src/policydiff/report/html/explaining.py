"""Why a passage was aligned with a provision, in plain words, from its evidence."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from policydiff.models import Evidence, Finding, Passage
from policydiff.report.html.marking import flowing, one_line

_WORD = re.compile(r"\w+")
_OPEN = re.compile(r"\([^()]*\)|([()])")  # a bracket without its mate, as in "princip (E"


class Reason(NamedTuple):
    """A sentence in three parts; ``words`` are the response's own and stand in quotation marks, or are empty."""

    before: str
    words: str = ""
    after: str = ""


def reasons(
    finding: Finding, passage: Passage, provision: str, words: Mapping[str, str], own: Sequence[str] = ()
) -> tuple[Reason, ...]:
    """What carried the finding first, then what else was found; ``provision`` is its name, ``words`` the sentences.

    Every pair has some likeness in words and meaning: these are reasons only where nothing plainer carried it; then
    ``own`` are the words of the passage that only this provision has.
    """
    found = sorted(finding.evidence, key=lambda e: (e.kind != finding.via, -e.score))
    telling = [e for e in found if e.kind == finding.via or e.kind not in ("lexical", "similarity")]
    sentences = [_reason(e, passage, provision, words) for e in telling]
    if own and finding.via in ("lexical", "similarity"):
        before, _, after = words["own"].format(provision=provision, words="\0").partition("\0")
        sentences.append(Reason(before, one_line(", ".join(own)), after))
    alone = words.get(f"{finding.via}_alone", words[finding.via])
    return tuple(dict.fromkeys(sentences)) or (Reason(alone.format(provision=provision)),)


def _reason(evidence: Evidence, passage: Passage, provision: str, words: Mapping[str, str]) -> Reason:
    quoted = ""
    if evidence.start is not None and evidence.end is not None:
        inside = passage.text[evidence.start - passage.start : evidence.end - passage.start]
        quoted = "".join(piece.text for piece in flowing(inside, ()))
    count = len(_WORD.findall(quoted))
    key: str = evidence.kind
    if key == "quote":
        key, quoted = "quote_one" if count == 1 else "quote", ""
    elif key == "section":
        quoted = one_line(passage.section)
    if key in ("carried", "section") and not quoted:
        key += "_alone"
    quoted = _OPEN.sub(lambda m: "" if m[1] else m[0], quoted)
    before, _, after = words[key].format(provision=provision, count=count, words="\0").partition("\0")
    return Reason(before, quoted, after)
