"""The NLI judge with a real cross-encoder of a few units, made and saved here."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tests.tiny_models import save_cross_encoder

from policydiff import NliJudge, SettingsError, StancePair, compare, load_encoder
from policydiff.models import STANCES

VOCABULARY = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] vi støtter er imod forslaget stier afsenderen enig i kritisk over for mener at "
    "skal være tydeligere eller mere konkret udkastet foreslår et tiltag der kan gennemføre udvide ikke godt nok "
    "vil virke the sender supports we support this . , » « “ ” og det bør bedre"
)
WORDS = VOCABULARY.split()
PAIR = StancePair("Vi støtter stier. Det bør være tydeligere.", "stier", "Stier og stier.")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_cross_encoder(tmp_path_factory.mktemp("nli"), WORDS, ["contradiction", "ENTAILMENT", "neutral"])


@pytest.fixture(scope="module")
def judge(folder):
    return NliJudge(folder, device="cpu", batch_size=4)


def like(judge, **options):
    """A judge with other options and the same model, which takes a while to load."""
    other = NliJudge(judge.model_name, **options)
    other.__dict__["_model"] = judge._model
    return other


def test_probabilities_are_those_of_the_label_named_entailment(judge, folder):
    from sentence_transformers import CrossEncoder

    rows = judge.judge([PAIR, PAIR])
    assert rows.shape == (2, 5)
    assert rows.dtype == np.float32
    assert ((rows >= 0) & (rows <= 1)).all()
    np.testing.assert_array_equal(rows[0], rows[1])
    logits = CrossEncoder(folder, device="cpu").predict(
        [(PAIR.passage, "Afsenderen mener, at »stier« skal være tydeligere eller mere konkret i udkastet.")]
    )[0]
    expected = np.exp(logits[1]) / np.exp(logits).sum()
    assert rows[0, STANCES.index("more_explicit")] == pytest.approx(expected, abs=1e-5)
    assert rows[0, STANCES.index("mentioned")] == pytest.approx(1 - rows[0, :4].max())


def test_the_best_of_a_stances_hypotheses_counts(judge):
    one = {"da": {s: ["støtter {title}"] for s in STANCES[:4]}}
    both = {"da": {s: ["støtter {title}", "imod {title}"] for s in STANCES[:4]}}
    other = {"da": {s: ["imod {title}"] for s in STANCES[:4]}}
    alone, together, apart = (like(judge, hypotheses=h).judge([PAIR])[0] for h in (one, both, other))
    np.testing.assert_allclose(together[:4], np.maximum(alone, apart)[:4], atol=1e-6)
    assert alone[0] != apart[0]


def test_no_pairs_need_no_model():
    rows, clauses = NliJudge("no/such-model").judge_with_clauses([])
    assert rows.shape == (0, 5)
    assert clauses == []


def test_a_pair_is_judged_the_same_alone_and_among_others(judge):
    others = [StancePair("vi er imod forslaget " * n, "stier", "") for n in range(5)]
    np.testing.assert_allclose(judge.judge([*others, PAIR])[5], judge.judge([PAIR])[0], atol=1e-6)


def test_labels_of_another_order_are_found(tmp_path, judge):
    same = NliJudge(save_cross_encoder(tmp_path, WORDS, ["entailment", "not_entailment", "x"]), device="cpu")
    assert same.judge([PAIR])[0, 0] != judge.judge([PAIR])[0, 0]
    np.testing.assert_array_equal(like(same, entailment=1).judge([PAIR])[0], judge.judge([PAIR])[0])


@pytest.mark.parametrize("labels", [["LABEL_0", "LABEL_1", "LABEL_2"], ["not_entailment", "other"], ["entailment"]])
def test_a_model_that_does_not_name_entailment_is_an_error_with_its_labels(tmp_path, labels):
    with pytest.raises(SettingsError, match=f"{labels[0]}.*entailment=0"):
        NliJudge(save_cross_encoder(tmp_path, WORDS, labels), device="cpu").judge([PAIR])


def test_an_index_that_the_model_lacks_is_an_error(judge):
    with pytest.raises(SettingsError, match="has no label 7"):
        like(judge, entailment=7).judge([PAIR])


def test_a_model_that_is_nowhere_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for name in ("no/such-model", str(tmp_path)):
        with pytest.raises(SettingsError, match="cannot load the NLI model"):
            NliJudge(name).judge([PAIR])


@pytest.mark.parametrize(
    "text", ["vi støtter stier. " * 60, "vi støtter stier " * 60, "x" * 500 + " stier", "stier." * 100, "stier\n" * 200]
)
def test_a_passage_longer_than_the_model_reads_is_judged_in_parts_that_hold_all_of_it(judge, text):
    judge.judge([PAIR])
    hypothesis = judge._asked(PAIR)["challenged"][1]
    parts = judge._parts(text, hypothesis)
    assert "".join("".join(parts).split()) == "".join(text.split())
    tokenizer = judge._model.tokenizer
    assert all(len(tokenizer(p, hypothesis).input_ids) <= judge._window for p in parts)


def test_what_a_long_passage_says_at_its_end_counts(judge):
    filler = "vi og vi. " * 40
    ends = [judge.judge([StancePair(filler + end, "stier", "")])[0] for end in ("", "vi er imod forslaget, det bør.")]
    assert (ends[0] != ends[1]).any()


def test_a_title_longer_than_the_model_reads_is_shortened_and_one_that_is_missing_replaced(judge):
    long = judge._asked(StancePair("Vi støtter det.", "stier " * 300, ""))
    assert all(judge._tokens(h) <= judge._window // 2 for hs in long.values() for h in hs)
    assert all("stier" in h for hs in long.values() for h in hs)
    rows = judge.judge([StancePair("Vi støtter det.", "stier " * 300, ""), StancePair("Vi støtter det.", "", "og det")])
    assert np.isfinite(rows).all()
    assert "og det" in judge._asked(StancePair("", "", "og det"))["endorsed"][0]


def test_where_a_place_names_the_provision_its_clause_is_the_premise(judge):
    pair = StancePair("Vi støtter stier. Vi er imod forslaget.", "stier", "")
    focused = StancePair(pair.passage, "stier", "", focus=((11, 16),))
    alone = StancePair("Vi støtter stier.", "stier", "")
    np.testing.assert_allclose(judge.judge([focused]), judge.judge([alone]), atol=1e-6)
    assert (judge.judge([pair]) != judge.judge([alone])).any()


def test_hypotheses_are_in_the_language_of_the_passage_unless_one_is_given(judge):
    english = StancePair("We support this, and the sender is with us.", "stier", "")
    assert judge._asked(english)["endorsed"][0].startswith("The sender")
    assert judge._asked(PAIR)["endorsed"][0].startswith("Afsenderen")
    assert like(judge, language="da")._asked(english)["endorsed"][0].startswith("Afsenderen")
    with pytest.raises(SettingsError, match="no hypotheses in 'de'; there are da, en"):
        like(judge, language="de")


def test_clauses_are_spans_of_the_stances_that_reach_their_threshold(judge):
    judge = like(judge, thresholds=dict.fromkeys(STANCES, 0.0))
    pairs = [PAIR, StancePair("", "", ""), StancePair(" \n ", "stier", "")]
    rows, clauses = judge.judge_with_clauses(pairs)
    np.testing.assert_array_equal(rows, judge.judge(pairs))
    assert {stance for stance, _, _ in clauses[0]} == set(STANCES)
    assert all(PAIR.passage[a:b].strip() for _, a, b in clauses[0])
    assert clauses[1:] == [(), ()]
    never = like(judge, thresholds=dict.fromkeys(STANCES, 1.1))
    assert never.judge_with_clauses(pairs)[1] == [(), (), ()]


def test_the_clause_is_the_one_that_entails_most(judge):
    judge = like(judge, thresholds=dict.fromkeys(STANCES, 0.0))
    pair = StancePair("Vi støtter stier. Vi er imod stier. Stier bør være bedre.", "stier", "")
    ((*clauses,),) = judge.judge_with_clauses([pair])[1]
    spans = [(a, b) for a, b in judge._view(pair).own_spans()]
    assert len(spans) == 3
    alone = judge.judge([StancePair(pair.passage[c:d], "stier", "") for c, d in spans])
    for stance, a, b in clauses:
        if stance != "mentioned":
            assert spans[int(alone[:, STANCES.index(stance)].argmax())] == (a, b)


def test_a_judge_is_named_pickled_and_shared_by_threads(folder, judge):
    assert judge.name.startswith(f"nli:{folder} hypotheses@")
    expected = judge.judge([PAIR])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(judge)).judge([PAIR]), expected)  # noqa: S301
    fresh = NliJudge(folder, device="cpu", batch_size=4)
    with ThreadPoolExecutor(4) as pool:
        for rows in pool.map(lambda _: fresh.judge([PAIR]), range(8)):
            np.testing.assert_array_equal(rows, expected)


def test_a_consultation_is_compared_with_it(judge, koebenhavn, tmp_path):
    (tmp_path / "da.txt").write_text("Vi støtter princip E.\n\nPrincip C bør være tydeligere.\n")
    (tmp_path / "en.txt").write_text("We support principle E, because integration is a mutual process.")
    result = compare(koebenhavn / "udkast.md", [tmp_path], encoder=load_encoder("static"), judge=judge)
    assert len(result.responses) == 2
    assert result.findings
    assert result.provenance.models["judge"] == judge.name
