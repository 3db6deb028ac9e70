"""The stages in order: a policy prepared once, responses compared one by one, as a list or as a stream."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from policydiff import __version__, languages
from policydiff.documents import Block, Document, load_policy, parse_response, read_document
from policydiff.documents.inputs import Given, ResponseInputs, Source, read_given
from policydiff.documents.mapping import normalise
from policydiff.documents.masking import mask_document
from policydiff.documents.passages import template_headings
from policydiff.documents.recurring import recurring_headings
from policydiff.errors import InputError, PartlyReadError, SettingsError
from policydiff.evidence.embeddings import Encoder, load_encoder
from policydiff.evidence.gathering import Gathered, Gatherer
from policydiff.evidence.matches import Match
from policydiff.evidence.model_files import DEFAULT
from policydiff.evidence.tagger import comparing_tagger
from policydiff.findings.align import AlignmentModel, via
from policydiff.findings.campaigns import copied_units, find_copying
from policydiff.findings.identity import numbers_of, respondents, resubmissions
from policydiff.findings.kept import Found, KeptFindings, identity, key_of, renamed, source_of
from policydiff.findings.reranking import Reranker, reranked
from policydiff.findings.stance import (
    Clauses,
    EmbeddedJudge,
    ShowingJudge,
    StanceJudge,
    clauses_shown,
    labels,
    takes_position,
    unaligned,
)
from policydiff.findings.stance_features import StancePair, focus_spans, view
from policydiff.findings.tally import tally
from policydiff.models import (
    STANCES,
    Comparison,
    Cue,
    Disposition,
    Evidence,
    Failure,
    Finding,
    Passage,
    Policy,
    Provenance,
    Response,
    Stance,
)
from policydiff.settings import Settings

Progress = Callable[[int, int | None], None]

_WORD = re.compile(r"\w+")
_DUPLICATE_WORDS = 8  # shorter passages repeat by chance ("Ingen bemærkninger")
_DIGITS = 6  # decimals kept of probabilities and scores


@dataclass(frozen=True, slots=True)
class ComparedResponse:
    """What one response came to: the response, all its passages, and the findings on them."""

    response: Response
    passages: tuple[Passage, ...]
    findings: tuple[Finding, ...]


class Comparer:
    """Compares responses with one policy, which is prepared once. Thread-safe and picklable.

    ``encoder`` and ``judge`` are any objects with the methods of the protocols Encoder and StanceJudge; the
    defaults are the embedded ones, which need neither network nor torch. ``alignment`` is a fitted alignment
    model, by default the shipped one that was fitted with this encoder. ``reranker`` orders the best provisions of a
    passage anew, see Reranker; there is none by default. ``kept`` is where findings are looked up before passages are
    judged, and put afterwards.
    """

    def __init__(
        self,
        policy: Policy | Path | str,
        *,
        settings: Settings | None = None,
        encoder: Encoder | None = None,
        judge: StanceJudge | None = None,
        alignment: AlignmentModel | None = None,
        reranker: Reranker | None = None,
        kept: KeptFindings | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.policy = (
            policy
            if isinstance(policy, Policy)
            else load_policy(policy, language=self.settings.documents.language, limits=self.settings.documents.limits)
        )
        template = self.settings.documents.template
        self._template = (
            None
            if template is None
            else template_headings(
                read_document(template, limits=self.settings.documents.limits), self.settings.documents.language
            )
        )
        self.encoder = load_encoder(DEFAULT, threads=self.settings.evidence.threads) if encoder is None else encoder
        self.reranker = reranker
        self.kept = kept
        tagger = comparing_tagger(self.encoder)
        self.alignment = AlignmentModel.shipped(_name(self.encoder)) if alignment is None else alignment
        self._gatherer = Gatherer(
            self.policy, self.encoder, shrinkage=self.settings.evidence.similarity_shrinkage, tagger=tagger
        )
        # The embedded judge knows one language; a hearing in Danish may get answers in English.
        self._judges: Mapping[str, StanceJudge] = (
            self._embedded if judge is None else dict.fromkeys(languages.available(), judge)
        )
        fitted, chosen = self.alignment.thresholds, self.settings.findings
        self.accept = fitted.accept if chosen.accept is None else chosen.accept
        self.review = fitted.review if chosen.review is None else chosen.review

    @property
    def calibrated(self) -> bool:
        """Whether the alignment model was fitted with the encoder in use; else confidences are only ranks."""
        return self.alignment.encoder == _name(self.encoder)

    def compare_one(self, source: Source, *, response_id: str = "r1") -> ComparedResponse:
        """Read one response and compare it.

        Raises:
            InputError: the response cannot be read, or the file holds several.
        """
        settings = self.settings.documents
        document = source if isinstance(source, Document) else read_document(source, limits=settings.limits)
        masked = mask_document(document) if settings.mask else document
        return self._compare_document(masked, response_id, self._template)

    def template_of(self, sources: Iterable[Source]) -> re.Pattern[str] | None:
        """What matches the headings of the responses' template: the one given, else what recurs in the first ones."""
        return self._template or recurring_headings(sources, self.settings.documents)

    def outcomes(
        self, given: Given, number: int, template: re.Pattern[str] | None = None
    ) -> Iterator[ComparedResponse | Failure]:
        """What becomes of input ``number``, counted from 1: the response compared or why not, and what was not read."""
        document = read_given(given, self.settings.documents)
        try:
            if isinstance(document, InputError):
                raise document
            yield self._compare_document(document, f"r{number}", template)
        except InputError as error:
            yield Failure(source=error.source, error=type(error).__name__, message=error.message)
        if isinstance(document, Document):
            for warning in document.warnings:
                yield Failure(source=document.source, error=PartlyReadError.__name__, message=warning)

    def _compare_document(
        self, document: Document, response_id: str, template: re.Pattern[str] | None
    ) -> ComparedResponse:
        language = self.settings.documents.language
        response, blocks = parse_response(document, response_id=response_id, language=language, template=template)
        return self.compare_blocks(response, blocks)

    def compare_blocks(self, response: Response, blocks: Sequence[Block]) -> ComparedResponse:
        """Compare a response whose passages are given.

        Headings are the sections of what follows and no passages, unless one says something itself
        ("Princip B skal udgå") or has nothing below it.
        """
        if self.kept is None:
            return ComparedResponse(response, *self._found(response, blocks))
        key = key_of(blocks, response.language, self._basis)
        found = self.kept.get(key)
        if found is None:
            found = self._found(response, blocks)
            self.kept.put(key, found)
        return ComparedResponse(response, *renamed(found, response.id))

    def _found(self, response: Response, blocks: Sequence[Block]) -> Found:
        """The passages and the findings; of the response, only its id and language are asked."""
        blocks = self._passages(blocks, response.language)
        repeated = _repeated(blocks)
        judged = [b for n, b in enumerate(blocks) if b.kind != "front" and n not in repeated]
        gathered = self.gather(judged)
        floor = min(self.settings.findings.floor, self.accept)
        confidence = self._confidence(judged, gathered, floor) if judged else np.zeros((0, 0))
        ids = {id(b): f"{response.id}/{n}" for n, b in enumerate(blocks, 1)}
        candidates = [(int(i), int(j)) for i, j in np.argwhere(confidence >= floor)]
        findings = self._findings(response, judged, [ids[id(b)] for b in judged], gathered, confidence, candidates)
        accepted = {f.passage_id for f in findings if f.accepted}

        passages = tuple(
            Passage(
                id=ids[id(block)],
                response_id=response.id,
                section=block.section,
                start=block.start,
                end=block.end,
                text=block.text,
                disposition="duplicate"
                if number in repeated
                else _disposition(block, ids[id(block)] in accepted, response.language),
                page=block.page,
            )
            for number, block in enumerate(blocks)
        )
        return passages, tuple(findings)

    def _confidence(self, blocks: Sequence[Block], gathered: Gathered, floor: float) -> npt.NDArray[np.float64]:
        confidence = np.round(self.alignment.confidence(gathered), _DIGITS)
        if self.reranker is None:
            return confidence
        return reranked(
            confidence,
            [b.text for b in blocks],
            [f"{p.title}. {p.text}" for p in self.policy.provisions],
            self.reranker,
            floor=floor,
            candidates=self.settings.findings.rerank,
        )

    def _passages(self, blocks: Sequence[Block], language: str) -> list[Block]:
        """The blocks without their headings, but with the headings and first lines that take a position."""
        out = []
        for block, following in zip(blocks, (*blocks[1:], None), strict=True):
            if block.kind in ("heading", "front") and self._takes_position(block, language):
                out.append(replace(block, kind="paragraph"))
            elif block.kind != "heading":
                out.append(block)
            elif following is None or following.kind == "heading":
                out.append(replace(block, kind="front"))
        return out

    def _takes_position(self, line: Block, language: str) -> bool:
        """Whether a single line names a provision and endorses it, challenges it or asks for more of it."""
        if "\n" in line.text or not takes_position(line.text, language, ("endorsed", "challenged", "more_explicit")):
            return False
        ((*found,),) = self._gatherer.references.find([line.text], [""])
        return any(m.kind == "reference" for m in found)

    def gather(self, blocks: Sequence[Block]) -> Gathered:
        """The evidence for the passages of one response, before any decision."""
        return self._gatherer.gather([b.text for b in blocks], [b.section for b in blocks])

    def stream(
        self, sources: Iterable[Source], *, progress: Progress | None = None
    ) -> Iterator[ComparedResponse | Failure]:
        """The responses one by one, in order; one that cannot be read gives a Failure in its place.

        Folders, .zip archives and tables give all that is in them. What was left unread of a response (a scanned
        page, an attachment) is told by a Failure after it. Only one response is held at a time. Where no template is
        given and ``sources`` is a sequence, the first responses are read beforehand for the labels of one.
        ``progress`` is called after each with the number done and the total, None where it is unknown.
        """
        template = self.template_of(sources)
        inputs = ResponseInputs(sources, self.settings.documents)
        for number, given in enumerate(inputs.unread(), 1):
            yield from self.outcomes(given, number, template)
            if progress is not None:
                progress(number, inputs.total)

    def compare(self, sources: Iterable[Source], *, progress: Progress | None = None) -> Comparison:
        """All responses compared: findings, tallies, and a Failure for each input that could not be read."""
        done: list[ComparedResponse] = []
        failures: list[Failure] = []
        for result in self.stream(sources, progress=progress):
            if isinstance(result, Failure):
                failures.append(result)
            else:
                done.append(result)
        return self.collect(done, failures)

    def collect(self, done: Sequence[ComparedResponse], failures: Sequence[Failure] = ()) -> Comparison:
        """One Comparison from responses that were compared one by one: counted, and what was copied pointed out."""
        responses = tuple(c.response for c in done)
        passages = tuple(p for c in done for p in c.passages)
        findings = tuple(f for c in done for f in c.findings)
        return counted(self.policy, self.provenance(responses), responses, passages, findings, failures)

    def provenance(self, responses: Sequence[Response]) -> Provenance:
        """Version, models with hashes, settings in force, and the SHA-256 of each input."""
        settings = self.settings.model_dump(mode="json")
        settings["findings"] |= {
            "accept": self.accept,
            "review": list(self.review),
            "calibrated_for_encoder": self.alignment.encoder,
            "stances": _thresholds(self._judges[self.policy.language]),
        }
        # Of the policy as compared: a corrected one has the same text and other provisions.
        inputs = {"draft": _digest(self.policy)}
        return Provenance(
            version=__version__,
            models={
                "encoder": _name(self.encoder),
                "alignment": self.alignment.name,
                **({} if self._gatherer.tagger is None else {"tagger": self._gatherer.tagger.name}),
                "judge": _name(self._judges[self.policy.language]),
                **({} if self.reranker is None else {"reranker": _name(self.reranker)}),
            },
            settings=settings,
            inputs=inputs | inputs_of(responses),
        )

    def basis(self) -> dict[str, str]:
        """What decides the findings on given passages: version, source, draft, models, settings, as texts to compare.

        Raises:
            SettingsError: a model has no name, so that nobody could tell it from another.
        """
        return self._basis

    @cached_property
    def _basis(self) -> dict[str, str]:
        models = [self.encoder, self.alignment, *self._judges.values()]
        models += [model for model in (self._gatherer.tagger, self.reranker) if model is not None]
        settings = {
            "findings": self.settings.findings.model_dump() | {"accept": self.accept, "review": self.review},
            "evidence": self.settings.evidence.model_dump(exclude={"threads"}),
            "stances": {code: _thresholds(judge) for code, judge in self._judges.items()},
        }
        return {
            "version": __version__,
            "draft": _digest(self.policy),
            "source": source_of(),
            "models": ", ".join(map(identity, models)),
            "settings": json.dumps(settings, sort_keys=True),
        }

    @cached_property
    def _embedded(self) -> dict[str, EmbeddedJudge]:
        """The judges that come with the package, a language each."""
        tagger = self._gatherer.tagger
        return {code: EmbeddedJudge(code, tagged=tagger is not None, tagger=tagger) for code in EmbeddedJudge.languages}

    def _judged(
        self, judge: StanceJudge, pairs: Sequence[StancePair], language: str, confidence: Sequence[float]
    ) -> tuple[npt.NDArray[np.float64], list[Clauses]]:
        """What the judge says of each pair; one that is ``costly`` is asked only of those that may count.

        Of candidates that are neither accepted nor uncertain the embedded judge speaks, where it knows the language.
        """
        if not getattr(judge, "costly", False) or language not in EmbeddedJudge.languages:
            return _ask(judge, pairs, language)
        rest = self._embedded[language]
        counts = np.array(confidence) >= min(self.accept, self.review[0])
        probabilities = np.zeros((len(pairs), len(STANCES)))
        clauses: list[Clauses] = [()] * len(pairs)
        for one, rows in ((judge, np.flatnonzero(counts).tolist()), (rest, np.flatnonzero(~counts).tolist())):
            probabilities[rows], shown = _ask(one, [pairs[n] for n in rows], language)
            for n, spans in zip(rows, shown, strict=True):
                clauses[n] = spans
        return probabilities, clauses

    def _findings(
        self,
        response: Response,
        blocks: Sequence[Block],
        ids: Sequence[str],
        gathered: Gathered,
        confidence: npt.NDArray[np.float64],
        candidates: Sequence[tuple[int, int]],
    ) -> list[Finding]:
        matches = {(i, j): [m for m in gathered.matches[i] if m.provision == j] for i, j in candidates}
        pairs = [
            StancePair(
                passage=blocks[i].text,
                provision_title=self.policy.provisions[j].title,
                provision_text=self.policy.provisions[j].text,
                section=blocks[i].section,
                previous=blocks[i - 1].text if i else "",
                focus=focus_spans(matches[i, j]),
                others=focus_spans(m for m in gathered.matches[i] if m.provision != j),
                tagged=gathered.tagged[i],
            )
            for i, j in candidates
        ]
        judge = self._judges.get(response.language)
        if judge is None:
            raise SettingsError(f"no judge for a response in {response.language!r}; give one with judge=")
        judged, clauses = self._judged(judge, pairs, response.language, [confidence[i, j] for i, j in candidates])
        if judged.shape != (len(pairs), len(STANCES)):
            raise SettingsError(f"the judge gave shape {judged.shape} for {len(pairs)} pairs of {len(STANCES)} stances")
        thresholds = _thresholds(judge)
        findings = []
        for (i, j), row, shown in zip(candidates, np.clip(np.round(judged, _DIGITS), 0, 1), clauses, strict=True):
            block, sure = blocks[i], float(confidence[i, j])
            chosen = labels(row, thresholds)
            lexical, similarity = float(gathered.lexical[i, j, 0]), float(gathered.similarity[i, j])
            findings.append(
                Finding(
                    passage_id=ids[i],
                    provision_id=self.policy.provisions[j].id,
                    confidence=sure,
                    accepted=sure >= self.accept,
                    review=self.review[0] <= sure < self.review[1],
                    stances={s: float(p) for s, p in zip(STANCES, row, strict=True)},
                    labels=chosen,
                    via=via(matches[i, j], gathered.lexical[i, :, 0], gathered.similarity[i], j),
                    evidence=_evidence(block.start, matches[i, j], lexical, similarity),
                    cues=tuple(
                        Cue(stance=stance, start=block.start + start, end=block.start + end)
                        for stance, start, end in shown
                        if stance in chosen
                    ),
                )
            )
        return findings


def counted(
    policy: Policy,
    provenance: Provenance,
    responses: tuple[Response, ...],
    passages: tuple[Passage, ...],
    findings: tuple[Finding, ...],
    failures: Sequence[Failure],
) -> Comparison:
    """One Comparison of what was found: counted, and what was copied pointed out."""
    people = respondents(responses)
    number = numbers_of(people)
    copying = find_copying(policy, responses, passages, number)
    return Comparison(
        provenance=provenance,
        policy=policy,
        responses=responses,
        passages=passages,
        findings=findings,
        tallies=tally(
            policy,
            findings,
            {p.id: number[p.response_id] for p in passages},
            units_of=copied_units(copying.campaigns, copying.copied_passages, passages),
            weight_of={n: person.weight for n, person in enumerate(people)},
        ),
        errors=tuple(failures),
        campaigns=copying.campaigns,
        copied_passages=copying.copied_passages,
        resubmissions=resubmissions(people, {r.id: r for r in responses}),
    )


def inputs_of(responses: Iterable[Response]) -> dict[str, str]:
    """The SHA-256 of each response's file, as a provenance names it."""
    return {f"{r.id} {r.source}": r.sha256 for r in responses}


def _ask(
    judge: StanceJudge, pairs: Sequence[StancePair], language: str
) -> tuple[npt.NDArray[np.float64], list[Clauses]]:
    """Probabilities, and the clauses that show the stances: the judge's own, else those with a cue."""
    if not pairs:
        return np.zeros((0, len(STANCES))), []
    if isinstance(judge, ShowingJudge):
        probabilities, clauses = judge.judge_with_clauses(pairs)
    else:
        probabilities, clauses = judge.judge(pairs), [clauses_shown(view(p, language)) for p in pairs]
    return np.asarray(probabilities, dtype=np.float64), clauses


def _repeated(blocks: Sequence[Block]) -> set[int]:
    """The numbers of the passages that stand word for word in the same response before."""
    seen: set[tuple[str, ...]] = set()
    repeated = set()
    for number, block in enumerate(blocks):
        words = tuple(_WORD.findall(normalise(block.text).text.lower()))
        if block.kind != "front" and len(words) >= _DUPLICATE_WORDS and words in seen:
            repeated.add(number)
        seen.add(words)
    return repeated


def _disposition(block: Block, aligned: bool, language: str) -> Disposition:
    if block.kind == "front":
        return "boilerplate"
    return "aligned" if aligned else unaligned(block.text, language)


def _thresholds(judge: StanceJudge) -> dict[Stance, float]:
    """The probability that each stance needs; a judge of the user's own may say it, else it is one half."""
    return dict(getattr(judge, "thresholds", dict.fromkeys(STANCES, 0.5)))


def _digest(policy: Policy) -> str:
    return hashlib.sha256(policy.model_dump_json().encode()).hexdigest()


def _name(model: object) -> str:
    return str(getattr(model, "name", type(model).__qualname__))


def _evidence(offset: int, matches: Sequence[Match], lexical: float, similarity: float) -> tuple[Evidence, ...]:
    """All evidence for one pair, the explicit kinds first, spans in the response's own text."""
    found = [
        Evidence(
            kind=m.kind,
            score=round(m.score, _DIGITS),
            start=None if m.start is None else offset + m.start,
            end=None if m.end is None else offset + m.end,
            provision_start=m.provision_start,
            provision_end=m.provision_end,
        )
        for m in sorted(matches, key=lambda m: -m.score)
    ]
    found.append(Evidence(kind="lexical", score=round(lexical, _DIGITS)))
    found.append(Evidence(kind="similarity", score=round(similarity, _DIGITS)))
    return tuple(found)


def compare(
    draft: Policy | Path | str,
    responses: Iterable[Source] | Source,
    *,
    settings: Settings | None = None,
    encoder: Encoder | None = None,
    judge: StanceJudge | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Compare one or more responses with a draft: the whole job in one call.

    ``draft`` is a file, a Policy or its JSON; ``responses`` are files, folders, .zip archives, tables with a row a
    response, or Documents. Responses that cannot be read are in ``errors`` of the result, not raised.

    Raises:
        InputError: the draft cannot be read, or holds no provision.
    """
    comparer = Comparer(draft, settings=settings, encoder=encoder, judge=judge)
    sources = [responses] if isinstance(responses, Path | str | Document) else responses
    return comparer.compare(sources, progress=progress)
