"""The labelled cases of tests/cases/stance.json as pairs for a judge of stances, our own evidence in focus."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from policydiff.evidence.references import ReferenceMatcher
from policydiff.evidence.tagger import Tagger
from policydiff.findings.stance_features import StancePair, focus_spans
from policydiff.fitting.stance import Pairs, grouped
from policydiff.models import STANCES, Policy, Provision

CASES = Path(__file__).parents[1] / "tests" / "cases" / "stance.json"


@dataclass(frozen=True)
class Case:
    """One passage and one provision: which split it is in, whether a cue decides it, and its stances."""

    language: str
    kind: str
    split: str
    cue: bool
    pair: StancePair
    stances: tuple[str, ...]


def policy_of(provisions: list[Mapping[str, str]], language: str) -> Policy:
    """A draft that holds the cases' provisions and nothing else."""
    text, made = "", []
    for number, p in enumerate(provisions):
        text += f"{p['kind']} {p['label']}: {p['title']}\n"
        start = len(text)
        text += p["text"]
        made.append(Provision(id=str(number), **p, start=start, end=len(text)))
        text += "\n\n"
    return Policy(id="cases", title="cases", language=language, text=text, provisions=tuple(made))


def read_cases(path: Path = CASES) -> list[Case]:
    """Every case, a row a pair of passage and provision."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    policies = {language: policy_of(rows, language) for language, rows in stored["provisions"].items()}
    matchers = {language: ReferenceMatcher(policy) for language, policy in policies.items()}
    return [
        case for row in stored["cases"] for case in _cases(row, policies[row["language"]], matchers[row["language"]])
    ]


def _cases(row: Mapping[str, Any], policy: Policy, matcher: ReferenceMatcher) -> list[Case]:
    texts = [*([row["previous"]] if "previous" in row else []), row["text"]]
    matches = matcher.find(texts, [""] * len(texts), [[]] * len(texts))[-1]
    return [
        Case(
            row["language"],
            row["kind"],
            row["split"],
            row["cue"],
            StancePair(
                row["text"],
                p.title,
                p.text,
                "",
                row.get("previous", ""),
                focus_spans(m for m in matches if m.provision == number),
                focus_spans(m for m in matches if m.provision != number),
            ),
            tuple(row["gold"][p.label]),
        )
        for number, p in enumerate(policy.provisions)
        if p.label in row["gold"]
    ]


def case_sets(cases: list[Case], tagger: Tagger | None = None) -> list[Pairs]:
    """Cases as features to fit on, read by ``tagger`` if there is one; a set a language."""
    sets = []
    for language in sorted({c.language for c in cases}):
        own = [c for c in cases if c.language == language]
        pairs = [c.pair for c in own]
        if tagger is not None:
            read = tagger.read([p.passage for p in pairs])
            pairs = [replace(p, tagged=tagged) for p, tagged in zip(pairs, read, strict=True)]
        sets.append(
            grouped(f"cases-{language}", language, pairs, np.array([[s in c.stances for s in STANCES] for c in own]))
        )
    return sets
