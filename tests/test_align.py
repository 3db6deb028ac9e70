import json

import numpy as np
import pytest

from policydiff import SettingsError
from policydiff.evidence.gathering import Gathered
from policydiff.evidence.matches import Match
from policydiff.findings.align import AlignmentModel, via
from policydiff.findings.features import FEATURES, pair_features
from policydiff.findings.forest import Forest


def gathered(matches=(), n=1, m=3):
    rows = [list(matches), *([] for _ in range(n - 1))]
    return Gathered(
        rows, np.full((n, m, 3), 0.1), *(np.full((n, m), 0.1) for _ in range(2)), np.full(n, 20), [None] * n
    )


def test_features_have_the_documented_shape_and_are_finite():
    features = pair_features(gathered([Match(1, "reference", 1.0, form="label")], n=4, m=5))
    assert features.shape == (4, 5, len(FEATURES))
    assert np.isfinite(features).all()


@pytest.mark.parametrize(("n", "m"), [(0, 3), (1, 1), (2, 1)])
def test_features_of_the_smallest_inputs(n, m):
    given = Gathered(
        [[] for _ in range(n)],
        np.zeros((n, m, 3)),
        *(np.zeros((n, m)) for _ in range(2)),
        np.zeros(n, dtype=int),
        [None] * n,
    )
    assert pair_features(given).shape == (n, m, len(FEATURES))


def test_each_form_of_evidence_raises_the_confidence():
    model = AlignmentModel()
    plain = model.confidence(gathered())[0, 1]
    for kind, form in [
        ("reference", "label"),
        ("reference", "range"),
        ("reference", "title"),
        ("quote", "marked"),
        ("quote", "unmarked"),
        ("carried", "anaphora"),
    ]:
        assert model.confidence(gathered([Match(1, kind, 1.0, form=form)]))[0, 1] > plain, (kind, form)


def test_confidence_is_a_probability():
    confidence = AlignmentModel().confidence(gathered([Match(0, "quote", 1.0, form="marked")], n=3))
    assert confidence.shape == (3, 3)
    assert ((confidence > 0) & (confidence < 1)).all()


def test_the_trees_run_here_as_they_did_where_they_were_fitted():
    """A hand-made model of one split: above 0.5 in the first feature the value is 2, else -2."""
    model = AlignmentModel()
    model._data = {
        "base": 0.5,
        "trees": [
            {
                "feature": [0, -1, -1],
                "threshold": [0.5, 0, 0],
                "left": [1, 0, 0],
                "right": [2, 0, 0],
                "value": [0, -2, 2],
            }
        ],
    }
    rows = np.zeros((3, len(FEATURES)))
    rows[:, 0] = [0.4, 0.5, 0.6]
    assert model.raw(rows).tolist() == [-1.5, -1.5, 2.5]


def test_a_forest_sums_the_leaves_that_a_walk_down_each_tree_comes_to():
    def walked(tree, row, at=0):
        if tree["feature"][at] < 0:
            return tree["value"][at]
        side = "left" if row[tree["feature"][at]] <= tree["threshold"][at] else "right"
        return walked(tree, row, tree[side][at])

    lopsided = {
        "feature": [0, 1, -1, -1, 1, 0, -1, -1, -1],
        "threshold": [0.5, 0.2, 0, 0, 0.7, 0.8, 0, 0, 0],
        "left": [1, 2, 0, 0, 5, 6, 0, 0, 0],
        "right": [4, 3, 0, 0, 8, 7, 0, 0, 0],
        "value": [0, 0, 1.0, 2.0, 0, 0, 4.0, 8.0, 16.0],
    }
    leaf = {"feature": [-1], "threshold": [0], "left": [0], "right": [0], "value": [0.25]}
    rows = np.random.default_rng(0).random((600, 2)).round(1)
    expected = [0.5 + walked(lopsided, row) + walked(leaf, row) for row in rows]
    assert Forest([lopsided, leaf]).sums(rows, 0.5).tolist() == expected
    assert Forest([]).sums(rows[:2], 0.5).tolist() == [0.5, 0.5]


def test_a_model_fitted_on_other_features_is_refused(tmp_path):
    file = tmp_path / "alignment.json"
    file.write_text(json.dumps({"features": ["something"]}))
    with pytest.raises(SettingsError, match="fitted on other features"):
        AlignmentModel(file)


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"no alignment model in .*none\.json"):
        AlignmentModel(tmp_path / "none.json")


def test_via_names_the_strongest_explicit_evidence_and_meaning_only_without_any():
    high, low = np.array([0.1, 0.9, 0.1]), np.array([0.3, 0.4, 0.1])
    assert via([Match(1, "quote", 0.9), Match(1, "reference", 0.5)], high, high, 1) == "quote"
    assert via([Match(1, "carried", 0.4)], high, high, 1) == "carried"
    assert via([Match(1, "section", 0.25)], low, high, 1) == "similarity"
    assert via([], high, low, 1) == "lexical"


def test_the_tagger_is_heard_little_in_a_short_passage_and_not_in_a_single_one():
    class Read:
        def addressed(self):
            return -9.0

    def addressed(words, n=2):
        shape = (n, 2)
        read = Gathered(
            [[] for _ in range(n)],
            np.zeros((*shape, 3)),
            np.zeros(shape),
            np.zeros(shape),
            np.full(n, words),
            [Read()] * n,
        )
        return pair_features(read)[0, 0, list(FEATURES).index("addressed")]

    assert -0.5 < addressed(4) < 0
    assert addressed(60) == pytest.approx(-2)
    assert addressed(0) == 0
    assert addressed(60, n=1) == 0
