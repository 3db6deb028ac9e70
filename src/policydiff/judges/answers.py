"""What a language model answered, checked: known ids, known stances, and quotations that stand in the passage."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from policydiff.documents.mapping import normalise
from policydiff.models import Offset, Probability, Record, Stance

_SURE = 0.98  # the most and ...
_LEAST = 0.5  # ... the least probability of a stance that the model gave
_BEGINNING = re.compile(r'\{\s*"answers"\s*:')
_TRIED = 8  # beginnings of an answer that are looked at, the last ones first: models think aloud before
# Marks that models write in another style than the passage. One for one, so that offsets stay.
_MARKS = str.maketrans({**dict.fromkeys("”“„»«", '"'), **dict.fromkeys("’‘‚´`", "'"), **dict.fromkeys("–—‑", "-")})


class JudgedStance(Record):
    """A stance that the model gave, and the words of the passage that it quoted for it, None where it quoted none."""

    stance: Stance
    probability: Probability
    start: Offset | None
    end: Offset | None


Judged = tuple[JudgedStance, ...]


def _probability(value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError("a probability lies between 0 and 1")
    return value


class _Stance(BaseModel):
    # In the schema nothing more is allowed; a server that does not hold it may let a model add a word of its own.
    model_config = ConfigDict(json_schema_extra={"additionalProperties": False})
    stance: Stance
    quote: str
    probability: Annotated[float, AfterValidator(_probability)]


class _Answer(BaseModel):
    model_config = ConfigDict(json_schema_extra={"additionalProperties": False})
    id: str
    stances: list[_Stance]


class Answers(BaseModel):
    """The form of an answer."""  # with its JSON schema it is sent to servers that take one

    model_config = ConfigDict(json_schema_extra={"additionalProperties": False})
    answers: list[_Answer]


def read_answers(text: str, passages: Sequence[str]) -> list[Judged | str]:
    """For each passage what was answered about it, or in a few words why there is nothing to use.

    The passages have the ids "1", "2" and so on. An id that is not among them is passed over; one that is there twice
    has no answer, for either may be meant. An answer is used only if all of it can be: one quotation that is not in
    the passage makes the rest doubtful.
    """
    found = _json(text)
    if found is None:
        return ["no JSON in the answer"] * len(passages)
    entries = found.get("answers")
    by_id: dict[str, list[Any]] = {}
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict):
            by_id.setdefault(str(entry.get("id")), []).append(entry)
    out: list[Judged | str] = []
    for number, passage in enumerate(passages, 1):
        given = by_id.get(str(number), [])
        if len(given) != 1:
            out.append("answered twice" if given else "left out of the answer")
        else:
            out.append(_judged(given[0] | {"id": str(number)}, passage))
    return out


def _judged(entry: Mapping[str, Any], passage: str) -> Judged | str:
    try:
        answer = _Answer.model_validate(entry)
    except ValidationError:
        return "not of the form asked for"
    # `mentioned` never stands beside another stance.
    said = [s for s in answer.stances if s.stance != "mentioned"] or answer.stances
    judged = []
    for s in said:
        span = find_quote(passage, s.quote)
        if span is None and (s.quote.strip() or s.stance != "mentioned"):
            return "a quotation that is not in the passage" if s.quote.strip() else "a stance without a quotation"
        start, end = span or (None, None)
        probability = min(max(s.probability, _LEAST), _SURE)
        judged.append(JudgedStance(stance=s.stance, probability=probability, start=start, end=end))
    return tuple(judged) or (JudgedStance(stance="mentioned", probability=_LEAST, start=None, end=None),)


def find_quote(passage: str, quote: str) -> tuple[int, int] | None:
    """The span of a quotation in the passage, where it first stands; None where it does not stand there word by word.

    White space, line-end hyphens and the style of quotation marks and dashes may differ.
    """
    mapped = normalise(passage)
    wanted = normalise(quote).text.translate(_MARKS)
    if not re.search(r"\w", wanted):
        return None
    bounds = [r"(?<!\w)" if wanted[0].isalnum() else "", r"(?!\w)" if wanted[-1].isalnum() else ""]
    found = re.search(bounds[0] + re.escape(wanted) + bounds[1], mapped.text.translate(_MARKS))
    return None if found is None else mapped.origin(*found.span())


def _json(text: str) -> dict[str, Any] | None:
    """The answer's JSON, whatever stands around it; of several the last."""
    decoder = json.JSONDecoder()
    for start in [max(text.find("{"), 0), *(m.start() for m in _BEGINNING.finditer(text))][-_TRIED:][::-1]:
        try:
            found, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and "answers" in found:
            return found
    return None
