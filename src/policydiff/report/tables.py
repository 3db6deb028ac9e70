"""The result as plain tables: typed columns, one table a kind of record, with what a reader needs beside it.

Ids, labels and sections are text in every format: the label "4.10" is not the number 4.1.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from policydiff.errors import SettingsError, valid
from policydiff.models import STANCES, Comparison, Finding, Passage, Provision, Response, Tally

ColumnType = Literal["text", "texts", "integer", "number", "truth"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``values`` are str, tuple of str, int, float or bool as ``type`` says; None is missing."""

    name: str
    type: ColumnType
    values: list[Any]


@dataclass(frozen=True, slots=True)
class _Found:
    finding: Finding
    passage: Passage
    response: Response
    provision: Provision

    @property
    def cues(self) -> tuple[str, ...]:
        """The clauses that show a stance, each once, without the line ends of the layout."""
        text = self.response.text
        return tuple(dict.fromkeys(" ".join(text[c.start : c.end].split()) for c in self.finding.cues))


# A column: its name, its type, and how it is got from a row.
_Columns = Sequence[tuple[str, ColumnType, Callable[[Any], Any]]]

_PROVISION: _Columns = (
    ("provision_id", "text", lambda r: r.provision.id),
    ("provision_kind", "text", lambda r: r.provision.kind),
    ("provision_label", "text", lambda r: r.provision.label),
    ("provision_title", "text", lambda r: r.provision.title),
)
_PLACE: _Columns = (
    ("response_id", "text", lambda r: r.response.id),
    ("source", "text", lambda r: r.response.source),
    ("section", "text", lambda r: r.passage.section),
    ("page", "integer", lambda r: r.passage.page),
    ("passage_id", "text", lambda r: r.passage.id),
    ("start", "integer", lambda r: r.passage.start),
    ("end", "integer", lambda r: r.passage.end),
)
_FINDINGS: _Columns = (
    ("finding_id", "text", lambda r: r.finding.id),
    *_PROVISION,
    ("respondent", "text", lambda r: r.response.respondent),
    ("respondent_kind", "text", lambda r: r.response.kind),
    ("labels", "texts", lambda r: r.finding.labels),
    ("cues", "texts", lambda r: r.cues),
    ("text", "text", lambda r: r.passage.text),
    ("confidence", "number", lambda r: r.finding.confidence),
    ("accepted", "truth", lambda r: r.finding.accepted),
    ("review", "truth", lambda r: r.finding.review),
    ("via", "text", lambda r: r.finding.via),
    *((s, "truth", lambda r, s=s: s in r.finding.labels) for s in STANCES),
    *((f"p_{s}", "number", lambda r, s=s: r.finding.stances.get(s)) for s in STANCES),
    *_PLACE,
)


@dataclass(frozen=True, slots=True)
class _Counted:
    tally: Tally
    provision: Provision


_COUNTS = (*STANCES, "any")
_TALLIES: _Columns = (
    *_PROVISION,
    *((f"respondents_{k}", "integer", lambda r, k=k: r.tally.respondents.get(k)) for k in _COUNTS),
    *((f"collapsed_{k}", "integer", lambda r, k=k: r.tally.collapsed.get(k)) for k in _COUNTS),
    *((f"weighted_{k}", "number", lambda r, k=k: r.tally.weighted.get(k)) for k in _COUNTS),
    *((f"passages_{k}", "integer", lambda r, k=k: r.tally.passages.get(k)) for k in _COUNTS),
)


@dataclass(frozen=True, slots=True)
class _Said:
    passage: Passage
    response: Response


_PASSAGES: _Columns = (
    ("respondent", "text", lambda r: r.response.respondent),
    ("disposition", "text", lambda r: r.passage.disposition),
    ("text", "text", lambda r: r.passage.text),
    *_PLACE,
)
_RESPONSES: _Columns = (
    ("response_id", "text", lambda r: r.id),
    ("respondent", "text", lambda r: r.respondent),
    ("kind", "text", lambda r: r.kind),
    ("kind_guessed", "truth", lambda r: r.kind_guessed),
    ("weight", "number", lambda r: r.weight),
    ("source", "text", lambda r: r.source),
    ("language", "text", lambda r: r.language),
    ("characters", "integer", lambda r: len(r.text)),
    ("sha256", "text", lambda r: r.sha256),
)
_PROVISIONS: _Columns = (
    ("provision_id", "text", lambda p: p.id),
    ("kind", "text", lambda p: p.kind),
    ("label", "text", lambda p: p.label),
    ("title", "text", lambda p: p.title),
    ("text", "text", lambda p: p.text),
    ("start", "integer", lambda p: p.start),
    ("end", "integer", lambda p: p.end),
    ("parent_id", "text", lambda p: p.parent_id),
)
_ERRORS: _Columns = (
    ("source", "text", lambda e: e.source),
    ("error", "text", lambda e: e.error),
    ("message", "text", lambda e: e.message),
)


def _found(result: Comparison) -> Iterable[_Found]:
    passages = {p.id: p for p in result.passages}
    responses = {r.id: r for r in result.responses}
    provisions = {p.id: p for p in result.policy.provisions}
    for finding in result.findings:
        passage = passages[finding.passage_id]
        yield _Found(finding, passage, responses[passage.response_id], provisions[finding.provision_id])


def _counted(result: Comparison) -> Iterable[_Counted]:
    provisions = {p.id: p for p in result.policy.provisions}
    return (_Counted(t, provisions[t.provision_id]) for t in result.tallies)


def _said(result: Comparison) -> Iterable[_Said]:
    responses = {r.id: r for r in result.responses}
    return (_Said(p, responses[p.response_id]) for p in result.passages)


_TABLES: dict[str, tuple[_Columns, Callable[[Comparison], Iterable[Any]]]] = {
    "findings": (_FINDINGS, _found),
    "tallies": (_TALLIES, _counted),
    "passages": (_PASSAGES, _said),
    "responses": (_RESPONSES, lambda result: result.responses),
    "provisions": (_PROVISIONS, lambda result: result.policy.provisions),
    "errors": (_ERRORS, lambda result: result.errors),
}
KINDS = tuple(_TABLES)


def columns(result: Comparison, kind: str) -> list[Column]:
    """The columns of one table, in order; ``kind`` is one of ``KINDS``. They are the same whatever is in them.

    ``findings`` holds the candidates below the threshold too, with ``accepted`` false.

    Raises:
        SettingsError: there is no such table.
    """
    if kind not in _TABLES:
        raise SettingsError(f"no table {kind!r}; there are {', '.join(KINDS)}")
    wanted, rows_of = _TABLES[kind]
    rows = list(rows_of(result))
    return [Column(name, kind_of, [_clean(get(row)) for row in rows]) for name, kind_of, get in wanted]


def _clean(value: Any) -> Any:
    """``value`` without lone surrogates, which no file can hold."""
    if isinstance(value, str):
        return valid(value)
    return tuple(map(valid, value)) if isinstance(value, tuple) else value
