"""Quotations planted among other words: found by ours and by a plain loop over all pairs, and what each costs.

Half of them verbatim, half with one word in six misspelt or left out; half in quotation marks, half not. The loop is
rapidfuzz's partial_ratio_alignment of each passage with each provision; the provision with the highest ratio is taken
for the one quoted, however low the ratio, which finds most and never says that nothing is quoted. The span is found
where it shares at least half of its characters with the planted one (intersection over union).
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz

from benchmarks.growing import Draft, Grower, stretch
from benchmarks.measuring import cpu_seconds
from policydiff.evidence.quotes import QuoteMatcher

_LEAST = 8  # words of a planted quotation
_OVERLAP = 0.5
_PAIRS = 4_000  # of passages and provisions that the loop is tried on


@dataclass(frozen=True, slots=True)
class Planted:
    """A passage with a quotation of provision number ``provision`` at ``text[start:end]``."""

    text: str
    start: int
    end: int
    provision: int
    exact: bool


Said = list[tuple[int, int, int]]  # provision, start and end of what is taken for a quotation


def planted(grower: Grower, draft: Draft, count: int, seed: int = 0) -> list[Planted]:
    """``count`` passages with a quotation each."""
    rng = random.Random(seed)  # noqa: S311 (no secret is made)
    out = []
    for number in range(count):
        provision, exact, marked = rng.randrange(len(draft.origins)), number % 2 == 0, number % 4 < 2
        words = stretch(rng, draft.policy.provisions[provision].text, exact=exact, least=_LEAST)
        before, after = (grower.sentence(rng, provision) for _ in range(2))
        opening, closing = ("»", "«") if marked else ("", "")
        start = len(before) + 1 + len(opening)
        text = f"{before} {opening}{words}{closing} {after}"
        out.append(Planted(text, start, start + len(words), provision, exact))
    return out


def by_loop(passages: Sequence[str], provisions: Sequence[str]) -> list[Said]:
    """What a plain loop finds."""
    found: list[Said] = []
    for passage in passages:
        hits = [fuzz.partial_ratio_alignment(passage, text) for text in provisions]
        best = max(range(len(hits)), key=lambda j: hits[j].score)
        found.append([(best, hits[best].src_start, hits[best].src_end)])
    return found


def by_ours(matcher: QuoteMatcher, responses: Iterable[Sequence[str]]) -> list[Said]:
    """What the quote stage finds in the passages of responses."""
    return [
        [(m.provision, m.start, m.end) for m in found if m.start is not None and m.end is not None]
        for passages in responses
        for found in matcher.find_all(passages)
    ]


def recall(gold: Sequence[Planted], said: Sequence[Said]) -> dict[str, float]:
    """The shares of quotations whose provision is found, verbatim and not, and of those whose span is, too."""

    def share(wanted: Sequence[bool]) -> float:
        return round(sum(wanted) / max(1, len(wanted)), 3)

    right = [any(j == one.provision for j, *_ in found) for one, found in zip(gold, said, strict=True)]
    spans = [
        any(j == one.provision and _overlap(one, start, end) >= _OVERLAP for j, start, end in found)
        for one, found in zip(gold, said, strict=True)
    ]
    return {
        "recall_verbatim": share([ok for one, ok in zip(gold, right, strict=True) if one.exact]),
        "recall_fuzzy": share([ok for one, ok in zip(gold, right, strict=True) if not one.exact]),
        "span_found": share(spans),
    }


def _overlap(one: Planted, start: int, end: int) -> float:
    shared = min(one.end, end) - max(one.start, start)
    return max(0, shared) / (max(one.end, end) - min(one.start, start))


def rows(grower: Grower, draft: Draft, responses: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """What both cost on the passages of ``responses``, and what they find of planted quotations.

    The loop is tried on fewer passages, the more provisions there are.
    """
    bodies = [p.text for p in draft.policy.provisions]
    count = len(bodies)
    passages = [passage for response in responses for passage in response]
    sample = passages[: max(20, _PAIRS // count)]
    gold = planted(grower, draft, max(40, 2 * _PAIRS // count))
    texts = [one.text for one in gold]
    matcher = QuoteMatcher(draft.policy)
    by_ours(matcher, responses[:1])
    own = cpu_seconds(lambda: by_ours(matcher, responses))[1] / len(passages)
    loop = cpu_seconds(lambda: by_loop(sample, bodies))[1] / len(sample)
    return [
        {
            "part": "quotes",
            "system": f"quote stage, {count} provisions",
            "cpu_s_per_1000": round(own * 1000, 3),
            "ratio_loop": round(loop / own),
            **recall(gold, by_ours(matcher, [texts])),
        },
        {
            "part": "quotes",
            "system": f"partial_ratio_alignment, all pairs, {count} provisions",
            "cpu_s_per_1000": round(loop * 1000, 3),
            **recall(gold, by_loop(texts, bodies)),
        },
    ]
