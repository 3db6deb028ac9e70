"""What the gold sets give to grow from: their sentences, with places where they name a provision by its label."""

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from policydiff.documents import split_sentences
from policydiff.evidence.references import ReferenceMatcher
from policydiff.gold import GoldSet, gold_folders, read_gold
from policydiff.models import Policy

LABEL, RANGE = "\0", "\1"  # the places: of one provision, of several
WORD = re.compile(r"\b[a-zæøå]{4,}\b")  # that another may stand for
_CHARACTERS = 20  # of the shortest sentence


@dataclass(frozen=True, slots=True)
class Material:
    """What a gold set gives to grow from; sentences have places for the references in them.

    ``about`` are the sentences of passages on a provision, by its id; ``others`` those of passages on none.
    ``lengths`` of passages are in sentences, ``sizes`` of responses in passages.
    """

    name: str
    policy: Policy
    about: dict[str, list[str]]
    others: list[str]
    sections: list[str]
    words: frozenset[str]
    lengths: list[int]
    sizes: list[int]


def material(gold: GoldSet) -> Material:
    """The sentences of a gold set."""
    matcher, language = ReferenceMatcher(gold.policy), gold.policy.language
    about: defaultdict[str, dict[str, None]] = defaultdict(dict)
    others: dict[str, None] = {}
    lengths = []
    for passage in gold.passages:
        opened = dict.fromkeys(_opened(matcher, sentence) for sentence in sentences_of(passage.text, language))
        lengths.append(max(1, len(opened)))
        for alignment in passage.alignments:
            about[alignment.provision].update(opened)
        if not passage.alignments:
            others.update(opened)
    sections = sorted({_opened(matcher, p.section) for p in gold.passages if p.section})
    kinds = {p.kind[:5] for p in gold.policy.provisions}
    words = {word for p in gold.passages for word in WORD.findall(p.text) if word[:5] not in kinds}
    return Material(
        gold.name,
        gold.policy,
        {provision: sorted(sentences) for provision, sentences in about.items()},
        sorted(others),
        sections or [gold.policy.title],
        frozenset(words),
        lengths,
        [len(passages) for passages in gold.by_response().values()],
    )


def read_material(folder: Path) -> list[Material]:
    """The material of the gold sets under ``folder``, that in Danish first."""
    found = [material(read_gold(one)) for one in gold_folders([folder])]
    return sorted(found, key=lambda one: one.policy.language != "da")


def sentences_of(text: str, language: str) -> list[str]:
    """The sentences of a text without the shortest, on one line each."""
    joined = " ".join(text.split())
    found = (joined[a:b].lstrip("-•* ") for a, b in split_sentences(joined, language))
    return [sentence for sentence in found if len(sentence) > _CHARACTERS]


def _opened(matcher: ReferenceMatcher, words: str) -> str:
    """Words with a place where each provision was named by its label; names by title stay."""
    ((*matches,),) = matcher.find([words], [""])
    places = {
        (m.start, m.end or 0): RANGE if m.form == "range" else LABEL
        for m in matches
        if m.kind == "reference" and m.start is not None and m.form in ("label", "ordinal", "range")
    }
    least = len(words)
    for (start, end), place in sorted(places.items(), reverse=True):
        if end <= least:
            words, least = words[:start] + place + words[end:], start
    return words
