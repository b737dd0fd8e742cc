import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import log_loss

from generative.classifiers.base.losses import cross_entropy


@pytest.fixture
def logits() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 3, (50, 10)).astype(np.float32)


LABELS = np.arange(50) % 10


def test_cross_entropy_is_scikit_learns(logits: np.ndarray) -> None:
    found = cross_entropy(LABELS, logits).numpy()
    assert found.shape == (50,)
    probabilities = tf.nn.softmax(logits.astype(np.float64)).numpy()
    assert found.mean() == pytest.approx(log_loss(LABELS, probabilities), rel=1e-5)


def test_smoothing_is_that_of_the_labels(logits: np.ndarray) -> None:
    smooth = 0.9 * np.eye(10)[LABELS] + 0.1 / 10
    expected = tf.keras.losses.categorical_crossentropy(smooth, logits, from_logits=True).numpy()
    np.testing.assert_allclose(cross_entropy(LABELS, logits, 0.1), expected, rtol=1e-5)


def test_logits_of_any_size_stay_finite() -> None:
    extreme = np.array([[1e4, -1e4], [-1e4, 1e4]], np.float32)
    assert cross_entropy([0, 0], extreme).numpy() == pytest.approx([0, 2e4])
