from pathlib import Path

import pytest

from policydiff import AlignmentModel, Comparer, EmbeddedJudge, SettingsError, fit, fit_judge
from policydiff.findings.features import FEATURES
from policydiff.fitting import alignment as fitting

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
    import shutil

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
