import pickle

import numpy as np
import pytest

from policydiff import Encoder, SentenceTransformerEncoder, SettingsError, StaticEncoder
from policydiff.evidence.embeddings import SimilarityMatcher, load_encoder


def cosine(encoder, one, other):
    a, b = encoder.encode([one, other])
    return float(a @ b)


def test_static_encoder_gives_unit_rows_of_float32():
    vectors = StaticEncoder().encode(["Flere skal i arbejde", "Children in school"])
    assert vectors.shape == (2, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_danish_and_english_share_a_space():
    encoder = StaticEncoder()
    same = cosine(encoder, "børn og unge i skolen", "children and young people at school")
    other = cosine(encoder, "børn og unge i skolen", "traffic noise from lorries")
    assert same > other + 0.2


def test_empty_and_unknown_texts_are_zero_not_nan():
    vectors = StaticEncoder().encode(["", "   "])
    assert not vectors.any()


def test_static_encoder_survives_pickling():
    encoder = StaticEncoder()
    before = encoder.encode(["ligestilling"])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(encoder)).encode(["ligestilling"]), before)  # noqa: S301


def test_a_text_is_encoded_the_same_alone_and_among_others():
    encoder = StaticEncoder()
    texts = ["en gensidig proces", "et sundt liv", "trygge kvarterer"]
    np.testing.assert_array_equal(encoder.encode(texts)[1], encoder.encode(texts[1:2])[0])


def test_missing_folder_names_it(tmp_path):
    with pytest.raises(SettingsError, match="no static encoder in"):
        StaticEncoder(tmp_path).encode(["x"])


def test_both_encoders_follow_the_protocol():
    assert isinstance(StaticEncoder(), Encoder)
    assert isinstance(load_encoder("some/model"), SentenceTransformerEncoder)


def test_unknown_sentence_transformers_model_says_what_to_do(tmp_path):
    with pytest.raises(SettingsError, match="cannot load the sentence-transformers model"):
        SentenceTransformerEncoder(str(tmp_path / "none")).encode(["x"])


def test_any_sentence_transformers_model_can_be_named(tmp_path):
    """A real one, made here: a bag of words, which needs no weights from elsewhere."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import BoW

    folder = tmp_path / "bow"
    SentenceTransformer(modules=[BoW(["integration", "sundhed", "skole"])]).save(str(folder))
    vectors = SentenceTransformerEncoder(str(folder), device="cpu", batch_size=2).encode(
        ["sundhed", "skole", "sundhed"]
    )
    assert vectors.shape == (3, 3)
    assert vectors[0] @ vectors[2] == pytest.approx(1)
    assert vectors[0] @ vectors[1] == pytest.approx(0)


class Counting:
    """A fake encoder: a letter, a dimension."""

    def encode(self, texts):
        return np.array([[t.count(c) for c in "abc"] for t in texts], dtype=np.float32)


def test_similarity_ranks_the_right_provision_first():
    scores = SimilarityMatcher(["aaa", "bbb", "ccc"], Counting()).scores(["ab a", "cc"])
    assert scores.shape == (2, 3)
    assert scores.argmax(axis=1).tolist() == [0, 2]


def test_similarity_of_nothing_is_empty():
    assert SimilarityMatcher(["aaa", "bbb"], Counting()).scores([]).shape == (0, 2)


def test_an_encoder_of_the_wrong_shape_is_named():
    class Flat:
        def encode(self, texts):
            return np.zeros(len(texts), dtype=np.float32)

    with pytest.raises(SettingsError, match=r"shape \(2,\) for 2 texts"):
        SimilarityMatcher(["a", "b"], Flat())
