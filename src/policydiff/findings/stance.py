"""The stance of a passage to a provision: endorsed, challenged, more_explicit, proposal, mentioned.

``EmbeddedJudge`` is a logistic regression per stance over what ``stance_features`` sees of a pair: words, cues in
their scope, and what the tagger read. Any object with the one method of ``StanceJudge`` can take its place.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load as load_tensors

from policydiff.errors import SettingsError
from policydiff.evidence.tagger import Tagger, load_tagger
from policydiff.findings.cues import STRONG, read
from policydiff.findings.lexicon import WEAK
from policydiff.findings.stance_features import (
    Buckets,
    Floats,
    StancePair,
    View,
    dense_matrix,
    hashed,
    hashed_cues,
    text_fields,
    view,
)
from policydiff.models import STANCES, Disposition, Stance

Clauses = tuple[tuple[Stance, int, int], ...]

# What makes a clause the one to show, beside the logit of its words: a cue's strength, being about the provision, and
# how near a neighbour must come. Of 0-4, 0-1 and 0-.8 those that met the marked evidence of `natural` best (IoU .59).
_CUE, _OWN, _NEARLY = 2.0, 0.5, 0.3


class StanceJudge(Protocol):
    """Pairs to calibrated probabilities.

    A judge with a true attribute ``costly`` is asked only of findings that are accepted or uncertain; one with
    ``thresholds`` (stance to probability) decides by these instead of one half.
    """

    def judge(self, pairs: Sequence[StancePair]) -> Floats:
        """Probabilities of shape (len(pairs), 5), columns in the order of ``models.STANCES``."""
        ...


@runtime_checkable
class ShowingJudge(StanceJudge, Protocol):
    """A judge that can also show the words its stances rest on."""

    def judge_with_clauses(self, pairs: Sequence[StancePair]) -> tuple[Floats, list[Clauses]]:
        """The probabilities, and for each pair the spans in its passage that show a stance, of any stance."""
        ...


class EmbeddedJudge:
    """The judge that comes with the package: immutable, so safe to share between threads.

    ``folder`` is one that ``policydiff.fit_judge`` wrote; the default is the shipped judge, which sees passages
    through the tagger, or with ``tagged=False`` the shipped one that sees words and cues alone (numpy only, no
    transformer). ``name`` is the model's, ``thresholds`` holds the probability a stance needs, ``card`` what the
    model is and how well it did, ``tensors`` its weights as they are stored.

    Raises:
        SettingsError: the language has no model, or the weights are missing or are not those of the card.
    """

    languages = ("da", "en")  # those it was fitted on

    def __init__(
        self,
        language: str = "da",
        *,
        folder: Path | str | None = None,
        tagged: bool = True,
        tagger: Tagger | None = None,
    ) -> None:
        if language not in self.languages:
            raise SettingsError(
                f"no stance model for language {language!r}; available: {', '.join(self.languages)}; "
                "inject a StanceJudge of your own"
            )
        shipped = files("policydiff") / "models_data" / ("judge" if tagged else "judge-untagged")
        root = shipped if folder is None else Path(folder)
        try:
            card = json.loads((root / "stance.json").read_text(encoding="utf-8"))
            weights = (root / "stance.safetensors").read_bytes()
            right = hashlib.sha256(weights).hexdigest() == card["sha256"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SettingsError(f"no stance model in {root} ({error}); fit it again or reinstall policydiff") from error
        if not right:
            raise SettingsError("stance.safetensors is not the file that stance.json describes; fit it again")
        tensors = load_tensors(weights)
        self.language = language
        self.name = f"{card['name']}@{card['sha256'][:12]}"
        self.card: dict[str, Any] = card
        self.thresholds: dict[Stance, float] = card["thresholds"]
        self.tagger = self._its_tagger(card.get("tagger"), tagger)
        self.tensors = tensors
        self._idf = tensors["idf"].astype(np.float32)
        self._hashed = tensors["hashed"].astype(np.float32)
        self._dense = tensors["dense"].astype(np.float32)
        self._bias = tensors["bias"]
        self._platt = tensors["platt"]

    @staticmethod
    def _its_tagger(wanted: str | None, given: Tagger | None) -> Tagger | None:
        """The tagger that the judge was fitted with."""
        if wanted is None:
            return None
        found = load_tagger() if given is None else given
        if found.name != wanted:
            raise SettingsError(f"the judge was fitted with {wanted}, and the tagger is {found.name}; fit it again")
        return found

    def judge(self, pairs: Sequence[StancePair]) -> Floats:
        """Calibrated probabilities of shape (len(pairs), 5), columns in the order of ``models.STANCES``."""
        return self.probabilities(self.views(pairs))

    def judge_with_clauses(self, pairs: Sequence[StancePair]) -> tuple[Floats, list[Clauses]]:
        """The same, and for each pair the clauses that show each stance, in the order of the text."""
        views = self.views(pairs)
        return self.probabilities(views), [clauses_shown(seen) for seen in views]

    def views(self, pairs: Sequence[StancePair]) -> list[View]:
        """What the judge sees of each pair; passages that have not been read are read."""
        if self.tagger is None:
            pairs = [replace(p, tagged=None) for p in pairs]
        else:
            unread = list(dict.fromkeys(p.passage for p in pairs if p.tagged is None))
            known = dict(zip(unread, self.tagger.read(unread), strict=True)) if unread else {}
            pairs = [p if p.tagged is not None else replace(p, tagged=known[p.passage]) for p in pairs]
        return [view(pair, self.language) for pair in pairs]

    def probabilities(self, views: Sequence[View]) -> Floats:
        """As ``judge``, of pairs that have been looked at with ``views``."""
        if not views:
            return np.zeros((0, len(STANCES)), dtype=np.float32)
        dense = dense_matrix(views, self.language)
        if dense.shape[1] != len(self._dense):  # told when it matters: to know it, the language's cues must be read
            raise SettingsError(f"the judge {self.name} was fitted on other features; fit it again with fit_judge")
        raw = np.zeros((len(views), len(STANCES)), dtype=np.float32)
        said: dict[tuple[str, str], Floats] = {}  # by fields of text, which the pairs of a passage share
        for i, seen in enumerate(views):
            raw[i] = dense[i] @ self._dense + self._bias  # row by row, so that no pair's result depends on the others
            for field in text_fields(seen):
                if field not in said:
                    said[field] = self._says(hashed(*field))
                raw[i] += said[field]
            raw[i] += self._says(hashed_cues(seen))
        return np.asarray(1.0 / (1.0 + np.exp(-(raw * self._platt[0] + self._platt[1]))), dtype=np.float32)

    def _says(self, buckets: Buckets) -> Floats:
        """What the words of a hashed field add to each stance."""
        weight = self._idf[buckets]
        norm = float(np.sqrt(weight @ weight)) or 1.0
        return np.asarray((weight / norm) @ self._hashed[buckets])


def labels(probabilities: npt.ArrayLike, thresholds: Mapping[Stance, float]) -> tuple[Stance, ...]:
    """The stances of one row of probabilities that reach their thresholds, in the order of ``STANCES``.

    Where none but ``mentioned`` does, the one that comes nearest to its threshold in proportion is given,
    ``mentioned`` among them; so the result is never empty, and ``mentioned`` never stands beside another.
    """
    row: dict[Stance, float] = dict(zip(STANCES, np.asarray(probabilities, dtype=np.float64).tolist(), strict=True))
    chosen = tuple(s for s in STANCES if s != "mentioned" and row[s] >= thresholds[s])
    if chosen:
        return chosen
    return (max(("mentioned", *STANCES), key=lambda s: row[s] / thresholds[s]),)


def clauses_shown(seen: View) -> Clauses:
    """The clauses that show a stance to the provision, for every stance: spans in the passage, in order.

    A whole clause is shown, not the cue alone: "kan vi ikke støtte" means little without what cannot be supported,
    and annotators mark clauses too. Where the tagger has read the passage, the clause is the one whose words and cues
    say most for the stance, with a neighbour that says nearly as much; else those of the strongest cues, or the first.
    """
    clauses = [(c.start, c.end) for c in seen.reading.clauses]
    own = seen.own_spans()
    shown: set[tuple[Stance, int, int]] = set()
    for column, stance in enumerate(STANCES):
        cues = [c for c in seen.about.own if c.stance == stance and c.strength >= WEAK]
        if seen.tagged is None:
            best = max((c.strength for c in cues), default=0.0)
            spans = [seen.reading.span(c) for c in cues if c.strength == best] or own[:1]
        else:
            scores = [
                float(seen.tagged.shown([(a, b)])[column])
                + _CUE * max((c.strength for c in cues if a <= c.start < b), default=0.0)
                + _OWN * any(a < end and start < b for start, end in own)
                for a, b in clauses
            ]
            spans = _peak(clauses, scores)
        shown |= {(stance, a, b) for a, b in spans}
    return tuple(sorted(shown, key=lambda c: (c[1], c[2], STANCES.index(c[0]))))


def _peak(clauses: Sequence[tuple[int, int]], scores: Sequence[float]) -> list[tuple[int, int]]:
    """The clause with the highest score, and the ones beside it that come within ``_NEARLY`` of it."""
    if not clauses:
        return []
    top = max(range(len(clauses)), key=scores.__getitem__)
    beside = [n for n in (top - 1, top, top + 1) if 0 <= n < len(clauses) and scores[n] >= scores[top] - _NEARLY]
    return [clauses[n] for n in beside]


def unaligned(text: str, language: str) -> Disposition:
    """What a passage is that addresses no provision: on something else, or without a position."""
    wanting = takes_position(text, language, ("challenged", "more_explicit", "proposal"))
    return "out_of_draft" if wanting else "no_position"


def takes_position(text: str, language: str, stances: Sequence[Stance]) -> bool:
    """Whether ``text`` has a strong cue of one of ``stances``."""
    return any(c.stance in stances and c.strength >= STRONG for c in read(text, language).cues)
