"""A judge that asks a model of natural language inference whether the passage entails a sentence about each stance.

The zero-shot reading of entailment is that of Yin, Hay and Roth (2019), https://aclanthology.org/D19-1404.
"""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from importlib.resources import files
from threading import RLock
from typing import Any

import numpy as np

from policydiff.documents.sentences import split_sentences
from policydiff.errors import SettingsError
from policydiff.evidence.loading import digest_of, load_local_first
from policydiff.findings.stance_features import Floats, StancePair, View, view
from policydiff.judges.pair_language import pair_language
from policydiff.models import STANCES, Stance

_ENTAILMENT = ("entailment", "entails", "entail")  # how models name the label, in any case
_LONGEST = 512  # tokens; of models that do not say how much they read
_RESERVED = 2  # positions that RoBERTa counts and does not use
_TITLE_SHARE = 2  # a hypothesis may fill one part in so many of what the model reads
_FALLBACK_TITLE = 12  # words of a provision's text that stand for a title where it has none
_MENTIONED = STANCES.index("mentioned")
_ASKED = tuple(s for s in STANCES if s != "mentioned")

Clauses = tuple[tuple[Stance, int, int], ...]


@cache
def _hypotheses_file() -> str:
    return (files("policydiff.judges") / "hypotheses.toml").read_text(encoding="utf-8")


class NliJudge:
    """Any NLI cross-encoder that sentence-transformers loads, by name or folder.

    A stance has the highest probability of entailment among its hypotheses (``hypotheses.toml``, or ``hypotheses``:
    language to stance to sentences with ``{title}``); ``mentioned`` has what the others leave. The premise is the
    clauses that speak of the provision where the comparison found a place that names or quotes it, else the whole
    passage, without what is quoted from the provision. A premise longer than the model reads is judged in parts, and
    the best part counts.

    ``language`` is that of the hypotheses, by default that of each passage. ``entailment`` is the index of the label
    where the model's config does not name it. The model is loaded at first use; one that has to be fetched needs a
    connection to the hub. The probabilities are the model's own, not calibrated: ``thresholds`` are one half.
    """

    def __init__(
        self,
        name: str,
        *,
        language: str | None = None,
        entailment: int | None = None,
        hypotheses: Mapping[str, Mapping[Stance, Sequence[str]]] | None = None,
        thresholds: Mapping[Stance, float] | None = None,
        device: str | None = None,
        batch_size: int = 32,
    ) -> None:
        self._hypotheses: Mapping[str, Any] = hypotheses or tomllib.loads(_hypotheses_file())
        if language is not None and language not in self._hypotheses:
            raise SettingsError(f"no hypotheses in {language!r}; there are {', '.join(self._hypotheses)}")
        digest = hashlib.sha256(repr(hypotheses).encode() if hypotheses else _hypotheses_file().encode()).hexdigest()
        self.model_name = name
        self.name = f"nli:{name} hypotheses@{digest[:12]}"
        self.language = language
        self.thresholds = dict.fromkeys(STANCES, 0.5) | dict(thresholds or {})
        self.device = device
        self.batch_size = batch_size
        self._entailment = entailment
        self._lock = RLock()

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k not in ("_model", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=RLock())

    @property
    def digest(self) -> str:
        """What tells the model from others of its name: how it is asked, and its files where it is a folder."""
        return digest_of(self.model_name, self.language, self._entailment)

    def judge(self, pairs: Sequence[StancePair]) -> Floats:
        """Probabilities of shape (len(pairs), 5), columns in the order of ``models.STANCES``.

        Raises:
            SettingsError: the model cannot be loaded, or does not say which of its labels is entailment.
        """
        return self._judge(pairs, [self._view(pair) for pair in pairs])

    def judge_with_clauses(self, pairs: Sequence[StancePair]) -> tuple[Floats, list[Clauses]]:
        """The same probabilities, and for each pair the clause that entails each stance most, as spans in the passage.

        Stances below their thresholds have none. Each clause of such a pair is asked about once more by itself.
        """
        views = [self._view(pair) for pair in pairs]
        rows = self._judge(pairs, views)
        wanted: list[tuple[int, Stance, list[tuple[int, int]]]] = []
        for n, seen in enumerate(views):
            spans = [s for s in seen.own_spans() if seen.text[slice(*s)].strip()]
            reached = [s for s, p in zip(STANCES, rows[n], strict=True) if p >= self.thresholds[s]] if spans else []
            wanted += [(n, stance, spans) for stance in reached]
        questions = [
            [(" ".join(views[n].text[a:b].split()), h) for a, b in spans for h in self._asked(pairs[n]).get(stance, ())]
            for n, stance, spans in wanted
        ]
        clauses: list[list[tuple[Stance, int, int]]] = [[] for _ in pairs]
        for (n, stance, spans), scores in zip(wanted, self._best(questions), strict=True):
            best = int(scores.reshape(len(spans), -1).max(axis=1).argmax()) if scores.size else 0
            clauses[n].append((stance, *spans[best]))
        return rows, [tuple(sorted(found, key=lambda c: (c[1], c[2], c[0]))) for found in clauses]

    def _judge(self, pairs: Sequence[StancePair], views: Sequence[View]) -> Floats:
        out = np.zeros((len(pairs), len(STANCES)), dtype=np.float32)
        questions = []
        for pair, seen in zip(pairs, views, strict=True):
            premise = " ".join((seen.own_text() if pair.focus else seen.text).split()) or pair.passage
            questions += [[(premise, h) for h in hypotheses] for hypotheses in self._asked(pair).values()]
        if questions:
            best = [scores.max(initial=0.0) for scores in self._best(questions)]
            out[:, : len(_ASKED)] = np.array(best, dtype=np.float32).reshape(len(pairs), len(_ASKED))
            out[:, _MENTIONED] = 1 - out[:, : len(_ASKED)].max(axis=1)
        return out

    def _view(self, pair: StancePair) -> View:
        return view(pair, self.language or pair_language(pair))

    def _asked(self, pair: StancePair) -> dict[Stance, list[str]]:
        """The hypotheses about a pair's provision, those of each stance but ``mentioned``."""
        language = self.language or pair_language(pair)
        if language not in self._hypotheses:
            raise SettingsError(f"no hypotheses in {language!r}; there are {', '.join(self._hypotheses)}")
        title = (pair.provision_title or " ".join(pair.provision_text.split()[:_FALLBACK_TITLE])).strip()
        return {s: [self._fitting(h, title) for h in self._hypotheses[language][s]] for s in _ASKED}

    def _fitting(self, hypothesis: str, title: str) -> str:
        """A hypothesis with as much of the title as leaves room for a premise."""
        words = title.split()
        while True:
            text = hypothesis.replace("{title}", " ".join(words))
            if len(words) < 2 or self._tokens(text) <= self._window // _TITLE_SHARE:
                return text
            words = words[: len(words) // 2]

    def _best(self, questions: Sequence[Sequence[tuple[str, str]]]) -> Iterator[Floats]:
        """For each group of (premise, hypothesis) their probabilities of entailment; each question is put once."""
        with self._lock:  # a fast tokenizer serves one thread at a time
            asked = {q: self._parts(*q) for q in dict.fromkeys(q for group in questions for q in group)}
            flat = list(dict.fromkeys((part, q[1]) for q, parts in asked.items() for part in parts))
            scores = dict(zip(flat, self._predict(flat), strict=True))
        best = {q: max((scores[part, q[1]] for part in parts), default=0.0) for q, parts in asked.items()}
        for group in questions:
            yield np.array([best[q] for q in group], dtype=np.float32)

    def _parts(self, premise: str, hypothesis: str) -> list[str]:
        """The premise, halved between sentences, else words, until each part fits beside the hypothesis."""
        special = self._model.tokenizer.num_special_tokens_to_add(pair=True)
        room = max(self._window - special - self._tokens(hypothesis), 1)

        def parts(text: str) -> list[str]:
            if len(text) < 2 or self._tokens(text) <= room:
                return [text] if text.strip() else []
            middle = len(text) // 2
            starts = [a for a, _ in split_sentences(text, self.language or "da")[1:]]
            cuts = starts or [n for n, c in enumerate(text) if c.isspace() and n > 0]
            cut = min(cuts or [middle], key=lambda n: abs(n - middle))
            return [*parts(text[:cut].strip()), *parts(text[cut:].strip())]

        return parts(premise)

    def _tokens(self, text: str) -> int:
        with self._lock:
            return len(self._model.tokenizer(text, add_special_tokens=False, truncation=False, verbose=False).input_ids)

    def _predict(self, questions: list[tuple[str, str]]) -> list[float]:
        if not questions:
            return []
        from torch.nn import Identity

        scores = self._model.predict(
            questions,
            batch_size=self.batch_size,
            activation_fn=Identity(),  # a saved sigmoid would come before the softmax
            apply_softmax=True,
            show_progress_bar=False,
        )
        return [float(p) for p in np.asarray(scores)[:, self._entailing]]

    @cached_property
    def _window(self) -> int:
        """How many tokens the model reads, premise and hypothesis and special ones together."""
        config, tokenizer = self._model.config, self._model.tokenizer
        positions = getattr(config, "max_position_embeddings", None) or _LONGEST + _RESERVED
        return int(min(tokenizer.model_max_length, positions - _RESERVED))

    @cached_property
    def _entailing(self) -> int:
        labels: dict[int, str] = self._model.config.id2label
        if self._entailment is not None:
            if self._entailment not in labels or len(labels) < 2:
                raise SettingsError(f"{self.model_name!r} has no label {self._entailment}; it has {labels}")
            return self._entailment
        named = [n for n, label in labels.items() if label.strip().lower() in _ENTAILMENT]
        if len(named) != 1 or len(labels) < 2:
            raise SettingsError(
                f"{self.model_name!r} does not say which of its labels is entailment ({', '.join(labels.values())}); "
                "name a model of natural language inference, or give the label's index: NliJudge(..., entailment=0)"
            )
        return int(named[0])

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import CrossEncoder

        return load_local_first(
            CrossEncoder,
            self.model_name,
            device=self.device,
            what="NLI model",
            instead="name a folder, or a cross-encoder that is in the local cache or can be fetched, such as "
            "alexandrainst/scandi-nli-base",
        )
