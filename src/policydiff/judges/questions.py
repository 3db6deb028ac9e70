"""What is put to a language model about a pair, and the prompt it is put with."""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from policydiff.documents.masking import contacts, masked_text
from policydiff.errors import valid
from policydiff.findings.stance_features import StancePair

_GUIDELINES = ("## Stance", "## Evidence")  # the sections of the annotation guidelines that say what a stance is


@cache
def instructions() -> str:
    """The system prompt: prompt.toml with the annotators' own definitions in it."""
    prompt = tomllib.loads((files("policydiff.judges") / "prompt.toml").read_text(encoding="utf-8"))
    sections = (files("policydiff") / "annotate" / "guidelines.md").read_text(encoding="utf-8").split("\n## ")
    chosen = [f"## {s}".strip() for s in sections if f"## {s}".startswith(_GUIDELINES)]
    return str(prompt["instructions"]).format(guidelines="\n\n".join(chosen)).strip()


@cache
def prompt_digest() -> str:
    """The SHA-256 of the system prompt, in hexadecimal digits."""
    return hashlib.sha256(instructions().encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Question:
    """One pair as it is sent; ``passage`` has the length of the pair's own, so that offsets are the same."""

    passage: str
    section: str
    previous: str
    title: str
    text: str
    named: tuple[str, ...] = ()

    @property
    def characters(self) -> int:
        """Of all its texts."""
        return len(self.passage) + len(self.section) + len(self.previous) + len(self.title) + len(self.text)

    def key(self, model: str) -> str:
        """What the answer depends on, as the SHA-256 of it: the model, the prompt and the texts."""
        parts = [model, prompt_digest(), self.passage, self.section, self.previous, self.title, self.text, self.named]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def question(pair: StancePair, *, mask: bool) -> Question:
    """A pair as it is sent. ``mask`` overwrites contact data in what the respondent wrote, character by character."""
    passage, section, previous = (
        valid(masked_text(text, contacts(text)) if mask else text)
        for text in (pair.passage, pair.section, pair.previous)
    )
    # The pair does not say what number the provision has; the words that name it ("princip E") do.
    named = tuple(dict.fromkeys(passage[a:b] for a, b in pair.focus))
    return Question(passage, section, previous, valid(pair.provision_title), valid(pair.provision_text), named)


def batches(questions: Sequence[Question], *, pairs: int, characters: int) -> Iterator[list[Question]]:
    """The questions in order, as many to a request as the limits allow; one that is larger goes alone."""
    batch: list[Question] = []
    size = 0
    for q in questions:
        if batch and (len(batch) >= pairs or size + q.characters > characters):
            yield batch
            batch, size = [], 0
        batch.append(q)
        size += q.characters
    if batch:
        yield batch


def messages(batch: Sequence[Question]) -> list[dict[str, str]]:
    """The prompt for a batch, whose pairs have the ids "1", "2" and so on; each text is told once."""
    provisions: dict[tuple[str, str], str] = {}
    passages: dict[tuple[str, str, str], str] = {}
    pairs = []
    for number, q in enumerate(batch, 1):
        passage = passages.setdefault((q.section, q.previous, q.passage), f"T{len(passages) + 1}")
        provision = provisions.setdefault((q.title, q.text), f"P{len(provisions) + 1}")
        pair = {"id": str(number), "passage": passage, "provision": provision}
        pairs.append(pair | ({"named": q.named} if q.named else {}))
    told = {
        "provisions": {name: {"title": title, "text": text} for (title, text), name in provisions.items()},
        "passages": {
            name: {"section": section, "previous": previous, "text": text}
            for (section, previous, text), name in passages.items()
        },
        "pairs": pairs,
    }
    content = json.dumps(told, ensure_ascii=False, indent=1)
    return [{"role": "system", "content": instructions()}, {"role": "user", "content": content}]
