import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from policydiff import AlignmentModel, Comparer, EmbeddedJudge, SettingsError, StancePair, fit, fit_judge
from policydiff.findings.features import FEATURES
from policydiff.fitting import alignment as fitting
from policydiff.fitting.adapting import adapt
from policydiff.fitting.stance import grouped

NATURAL = Path(__file__).parent.parent / "fixtures" / "gold" / "natural"


@pytest.fixture(scope="module", autouse=True)
def _small_trees():
    """Fewer trees, so that fitting a response at a time takes seconds."""
    patch = pytest.MonkeyPatch()
    patch.setattr(fitting, "TREES", {**fitting.TREES, "max_iter": 20})
    yield
    patch.undo()


@pytest.fixture(scope="module")
def model():
    return fit([NATURAL / "byrum", NATURAL / "natur"], name="mine")


def test_an_own_model_is_used_saved_and_read_back(model, tmp_path, koebenhavn):
    model.save(tmp_path / "own.json")
    again = AlignmentModel(tmp_path / "own.json")
    assert again.name == model.name
    assert again.name.startswith("mine@")
    result = Comparer(koebenhavn / "udkast.md", alignment=again).compare([koebenhavn / "hoeringssvar-tingbjerg.txt"])
    assert result.provenance.models["alignment"] == model.name
    assert any(f.accepted for f in result.findings)


def test_same_data_same_bytes(model, tmp_path):
    model.save(tmp_path / "one.json")
    fit([NATURAL / "byrum", NATURAL / "natur"], name="mine").save(tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_one_consultation_is_enough():
    assert 0 < fit(NATURAL / "byrum").thresholds.accept < 1


def test_exported_trees_score_as_scikit_learn_does():
    from policydiff.evidence.embeddings import StaticEncoder
    from policydiff.gold import read_gold

    sets = [fitting.joined("byrum", fitting.pairs_of(read_gold(NATURAL / "byrum"), StaticEncoder()))]
    trees = fitting.fit_trees(sets)
    rows = sets[0].features.reshape(-1, len(FEATURES))
    ours = AlignmentModel()
    ours._data = {"base": float(trees._baseline_prediction.ravel()[0]), "trees": fitting._exported(trees)}
    assert ours.raw(rows) == pytest.approx(trees.decision_function(rows), abs=1e-6)


def test_too_little_to_fit_on_is_said(tmp_path):

    folder = Path(shutil.copytree(NATURAL / "byrum", tmp_path / "byrum"))
    first = (folder / "gold.jsonl").read_text(encoding="utf-8").splitlines()[0]
    (folder / "gold.jsonl").write_text(first, encoding="utf-8")
    with pytest.raises(SettingsError, match="at least two responses"):
        fit(folder)


def test_an_own_judge_is_kept_read_back_and_used(tmp_path, koebenhavn):
    judge = fit_judge(NATURAL / "byrum", tmp_path / "judge", name="mine")
    again = EmbeddedJudge("da", folder=tmp_path / "judge")
    assert again.name == judge.name
    assert again.name.startswith("mine@")
    result = Comparer(koebenhavn / "udkast.md", judge=again).compare([koebenhavn / "hoeringssvar-tingbjerg.txt"])
    assert result.provenance.models["judge"] == judge.name
    fit_judge(NATURAL / "byrum", tmp_path / "again", name="mine")
    for file in ("stance.safetensors", "stance.json"):
        assert (tmp_path / "again" / file).read_bytes() == (tmp_path / "judge" / file).read_bytes()


def test_fifty_labels_are_enough_for_an_own_judge(tmp_path):
    folder = Path(shutil.copytree(NATURAL / "byrum", tmp_path / "byrum"))
    lines = [json.loads(line) for line in (folder / "gold.jsonl").read_text(encoding="utf-8").splitlines()]
    pairs = 0
    for line in lines:
        line["alignments"] = line["alignments"][: max(0, 50 - pairs)]
        pairs += len(line["alignments"])
    assert pairs == 50
    (folder / "gold.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    judge = fit_judge(folder, tmp_path / "judge")
    assert judge.card["data"].startswith("50 pairs")
    tried = judge.card["cross_validated"]
    chosen = "shipped" if judge.card["cost"] is None else f"cost {judge.card['cost']:g}"
    assert tried[chosen]["log_loss"] == min(t["log_loss"] for t in tried.values()) <= tried["shipped"]["log_loss"]


def test_an_own_judge_learns_what_the_labels_say():
    shipped = EmbeddedJudge("da", tagged=False)
    texts = [f"Punkt {n} er ret {'zork' if n % 2 else 'plint'}." for n in range(60)]
    gold = np.array([[n % 2 == 0, n % 2 == 1, False, False, False] for n in range(60)])
    folds = [grouped(str(k), "da", [StancePair(t, "", "") for t in texts[k::5]], gold[k::5]) for k in range(5)]
    adapted = adapt(shipped.tensors, shipped.thresholds, folds)
    assert np.isfinite(adapted.cost)
    before, after = adapted.cross_validated["shipped"], adapted.cross_validated[f"cost {adapted.cost:g}"]
    assert after["log_loss"] < before["log_loss"] / 2
    assert after["challenged"] > 0.9
    assert not np.array_equal(adapted.tensors["hashed"], shipped.tensors["hashed"])
    np.testing.assert_array_equal(adapted.tensors["platt"], shipped.tensors["platt"])
