"""A judge that asks a language model, checks every answer, and lets the embedded judge take what is left."""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from policydiff.errors import SettingsError
from policydiff.findings.stance import EmbeddedJudge
from policydiff.findings.stance_features import Floats, StancePair
from policydiff.judges.answer_cache import AnswerCache
from policydiff.judges.answers import Answers, Judged, read_answers
from policydiff.judges.endpoint import Completion, Endpoint, EndpointError
from policydiff.judges.pair_language import pair_language
from policydiff.judges.questions import Question, batches, messages, prompt_digest, question
from policydiff.judges.requests import Estimate, RequestSettings, Usage
from policydiff.models import STANCES, Stance

_NOT_GIVEN = 0.02  # probability of a stance that the model did not give
_CHARACTERS_A_TOKEN = 3.0  # of Danish and JSON together; English has more
_TOKENS_OF_AN_ANSWER = 60  # a pair, with one stance or two and their quotations

Clauses = tuple[tuple[Stance, int, int], ...]


@cache
def _embedded(language: str) -> EmbeddedJudge:
    return EmbeddedJudge(language)


class LanguageModelJudge:
    """A language model behind an OpenAI-compatible endpoint. Thread-safe and picklable.

    ``model`` is what the server calls it, ``endpoint`` its base URL, such as ``http://localhost:11434/v1``. Passages
    are sent there, nowhere else, with contact data overwritten unless ``mask`` is false. A stance counts only with a
    quotation that stands in the passage word by word. A pair whose answer cannot be used in full is asked again
    alone, and then left to the embedded judge; ``usage`` says how many were, and why.

    ``cache`` is a file for the answers; without it they are kept as long as the judge is. ``key_variable`` names the
    environment variable that holds the key, for servers that want one. ``language`` is that of the embedded judge,
    by default that of each passage; the model is told none. ``prices`` are per million tokens in and out.

    Raises:
        SettingsError: the endpoint is no address, or an extra is not installed.
    """

    costly = True  # a comparison asks it only of findings that may count

    def __init__(
        self,
        model: str,
        endpoint: str,
        *,
        language: str | None = None,
        cache: Path | str | None = None,
        mask: bool = True,
        key_variable: str = "POLICYDIFF_API_KEY",
        requests: RequestSettings | None = None,
        prices: tuple[float, float] | None = None,
    ) -> None:
        self.settings = requests or RequestSettings()
        self.endpoint = Endpoint(endpoint, model, key_variable=key_variable, settings=self.settings)
        self.name = f"llm:{model}@{self.endpoint.host} prompt@{prompt_digest()[:12]}"
        # Its own stances are given or not; the thresholds are for the pairs that the embedded judge takes.
        self.thresholds: dict[Stance, float] = _embedded(language or EmbeddedJudge.languages[0]).thresholds
        self.language = language
        self.mask = mask
        self.prices = prices
        self._cache = AnswerCache(cache)
        self._reasons: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=Lock())

    def judge(self, pairs: Sequence[StancePair]) -> Floats:
        """Probabilities of shape (len(pairs), 5), columns in the order of ``models.STANCES``.

        A stance that the model gave has the probability that it gave with it, at least one half; others have next
        to none. Rows that fell back are those of the embedded judge.

        Raises:
            SettingsError: the endpoint never answered, and refused the address, the key or the model.
        """
        return self.judge_with_clauses(pairs)[0]

    def judge_with_clauses(self, pairs: Sequence[StancePair]) -> tuple[Floats, list[Clauses]]:
        """The same probabilities, and for each pair the quoted words of each stance, as spans in the passage."""
        out = np.full((len(pairs), len(STANCES)), _NOT_GIVEN, dtype=np.float32)
        clauses: list[Clauses] = []
        for n, (pair, judged) in enumerate(zip(pairs, self._answers(pairs), strict=True)):
            if judged is None:
                language = self.language or pair_language(pair)
                (out[n],), (shown,) = _embedded(language).judge_with_clauses([pair])
                clauses.append(shown)
                continue
            for s in judged:
                column = STANCES.index(s.stance)
                out[n, column] = max(out[n, column], s.probability)
            spans = {(s.stance, s.start, s.end) for s in judged if s.start is not None and s.end is not None}
            clauses.append(tuple(sorted(spans, key=lambda c: (c[1], c[2], c[0]))))
        return out, clauses

    def estimate(self, pairs: Sequence[StancePair]) -> Estimate:
        """What judging these pairs would take if every answer can be used at once. Nothing is sent."""
        questions = {q.key(self._model): q for q in (question(pair, mask=self.mask) for pair in pairs)}
        known = self._known(questions)
        todo = [q for key, q in questions.items() if key not in known]
        sent = [_characters(messages(batch)) for batch in self._batches(todo)]
        tokens = round(sum(sent) / _CHARACTERS_A_TOKEN), len(todo) * _TOKENS_OF_AN_ANSWER
        return Estimate(
            pairs=len(pairs),
            asked=len(todo),
            cached=len(pairs) - len(todo),
            requests=len(sent),
            tokens_in=tokens[0],
            tokens_out=tokens[1],
            cost=self._cost(*tokens),
        )

    @property
    def usage(self) -> Usage:
        """What was used since the judge was made."""
        with self._lock:
            counts, reasons = dict(self._counts), dict(self._reasons.most_common())
        tokens = counts.get("tokens_in", 0), counts.get("tokens_out", 0)
        return Usage(
            **{key: counts.get(key, 0) for key in ("pairs", "answered", "cached", "fell_back", "asked")},
            reasons=reasons,
            requests=self.endpoint.requests,
            tokens_in=tokens[0],
            tokens_out=tokens[1],
            counted=not counts.get("uncounted"),
            cost=self._cost(*tokens),
        )

    @property
    def _model(self) -> str:
        # A model of one name need not be the same on two servers.
        return f"{self.endpoint.model}@{self.endpoint.url}"

    def _cost(self, tokens_in: int, tokens_out: int) -> float | None:
        return None if self.prices is None else (tokens_in * self.prices[0] + tokens_out * self.prices[1]) / 1e6

    def _batches(self, questions: Sequence[Question]) -> list[list[Question]]:
        return list(batches(questions, pairs=self.settings.pairs, characters=self.settings.characters))

    def _known(self, questions: Mapping[str, Question]) -> dict[str, Judged]:
        """The answers in the cache whose quotations lie in the passage, as they do unless the file was changed."""
        return {
            key: judged
            for key, judged in self._cache.get(questions).items()
            if all((s.start is None) == (s.end is None) for s in judged)
            and all(0 <= (s.start or 0) < (s.end or 1) <= max(len(questions[key].passage), 1) for s in judged)
        }

    def _answers(self, pairs: Sequence[StancePair]) -> list[Judged | None]:
        """What the model says of each pair, now or before; None where it says nothing usable."""
        asked = [question(pair, mask=self.mask) for pair in pairs]
        keys = [q.key(self._model) for q in asked]
        questions = dict(zip(keys, asked, strict=True))
        known = self._known(questions)
        todo = [q for key, q in questions.items() if key not in known]
        new, reasons = self._ask(todo)
        counts: Counter[str] = Counter(pairs=len(pairs), asked=len(todo))
        seen: set[str] = set()
        for key in keys:
            if key in new and key not in seen:
                counts["answered"] += 1
            elif key in new or key in known:
                counts["cached"] += 1
            else:
                counts["fell_back"] += 1
            seen.add(key)
        with self._lock:
            self._counts.update(counts)
            self._reasons.update(reasons[key] for key in keys if key in reasons)
        found = known | new
        return [found.get(key) for key in keys]

    def _ask(self, questions: Sequence[Question]) -> tuple[dict[str, Judged], dict[str, str]]:
        """The usable answers by key, and why the others are not; those of failed batches are asked again alone."""
        good: dict[str, Judged] = {}
        reasons: dict[str, str] = {}
        work = self._batches(questions)
        with ThreadPoolExecutor(self.settings.parallel) as pool:
            while work:
                again = []
                for batch, answers in zip(work, pool.map(self._ask_batch, work), strict=True):
                    for q, answer in zip(batch, answers, strict=True):
                        key = q.key(self._model)
                        if not isinstance(answer, str):
                            good[key] = answer
                            reasons.pop(key, None)
                        else:
                            reasons[key] = answer
                            again += [[q]] if len(batch) > 1 else []
                work = again
        return good, reasons

    def _ask_batch(self, batch: Sequence[Question]) -> list[Judged | str]:
        prompt = messages(batch)
        try:
            done = self.endpoint.complete(prompt, Answers.model_json_schema())
        except EndpointError as error:
            if error.wrong and not self.endpoint.ever_answered:
                raise SettingsError(
                    f"{self.endpoint.url} does not answer for {self.endpoint.model!r} ({error.reason}); check the "
                    f"address, the name of the model, and the key in {self.endpoint.key_variable}"
                ) from error
            return [error.reason] * len(batch)
        self._count(done, _characters(prompt))
        answers = read_answers(done.text, [q.passage for q in batch])
        # At once, so that an interrupted run has not paid for nothing.
        self._cache.put({q.key(self._model): a for q, a in zip(batch, answers, strict=True) if not isinstance(a, str)})
        return answers

    def _count(self, done: Completion, characters: int) -> None:
        estimated = [round(n / _CHARACTERS_A_TOKEN) for n in (characters, len(done.text))]
        with self._lock:
            self._counts["tokens_in"] += estimated[0] if done.tokens_in is None else done.tokens_in
            self._counts["tokens_out"] += estimated[1] if done.tokens_out is None else done.tokens_out
            self._counts["uncounted"] += done.tokens_in is None or done.tokens_out is None


def _characters(prompt: Sequence[Mapping[str, str]]) -> int:
    return sum(len(message["content"]) for message in prompt)


class Estimating:
    """In place of a LanguageModelJudge, adds up what it would take; the rows are the embedded judge's."""

    costly = True

    def __init__(self, judge: LanguageModelJudge) -> None:
        self.name = f"estimate for {judge.name}"
        self.thresholds = judge.thresholds
        self.total = Estimate()
        self._judge = judge
        self._lock = Lock()

    def judge(self, pairs: Sequence[StancePair]) -> Floats:
        """The embedded judge's probabilities; ``total`` grows by ``estimate(pairs)``."""
        more = self._judge.estimate(pairs).model_dump()
        with self._lock:
            so_far = self.total.model_dump()
            sums = {key: None if value is None else (so_far[key] or 0) + value for key, value in more.items()}
            self.total = Estimate.model_validate(sums)
        rows = [_embedded(self._judge.language or pair_language(pair)).judge([pair])[0] for pair in pairs]
        return np.stack(rows) if rows else np.zeros((0, len(STANCES)), dtype=np.float32)
