"""What was said of one provision: by how many and whom in sentences, then the quotations with their evidence."""

from collections.abc import Iterable
from typing import Any

from policydiff.findings.corrections import by_hand
from policydiff.models import STANCES, Comparison, Finding, Passage, Provision, Response, Stance
from policydiff.report.decisions import decided
from policydiff.report.docx.page import Page, Text
from policydiff.report.docx.quoting import Quoted, cut, plain, quoted
from policydiff.report.docx.words import Words, locale_of

MOST_COMMENTS = 1_000  # Word takes minutes to open a file with many thousands
_COMMENTED_WORDS = 300  # characters of the response's or the draft's words in a comment
_SECTION = 120  # characters of a section's heading in a source
_AUTHOR, _INITIALS = "policydiff", "pd"


class Findings:
    """The findings of a result with their passages and responses at hand."""

    def __init__(self, result: Comparison) -> None:
        self.result = result
        self.passages = {p.id: p for p in result.passages}
        self.responses = {r.id: r for r in result.responses}
        self.provisions = {p.id: p for p in result.policy.provisions}
        self.tallies = {t.provision_id: t for t in result.tallies}
        self.accepted: dict[str, list[Finding]] = {p.id: [] for p in result.policy.provisions}
        for finding in result.findings:
            if finding.accepted:
                self.accepted[finding.provision_id].append(finding)

    def passage(self, finding: Finding) -> Passage:
        """The passage that it is about."""
        return self.passages[finding.passage_id]

    def response(self, passage: Passage) -> Response:
        """The response that it stands in."""
        return self.responses[passage.response_id]

    def respondents(self, findings: Iterable[Finding]) -> list[str]:
        """Who says it, each once, in the order of the responses."""
        found = {self.passage(f).response_id for f in findings}
        return list(dict.fromkeys(plain(r.respondent) for r in self.result.responses if r.id in found))

    def commented(self) -> set[str]:
        """The ids of the findings that get a comment: all, or of very many those we are least sure of."""
        accepted = [f for some in self.accepted.values() for f in some]
        accepted.sort(key=lambda f: f.confidence)  # a stable sort: in the draft's order where equal
        return {f.id for f in accepted[:MOST_COMMENTS]}


class Saying:
    """Writes the quotations of a memo, which are numbered through it."""

    def __init__(self, page: Page, words: Words, findings: Findings) -> None:
        self._page, self._words, self._findings = page, words, findings
        self._decisions = by_hand(findings.result)
        self._commented = findings.commented()
        self.number = 0  # of the last quotation
        self.uncertain: list[int] = []  # the quotations that are marked for review

    def write(self, provision: Provision) -> None:
        """Write what was said of ``provision``: a sentence a stance, with its quotations below it."""
        words, found = self._words, self._findings.accepted[provision.id]
        tally = self._findings.tallies[provision.id]
        what = words.name(provision)
        who = words.counted(tally.respondents["any"], "respondent", first=True)
        passages = words.counted(tally.passages["any"], "passage")
        self._page.paragraph(words["said"]["lead"].format(who=who, what=what, passages=passages), keep=True)
        numbers: dict[Quoted, int] = {}
        for stance in STANCES:
            some = [f for f in found if stance in f.labels]
            if not some:
                continue
            count = tally.respondents[stance]
            statement = words["said"][stance][count != 1].format(
                who=words.counted(count, "respondent", first=True), what=what
            )
            names = words.listed(self._findings.respondents(some))
            self._page.paragraph(Text(statement, bold=True), f": {names}.", keep=True)
            for finding in some:
                self._quote(finding, stance, numbers)

    def _quote(self, finding: Finding, stance: Stance, numbers: dict[Quoted, int]) -> None:
        """One quotation, or where the same words are quoted for this provision already, which one it is."""
        passage = self._findings.passage(finding)
        response = self._findings.response(passage)
        words = quoted(finding, passage, stance, response.language)
        if words in numbers:
            respondent, number = plain(response.respondent), numbers[words]
            self._page.paragraph(
                f"\t{self._words['said']['again'].format(respondent=respondent, number=number)}", style="quote"
            )
            return
        self.number += 1
        numbers[words] = self.number
        if finding.review:
            self.uncertain.append(self.number)
        runs = self.quotation(words, mark=f"{self.number}.", review=finding.review)
        if finding.id in self._commented:
            comment = "\n".join(self._evidence(finding, passage, response))
            self._page.comment(runs, comment, author=_AUTHOR, initials=_INITIALS)

    def quotation(self, quoted: Quoted, *, mark: str = "•", review: bool = False) -> list[Any]:
        """Write a quotation with its source; returns the runs of both."""
        said, passage = self._words["said"], quoted.passage
        response = self._findings.response(passage)
        source = [plain(response.respondent)]
        if passage.section:
            source.append(said["section"].format(section=cut(plain(passage.section), _SECTION)))
        if passage.page is not None:
            source.append(said["page"].format(page=passage.page))
        locale = None if response.language == self._words.language else locale_of(response.language)
        runs = self._page.paragraph(
            f"{mark}\t",
            Text(self._words.quoted(quoted.text), locale=locale),
            f" — {', '.join(source)}",
            *([Text(f" [{said['review']}]", italic=True)] if review else []),
            style="quote",
        )
        return runs[1:3]

    def _evidence(self, finding: Finding, passage: Passage, response: Response) -> list[str]:
        """The lines of a comment: why this passage is taken to address the provision, and where it stands."""
        words, shared = self._words, self._words.shared
        own = words["comment"]
        stances = (
            f"{shared['stances'][s]} {words.decimal(finding.stances[s])}"
            for s in finding.labels
            if s in finding.stances
        )
        lines = [
            own["via"].format(via=shared["via"][finding.via], confidence=words.decimal(finding.confidence)),
            own["stances"].format(stances=", ".join(stances)),
        ]
        decision = self._decisions.get((finding.passage_id, finding.provision_id))
        if decision is not None:
            lines.insert(0, plain(decided(decision, words.language)))
        draft = self._findings.result.policy.text
        for evidence in finding.evidence:
            if evidence.start is not None and evidence.end is not None:
                said = cut(plain(response.text[evidence.start : evidence.end]), _COMMENTED_WORDS)
                kind = shared["via"][evidence.kind]
                lines.append(own["words"].format(kind=kind[:1].upper() + kind[1:], words=words.quoted(said)))
            if evidence.provision_start is not None and evidence.provision_end is not None:
                drafted = cut(plain(draft[evidence.provision_start : evidence.provision_end]), _COMMENTED_WORDS)
                lines.append(own["drafted"].format(words=words.quoted(drafted)))
        lines.append(own["place"].format(source=plain(response.source), start=passage.start, end=passage.end))
        lines.append(own["id"].format(id=plain(finding.id)))
        return lines
