"""A mail (.eml): its body and the attachments that can be read are one document, sent by who stands under From."""

import re
from collections.abc import Callable
from email import message_from_bytes, policy
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from pathlib import PurePosixPath
from typing import Any

from policydiff.documents.decoding import decode
from policydiff.documents.extract import Extract, Writer
from policydiff.documents.html import html_extract
from policydiff.documents.limits import Guard
from policydiff.errors import InputError, UnreadableError, brief

Reader = Callable[[str, bytes, Guard], Extract]

# What mail programs add to a mail besides what was attached.
_NOT_WRITING = frozenset(
    (
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/ms-tnef",
        "message/delivery-status",
        "text/calendar",
        "text/vcard",
        "text/x-vcard",
    )
)
_REPLY = re.compile(r"(?:\s*(?:re|sv|fw|fwd|vs|aw)\s*:)+\s*", re.IGNORECASE)
_SUFFIX = {"text/plain": ".txt", "text/html": ".html", "application/pdf": ".pdf", "application/rtf": ".rtf"}


def read_eml(data: bytes, guard: Guard, reader: Reader) -> Extract:
    """Subject, body and attachments of a mail as one text; ``reader`` reads an attachment by its name.

    The plain body is taken before the HTML one. An attachment that cannot be read is named in ``warnings``,
    pictures that belong to the body's layout are not.

    Raises:
        UnreadableError: it is no mail.
        LimitError: mails and archives lie too deep in each other.
    """
    try:
        message = message_from_bytes(data, policy=policy.default)
        parts = _parts(message, guard)
    except InputError:
        raise
    except Exception as error:  # the parser of the standard library stumbles over odd headers in many ways
        raise UnreadableError(
            guard.source, f"is no mail that can be read ({brief(error)}); save its text as .txt"
        ) from error
    sender, subject = _header(message, "From"), _header(message, "Subject")
    if not parts or not (sender or subject or message.get("MIME-Version") or message.get("Received")):
        raise UnreadableError(guard.source, "is no mail (no From, no Subject); save it again as .eml or as .txt")
    writer = Writer()
    writer.add(_REPLY.sub("", subject, count=1), "front")
    warnings: list[str] = []
    for name, content in parts:
        guard.tick()
        if isinstance(content, Extract):
            writer.include(content)
            continue
        inner = guard.inside(f"{guard.source}/{name}")
        try:
            inner.check("file_bytes", len(content), "bytes")
            extract = reader(name, content, inner)
        except InputError as error:
            warnings.append(f"attachment {name}: {error.message}")
        else:
            warnings += [f"attachment {name}: {warning}" for warning in extract.warnings]
            writer.include(extract)
    if writer.length == 0 and warnings:
        raise UnreadableError(guard.source, f"nothing in the mail can be read: {'; '.join(warnings)}")
    done = writer.extract(warnings=tuple(warnings))
    return Extract(done.text, done.pages, done.hints, done.warnings, _sender(message) or sender)


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message.get(name) or "").split())
    except Exception:  # a header that its parser stumbles over is none
        return ""


def _sender(message: EmailMessage) -> str:
    """The display name of the first sender, else the address."""
    try:
        header: Any = message.get("From")
        first = header.addresses[0] if isinstance(header, AddressHeader) and header.addresses else None
    except Exception:
        return ""
    return "" if first is None else (first.display_name or first.addr_spec).strip()


def _parts(message: Any, guard: Guard, level: int = 0) -> list[tuple[str, Extract | bytes]]:
    """Bodies as extracts and attachments as bytes, in order, each with its name."""
    guard.check("nesting", max(0, level - 10), "more than ten levels of parts")
    kind = message.get_content_type()
    attached = message.get_content_disposition() == "attachment"
    name = PurePosixPath((message.get_filename() or "").replace("\\", "/")).name
    if kind == "message/rfc822":
        inner = message.get_payload(0) if message.is_multipart() else None
        content = b"" if inner is None else inner.as_bytes()
        return [(name if name.endswith(".eml") else "mail.eml", content)]
    if kind in _NOT_WRITING:
        return []
    if message.is_multipart():
        parts = list(message.iter_parts())
        if kind == "multipart/alternative":
            texts = [p for p in parts if p.get_content_type() == "text/plain" and _payload(p).strip()]
            parts = texts[:1] or parts[-1:]
        return [part for p in parts for part in _parts(p, guard, level + 1)]
    payload = _payload(message)
    if kind.startswith(("image/", "audio/", "video/")) and not attached:
        return []
    if kind in ("text/plain", "text/html") and not attached and not name:
        text = _text(message, payload)
        return [("body", html_extract(text, guard) if kind == "text/html" else Extract(text.strip()))]
    return [(name or f"attachment{_SUFFIX.get(kind, '')}", payload)]


def _payload(part: Any) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(part: Any, payload: bytes) -> str:
    charset = part.get_content_charset()
    if charset:
        try:
            text = payload.decode(charset)
            return _unflowed(text) if part.get_param("format") == "flowed" else text
        except (LookupError, UnicodeDecodeError, ValueError):
            pass  # an unknown or a wrong name
    return decode(payload)


def _unflowed(text: str) -> str:
    """A body of RFC 3676: a line that ends with a blank goes on in the next one."""
    return re.sub(r"(?<=\S) \r?\n(?=[^\s>])", " ", text)
