"""A draft becomes a Policy: its provisions with label, title and text, and the sections beside them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from policydiff.documents.kinds import Kinds, Name, kinds
from policydiff.documents.language import detect_language
from policydiff.documents.lines import lines_of, one_line, trimmed
from policydiff.documents.outline import Head, outline
from policydiff.documents.reading import Document
from policydiff.errors import DraftError
from policydiff.models import Policy, Provision, Section

# Bare letters count as labels if at least this share of a group's headings has a label.
_LABELLED_SHARE = 0.6
_SLUG = re.compile(r"[^\w]+|_+")
_SLUG_LENGTH = 40
_NUMBERED = re.compile(r"\d{1,3}(?:\.\d{1,3})*[.)]?\s")
_PARENT_LABEL = re.compile(r"(?P<parent>.+?)(?:\.\d+[a-zæøå]?|\([a-z0-9]+\)|,\s[^\s]+\s\(?\d+\)?)$")


def parse_policy(document: Document, *, language: str | None = None, policy_id: str | None = None) -> Policy:
    """The policy in a draft, with every provision that its headings or labels show.

    A provision's id is ``<kind>-<label>``, or its title where it has no label: lower case, other
    characters than letters and digits as hyphens ("princip-e", "paragraf-4-stk-2", "løfte-én-dør-ind");
    a repeated id gets "-2". The text of a provision goes up to the next provision or the next heading of
    its level; if it has no text of its own, its text is its title. Text beside the provisions is in
    ``sections``. ``policy_id`` is the source's stem unless given.

    Raises:
        DraftError: no provision was recognised.
        SettingsError: there is no pack for ``language``.
    """
    language = language or detect_language(document.text)
    words = kinds(language)
    heads = outline(document, words, language)
    _name_provisions(heads, words)
    heads = _without_contents(heads, document.text)
    if not any(head.name for head in heads):
        raise DraftError(
            document.source,
            "no provision was recognised; begin each with its kind and label on a line of its own "
            f"({words.example}), put them under a heading, or give the policy as JSON",
        )
    return Policy(
        id=policy_id or PurePath(document.source).stem,
        title=_title(document, heads),
        language=language,
        text=document.text,
        provisions=tuple(_provisions(document.text, heads)),
        sections=tuple(_sections(document.text, heads)),
    )


def _name_provisions(heads: list[Head], words: Kinds) -> None:
    """Gives a name to the headings that have it from the heading above them."""
    for children, kind in _groups(heads):
        found = [words.bare_name(head.title, kind) for head in children]
        strong = sum(name is not None for name in found) >= _LABELLED_SHARE * len(children)
        for head, name in zip(children, found, strict=True):
            taken = name if name is not None and (strong or name.strong) else None
            _rename(head, taken or Name(kind, "", 0))
    if not any(head.name for head in heads):  # a draft that only numbers its parts
        for head in heads:
            name = words.bare_name(head.title, words.item) if _NUMBERED.match(head.title + " ") else None
            if name is not None:
                _rename(head, name)
    _name_numbered_children(heads, words)


def _name_numbered_children(heads: list[Head], words: Kinds) -> None:
    """A heading "2.1" under provision 2 is a provision of the same kind."""
    stack: list[Head] = []
    for head in heads:
        while stack and stack[-1].level >= head.level:
            stack.pop()
        above = next((h.name for h in reversed(stack) if h.name is not None), None)
        if head.name is None and head.group is None and above is not None and above.label:
            name = words.bare_name(head.title, above.kind)
            if name is not None and name.label.startswith(f"{above.label}."):
                _rename(head, name)
        stack.append(head)


def _rename(head: Head, name: Name) -> None:
    title = head.title[name.at :] if name.at < len(head.title) else ""
    head.title_start = head.title_start + name.at if title else head.end
    head.title, head.name = title, name


def _groups(heads: Sequence[Head]) -> list[tuple[list[Head], str]]:
    """The unnamed headings right below each heading that announces a kind, with that kind."""
    groups: list[tuple[list[Head], str]] = []
    for i, head in enumerate(heads):
        if head.group is None:
            continue
        below: list[Head] = []
        for other in heads[i + 1 :]:
            if other.level <= head.level:
                break
            below.append(other)
        depth = min((other.level for other in below), default=0)
        children = [other for other in below if other.level == depth and other.name is None and other.group is None]
        if children:
            groups.append((children, head.group))
    return groups


def _without_contents(heads: list[Head], text: str) -> list[Head]:
    """``heads`` without those a table of contents repeats: same name, and nothing written below them."""
    last = {(h.name.kind, h.name.label, h.title): i for i, h in enumerate(heads) if h.name}
    kept: list[Head] = []
    for i, head in enumerate(heads):
        following = heads[i + 1].start if i + 1 < len(heads) else len(text)
        repeated = head.name is not None and last[head.name.kind, head.name.label, head.title] > i
        if not (repeated and not text[head.body : following].strip()):
            kept.append(head)
    return kept


@dataclass(frozen=True, slots=True)
class _Placed:
    head: Head
    name: Name
    above: int | None


def _body_end(heads: Sequence[Head], index: int, length: int) -> int:
    """Where the text of a provision ends: at the next provision, group, or heading of its level."""
    head = heads[index]
    for other in heads[index + 1 :]:
        if other.name is not None or other.group is not None or other.level <= head.level:
            return other.start
    return length


def _provisions(text: str, heads: Sequence[Head]) -> list[Provision]:
    placed: list[_Placed] = []
    spans: list[tuple[int, int]] = []
    stack: list[tuple[Head, int]] = []
    for index, head in enumerate(heads):
        while stack and stack[-1][0].level >= head.level:
            stack.pop()
        if head.name is None:
            if head.group is not None:
                stack.clear()
            continue
        placed.append(_Placed(head, head.name, stack[-1][1] if stack else None))
        start, end = trimmed(text, head.body, _body_end(heads, index, len(text)))
        if start == end:
            start, end = trimmed(text, min(head.title_start, head.end), head.end)
        if start == end:
            start, end = head.start, head.end
        spans.append((start, end))
        stack.append((head, len(placed) - 1))
    ids = _ids(
        [
            (p.name.kind, p.name.label or p.head.title or text[start:end])
            for p, (start, end) in zip(placed, spans, strict=True)
        ]
    )
    parents = _parents(placed)
    return [
        Provision(
            id=ids[i],
            kind=p.name.kind,
            label=p.name.label,
            title=p.head.title,
            text=text[start:end],
            start=start,
            end=end,
            parent_id=None if parents[i] is None else ids[parents[i] or 0],
        )
        for i, (p, (start, end)) in enumerate(zip(placed, spans, strict=True))
    ]


def _parents(placed: Sequence[_Placed]) -> list[int | None]:
    """The provision that each belongs to: by its label ("2.1": 2; "§ 4, stk. 2": § 4), else by the level above."""
    known = {(p.name.kind, p.name.label): i for i, p in reversed(list(enumerate(placed))) if p.name.label}
    by_label: dict[str, list[int]] = {}
    for (_, label), i in known.items():
        by_label.setdefault(label, []).append(i)
    parents: list[int | None] = []
    for i, p in enumerate(placed):
        found: int | None = None
        label = p.name.label
        while found is None and (shorter := _PARENT_LABEL.fullmatch(label)):
            label = shorter["parent"]
            others = by_label.get(label, [])
            found = known.get((p.name.kind, label), others[0] if len(others) == 1 else None)
        parents.append(found if found is not None and found != i else p.above)
    return parents


def _ids(names: Sequence[tuple[str, str]]) -> list[str]:
    ids: list[str] = []
    used: dict[str, int] = {}
    for kind, label in names:
        base = "-".join(part for part in (slug(kind), slug(label)) if part)
        used[base] = used.get(base, 0) + 1
        ids.append(base if used[base] == 1 else f"{base}-{used[base]}")
    if len(set(ids)) < len(ids):  # "mål-1" twice beside a "mål-1-2"
        return [f"{name}-{i}" for i, name in enumerate(ids, 1)]
    return ids


def slug(words: str) -> str:
    """``words`` in lower case with a hyphen for everything but letters and digits, 40 characters at most."""
    return _SLUG.sub("-", words.lower()).strip("-")[:_SLUG_LENGTH].rstrip("-")


def _title(document: Document, heads: Sequence[Head]) -> str:
    first = heads[0] if heads else None
    # The title stands over all else; in Word it may have the style "Title" or "Heading 1".
    over_all = first is not None and (first.level == 1 or all(first.level < h.level for h in heads[1:]))
    if first is not None and first.name is None and first.group is None and over_all:
        return first.title
    line = lines_of(document.text)[0]
    return one_line(line.text) if first is None or line.start < first.start else PurePath(document.source).stem


def _sections(text: str, heads: Sequence[Head]) -> list[Section]:
    """What stands before the first heading, and below each heading that is not part of a provision."""
    parts: list[tuple[str, int, int]] = [("", 0, heads[0].start if heads else len(text))]
    inside = 0  # the level of the provision we are in
    for i, head in enumerate(heads):
        if head.name is not None:
            inside = head.level
        elif head.group is not None or not inside or head.level <= inside:
            inside = 0
            # A chapter is known by its heading, even where nothing but provisions stands below it.
            start = head.start if head.chapter else head.body
            parts.append((head.title, start, heads[i + 1].start if i + 1 < len(heads) else len(text)))
    found = [(title, *trimmed(text, start, end)) for title, start, end in parts]
    found = [(title, start, end) for title, start, end in found if start < end]
    ids = _ids([("", title or "0") for title, _, _ in found])
    return [
        Section(id=f"section-{name}", title=title, text=text[start:end], start=start, end=end)
        for name, (title, start, end) in zip(ids, found, strict=True)
    ]
