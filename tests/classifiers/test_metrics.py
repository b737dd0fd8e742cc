import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss

from generative.classifiers import metrics
from generative.classifiers.base.calibration import reliability


def calibrated(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of two classes, and labels drawn with just these."""
    generator = np.random.default_rng(seed)
    first = generator.uniform(0, 1, count)
    labels = (generator.random(count) > first).astype(int)
    return np.stack([first, 1 - first], axis=1), labels


def test_bins_are_scikit_learns() -> None:
    probabilities, labels = calibrated(5000)
    found = reliability(probabilities, labels, bins=10)
    right = probabilities.argmax(axis=1) == labels
    accuracy, confidence = calibration_curve(right, probabilities.max(axis=1), n_bins=10)
    filled = found.count > 0
    np.testing.assert_allclose(found.accuracy[filled], accuracy)
    np.testing.assert_allclose(found.confidence[filled], confidence)
    assert found.count.sum() == 5000
    assert not filled[:5].any()  # the likelier of two is never below one half
    assert np.isnan(found.accuracy[0])


def test_the_error_is_small_where_probabilities_are_true_and_the_gap_where_they_are_not() -> None:
    true = reliability(*calibrated(50_000), bins=15)
    assert metrics.expected_calibration_error(true) < 0.01
    sure = np.tile([1.0, 0.0], (100, 1))
    labels = np.repeat([0, 1], [70, 30])
    found = reliability(sure, labels, bins=15)
    assert metrics.expected_calibration_error(found) == pytest.approx(0.3)


def test_cross_entropy_is_scikit_learns_and_finite() -> None:
    probabilities, labels = calibrated(500)
    expected = log_loss(labels, probabilities)
    assert metrics.cross_entropy(probabilities, labels).mean() == pytest.approx(expected)
    certain = np.array([[0.0, 1.0]])
    assert metrics.cross_entropy(certain, np.array([0])) == pytest.approx([-np.log(1e-7)])
