"""References: which provisions a passage names, directly, by its section heading, or by pointing back.

``ReferenceMatcher`` reads the passages of one response in order. What a passage names explicitly or quotes becomes
what "dette princip" and "the same applies" in the passages after it point to.
"""

import re
from collections.abc import Sequence

from policydiff import languages
from policydiff.documents.mapping import normalise
from policydiff.errors import SettingsError
from policydiff.evidence.matches import Match
from policydiff.evidence.reference_grammar import Grammar, Kind, either
from policydiff.evidence.reference_labels import Hit
from policydiff.evidence.reference_scanner import Scanner
from policydiff.evidence.reference_titles import TitleScanner
from policydiff.models import EvidenceKind, Policy

_FIRM = 0.6  # the score from which a reference becomes what later passages point back to


class _Memory:
    """The provisions that were named so far in one response, the latest last."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []

    def add(self, provisions: Sequence[int]) -> None:
        if provisions:
            self.groups.append(list(dict.fromkeys(provisions)))

    def latest(self, members: Sequence[int] | None = None) -> list[int]:
        """The last group of provisions named, of these members where given."""
        for group in reversed(self.groups):
            chosen = [p for p in group if members is None or p in members]
            if chosen:
                return chosen
        return []


class ReferenceMatcher:
    """Finds references to the provisions of one policy. Prepared once; picklable, and safe in threads.

    ``language`` is that of the responses, by default the policy's own.

    Raises:
        SettingsError: there is no pack for the language.
    """

    def __init__(self, policy: Policy, language: str | None = None) -> None:
        code = language or policy.language
        if code not in languages.available():
            raise SettingsError(f"unknown language {code!r}; available: {', '.join(languages.available())}")
        self._grammar = Grammar(policy, code)
        self._scanner = Scanner(self._grammar)
        common = frozenset(languages.load(code).get("references", {}).get("common_words", ()))
        self._titles = TitleScanner(policy, self._grammar, common)
        words = self._grammar.words
        singular = {w for k in self._grammar.kinds for w in k.singular}
        plural = {w for k in self._grammar.kinds for w in k.plural}
        definite = {w for k in self._grammar.kinds for w in k.definite if not k.weak}
        self._this = re.compile(rf"(?<!\w){either(words['this'])}\s+(?P<noun>{either(singular)})(?!\w)", re.IGNORECASE)
        self._these = re.compile(rf"(?<!\w){either(words['these'])}\s+(?P<noun>{either(plural)})(?!\w)", re.IGNORECASE)
        self._the = re.compile(
            rf"(?<![\w-])(?P<noun>{either(definite)})s?(?!\w)(?!\s+{either(words['about'])}\b)", re.IGNORECASE
        )
        self._same = re.compile(
            rf"(?<!\w){either(words['same_applies'])}(?!\w)(?!\s+{either(words['about'])}\b)", re.IGNORECASE
        )
        self._opening = re.compile(rf"\W*(?P<word>{either(words['pronouns'])})(?!\w)", re.IGNORECASE)

        self._going_on = re.compile(rf"\W*(?P<word>{either(words['openers'])})(?!\w)", re.IGNORECASE)

    def find(
        self, passages: Sequence[str], sections: Sequence[str], quoted: Sequence[Sequence[int]] | None = None
    ) -> list[list[Match]]:
        """The references of each passage of one response; spans count in the passage as given.

        ``sections`` are the headings over the passages, ``quoted`` the provisions that each one quotes. Kinds are
        "reference", "carried" and "section"; a section match has no span.
        """
        memory = _Memory()
        found: list[list[Match]] = []
        headed: dict[str, list[Hit]] = {}
        previous_section: str | None = None
        previous: list[int] = []
        for n, (passage, section) in enumerate(zip(passages, sections, strict=True)):
            if section not in headed:
                headed[section] = self._heading(section)
            above = headed[section]
            if section != previous_section:
                firm = [h.provision for h in above if h.score >= _FIRM]
                memory.add(firm)
                previous, previous_section = firm, section
            mapped = normalise(passage)
            counted = self._counted_kind(memory)
            hits = self._scanner.scan(mapped.text, kind=counted, paragraph=self._paragraph(memory))
            hits += [h for h in self._titles.scan(mapped.text) if not any(o.provision == h.provision for o in hits)]
            cited = list(quoted[n]) if quoted is not None else []
            hits = self._without_named(hits, memory, cited)
            own = [h.provision for h in sorted(hits, key=lambda h: h.start) if h.score >= _FIRM]
            carried = self._carried(mapped.text, hits, cited, memory, previous)
            memory.add([*own, *(p for p in cited if p not in own)])
            previous = list(dict.fromkeys([*own, *cited]))
            matches = [self._match(h, mapped.origin(h.start, h.end), "reference") for h in hits]
            matches += [self._match(h, mapped.origin(h.start, h.end), "carried") for h in carried]
            matches += [Match(h.provision, "section", h.score, form="heading") for h in above]
            found.append(matches)
        return found

    @staticmethod
    def _match(hit: Hit, span: tuple[int, int], kind: EvidenceKind) -> Match:
        return Match(hit.provision, kind, hit.score, span[0], span[1], form=hit.form)

    def _heading(self, section: str) -> list[Hit]:
        """What a section heading names, each provision once."""
        text = normalise(section).text
        if not text:
            return []
        best: dict[int, Hit] = {}
        hits = [*self._scanner.scan(text, heading=True), *self._titles.scan(text, heading=True)]
        firm = {h.provision for h in hits if h.score >= _FIRM}
        for hit in hits:
            score = min(hit.score, 0.9 if len(firm) < 2 else 0.6 if len(firm) < 4 else 0.35)
            if hit.provision not in best or best[hit.provision].score < score:
                best[hit.provision] = Hit(hit.provision, score, 0, 0, "heading")
        return list(best.values())

    def _counted_kind(self, memory: _Memory) -> Kind | None:
        """The kind of what was named last, which a bare ordinal is taken to count."""
        latest = memory.latest()
        return next((k for k in self._grammar.kinds if latest and latest[-1] in k.members), None)

    def _paragraph(self, memory: _Memory) -> str | None:
        """The number of the paragraph that was named last."""
        latest = memory.latest()
        return next((n for n, subs in self._grammar.paragraphs.items() if latest and latest[-1] in subs.values()), None)

    @staticmethod
    def _without_named(hits: list[Hit], memory: _Memory, cited: list[int]) -> list[Hit]:
        """The hits, where "the other principles" are those that the response has not named so far."""
        named = (
            {p for group in memory.groups for p in group} | {h.provision for h in hits if h.form != "rest"} | set(cited)
        )
        return [
            Hit(h.provision, h.score, h.start, h.end, "all") if h.form == "rest" else h
            for h in hits
            if h.form != "rest" or h.provision not in named
        ]

    def _carried(self, text: str, hits: list[Hit], cited: list[int], memory: _Memory, previous: list[int]) -> list[Hit]:
        """What a passage points back to, by the words that do it."""
        own = [(h.start, h.provision) for h in hits if h.score >= _FIRM]
        taken = [(h.start, h.end) for h in hits]
        named = {h.provision for h in hits} | set(cited)
        carried: dict[int, Hit] = {}

        def add(start: int, end: int, provisions: list[int], score: float, form: str = "anaphora") -> None:
            if any(a < end and start < b for a, b in taken):
                return
            for provision in provisions:
                if provision not in named and (provision not in carried or carried[provision].score < score):
                    carried[provision] = Hit(provision, score, start, end, form)

        for pattern, score, many in ((self._this, 0.85, False), (self._these, 0.8, True), (self._the, 0.55, False)):
            for match in pattern.finditer(text):
                kind = self._grammar.by_noun.get(match["noun"].lower())
                if kind is None:
                    continue
                if any(s < match.start() and p in kind.members for s, p in own) or any(
                    p in kind.members for p in cited
                ):
                    continue
                latest = memory.latest(kind.members)
                add(match.start(), match.end(), latest if many else latest[-1:], score * (0.6 if kind.weak else 1.0))
        if not own and not cited:
            latest = memory.latest()
            for match in self._same.finditer(text):
                add(match.start(), match.end(), latest, 0.45 if len(latest) == 1 else 0.3)
            for pattern, form, score in ((self._opening, "anaphora", 0.4), (self._going_on, "continuation", 0.25)):
                opening = pattern.match(text)
                if opening is not None and len(previous) == 1 and not carried:
                    add(opening.start("word"), opening.end("word"), previous, score, form)
        return list(carried.values())
