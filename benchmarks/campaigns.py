"""Campaigns planted among very many letters: how many pairs are found, how many are right, texts per CPU-second.

The letters are grown from the sentences of the gold sets. Members of a campaign change the greeting and the name; some
add a paragraph of their own, some put the sentences in another order, some leave one out. Among the others are letters
that quote the same provision at length, and own letters with one paragraph of a campaign in them.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policydiff.documents.sentences import split_sentences
from policydiff.findings.near_copies import near_copies
from policydiff.findings.triples import triples, words_of
from policydiff.gold import GoldSet, gold_folders, read_gold

_IN_CAMPAIGNS = 0.4  # of all letters
_LARGEST = 2000  # members of a campaign
_FEWEST_WORDS = 6  # of a sentence that letters are made of
_GREETINGS = ("Kære kommune", "Til rette vedkommende", "Hej", "Høringssvar", "Dear council", "To whom it may concern")
_CLOSINGS = ("Med venlig hilsen", "Venlig hilsen", "De bedste hilsner", "Kind regards", "Yours sincerely")
EDITS = ("paragraph added", "sentences in another order", "sentence left out")


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter, the number of its campaign (None for an own letter), and the edits of EDITS made to it."""

    text: str
    campaign: int | None
    edits: frozenset[str]


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--gold", type=Path, default=Path("fixtures/gold"))
    parser.add_argument("--texts", type=int, default=100_000)


def grown(sets: Sequence[GoldSet], count: int, seed: int = 0) -> list[Letter]:
    """``count`` letters in random order, some of them in campaigns."""
    rng = random.Random(seed)  # noqa: S311 (no secret is made)
    sentences = sorted(
        {
            p.text[a:b]
            for s in sets
            for p in s.passages
            for a, b in split_sentences(p.text, s.policy.language)
            if len(p.text[a:b].split()) >= _FEWEST_WORDS
        }
    )
    quotations = sorted({p.text for s in sets for p in s.policy.provisions if len(p.text.split()) > 3 * _FEWEST_WORDS})
    letters: list[Letter] = []
    campaigns: list[list[str]] = []
    while len(letters) < _IN_CAMPAIGNS * count:
        size = min(int(2 * rng.paretovariate(0.9)), _LARGEST, int(_IN_CAMPAIGNS * count) - len(letters) + 1)
        text = rng.sample(sentences, rng.randint(7, 12))
        letters += [_member(rng, text, sentences, len(campaigns)) for _ in range(max(size, 2))]
        campaigns.append(text)
    while len(letters) < count:
        text = rng.sample(sentences, rng.randint(7, 12))
        kind = rng.random()
        if kind < 0.1:
            text.insert(3, f"»{rng.choice(quotations)}«")
        elif kind < 0.2:
            copied = rng.choice(campaigns)
            text[3:3] = copied[:3]
        letters.append(Letter(_letter(rng, text), None, frozenset()))
    rng.shuffle(letters)
    return letters


def _member(rng: random.Random, common: Sequence[str], sentences: Sequence[str], campaign: int) -> Letter:
    text = list(common)
    edits = frozenset(edit for edit in EDITS if rng.random() < 0.3)
    if "sentences in another order" in edits:
        at = rng.randrange(1, len(text))
        text = text[at:] + text[:at]
    if "sentence left out" in edits:
        text.pop(rng.randrange(len(text)))
    if "paragraph added" in edits:
        at = rng.randrange(len(text) + 1)
        text[at:at] = rng.sample(sentences, rng.randint(2, 3))
    return Letter(_letter(rng, text), campaign, edits)


def _letter(rng: random.Random, text: Sequence[str]) -> str:
    paragraphs = [" ".join(text[n : n + 3]) for n in range(0, len(text), 3)]
    name = f"{rng.choice(_CLOSINGS)}\n{chr(65 + rng.randrange(26))}. {rng.randrange(10**6)}sen"
    return "\n\n".join([rng.choice(_GREETINGS), *paragraphs, name])


def pairs_found(letters: Sequence[Letter], groups: Sequence[Sequence[int]]) -> dict[str, float]:
    """Pair precision and recall of groups against the planted campaigns."""

    def pairs(counts: Counter[Any]) -> int:
        return sum(n * (n - 1) // 2 for n in counts.values())

    group_of = {member: number for number, group in enumerate(groups) for member in group}
    said = pairs(Counter(group_of.values()))
    planted = pairs(Counter(letter.campaign for letter in letters if letter.campaign is not None))
    right = pairs(
        Counter(
            (letter.campaign, group_of[n])
            for n, letter in enumerate(letters)
            if letter.campaign is not None and n in group_of
        )
    )
    return {
        "precision": round(right / said, 4) if said else 1.0,
        "recall": round(right / planted, 4) if planted else 1.0,
    }


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Precision and recall of pairs, members found a kind of edit, and texts per CPU-second."""
    sets = [read_gold(f) for f in gold_folders([options.gold])]
    letters = grown(sets, options.texts)
    drafts = triples(s.policy.text for s in sets).values
    triples([letters[0].text])  # loads what it needs
    started = time.process_time()
    groups = near_copies(triples(letter.text for letter in letters).without(drafts))
    seconds = time.process_time() - started
    exact: dict[tuple[str, ...], list[int]] = {}
    started = time.process_time()
    for n, letter in enumerate(letters):
        exact.setdefault(tuple(words_of(letter.text)), []).append(n)
    of_words = time.process_time() - started
    rows = [
        {"system": "near_copies", **pairs_found(letters, groups), **_speed(len(letters), seconds)},
        {
            "system": "the same words",
            **pairs_found(letters, [g for g in exact.values() if len(g) > 1]),
            **_speed(len(letters), of_words),
        },
    ]
    return {
        "benchmark": "campaigns",
        "texts": len(letters),
        "words": sum(len(letter.text.split()) for letter in letters),
        "campaigns": len({letter.campaign for letter in letters} - {None}),
        "members": sum(letter.campaign is not None for letter in letters),
        "rows": rows,
        "members_found": _members_found(letters, groups),
    }


def _speed(count: int, seconds: float) -> dict[str, float]:
    return {"cpu_s": round(seconds, 2), "ratio_texts_per_cpu_s": round(count / seconds)}


def _members_found(letters: Sequence[Letter], groups: Sequence[Sequence[int]]) -> dict[str, float]:
    """The share of planted members that are in a group in which their campaign has the most, an edit each."""
    found: set[int] = set()
    best: dict[int, list[int]] = {}
    for group in groups:
        of: dict[int | None, list[int]] = {}
        for n in group:
            of.setdefault(letters[n].campaign, []).append(n)
        for campaign, members in of.items():
            if campaign is not None and len(members) > max(1, len(best.get(campaign, ()))):
                best[campaign] = members
    found.update(n for members in best.values() for n in members)
    planted = [n for n, letter in enumerate(letters) if letter.campaign is not None]
    kinds = {"no edit but greeting and name": [n for n in planted if not letters[n].edits]}
    kinds |= {edit: [n for n in planted if edit in letters[n].edits] for edit in EDITS}
    return {kind: round(sum(n in found for n in those) / max(1, len(those)), 4) for kind, those in kinds.items()}
