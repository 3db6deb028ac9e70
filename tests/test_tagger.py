import json
import pickle
import shutil
from importlib.resources import files

import numpy as np
import pytest

from policydiff import Comparer, SettingsError, StaticEncoder, TransformerEncoder
from policydiff.evidence.tagger import ADDRESSED, PAIR, TAGS, WIDTH, Tagged, Tagger, comparing_tagger, load_tagger
from policydiff.models import STANCES

PRAISE = "Vi bifalder princip E, og det er vi glade for."
BACKGROUND = "Foreningen har 94 medlemmer og blev stiftet i 1971."


@pytest.fixture(scope="module")
def tagger():
    return load_tagger()


def made(numbers):
    pieces = len(numbers)
    starts = np.arange(pieces, dtype=np.int32) * 2
    zeros = np.zeros((1, 384), np.float32)
    return Tagged(zeros[0], zeros, np.asarray(numbers, np.float32), starts, starts + 1)


def test_the_numbers_of_a_piece_have_one_use_each():
    used = [*range(WIDTH)[TAGS], *(i for part in PAIR for i in range(WIDTH)[part]), *ADDRESSED]
    assert sorted(used) == list(range(WIDTH))


def test_stances_are_means_and_maxima_over_the_passage_and_over_the_words_about_the_provision():
    numbers = np.zeros((2, WIDTH))
    for part, (first, second) in zip(PAIR, [(1, 3), (10, 20), (4, 6), (100, 50)], strict=True):
        numbers[0, part], numbers[1, part] = first, second
    tagged = made(numbers)
    np.testing.assert_allclose(tagged.stances([(0, 1)]), np.full(5, 2 + 10 + 6 + 100))
    np.testing.assert_allclose(tagged.stances([]), np.full(5, 2 + 15 + 6 + 100))  # about no words: about all


def test_addressed_is_a_mean_and_a_maximum():
    numbers = np.zeros((2, WIDTH))
    numbers[:, ADDRESSED[0]], numbers[:, ADDRESSED[1]] = (1, 3), (7, 5)
    assert made(numbers).addressed() == pytest.approx(2 + 7)


def test_a_passage_without_a_word_says_nothing(tagger):
    (empty,) = tagger.read([" "])
    assert empty.addressed() == 0
    assert not empty.stances([(0, 1)]).any()
    assert (empty.shown([(0, 1)]) < 0).all()


def test_vectors_are_the_encoders_own(tagger):
    texts = [PRAISE, BACKGROUND, "ord " * 700]
    vectors = [tagged.vector for tagged in tagger.read(texts)]
    np.testing.assert_allclose(vectors, TransformerEncoder().encode(texts), atol=1e-5)
    assert tagger.read([]) == []


def test_every_sentence_has_a_vector(tagger):
    one, two = tagger.read([PRAISE, f"{PRAISE} {BACKGROUND}"])
    assert (len(one.sentences), len(two.sentences)) == (1, 2)
    np.testing.assert_allclose(np.linalg.norm(two.sentences, axis=1), 1, atol=1e-5)
    own = TransformerEncoder().encode([PRAISE, BACKGROUND])
    assert (two.sentences @ own.T).argmax(axis=1).tolist() == [0, 1]


def test_pieces_lie_where_their_words_stand(tagger):
    text = "Vi  bifalder inte-\ngration."
    (read,) = tagger.read([text])
    assert read.numbers.shape == (len(read.starts), WIDTH)
    assert [text[a:b] for a, b in zip(read.starts[:2], read.ends[:2], strict=True)] == ["Vi", "bif"] or text[
        read.starts[1] :
    ].startswith("bif")
    assert (read.ends <= len(text)).all()
    assert text[read.starts[-1] : read.ends[-1]] == "."


def test_praise_is_read_as_endorsing_and_background_as_about_nothing_in_the_draft(tagger):
    praise, background = tagger.read([PRAISE, BACKGROUND])
    stances = dict(zip(STANCES, praise.stances([(0, len(PRAISE))]), strict=True))
    assert max(stances, key=stances.get) == "endorsed"
    assert praise.addressed() > 0 > background.addressed()


def test_a_passage_is_read_the_same_alone_and_among_others_on_any_number_of_threads(tagger):
    (alone,) = Tagger(TransformerEncoder(threads=1)).read([PRAISE])
    *_, among = tagger.read([BACKGROUND, PRAISE])
    np.testing.assert_array_equal(alone.numbers, among.numbers)
    np.testing.assert_array_equal(alone.vector, among.vector)


def test_a_tagger_survives_pickling(tagger):
    copy = pickle.loads(pickle.dumps(tagger))  # noqa: S301 our own bytes
    np.testing.assert_array_equal(copy.read([PRAISE])[0].numbers, tagger.read([PRAISE])[0].numbers)


def test_a_tagger_of_another_encoder_is_refused(tmp_path):
    folder = tmp_path / "tagger"
    shutil.copytree(files("policydiff") / "models_data" / "tagger", folder)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    (folder / "card.json").write_text(json.dumps(card | {"encoder": "another@123"}), encoding="utf-8")
    with pytest.raises(SettingsError, match="another@123"):
        Tagger(TransformerEncoder(), folder)
    with pytest.raises(SettingsError, match="no tagger in"):
        Tagger(TransformerEncoder(), tmp_path)


def test_the_static_encoder_comes_without_a_tagger_and_any_other_with_one(koebenhavn):
    assert comparing_tagger(StaticEncoder()) is None
    encoder = TransformerEncoder()
    assert comparing_tagger(encoder).encoder is encoder
    assert comparing_tagger(object()) is load_tagger()
    models = Comparer(koebenhavn / "udkast.md", encoder=StaticEncoder()).provenance(()).models
    assert "tagger" not in models
    assert "tagger" in Comparer(koebenhavn / "udkast.md").provenance(()).models
