import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import chisquare

from generative.text.base.sampling import sample, top_k_top_p_filter

RANDOM = np.random.default_rng(0)


def test_top_k_keeps_the_most_probable() -> None:
    logits = tf.constant([[1.0, 3.0, 2.0, 0.0], [5.0, 1.0, 1.0, 4.0]])
    kept = np.isfinite(top_k_top_p_filter(logits, 2, 1.0))
    assert kept.tolist() == [[False, True, True, False], [True, False, False, True]]
    assert np.array_equal(top_k_top_p_filter(logits, 9, 1.0), logits)
    assert np.array_equal(top_k_top_p_filter(logits, 0, 1.0), logits)


@pytest.mark.parametrize(("top_p", "kept"), [(0.5, 1), (0.51, 2), (0.79, 2), (0.81, 3), (0.01, 1)])
def test_top_p_keeps_the_fewest_that_sum_to_it(top_p: float, kept: int) -> None:
    logits = tf.math.log([[0.15, 0.5, 0.05, 0.3]])
    left = np.flatnonzero(np.isfinite(top_k_top_p_filter(logits, 0, top_p)))
    assert set(left) == set([1, 3, 0, 2][:kept])


@pytest.mark.parametrize(
    ("temperature", "top_k", "top_p"), [(1.0, 0, 1.0), (0.5, 0, 1.0), (1.3, 3, 1.0), (1.0, 0, 0.8)]
)
def test_samples_follow_the_distribution(temperature: float, top_k: int, top_p: float) -> None:
    """100,000 samples against softmax(logits / temperature) of what is left, by chi-square."""
    count = 100_000
    logits = tf.constant(RANDOM.normal(0, 1, (1, 6)), tf.float32)
    kept = top_k_top_p_filter(logits, top_k, top_p)
    ids = sample(tf.tile(kept, (count, 1)), tf.fill([count], temperature), tf.constant([3, 4]))
    shares = tf.nn.softmax(kept / temperature).numpy()[0].astype(np.float64)
    counts = np.bincount(ids.numpy(), minlength=7)[1:]
    assert not counts[shares == 0].any()
    expected = count * shares[shares > 0] / shares.sum()
    assert chisquare(counts[shares > 0], expected).pvalue > 0.001


def test_greedy_and_seeds() -> None:
    logits = tf.constant(RANDOM.normal(0, 1, (500, 6)), tf.float32)
    zero, one = tf.zeros(500), tf.ones(500)
    assert np.array_equal(sample(logits, zero, tf.constant([1, 2])), logits.numpy().argmax(1) + 1)
    first, same, other = (sample(logits, one, tf.constant([1, n])).numpy() for n in (2, 2, 3))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)
