"""The benchmarks on public data: their measures on examples done by hand, their loaders on made-up folders."""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from policydiff.errors import UnreadableError

pytest.importorskip("sklearn", reason="the benchmarks need scikit-learn, which is not a dependency of the package")
sys.path.insert(0, str(Path(__file__).parent.parent))  # benchmarks is no installed package

from benchmarks import argkp, baselines, perspectrum, pragtag, public_data

MODULES = (argkp, perspectrum, pragtag)


def options(module, folder):
    parser = argparse.ArgumentParser()
    module.configure(parser)
    return parser.parse_args(["--data", str(folder)])


@pytest.fixture(autouse=True)
def _without_minilm(monkeypatch):
    monkeypatch.setattr(baselines, "MINILM", "a_package_that_is_not_there")


@pytest.fixture
def argkp_folder(tmp_path):
    data = tmp_path / "kpm_data"
    data.mkdir()
    topic = "We should ban cars in the centre"
    (data / "arguments_dev.csv").write_text(
        "arg_id,argument,topic,stance\n"
        f'arg_1,"the air becomes clean, and children breathe clean air",{topic},1\n'
        f"arg_2,shops lose their customers,{topic},-1\n"
        f"arg_3,streets become safe for children,{topic},1\n"
        f"arg_4,customers stay away from the shops,{topic},-1\n",
        encoding="utf-8",
    )
    (data / "key_points_dev.csv").write_text(
        "key_point_id,key_point,topic,stance\n"
        f"kp_1,Clean air,{topic},1\nkp_2,Safe streets for children,{topic},1\nkp_3,Shops lose customers,{topic},-1\n",
        encoding="utf-8",
    )
    (data / "labels_dev.csv").write_text(
        "arg_id,key_point_id,label\narg_1,kp_1,1\narg_3,kp_1,0\narg_3,kp_2,1\narg_2,kp_3,1\narg_4,kp_3,1\n",
        encoding="utf-8",
    )
    return tmp_path


@pytest.fixture
def perspectrum_folder(tmp_path):
    texts = (
        "It saves lives",
        "Lives are saved by it",
        "It costs money",
        "Cats are nice",
        "Dogs are nice",
        "A cat bites",
    )
    claims, split = [], {}
    for number in range(1, 13):
        groups = [([1, 2], "SUPPORT"), ([3], "UNDERMINE")] if number % 2 else [([4, 5], "SUPPORT"), ([6], "UNDERMINE")]
        answers = [{"pids": pids, "stance_label_3": stance} for pids, stance in groups]
        topic = "Helmets save lives" if number % 2 else "Cats and dogs are nice pets"
        claims.append({"cId": number, "text": f"{topic} {number}", "perspectives": answers})
        split[str(number)] = "dev" if number > 8 else "train"
    pool = [{"pId": number, "text": text} for number, text in enumerate(texts, 1)]
    for name, value in zip(perspectrum.FILES, (claims, pool, split), strict=True):
        (tmp_path / name).write_text(json.dumps(value), encoding="utf-8")
    return tmp_path


@pytest.fixture
def pragtag_folder(tmp_path):
    (tmp_path / "public_main").mkdir()
    texts = {
        "Structure": "Major comments:",
        "Strength": "The paper is well written and clear.\n",
        "Weakness": "The method is not convincing. ",
        "Todo": "Please explain the sample size.",
        "Recap": "The authors study mice.",
        "Other": "I am a biologist.",
    }
    reviews = [
        {"id": f"r{n}", "pid": f"p{n}", "domain": "abc"[n % 3], "sentences": [*texts.values()], "labels": [*texts]}
        for n in range(6)
    ]
    (tmp_path / pragtag.FILE).write_text(json.dumps(reviews), encoding="utf-8")
    return tmp_path


def test_argkp_average_precision_by_hand():
    confidence = np.array([0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.6])
    right = np.array([True, True, False, True, True, True, False])
    # 7 // 2 = 3 are kept: right, wrong, right. AP = (1/1 + 2/3) / 2, and two of the three are right.
    assert argkp.average_precision(confidence, right, corrected=False) == pytest.approx(5 / 6)
    assert argkp.average_precision(confidence, right) == pytest.approx(5 / 6 * 2 / 3)


def test_argkp_finding_few_first_is_not_full_marks():
    few = np.array([True, False, False, False] + [False] * 4)
    confidence = np.linspace(1, 0, 8)
    assert argkp.average_precision(confidence, few, corrected=False) == 1
    assert argkp.average_precision(confidence, few) == 0.25
    assert argkp.average_precision(confidence, ~few & False) == 0


def test_argkp_undecided_is_wrong_when_strict_and_right_when_relaxed():
    labels = np.array([[np.nan, 0.0], [0.0, 1.0], [0.0, 0.0], [1.0, 1.0]])
    group = argkp.Group("t", "1", ("a", "b", "c", "d"), ("k", "l"), labels)
    scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.1], [0.1, 0.2]])
    found = argkp.measures([group], [scores])
    # Kept: the undecided pair first, a right one second.
    assert found == {
        "map_strict": 0.25,
        "map_relaxed": 1.0,
        "map_strict_uncorrected": 0.5,
        "map_relaxed_uncorrected": 1.0,
    }


def test_argkp_groups_and_run(argkp_folder):
    con, pro = argkp.read_groups(argkp_folder)
    assert (con.key_points, con.labels.tolist()) == (("Shops lose customers",), [[1.0], [1.0]])
    assert pro.arguments[0] == "the air becomes clean, and children breathe clean air"
    assert np.isnan(pro.labels[0, 1])
    policy = argkp.as_policy(pro)
    assert [policy.text[p.start : p.end] for p in policy.provisions] == list(pro.key_points)
    result = argkp.run(options(argkp, argkp_folder))
    by_system = {row["system"]: row for row in result["rows"]}
    assert by_system["TF-IDF words"]["map_strict"] == 1.0
    assert by_system["policydiff alignment, centred together"]["map_strict"] == 1.0
    assert set(result["data"]) == set(argkp.FILES)
    assert result["left_out"]


def test_perspectrum_precision_is_over_perspectives_and_recall_over_groups():
    scores = np.array([0.9, 0.8, 0.7, 0.1, 0.6])
    # Retrieved at 0.65: 0, 1, 2; gold groups {0, 1}, {3}, {4}.
    assert perspectrum.precision_recall(scores, [(0, 1), (3,), (4,)], 0.65) == pytest.approx((2 / 3, 1 / 3))
    assert perspectrum.precision_recall(scores, [(0,)], 1.0) == (0, 0)


def test_perspectrum_measures_are_perfect_for_the_gold_scores(perspectrum_folder):
    claims, pool = perspectrum.read_claims(perspectrum_folder)
    gold = np.array([[float(i in {m for g in c.groups for m in g}) for i in range(len(pool))] for c in claims])
    found = perspectrum.retrieval(gold, claims)
    assert (found["map"], found["f1"], found["p_at_5"]) == (1, 1, 0.6)
    worst = perspectrum.retrieval(1 - gold, claims)
    assert worst["map"] < 0.6


def test_perspectrum_run(perspectrum_folder):
    claims, pool = perspectrum.read_claims(perspectrum_folder)
    assert (claims[0].groups, claims[0].supports, claims[0].part) == (((0, 1), (2,)), (True, False), "train")
    assert pool[5] == "A cat bites"
    rows = perspectrum.run(options(perspectrum, perspectrum_folder))["rows"]
    stance = {r["system"]: r["accuracy"] for r in rows if r["part"] == "stance"}
    assert stance["majority"] == 0.6667
    assert stance["small encoder and policydiff judge, fitted"] == 1.0


def test_pragtag_mean_is_over_domains_and_not_over_sentences():
    gold = np.array(["Todo", "Todo", "Todo", "Other"])
    predicted = np.array(["Todo", "Todo", "Other", "Other"])
    domains = np.array(["a", "a", "b", "b"])
    # a: perfect. b: Todo 0, Other 2/3, so 1/3.
    assert pragtag.mean_over_domains(gold, predicted, domains) == {"mean": 0.6667, "a": 1.0, "b": 0.3333}


def test_pragtag_stances_become_labels():
    judged = np.array([[0.9, 0, 0, 0, 0.1], [0, 0.5, 0.4, 0.1, 0.3], [0, 0.5, 0.4, 0.6, 0], [0.2, 0, 0, 0, 0.3]])
    assert pragtag.from_stances(judged).tolist() == ["Strength", "Weakness", "Todo", "Rest"]
    assert pragtag.four(np.array(["Recap", "Todo", "Other"])).tolist() == ["Rest", "Todo", "Rest"]


def test_pragtag_run(pragtag_folder):
    sentences = pragtag.read_sentences(pragtag_folder)
    assert (sentences[1].text, sentences[1].previous) == ("The paper is well written and clear.", "Major comments:")
    assert (sentences[5].place, sentences[6].place, sentences[6].previous) == (1, 0, "")
    rows = pragtag.run(options(pragtag, pragtag_folder))["rows"]
    found = {(r["part"], r["system"]): r["mean"] for r in rows}
    assert found["six", "policydiff features with small encoder, fitted"] == 1.0
    assert found["six", "majority"] < 0.1
    assert found["four", "policydiff judge as shipped"] > found["four", "majority"]


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__)
def test_a_wrong_folder_says_what_is_expected(module, tmp_path):
    with pytest.raises(UnreadableError, match="--data must hold") as raised:
        module.run(options(module, tmp_path))
    assert module.LAYOUT in str(raised.value)


@pytest.mark.parametrize(
    ("module", "name", "content"),
    [
        (argkp, argkp.FILES[0], "id,text\n1,a\n"),
        (perspectrum, perspectrum.FILES[0], "[{}]"),
        (perspectrum, perspectrum.FILES[1], "no json"),
        (pragtag, pragtag.FILE, '[{"sentences": ["a"]}]'),
    ],
)
def test_a_changed_file_is_named(module, name, content, request):
    folder = request.getfixturevalue(f"{module.__name__.split('.')[-1]}_folder")
    (folder / name).write_text(content, encoding="utf-8")
    with pytest.raises(UnreadableError, match=r"expected|as published|no JSON"):
        module.run(options(module, folder))


def test_remembering_encodes_no_text_twice():
    class Counting:
        seen = 0

        def encode(self, texts):
            self.seen += len(texts)
            return np.array([[len(t), 1] for t in texts], dtype=np.float32)

    encoder = Counting()
    remembering = public_data.Remembering(encoder)
    assert remembering.encode(["a", "bb", "a"]).tolist() == [[1, 1], [2, 1], [1, 1]]
    assert remembering.encode(["bb"]).tolist() == [[2, 1]]
    assert encoder.seen == 2
