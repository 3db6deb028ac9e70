import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from policydiff import Comparer, document_from_text
from policydiff.evidence.remembering import ReadLately
from policydiff.evidence.tagger import Tagged, load_tagger


class Counting:
    """Reads every text as its length, and notes what it was asked."""

    def __init__(self):
        self.asked = []

    def read(self, texts, language):
        assert language == "da"
        self.asked += texts
        return [Tagged(*(np.full(250, len(text), dtype=np.float32),) * 5) for text in texts]  # 5,000 bytes


def test_a_text_is_read_once():
    tagger = Counting()
    lately = ReadLately(tagger, "da")
    assert [t.vector[0] for t in lately.read(["en", "tre", "en"])] == [2, 3, 2]
    assert [t.vector[0] for t in lately.read(["fire", "tre"])] == [4, 3]
    assert lately.read([]) == []
    assert tagger.asked == ["en", "tre", "fire"]


def test_what_was_used_longest_ago_makes_room():
    tagger = Counting()
    lately = ReadLately(tagger, "da", most=13_000)  # two texts
    for text in ("a", "b", "a", "c", "a", "b"):
        lately.read([text])
    assert tagger.asked == ["a", "b", "c", "b"]
    lately.read([f"{n}" for n in range(100)])
    assert lately._held <= 13_000
    assert len(lately._known) == 2


def test_it_is_shared_by_threads_and_begins_empty_elsewhere():
    lately = ReadLately(Counting(), "da", most=60_000)
    texts = [["x" * (n * k % 13 + 1) for n in range(20)] for k in range(40)]
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(lately.read, texts))
    assert [[int(t.vector[0]) for t in some] for some in read] == [[len(text) for text in some] for some in texts]
    assert lately._held == sum(6_000 + 2 * len(text) for text in lately._known)
    handed = pickle.loads(pickle.dumps(lately))  # noqa: S301
    assert (handed._held, len(handed._known), handed.most) == (0, 0, 60_000)


@pytest.mark.parametrize("most", [0, 64_000_000])
def test_what_is_found_does_not_depend_on_what_is_remembered(koebenhavn, most):
    comparer = Comparer(koebenhavn / "udkast.md")
    comparer._gatherer._lately = lately = ReadLately(load_tagger(), "da", most=most)
    form = "Vi støtter princip E, som vi længe har ønsket.\n\nDette princip bør dog være tydeligere.\n\n"
    letters = [document_from_text(f"{form}Pejlemærke {n} er vi uenige i.", f"{n}.txt") for n in (1, 2)]
    found = [comparer.compare_one(letter) for letter in letters]
    assert len(lately._known) == (4 if most else 0)
    assert found == [Comparer(koebenhavn / "udkast.md").compare_one(letter) for letter in letters]
