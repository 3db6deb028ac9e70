"""References: which provisions a passage names, directly, by its section heading, or by pointing back.

``ReferenceMatcher`` reads the passages of one response in order. What a passage names explicitly or quotes becomes
what "dette princip" and "the same applies" in the passages after it point to.
"""

from collections.abc import Mapping, Sequence

from policydiff import languages
from policydiff.documents.language import language_scores
from policydiff.documents.mapping import normalise
from policydiff.errors import SettingsError
from policydiff.evidence.matches import Match
from policydiff.evidence.reference_grammar import Grammar
from policydiff.evidence.reference_labels import Hit
from policydiff.evidence.reference_nouns import Kind
from policydiff.evidence.reference_pointing import FIRM, Before, Memory, Pointer
from policydiff.evidence.reference_scanner import Scanner
from policydiff.evidence.reference_titles import TitleScanner
from policydiff.models import EvidenceKind, Policy

_SURE = 0.45  # the score from which one reference makes another to the same provision needless
_CHAINED = 0.35  # the score from which what is pointed back to is also what the next passage goes on with
_FADES = 0.6  # how much less is believed of what the passage before did not name itself
_LINE = 80  # characters up to which a passage that only names a provision is a heading of what follows
_TAKEN = 0.6  # share of such a line's letters that the reference covers
_FEW_WORDS = 3  # stop words of another language from which a passage is taken to be in it


class _Reader:
    """What finds references in one language. Prepared once a policy; without state afterwards."""

    def __init__(self, policy: Policy, language: str) -> None:
        self.grammar = Grammar(policy, language)
        self.scanner = Scanner(policy, self.grammar)
        self.titles = TitleScanner(policy, self.grammar)
        self.pointer = Pointer(self.grammar)

    def hits(self, text: str, latest: Sequence[int], *, heading: bool = False) -> list[Hit]:
        """What a text names, by label, count or title; ``latest`` are the provisions spoken of before."""
        kind, paragraph = self._counted_kind(latest), self._paragraph(latest)
        several = len(set(latest)) > 1
        hits = self.scanner.scan(text, heading=heading, kind=kind, several=several, paragraph=paragraph)
        sure = {h.provision for h in hits if h.score >= _SURE}
        return hits + [h for h in self.titles.scan(text, heading=heading) if h.provision not in sure]

    def _counted_kind(self, latest: Sequence[int]) -> Kind | None:
        """The kind of what was named last, which a bare ordinal is taken to count."""
        return next((k for k in self.grammar.kinds if latest and latest[-1] in k.members), None)

    def _paragraph(self, latest: Sequence[int]) -> str | None:
        """The number of the paragraph that was named last."""
        return next((n for n, subs in self.grammar.paragraphs.items() if latest and latest[-1] in subs.values()), None)


class ReferenceMatcher:
    """Finds references to the provisions of one policy. Prepared once; picklable, and safe in threads.

    ``language`` is that of the responses. By default each passage is read in the language it is written in, and in
    the policy's own where it is too short to tell.

    Raises:
        SettingsError: there is no pack for the language.
    """

    def __init__(self, policy: Policy, language: str | None = None) -> None:
        code = language or policy.language
        if code not in languages.available():
            raise SettingsError(f"unknown language {code!r}; available: {', '.join(languages.available())}")
        self._language = code
        self._policy = policy
        self._languages = languages.available() if language is None else [code]
        self._readers: dict[str, _Reader] = {}

    def find(
        self,
        passages: Sequence[str],
        sections: Sequence[str],
        quoted: Sequence[Sequence[int]] | None = None,
        leanings: Sequence[int | None] | None = None,
    ) -> list[list[Match]]:
        """The references of each passage of one response; spans count in the passage as given.

        ``sections`` are the headings over the passages, ``quoted`` the provisions that each one quotes, ``leanings``
        the provision that each one is most like in its words, where one stands out. Kinds are "reference", "carried"
        and "section"; a section match has no span.
        """
        memory = Memory()
        found: list[list[Match]] = []
        headed: dict[str, list[Hit]] = {}
        previous_section: str | None = None
        before = Before()
        line: list[Hit] = []
        readers = self._readers_of(passages)
        for n, (passage, section) in enumerate(zip(passages, sections, strict=True)):
            reader = readers[n]
            if section not in headed:
                headed[section] = self._heading(section, reader)
            if section != previous_section:
                firm = [h.provision for h in headed[section] if h.score >= FIRM]
                memory.add(firm)
                before, previous_section, line = Before(tuple(firm)), section, []
            mapped = normalise(passage)
            cited = list(quoted[n]) if quoted is not None else []
            hits = self._without_named(reader.hits(mapped.text, before.provisions or memory.latest()), memory, cited)
            own = [h.provision for h in sorted(hits, key=lambda h: h.start) if h.score >= FIRM]
            carried = reader.pointer.find(mapped.text, hits, cited, memory, before)
            memory.add([*own, *(p for p in cited if p not in own)])
            before = self._about([*own, *cited], carried, before, leanings[n] if leanings is not None else None)
            above = [*headed[section], *(h for h in line if h.provision not in {o.provision for o in hits})]
            matches = [self._match(h, mapped.origin(h.start, h.end), "reference") for h in hits]
            matches += [self._match(h, mapped.origin(h.start, h.end), "carried") for h in carried]
            matches += [Match(h.provision, "section", h.score, form="heading") for h in above]
            found.append(matches)
            if (heads := self._line(mapped.text, hits)) is not None:
                line = heads
        return found

    @staticmethod
    def _about(named: Sequence[int], carried: Sequence[Hit], before: Before, leaning: int | None) -> Before:
        """What a passage is about, for the next one: what it names, else points back to, else is most like."""
        if named:
            return Before(tuple(dict.fromkeys(named)))
        if strong := [h.provision for h in carried if h.score >= _CHAINED]:
            return Before(tuple(strong), before.trust * _FADES)
        return Before() if leaning is None else Before((leaning,), _FADES)

    def _reader(self, language: str) -> _Reader:
        """Made for the first text in that language; two threads may both make it, and it is the same."""
        if language not in self._readers:
            self._readers[language] = _Reader(self._policy, language)
        return self._readers[language]

    def _readers_of(self, passages: Sequence[str]) -> list[_Reader]:
        """The reader for each passage: in its own language, else that of the response, else that of the policy."""
        if len(self._languages) == 1:
            return [self._reader(self._language)] * len(passages)
        scores = [language_scores(p, strict=True) for p in passages]
        total = {code: sum(s[code] for s in scores) for code in self._languages}
        alone = [code for code, n in total.items() if n]
        response = self._clearly(total) or (alone[0] if len(alone) == 1 else self._language)
        return [self._reader(self._clearly(s) or response) for s in scores]

    @staticmethod
    def _clearly(scores: Mapping[str, int]) -> str | None:
        """The language with by far the most stop words, if there is one."""
        first, second = sorted(scores, key=lambda code: (-scores[code], code))[:2]
        clear = scores[first] >= max(_FEW_WORDS, 2 * scores[second]) or (scores[first] > 1 and not scores[second])
        return first if clear else None

    @staticmethod
    def _match(hit: Hit, span: tuple[int, int], kind: EvidenceKind) -> Match:
        return Match(hit.provision, kind, hit.score, span[0], span[1], form=hit.form)

    @staticmethod
    def _heading(section: str, reader: _Reader) -> list[Hit]:
        """What a section heading names, each provision once."""
        text = normalise(section).text
        return _as_heading([h for h in reader.hits(text, (), heading=True) if h.form != "rest"]) if text else []

    @staticmethod
    def _line(text: str, hits: Sequence[Hit]) -> list[Hit] | None:
        """What a passage that is hardly more than a reference sets as the target of those after it."""
        if len(text) > _LINE or text.rstrip().endswith((".", "!", "?")):
            return None
        covered = {i for h in hits if h.score >= FIRM for i in range(h.start, h.end)}
        letters = [i for i, c in enumerate(text) if c.isalnum()]
        if not covered or len(covered.intersection(letters)) < _TAKEN * len(letters):
            return None
        return _as_heading(hits)

    @staticmethod
    def _without_named(hits: list[Hit], memory: Memory, cited: list[int]) -> list[Hit]:
        """The hits, where "the other principles" are those that the response has not named so far."""
        if not any(h.form == "rest" for h in hits):
            return hits
        named = {p for group in memory.groups for p in group} | set(cited)
        named |= {h.provision for h in hits if h.form != "rest" and h.score >= _SURE}
        return [
            Hit(h.provision, h.score, h.start, h.end, "all") if h.form == "rest" else h
            for h in hits
            if h.form != "rest" or h.provision not in named
        ]


def _as_heading(hits: Sequence[Hit]) -> list[Hit]:
    """One hit a provision; the more of them a heading names, the less it says of each."""
    best: dict[int, Hit] = {}
    firm = {h.provision for h in hits if h.score >= FIRM}
    for hit in hits:
        score = min(hit.score, 0.9 if len(firm) < 2 else 0.6 if len(firm) < 4 else 0.35)
        if hit.provision not in best or best[hit.provision].score < score:
            best[hit.provision] = Hit(hit.provision, score, 0, 0, "heading")
    return list(best.values())
