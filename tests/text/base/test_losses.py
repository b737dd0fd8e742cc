import numpy as np
import pytest
import tensorflow as tf

from generative.text.base.losses import cross_entropy


def test_cross_entropy_is_minus_log_of_the_targets_share() -> None:
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 3, (2, 4, 5)).astype(np.float32)
    targets = generator.integers(1, 6, (2, 4)).astype(np.uint8)
    targets[0, :2] = 0
    nats, mask = cross_entropy(tf.constant(targets), tf.constant(logits))
    shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    for place, target in np.ndenumerate(targets):
        expected = -np.log(shares[place][target - 1]) if target else 0
        assert nats.numpy()[place] == pytest.approx(expected, rel=1e-5)
        assert mask.numpy()[place] == (target > 0)
