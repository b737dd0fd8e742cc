import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.training import losses
from generative.training.losses import Term


def test_total_adds_up_what_the_weights_say() -> None:
    terms = {"one": Term(tf.constant(1.5)), "two": Term(tf.constant(2.0), 3.0)}
    assert float(losses.total(terms)) == 7.5
    by_tensor = {**terms, "three": Term(tf.constant(4.0), tf.constant(0.5))}
    assert float(losses.total(by_tensor)) == 9.5
    # In a graph, too, where a tensor has no truth.
    assert float(tf.function(lambda: losses.total(by_tensor))()) == 9.5


def test_a_term_without_a_weight_is_the_value_itself() -> None:
    value = tf.constant(1.5)
    assert Term(value).weighted is value


def test_a_term_of_weight_zero_gives_no_gradient() -> None:
    x = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        loss = losses.total({"one": Term(3 * x), "two": Term(tf.square(x), 0.0)})
    assert (float(loss), float(tape.gradient(loss, x))) == (6.0, 3.0)


def test_unweighted_terms_are_the_values() -> None:
    one, two = tf.constant(1.5), tf.constant(2.0)
    found = losses.unweighted({"one": Term(one, 0.0), "two": Term(two, 3.0)})
    assert list(found) == ["one", "two"]
    assert found["one"] is one
    assert found["two"] is two


@pytest.mark.parametrize("weight", [1.0, 0.0, 2.0])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_total_names_the_term_that_is_no_number(value: float, weight: float) -> None:
    terms = {"one": Term(tf.constant(1.5)), "two": Term(tf.constant(value), weight)}
    with pytest.raises(tf.errors.InvalidArgumentError, match="two : Tensor had"):
        losses.total(terms)


def test_the_objective_tracks_unweighted_means_over_examples() -> None:
    trackers = {name: keras.metrics.Mean(name) for name in ("cost", "score")}
    for cost, count in ((1.0, 10), (4.0, 20)):
        terms, beside = {"cost": Term(tf.constant(cost), 0.5)}, {"score": tf.constant(2 * cost)}
        assert float(losses.objective(terms, beside, trackers, tf.constant(count))) == cost / 2
    assert float(trackers["cost"].result()) == pytest.approx(3.0)
    assert float(trackers["score"].result()) == pytest.approx(6.0)
