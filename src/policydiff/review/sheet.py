"""The spreadsheet of findings to review: a row a finding, drop-downs for what the officer decides."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policydiff.annotate.cells import head, offer, put, require_openpyxl, save
from policydiff.errors import SettingsError
from policydiff.findings.corrections import by_hand
from policydiff.models import STANCES, Comparison, Finding, Passage, Response, Stance
from policydiff.report.decisions import decided
from policydiff.report.wording import available
from policydiff.review.original import identity
from policydiff.review.words import FILLED_IN, FINDINGS, MISSED, STANCE_COLUMNS, Words, names_of, text_shown, words_of

if TYPE_CHECKING:
    from openpyxl.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

NEAR = 0.1  # a stance is unsure whose probability is so near to the one it needs
_SPARE = 200  # rows for findings that were missed
_WIDTHS = {"respondent": 20, "section": 18, "page": 6, "passage": 70, "provision": 30, "confidence": 10, "found": 18}
_WIDTHS |= {"why": 36, "decision": 30, "reason": 36} | dict.fromkeys(STANCE_COLUMNS, 17)
_WIDTH = 16
_GREY, _YELLOW = "FFE7E7E7", "FFFFF6D5"  # what was found, and what is to be filled in
_QUOTED = 200  # characters of the words that a row quotes
_FALLBACK = "en"  # the language of sheets of drafts in a language without words


def write_review(
    comparison: Comparison,
    target: Path | str,
    *,
    everything: bool = False,
    stances: bool = False,
    language: str | None = None,
) -> int:
    """Write the review of a result, and return how many findings are in it.

    They are those marked ``review`` that nobody decided on yet; with ``stances`` also the accepted ones with a stance
    within ``NEAR`` of the probability it needs, with ``everything`` all accepted ones and all decided ones. The
    language is that of the draft by default.

    Raises:
        SettingsError: openpyxl is not installed, or there are no words in the language.
        UnreadableError: the file cannot be written.
    """
    spoken = comparison.policy.language
    words = words_of(language or (spoken if spoken in available() else _FALLBACK))
    findings = chosen(comparison, everything=everything, stances=stances)
    book = require_openpyxl().Workbook()
    sheet = book.active
    sheet.title = words.sheets["findings"]
    names = names_of(comparison.policy)
    _write_findings(sheet, comparison, findings, names, words)
    missed = book.create_sheet(words.sheets["missed"])
    _write_passages(book.create_sheet(words.sheets["passages"]), comparison, names, words)
    provisions = book.create_sheet(words.sheets["provisions"])
    head(provisions, (words.columns["decision"],), (80,))
    # One list for both: what comes after yes and no are the provisions.
    for row, name in enumerate((*words.decisions.values(), *names.values()), 2):
        put(provisions.cell(row, 1), name)
    _write_missed(missed, comparison, words)
    _offer(sheet, FINDINGS, len(findings) + 1, words, len(names), ours=True)
    _offer(missed, MISSED, _SPARE + 1, words, len(names), ours=False)
    _offer_passages(missed, len(comparison.passages), words)
    _write_guide(book.create_sheet(words.sheets["guide"]), identity(comparison), words)
    save(book, Path(target))
    return len(findings)


def chosen(comparison: Comparison, *, everything: bool = False, stances: bool = False) -> list[Finding]:
    """The findings to review, in the order of the result."""
    decisions = by_hand(comparison)
    needed = _needed(comparison) if stances else {}

    def wanted(finding: Finding) -> bool:
        if (finding.passage_id, finding.provision_id) in decisions:
            return everything
        near = any(abs(finding.stances[s] - p) < NEAR for s, p in needed.items())
        return finding.review or (finding.accepted and (everything or near))

    return [f for f in comparison.findings if wanted(f)]


def _needed(comparison: Comparison) -> dict[Stance, float]:
    """The probability that each stance needs, but for ``mentioned``, which is what is left."""
    settings = comparison.provenance.settings.get("findings")
    needed = settings.get("stances") if isinstance(settings, dict) else None
    if not isinstance(needed, dict):
        raise SettingsError("the result does not say which probabilities its stances need; compare again")
    return {s: float(needed[s]) for s in STANCES if s != "mentioned"}


def _write_findings(
    sheet: "Worksheet", comparison: Comparison, findings: Sequence[Finding], names: Mapping[str, str], words: Words
) -> None:
    from openpyxl.worksheet.properties import PageSetupProperties

    passages = {p.id: p for p in comparison.passages}
    responses = {r.id: r for r in comparison.responses}
    decisions = by_hand(comparison)
    _head(sheet, FINDINGS, words)
    for row, finding in enumerate(findings, 2):
        passage = passages[finding.passage_id]
        response = responses[passage.response_id]
        why = f"{words.via[finding.via]}{_quoted(finding, passage, response)}"
        decision = decisions.get((finding.passage_id, finding.provision_id))
        if decision is not None:
            why = f"{decided(decision, words.language)}; {why}"
        values = {
            "respondent": response.respondent,
            "section": passage.section,
            "page": "" if passage.page is None else str(passage.page),
            "passage": text_shown(passage.text),
            "provision": names[finding.provision_id],
            "found": words.joined(finding.labels),
            "why": why,
            "passage_id": finding.passage_id,
            "provision_id": finding.provision_id,
        }
        for column, name in enumerate(FINDINGS, 1):
            cell = sheet.cell(row, column)
            put(cell, values.get(name, ""))
            if name == "confidence":  # a number, to be sorted by
                _put_number(cell, finding.confidence)
            _colour(cell, name in FILLED_IN)
    sheet.freeze_panes = "B2"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"
    sheet.auto_filter.ref = f"A1:{sheet.cell(max(len(findings) + 1, 2), len(FINDINGS)).coordinate}"


def _quoted(finding: Finding, passage: Passage, response: Response) -> str:
    """The words of the response that the finding rests on, after a semicolon; nothing where it rests on the whole."""
    spans = [(e.start, e.end) for e in finding.evidence if e.kind == finding.via]
    spans += [(c.start, c.end) for c in finding.cues]
    for start, end in spans:
        if start is not None and end is not None and passage.start <= start < end <= passage.end:
            found = " ".join(response.text[start:end].split())
            return f"; »{found if len(found) <= _QUOTED else found[: _QUOTED - 1] + '…'}«"
    return ""


def _write_missed(sheet: "Worksheet", comparison: Comparison, words: Words) -> None:
    _head(sheet, MISSED, words)
    for row in range(2, _SPARE + 2):
        for column in range(1, len(MISSED) + 1):
            cell = sheet.cell(row, column)
            cell.number_format = "@"
            _colour(cell, True)
    sheet.column_dimensions["A"].width = max(_WIDTH, *(len(p.id) + 2 for p in comparison.passages), 0)


def _write_passages(sheet: "Worksheet", comparison: Comparison, names: Mapping[str, str], words: Words) -> None:
    """All passages with what was found in them, to look up what was missed."""
    found: dict[str, list[str]] = {p.id: [] for p in comparison.passages}
    for f in comparison.findings:
        if f.accepted:
            found[f.passage_id].append(f"{names[f.provision_id]} ({words.joined(f.labels)})")
    responses = {r.id: r for r in comparison.responses}
    _head(sheet, ("passage_id", "respondent", "section", "passage", "found"), words)
    sheet.column_dimensions["E"].width = _WIDTHS["passage"]
    for row, p in enumerate(comparison.passages, 2):
        values = (p.id, responses[p.response_id].respondent, p.section, text_shown(p.text), "\n".join(found[p.id]))
        for column, value in enumerate(values, 1):
            put(sheet.cell(row, column), value)


def _head(sheet: "Worksheet", names: Sequence[str], words: Words) -> None:
    numbers = (words.columns["confidence"],)
    head(sheet, [words.columns[n] for n in names], [_WIDTHS.get(n, _WIDTH) for n in names], numbers)


def _put_number(cell: Any, value: float) -> None:
    cell.value, cell.number_format = value, "0.00"


def _colour(cell: "Cell | MergedCell", filled_in: bool) -> None:
    from openpyxl.styles import PatternFill

    cell.fill = PatternFill("solid", start_color=_YELLOW if filled_in else _GREY)


def _offer(sheet: "Worksheet", columns: Sequence[str], last: int, words: Words, provisions: int, *, ours: bool) -> None:
    if last < 2:
        return
    number = {name: n for n, name in enumerate(columns, 1)}
    first = 2 if ours else 2 + len(words.decisions)
    listed = f"'{words.sheets['provisions']}'!$A${first}:$A${1 + len(words.decisions) + provisions}"
    decision = "decision" if ours else "provision"
    hint = words.columns[decision]
    offer(sheet, [number[decision]], 2, last, listed, hint, words.sheets["provisions"])
    stances = ",".join(words.stances.values())
    offer(sheet, [number[n] for n in STANCE_COLUMNS], 2, last, f'"{stances}"', words.columns["found"], stances)


def _offer_passages(sheet: "Worksheet", passages: int, words: Words) -> None:
    name = words.sheets["passages"]
    listed = f"'{name}'!$A$2:$A${passages + 1}"
    offer(sheet, [MISSED.index("passage_id") + 1], 2, _SPARE + 1, listed, words.columns["passage_id"], name)


def _write_guide(sheet: "Worksheet", result: str, words: Words) -> None:
    head(sheet, (words.sheets["guide"], ""), (120, 70))
    for row, line in enumerate(words.guide["lines"], 2):
        put(sheet.cell(row, 1), line, bold=row == 2)
    row = len(words.guide["lines"]) + 3
    put(sheet.cell(row, 1), words.guide["result"])
    put(sheet.cell(row, 2), result)
