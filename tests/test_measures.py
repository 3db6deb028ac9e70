"""A hand-computed example per measure, and what perfect, empty and shuffled predictions give."""

import numpy as np
import pytest

from policydiff.evaluation import measures

GRADES = np.array([[2, 0, 0], [0, 1, 0], [0, 0, 2], [0, 0, 0]])


def test_average_precision_by_hand():
    # Ranked: + - + ; precision at the hits 1/1 and 2/3.
    assert measures.average_precision(np.array([0.9, 0.8, 0.7]), np.array([2, 0, 2])) == pytest.approx((1 + 2 / 3) / 2)


def test_strict_average_precision_leaves_grade_1_out_and_relaxed_counts_it():
    scores, grades = np.array([0.9, 0.8, 0.7]), np.array([1, 0, 2])
    assert measures.average_precision(scores, grades) == pytest.approx(1 / 2)
    assert measures.average_precision(scores, grades, relaxed=True) == pytest.approx((1 + 2 / 3) / 2)


def test_ties_are_broken_against_us():
    assert measures.average_precision(np.zeros(4), np.array([2, 0, 0, 0])) == pytest.approx(1 / 4)
    assert measures.top1(np.zeros((1, 3)), np.array([[2, 0, 0]])) == 0


def test_perfect_and_empty_predictions():
    perfect = GRADES.astype(float)
    assert measures.average_precision(perfect, GRADES) == 1
    assert measures.top1(perfect, GRADES) == 1
    assert measures.strict_f1(GRADES == 2, GRADES) == 1
    assert measures.strict_f1(np.zeros_like(GRADES, dtype=bool), GRADES) == 0


def test_shuffled_predictions_give_the_base_rate():
    rng = np.random.default_rng(0)
    grades = np.where(rng.random(50_000) < 0.1, 2, 0)
    assert measures.average_precision(rng.random(50_000), grades) == pytest.approx(0.1, abs=0.01)


def test_strict_f1_by_hand():
    # One of two found, one false alarm; the accepted grade 1 counts neither way: 2*1 / (2 + 2).
    accepted = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]], dtype=bool)
    assert measures.strict_f1(accepted, GRADES) == pytest.approx(0.5)


def test_nothing_to_count_is_nan():
    none = np.zeros((2, 2))
    assert np.isnan(measures.average_precision(none, none.astype(int)))
    assert np.isnan(measures.top1(none, none.astype(int)))
    assert np.isnan(measures.f1(none.astype(bool), none.astype(bool)))
    assert np.isnan(measures.span_iou([], []))
    assert np.isnan(measures.macro([float("nan")]))


def test_top1_takes_any_grade_of_a_passage_that_has_a_grade_2():
    grades = np.array([[2, 1, 0], [0, 1, 0]])
    assert measures.top1(np.array([[0.1, 0.9, 0.0], [0.9, 0.1, 0.1]]), grades) == 1


def test_span_iou_by_hand():
    assert measures.span_iou([(0, 4)], [(2, 6)]) == pytest.approx(2 / 6)
    assert measures.span_iou([(0, 2), (1, 4)], [(0, 4)]) == 1
    assert measures.span_iou([], [(0, 4)]) == 0


def test_expected_calibration_error_by_hand():
    # Bin .9-1: mean .95, share 1/2, gap .45, 2 of 3; bin .1-.2: mean .15, share 0, gap .15, 1 of 3.
    error = measures.expected_calibration_error(np.array([0.95, 0.95, 0.15]), np.array([True, False, False]))
    assert error == pytest.approx((2 * 0.45 + 0.15) / 3)


def test_risk_coverage_by_hand():
    coverage, risk = measures.risk_coverage(np.array([0.9, 0.6, 0.8]), np.array([False, True, False]))
    np.testing.assert_allclose(coverage, [1 / 3, 2 / 3, 1])
    np.testing.assert_allclose(risk, [0, 0, 1 / 3])


def test_bootstrap_draws_whole_responses_and_is_reproducible():
    groups = [[np.array([0, 1]), np.array([2])]]
    values = np.array([0.0, 0.0, 3.0])

    def mean(drawn):
        return float(values[drawn[0]].mean())

    interval = measures.bootstrap_interval(groups, mean, resamples=100)
    assert interval == measures.bootstrap_interval(groups, mean, resamples=100)
    assert interval == (0.0, 3.0)
