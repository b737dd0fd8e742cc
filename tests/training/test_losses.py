import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.training import losses


def test_total_adds_up() -> None:
    assert float(losses.total({"one": tf.constant(1.5), "two": tf.constant(2.0)})) == 3.5


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_total_names_the_term_that_is_no_number(value: float) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="two : Tensor had"):
        losses.total({"one": tf.constant(1.5), "two": tf.constant(value)})


def test_the_objective_tracks_means_over_examples() -> None:
    trackers = {name: keras.metrics.Mean(name) for name in ("cost", "score")}
    for cost, count in ((1.0, 10), (4.0, 20)):
        terms, beside = {"cost": tf.constant(cost)}, {"score": tf.constant(2 * cost)}
        assert float(losses.objective(terms, beside, trackers, tf.constant(count))) == cost
    assert float(trackers["cost"].result()) == pytest.approx(3.0)
    assert float(trackers["score"].result()) == pytest.approx(6.0)
