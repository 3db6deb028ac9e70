"""A policy from a file: a draft in any format that is read, or a Policy as JSON that a person may have corrected."""

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from policydiff.documents.decoding import decode
from policydiff.documents.language import detect_language
from policydiff.documents.provisions import parse_policy
from policydiff.documents.reading import read_document
from policydiff.errors import DraftError, UnreadableError
from policydiff.models import Policy
from policydiff.settings import LimitSettings

_ANY_OBJECT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


def load_policy(path: Path | str, *, language: str | None = None, limits: LimitSettings | None = None) -> Policy:
    """The policy in ``path``: a .json file in the form of ``Policy.model_dump_json()``, or any readable draft.

    JSON may have been edited by hand. ``start``, ``end``, ``language`` and the policy's own ``text`` may be
    missing, and spans may be wrong: a text that is not at its span is looked up in the policy's text. If
    any is not found there, the policy's text is laid out anew from all titles and texts, and all spans with
    it.

    Raises:
        UnreadableError: the file cannot be read, or the JSON is not a policy; the message names the field.
        UnsupportedError: the format is not read.
        DraftError: no provision was recognised, or two have the same id.
    """
    path = Path(path)
    if path.suffix.lower() == ".json":
        return _from_json(path, language)
    return parse_policy(read_document(path, limits=limits), language=language)


def _from_json(path: Path, language: str | None) -> Policy:
    source = path.name
    try:
        data = decode(path.read_bytes())
    except FileNotFoundError:
        raise UnreadableError(source, f"there is no such file; looked in {path.absolute().parent}") from None
    except OSError as error:
        raise UnreadableError(source, f"cannot be opened ({error.strerror}); check the path and the rights") from None
    try:
        loose = _ANY_OBJECT.validate_json(data)
        policy = Policy.model_validate(_placed(loose, path.stem, language))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UnreadableError(
            source, f"is not a policy as exported: {field}: {first['msg']} ({error.error_count()} errors); correct it"
        ) from error
    if not policy.provisions:
        raise DraftError(source, "the policy has no provisions; add at least one")
    ensure_unique_ids(policy, source)
    return policy


def ensure_unique_ids(policy: Policy, source: str) -> None:
    """Raises DraftError if two provisions share an id, or a parent_id names none of them."""
    seen: set[str] = set()
    for provision in policy.provisions:
        if provision.id in seen:
            raise DraftError(source, f"two provisions have the id {provision.id!r}; give each its own")
        seen.add(provision.id)
    for provision in policy.provisions:
        if provision.parent_id is not None and (provision.parent_id not in seen or provision.parent_id == provision.id):
            raise DraftError(
                source, f"provision {provision.id!r} has parent_id {provision.parent_id!r}, which is no other provision"
            )


def _placed(data: dict[str, Any], stem: str, language: str | None) -> dict[str, Any]:
    """``data`` with every span right, or left as it is where it is no policy (pydantic then says why)."""
    lists = [data.get(key) or [] for key in ("provisions", "sections")]
    if not all(isinstance(found, list) and all(isinstance(part, dict) for part in found) for found in lists):
        return {**data, "text": data.get("text", "")}
    parts = [part for found in lists for part in found]
    if not all(isinstance(part.get("text"), str) for part in parts):
        return {**data, "text": data.get("text", "")}
    text = data.get("text") if isinstance(data.get("text"), str) else ""
    parts = [dict(part) for part in parts]
    if not _look_up(parts, text or ""):
        text = _laid_out(parts, str(data.get("title", "")))
    count = len(data.get("provisions") or ())
    placed = {**data, "text": text, "provisions": parts[:count], "sections": parts[count:]}
    placed.setdefault("id", stem)
    placed.setdefault("title", stem)
    placed.setdefault("language", language or detect_language(text or ""))
    return placed


def _look_up(parts: list[dict[str, Any]], text: str) -> bool:
    """Sets the span of each part whose text is not where its span says; False if one is nowhere in ``text``."""
    at = 0
    for part in parts:
        start, end, words = part.get("start"), part.get("end"), part["text"]
        if not (isinstance(start, int) and isinstance(end, int) and 0 <= start <= end and text[start:end] == words):
            # Texts follow each other in the draft, so a repeated one is first sought after the one before.
            start = text.find(words, at)
            if start < 0:
                start = text.find(words)
            if start < 0 or not words:
                return False
            part["start"], part["end"] = start, start + len(words)
        at = part["end"]
    return True


def _laid_out(parts: list[dict[str, Any]], title: str) -> str:
    """A text made of the titles and texts of ``parts``, whose spans are set in it."""
    pieces = [f"# {title}" if title else ""]
    length = len(pieces[0])
    for part in parts:
        words = [str(part.get(key) or "") for key in ("kind", "label")]
        name = " ".join(word for word in words if word)
        heading = f"\n\n## {': '.join(word for word in (name, str(part.get('title') or '')) if word)}\n\n"
        part["start"] = length + len(heading)
        part["end"] = part["start"] + len(part["text"])
        pieces += [heading, part["text"]]
        length = part["end"]
    return "".join(pieces)
