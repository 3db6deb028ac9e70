import hashlib
import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from policydiff import (
    Encoder,
    SentenceTransformerEncoder,
    SettingsError,
    StaticEncoder,
    TransformerEncoder,
    load_encoder,
    model_path,
)
from policydiff.evidence.embeddings import Remembering, SimilarityMatcher, centred_cosines, read_sentences
from policydiff.evidence.model_files import SHIPPED, cards

EMBEDDED = pytest.mark.parametrize("encoder", [StaticEncoder(), TransformerEncoder()], ids=["static", "small"])


def cosine(encoder, one, other):
    a, b = encoder.encode([one, other])
    return float(a @ b)


@EMBEDDED
def test_an_embedded_encoder_gives_unit_rows_of_float32(encoder):
    vectors = encoder.encode(["Flere skal i arbejde", "Children in school"])
    assert vectors.shape == (2, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@EMBEDDED
def test_danish_and_english_share_a_space(encoder):
    same = cosine(encoder, "børn og unge i skolen", "children and young people at school")
    other = cosine(encoder, "børn og unge i skolen", "traffic noise from lorries")
    assert same > other + 0.2


@EMBEDDED
def test_empty_texts_are_zero_not_nan(encoder):
    vectors = encoder.encode(["", "   "])
    assert vectors.shape == (2, 384)
    assert not vectors.any()
    assert encoder.encode([]).shape == (0, 384)


@EMBEDDED
def test_an_embedded_encoder_survives_pickling(encoder):
    before = encoder.encode(["ligestilling"])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(encoder)).encode(["ligestilling"]), before)  # noqa: S301


@EMBEDDED
def test_a_text_is_encoded_the_same_alone_and_among_others(encoder):
    texts = ["en gensidig proces", "et sundt liv", "trygge kvarterer i hele byen " * 30]
    np.testing.assert_array_equal(encoder.encode(texts)[1], encoder.encode(texts[1:2])[0])


def test_threads_change_nothing():
    texts = [f"Forslag {n}: flere cykelstier" for n in range(9)]
    np.testing.assert_array_equal(
        TransformerEncoder(threads=1).encode(texts), TransformerEncoder(threads=3).encode(texts)
    )


def test_nothing_of_a_text_longer_than_the_window_is_cut_off():
    encoder = TransformerEncoder()
    filler = "Foreningen har læst udkastet med interesse. " * 60
    plain, with_end = encoder.encode([filler, filler + "Cykelstier langs alle veje. " * 20])
    assert float(plain @ with_end) < 0.999
    assert cosine(encoder, filler + "Cykelstier langs alle veje. " * 20, "cykelstier") > cosine(
        encoder, filler, "cykelstier"
    )


@pytest.mark.parametrize("encoder", [StaticEncoder, TransformerEncoder])
def test_a_folder_without_a_model_is_named_with_what_it_needs(encoder, tmp_path):
    with pytest.raises(SettingsError, match=r"no encoder in .*it needs model.safetensors"):
        encoder(tmp_path).encode(["x"])


def test_a_damaged_model_is_a_settings_error(tmp_path):
    for file in Path(model_path("small")).iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes()[: 2000 if file.suffix == ".safetensors" else None])
    with pytest.raises(SettingsError, match="cannot be read"):
        TransformerEncoder(tmp_path).encode(["x"])


def test_an_encoder_exported_before_large_units_were_kept_apart_is_named(tmp_path):
    shutil.copytree(model_path("small"), tmp_path / "small")
    config = tmp_path / "small" / "config.json"
    config.write_text(json.dumps({k: v for k, v in json.loads(config.read_text()).items() if k != "large_units"}))
    with pytest.raises(SettingsError, match="large_units"):
        TransformerEncoder(tmp_path / "small").encode(["En tekst"])


def test_sentence_transformers_loads_the_same_folder_and_gives_the_same_vectors():
    texts = ["Vi bifalder princip E.", "The council should say more clearly what it means.", "Kort", "børn " * 200]
    model = SentenceTransformerEncoder(model_path("small"))
    cosines = (model.encode(texts) * TransformerEncoder().encode(texts)).sum(axis=1)
    assert cosines.min() > 0.99


def test_shipped_encoders_carry_a_card_with_the_hash_of_every_file():
    for card in cards():
        folder = Path(model_path(card["encoder"]))
        for name, digest in card["files"].items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        assert card["languages"] == ["da", "en"]
        assert card["licence"]
        assert card["from"]
        assert card["limits"]


def test_shipped_encoders_keep_to_their_size():
    size = {card["encoder"]: card["bytes"] for card in cards()}
    assert size["static"] < 12e6
    assert size["small"] < 30e6


def test_an_encoder_that_is_not_shipped_has_no_path():
    with pytest.raises(SettingsError, match="there are static and small"):
        model_path("large")


def test_neither_embedded_encoder_imports_torch():
    code = (
        "import sys; from policydiff import load_encoder;"
        f"[load_encoder(n).encode(['x']) for n in {SHIPPED}];"
        "sys.exit('torch' in sys.modules or 'sentence_transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_all_encoders_follow_the_protocol():
    assert isinstance(StaticEncoder(), Encoder)
    assert isinstance(TransformerEncoder(), Encoder)
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


def similarity(provisions, passages):
    read = read_sentences(Counting(), passages, "da")
    return SimilarityMatcher(read_sentences(Counting(), provisions, "da")).scores(read)


def test_similarity_ranks_the_right_provision_first():
    for scores in similarity(["aaa", "bbb", "ccc"], ["ab a", "cc"]):
        assert scores.shape == (2, 3)
        assert scores.argmax(axis=1).tolist() == [0, 2]
    whole = centred_cosines(Counting(), ["ab a", "cc"], ["aaa", "bbb", "ccc"], shrinkage=8.0)
    np.testing.assert_allclose(whole, similarity(["aaa", "bbb", "ccc"], ["ab a", "cc"])[0], atol=1e-6)


def test_the_closest_sentence_is_found_in_a_long_passage_and_in_a_long_provision():
    whole, closest = similarity(["Aaa aa. Ccc cc.", "Bbb bb.", "Cbc bb."], ["Bb bb. Ca. Aa aaa."])
    assert closest[0, 0] > 0.9 > whole[0, 0]
    assert closest[0, 1] > 0.9
    assert (closest >= -1.0001).all()


def test_similarity_of_nothing_is_empty():
    assert [s.shape for s in similarity(["aaa", "bbb"], [])] == [(0, 2), (0, 2)]


def test_an_encoder_of_the_wrong_shape_is_named():
    class Flat:
        def encode(self, texts):
            return np.zeros(len(texts), dtype=np.float32)

    with pytest.raises(SettingsError, match=r"shape \(2,\) for 2 texts"):
        read_sentences(Flat(), ["a", "b"], "da")


def test_a_remembering_encoder_asks_once_for_each_text_and_still_names_a_wrong_shape():
    asked = []

    class Asked(Counting):
        def encode(self, texts):
            asked.extend(texts)
            return super().encode(texts)

    encoder = Remembering(Asked())
    np.testing.assert_array_equal(encoder.encode(["ab", "c", "ab"]), Counting().encode(["ab", "c", "ab"]))
    encoder.encode(["c", "a"])
    assert asked == ["ab", "c", "a"]

    class Short:
        def encode(self, texts):
            return np.zeros((len(texts) - 1, 3), dtype=np.float32)

    with pytest.raises(SettingsError, match=r"shape \(1, 3\) for 2 texts"):
        Remembering(Short()).encode(["a", "b"])
