"""A gold set and what was predicted for it, side by side as arrays."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from policydiff.comparing import ComparedResponse, Comparer
from policydiff.documents import parse_response
from policydiff.gold import GoldPassage, GoldSet
from policydiff.models import STANCES, Finding, Policy, Response

Mode = Literal["passages", "pipeline"]
Span = tuple[int, int]


@dataclass(frozen=True)
class Predicted:
    """n gold passages against m provisions (all of provisions.json, those missed in the draft last).

    ``confidence`` (n, m), ``accepted`` (n, m), ``sure`` (n, m: accepted and not to review), ``grades`` (n, m);
    ``labels``, ``stances`` (their probabilities) and ``gold_labels`` (n, m, 5) in the order of STANCES; ``spans`` and
    ``gold_spans`` the evidence by (row, column).
    """

    name: str
    passages: tuple[GoldPassage, ...]
    provisions: tuple[str, ...]
    confidence: npt.NDArray[np.float64]
    accepted: npt.NDArray[np.bool_]
    sure: npt.NDArray[np.bool_]
    grades: npt.NDArray[np.int8]
    labels: npt.NDArray[np.bool_]
    stances: npt.NDArray[np.float64]
    gold_labels: npt.NDArray[np.bool_]
    spans: dict[tuple[int, int], list[Span]]
    gold_spans: dict[tuple[int, int], Span]

    def response_rows(self) -> list[npt.NDArray[np.intp]]:
        """The row numbers of each response that has labelled passages."""
        names = np.array([p.response for p in self.passages])
        return [np.flatnonzero(names == name) for name in dict.fromkeys(names)]


def _compared(gold: GoldSet, comparer: Comparer, mode: Mode) -> dict[str, ComparedResponse]:
    out = {}
    for name, passages in gold.by_response().items():
        response, blocks = parse_response(gold.documents[name], response_id=name, language=gold.policy.language)
        chosen = blocks if mode == "pipeline" else [p.block() for p in passages]
        out[name] = comparer.compare_blocks(_named(response, name), chosen)
    return out


def _named(response: Response, name: str) -> Response:
    return response if response.id == name else response.model_copy(update={"id": name})


def _owners(compared: ComparedResponse, passages: list[GoldPassage]) -> dict[str, GoldPassage]:
    """For each predicted passage the gold passage it overlaps most; none where it overlaps none."""
    owners = {}
    for found in compared.passages:
        overlap = [(min(found.end, g.end) - max(found.start, g.start), -n) for n, g in enumerate(passages)]
        best, number = max(overlap, default=(0, 0))
        if best > 0:
            owners[found.id] = passages[-number]
    return owners


def _shown(finding: Finding) -> list[Span]:
    """The words that a finding points to: its cues, else its evidence."""
    cues = [(c.start, c.end) for c in finding.cues]
    return cues or [(e.start, e.end) for e in finding.evidence if e.start is not None and e.end is not None]


def predict(gold: GoldSet, make: Callable[[Policy], Comparer], mode: Mode) -> Predicted:
    """Run the comparison on a gold set.

    ``make`` prepares a Comparer for the set's policy; with a floor of 0 all pairs are ranked. In mode
    "passages" the gold passages are given; in mode "pipeline" the responses are segmented as in use, and each
    predicted passage speaks for the gold passage it overlaps most.
    """
    provisions = (*(p.id for p in gold.policy.provisions), *gold.missed)
    column = {p: j for j, p in enumerate(provisions)}
    row = {p.passage: i for i, p in enumerate(gold.passages)}
    n, m = len(gold.passages), len(provisions)
    confidence = np.zeros((n, m))
    accepted, sure = np.zeros((n, m), dtype=np.bool_), np.zeros((n, m), dtype=np.bool_)
    stances = np.zeros((n, m, len(STANCES)))
    labels, gold_labels = np.zeros((n, m, len(STANCES)), np.bool_), np.zeros((n, m, len(STANCES)), np.bool_)
    spans: dict[tuple[int, int], list[Span]] = {}
    gold_spans: dict[tuple[int, int], Span] = {}
    for i, passage in enumerate(gold.passages):
        for alignment in passage.alignments:
            j = column[alignment.provision]
            gold_labels[i, j] = [s in alignment.stances for s in STANCES]
            if alignment.evidence is not None:
                gold_spans[i, j] = alignment.evidence
    by_response = gold.by_response()
    for name, compared in _compared(gold, make(gold.policy), mode).items():
        owners = _owners(compared, by_response[name])
        for finding in compared.findings:
            owner = owners.get(finding.passage_id)
            if owner is None:
                continue
            i, j = row[owner.passage], column[finding.provision_id]
            if finding.accepted:
                labels[i, j] |= np.array([s in finding.labels for s in STANCES])
            elif not accepted[i, j] and finding.confidence > confidence[i, j]:
                labels[i, j] = [s in finding.labels for s in STANCES]
            accepted[i, j] |= finding.accepted
            sure[i, j] |= finding.accepted and not finding.review
            stances[i, j] = np.maximum(stances[i, j], [finding.stances[s] for s in STANCES])
            confidence[i, j] = max(confidence[i, j], finding.confidence)
            spans.setdefault((i, j), []).extend(_shown(finding))
    return Predicted(
        gold.name,
        gold.passages,
        provisions,
        confidence,
        accepted,
        sure,
        gold.grades(),
        labels,
        stances,
        gold_labels,
        spans,
        gold_spans,
    )
