import numpy as np
import pytest
from tests.tiny_models import save_cross_encoder

from policydiff import Comparer, CrossEncoderReranker, SettingsError
from policydiff.findings.reranking import reranked


class Lengths:
    """Takes the shortest provision for the closest."""

    def score(self, pairs):
        return [-len(provision) for _, provision in pairs]


def ask(rows, provisions, reranker, *, floor=0.1, candidates=3):
    return reranked(np.array(rows), ["p"] * len(rows), provisions, reranker, floor=floor, candidates=candidates)


def test_the_candidates_confidences_are_dealt_out_in_the_new_order():
    out = ask([[0.9, 0.5, 0.4, 0.01]], ["aaa", "bb", "a", ""], Lengths())
    # ranks 0+2, 1+1, 2+0: all tie, so all stand; the last is below the floor
    np.testing.assert_array_equal(out, [[0.9, 0.5, 0.4, 0.01]])
    out = ask([[0.5, 0.4]], ["aaaa", "a"], Lengths(), candidates=2)
    np.testing.assert_array_equal(out, [[0.5, 0.4]])
    out = ask([[0.5, 0.4, 0.3]], ["aaa", "a", "aa"], Lengths())
    np.testing.assert_array_equal(out, [[0.4, 0.5, 0.3]])
    assert sorted(out[0]) == [0.3, 0.4, 0.5]


def test_a_single_candidate_is_not_asked_about():
    class Never:
        def score(self, _pairs):
            raise AssertionError

    np.testing.assert_array_equal(ask([[0.9, 0.01]], ["a", "b"], Never()), [[0.9, 0.01]])


@pytest.mark.parametrize("scores", [[1.0], [[1.0, 2.0]], [float("nan"), 1.0]])
def test_what_is_no_number_a_pair_is_refused(scores):
    class Wrong:
        def score(self, _pairs):
            return scores

    with pytest.raises(SettingsError, match="reranker"):
        ask([[0.5, 0.4]], ["a", "b"], Wrong())


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory):
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "vi", "støtter", "mål", "princip"]
    return save_cross_encoder(tmp_path_factory.mktemp("cross"), words, ["closeness"], positions=512)


def test_a_real_cross_encoder_is_loaded_and_named_in_the_result(cross_encoder, koebenhavn):
    reranker = CrossEncoderReranker(str(cross_encoder))
    draft, response = koebenhavn / "udkast.md", koebenhavn / "hoeringssvar-tingbjerg.txt"
    with_it = Comparer(draft, reranker=reranker).compare([response])
    without = Comparer(draft).compare([response])
    assert with_it.provenance.models["reranker"] == str(cross_encoder)
    assert "reranker" not in without.provenance.models
    for passage in without.passages:
        ours, theirs = (
            sorted(f.confidence for f in result.findings if f.passage_id == passage.id) for result in (with_it, without)
        )
        assert ours == theirs


def test_a_missing_cross_encoder_is_said():
    with pytest.raises(SettingsError, match="no-such-model"):
        CrossEncoderReranker("/no-such-model").score([("a", "b")])
