"""The memo from its title to how it was made, in the order that a Danish høringsnotat has."""

from collections import Counter
from pathlib import Path
from typing import Any

from policydiff.models import DISPOSITIONS, STANCES, Comparison, Finding
from policydiff.report.docx.hearing import Hearing
from policydiff.report.docx.page import Page, Text
from policydiff.report.docx.quoting import LONGEST, cut, plain, whole
from policydiff.report.docx.said import Findings, Saying
from policydiff.report.docx.template import opened, set_properties
from policydiff.report.docx.words import Words

_MOST_CANDIDATES = 100  # uncounted passages in the uncertain band that are shown
_CANDIDATE_WORDS = 320  # characters of one of them
_COUNTS = (*STANCES, "any")


class Memo:
    """A memo in the making; ``document`` is python-docx's, once ``write`` has run."""

    def __init__(self, result: Comparison, words: Words, *, template: Path | None, hearing: Hearing) -> None:
        self._result, self._words, self._hearing = result, words, hearing
        self.document = opened(template)
        self._page = Page(self.document)
        self._findings = Findings(result)
        self._saying = Saying(self._page, words, self._findings)

    def write(self) -> None:
        """Write all sections in order."""
        words, title = self._words, plain(self._result.policy.title)
        self._page.paragraph(words["title"]["memo"], style="title")
        self._page.paragraph(title, style="subtitle")
        self._page.paragraph(Text(words["title"]["draft_note"], italic=True))
        contents = self._page.contents(words["title"]["contents"])
        for section in (
            self._write_hearing,
            self._write_answered,
            self._write_summary,
            self._write_provisions,
            self._write_silent,
            self._write_outside,
            self._write_review,
            self._write_failed,
            self._write_made,
        ):
            section()
        self._page.finish(contents)
        self._page.number_pages(words["title"]["page"], words["title"]["of"], cut(title, 60))
        name = f"{words['title']['memo']}: {title}"
        set_properties(self.document, title=name, author=plain(self._hearing.authority or ""), locale=words["locale"])

    def _heading(self, key: str) -> None:
        self._page.heading(self._words["headings"][key], 1)

    def _write_hearing(self) -> None:
        words, hearing, fields = self._words, self._hearing, self._words["fields"]
        self._page.heading(words["headings"]["hearing"], 1, new_page=True)
        period = None
        if hearing.start is not None and hearing.end is not None:
            period = fields["period_text"].format(start=words.day(hearing.start), end=words.day(hearing.end))
        rows = [
            (fields["draft"], self._result.policy.title),
            *((fields[key], getattr(hearing, key)) for key in ("authority", "case", "contact")),
            (fields["period"], period),
        ]
        if not hearing.heard:
            rows.append((words["hearing"]["heard_unknown"].rstrip(":"), None))
        self._page.facts(rows, fields["fill"])
        if hearing.heard:
            self._page.paragraph(words["hearing"]["heard"], keep=True)
            for name in hearing.heard:
                self._bullet(plain(name))
            answered = {plain(r.respondent).casefold() for r in self._result.responses}
            missing = [plain(n) for n in hearing.heard if plain(n).casefold() not in answered]
            if missing:
                names = words.listed(missing, most=len(missing))
                self._page.paragraph(words["hearing"]["not_found"].format(names=names))

    def _write_answered(self) -> None:
        words, result = self._words, self._result
        self._heading("answered")
        number = Counter(p.disposition for p in result.passages)
        self._page.paragraph(
            words["answered"]["lead"].format(
                responses=words.counted(len(result.responses), "response"),
                passages=words.counted(number["aligned"], "passage", first=True),
                outside=words.counted(number["out_of_draft"], "passage"),
            )
        )
        if any(r.kind is not None and r.kind_guessed for r in result.responses):
            self._page.paragraph(words["answered"]["guessed"])
        each = Counter((p.response_id, p.disposition) for p in result.passages)
        rows: list[list[Text | str]] = [list(words["answered"]["columns"])]
        kinds = words.shared["respondent_kinds"]
        for r in result.responses:
            kind = kinds[r.kind or "unknown"]
            shown = f"({kind})" if r.kind is not None and r.kind_guessed else kind
            counts = (each[r.id, "aligned"], each[r.id, "out_of_draft"])
            rows.append([plain(r.respondent), shown, r.source, *map(self._count, counts)])
        self._page.table(rows, (36, 20, 22, 13, 11), right=(3, 4))

    def _count(self, number: int) -> str:
        return str(number) if number else str(self._words["none"])

    def _write_summary(self) -> None:
        words = self._words
        self._heading("summary")
        self._page.paragraph(words["summary"]["lead"])
        stances = [str(words.shared["stances"][s]) for s in _COUNTS]
        rows: list[list[Text | str]] = [[words["summary"]["provision"], *map(self._capital, stances)]]
        for provision in self._result.policy.provisions:
            tally = self._findings.tallies[provision.id]
            target = self._bookmark(provision.id) if self._findings.accepted[provision.id] else None
            name = Text(words.heading(provision), target=target)
            rows.append([name, *(self._count(tally.respondents[s]) for s in _COUNTS)])
        self._page.table(rows, (30, 12, 14, 15, 11, 12, 8), right=range(1, 7))

    def _bookmark(self, provision_id: str) -> str:
        number = next(n for n, p in enumerate(self._result.policy.provisions, 1) if p.id == provision_id)
        return f"_Provision{number}"

    def _write_provisions(self) -> None:
        words = self._words
        self._heading("provisions")
        for provision in self._result.policy.provisions:
            if self._findings.accepted[provision.id]:
                self._page.heading(words.heading(provision), 2, self._bookmark(provision.id))
                self._page.heading(words["headings"]["said"], 3)
                self._saying.write(provision)
                self._page.heading(words["headings"]["remarks"], 3)
                self._page.field_to_fill(words["fields"]["remarks"], words["headings"]["remarks"])

    def _write_silent(self) -> None:
        self._heading("silent")
        silent = [p for p in self._result.policy.provisions if not self._findings.accepted[p.id]]
        self._page.paragraph(self._words["silent"]["lead" if silent else "none"], keep=bool(silent))
        for provision in silent:
            self._bullet(self._words.heading(provision))

    def _write_outside(self) -> None:
        words = self._words
        self._heading("outside")
        outside = [p for p in self._result.passages if p.disposition == "out_of_draft"]
        if not outside:
            self._page.paragraph(words["outside"]["none"])
            return
        respondents = words.counted(len({p.response_id for p in outside}), "respondent")
        passages = words.counted(len(outside), "passage", first=True)
        self._page.paragraph(words["outside"]["lead"].format(passages=passages, respondents=respondents), keep=True)
        for passage in outside:
            self._saying.quotation(whole(passage))

    def _write_review(self) -> None:
        words, own, uncertain = self._words, self._words["review"], self._saying.uncertain
        self._heading("review")
        candidates = [f for f in self._result.findings if f.review and not f.accepted]
        if uncertain:
            numbers = ", ".join(map(str, uncertain))
            counted = words.counted(len(uncertain), "quotation", first=True)
            key = "accepted_one" if len(uncertain) == 1 else "accepted"
            self._page.paragraph(own[key].format(quotations=counted, numbers=numbers))
        if candidates:
            self._page.paragraph(own["candidates"], keep=True)
            candidates.sort(key=lambda f: -f.confidence)
            for finding in candidates[:_MOST_CANDIDATES]:
                self._write_candidate(finding)
            if len(candidates) > _MOST_CANDIDATES:
                self._page.paragraph(own["more"].format(number=len(candidates) - _MOST_CANDIDATES))
        if not uncertain and not candidates:
            self._page.paragraph(own["none"])

    def _write_candidate(self, finding: Finding) -> None:
        words, passage = self._words, self._findings.passage(finding)
        what = words.name(self._findings.provisions[finding.provision_id])
        head = words["review"]["candidate"].format(what=what, confidence=words.decimal(finding.confidence))
        quoted = words.quoted(cut(plain(passage.text), _CANDIDATE_WORDS))
        respondent = plain(self._findings.response(passage).respondent)
        self._page.paragraph("•\t", Text(self._capital(head), bold=True), f": {quoted} — {respondent}", style="quote")

    def _write_failed(self) -> None:
        self._heading("failed")
        failed = self._result.errors
        self._page.paragraph(self._words["failed"]["lead" if failed else "none"], keep=bool(failed))
        for failure in failed:
            self._bullet(Text(plain(failure.source), bold=True), f": {cut(plain(failure.message), LONGEST)}")

    def _write_made(self) -> None:
        words, own, made = self._words, self._words["made"], self._result.provenance
        self._heading("made")
        thresholds: Any = made.settings.get("findings", {})
        low, high = thresholds.get("review") or (None, None)
        shown = {
            key: words["none"] if number is None else words.decimal(number)
            for key, number in (("accept", thresholds.get("accept")), ("low", low), ("high", high))
        }
        for text in own["text"]:
            self._page.paragraph(text.format(version=made.version, **shown))
        accepted, given = sum(map(len, self._findings.accepted.values())), len(self._findings.commented())
        if given < accepted:
            self._page.paragraph(own["comments"].format(given=given, all=accepted))
        number = Counter(p.disposition for p in self._result.passages)
        self._page.paragraph(own["ledger"], keep=True)
        self._page.facts([(self._capital(words.shared["dispositions"][d]), str(number[d])) for d in DISPOSITIONS], "")
        self._page.paragraph(own["parts"], keep=True)
        models = [(own[key], made.models[key]) for key in ("encoder", "alignment", "judge") if key in made.models]
        self._page.facts([*models, (own["draft"], made.inputs.get("draft", words["none"]))], "")

    def _capital(self, text: str) -> str:
        return text[:1].upper() + text[1:]

    def _bullet(self, *texts: Text | str) -> None:
        self._page.paragraph(*texts, style="list bullet")
