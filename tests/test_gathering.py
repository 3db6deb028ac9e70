import numpy as np

from policydiff.evidence.gathering import Gatherer
from policydiff.evidence.tagger import load_tagger
from policydiff.models import Policy, Provision


class Flat:
    """Every text is alike."""

    def encode(self, texts):
        return np.ones((len(texts), 4), dtype=np.float32)


def policy(*bodies: str) -> Policy:
    text, provisions = "", []
    for n, body in enumerate(bodies, 1):
        provisions.append(
            Provision(id=f"{n}", kind="mål", label=f"{n}", text=body, start=len(text), end=len(text) + len(body))
        )
        text += body + "\n"
    return Policy(id="", title="", language="da", text=text, provisions=tuple(provisions))


DRAFT = policy("Skolerne skal have flere lærere og mindre klasser.", "Busserne skal køre hver halve time om aftenen.")


def carried(passages: list[str], draft: Policy = DRAFT) -> list[list[int]]:
    gathered = Gatherer(draft, Flat(), shrinkage=0.0).gather(passages, [""] * len(passages))
    return [[m.provision for m in matches if m.kind == "carried"] for matches in gathered.matches]


def test_a_passage_goes_on_with_what_the_one_before_is_plainly_like():
    assert carried(["At busserne kører om aftenen, er godt.", "Det er dog for sjældent."]) == [[], [1]]


def test_a_passage_that_is_like_nothing_is_not_gone_on_with():
    assert carried(["Vi er en forening.", "Det er dog for sjældent."]) == [[], []]


def test_little_to_gather():
    assert carried([]) == []
    assert carried(["Busserne kører.", "Det er dog for sjældent."], policy("Busserne kører om aftenen.")) == [[], []]


def test_nothing_is_gathered_with_a_tagger_too():
    gathered = Gatherer(DRAFT, load_tagger().encoder, shrinkage=8.0, tagger=load_tagger()).gather([], [])
    assert gathered.similarity.shape == gathered.closest.shape == (0, 2)
    assert gathered.tagged == []


def test_with_another_encoder_the_tagger_only_tags():
    gathered = Gatherer(DRAFT, Flat(), shrinkage=0.0, tagger=load_tagger()).gather(["Busserne kører sjældent."], [""])
    assert not gathered.similarity.any()  # all texts are alike
    assert gathered.tagged[0] is not None
