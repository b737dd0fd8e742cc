"""InfoGAN: its formulas against closed forms, its codes, and what it learns of each image."""

import math
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax
from scipy.stats import norm, zscore

from generative.core.errors import BadInput
from generative.gan import infogan
from tests.families.test_adversarial import OPTIONS

GENERATOR = np.random.default_rng(0)


def test_category_cross_entropy() -> None:
    probabilities = GENERATOR.dirichlet(np.ones(4), 6).astype(np.float32)
    named = np.array([0, 1, 2, 3, 0, 2])
    found = infogan.category_cross_entropy(tf.math.log(probabilities) + 3, tf.one_hot(named, 4))
    assert float(found) == pytest.approx(-np.log(probabilities[np.arange(6), named]).mean(), 1e-5)


def test_code_surprise_is_minus_the_log_density_of_a_gaussian() -> None:
    mean, log_variance, codes = GENERATOR.normal(size=(3, 8, 2)).astype(np.float32)
    density = norm.logpdf(codes, mean, np.exp(log_variance / 2))
    found = infogan.code_surprise(mean, log_variance, codes)
    assert float(found) == pytest.approx(-density.sum(axis=1).mean(), 1e-5)


def test_a_small_variance_has_a_floor() -> None:
    model = build(least_log_variance=-1.0)
    found = model.play(IMAGES, np.zeros(len(IMAGES)), training=True)
    codes = found.codes[:, -2:]
    floor = math.log(2 * math.pi) - 1
    for log_variance in (-1.0, -1000.0):
        found.fake_seen.update(mean=codes, log_variance=tf.fill(codes.shape, log_variance))
        terms, _ = model.terms(found, training=True)
        assert float(terms["codes"]) == pytest.approx(model.code_weight * floor, 1e-5)


def test_surprise_of_uninformative_images_is_the_entropy_of_the_codes_or_more() -> None:
    """The best Gaussian for U(-1, 1), mean 0 and variance 1/3, is still worse than its entropy."""
    codes = GENERATOR.uniform(-1, 1, (100_000, 1)).astype(np.float32)
    best = infogan.code_surprise(tf.zeros(codes.shape), tf.fill(codes.shape, -math.log(3)), codes)
    assert float(best) == pytest.approx(0.5 * math.log(2 * math.pi * math.e / 3), abs=0.01)
    assert float(best) > math.log(2)


def test_the_books_loss_reads_only_the_sign() -> None:
    codes = tf.constant([[0.1], [-0.7], [1.4]])
    by_sign = infogan.book_code_loss(tf.sign(codes) * 100, codes)
    assert float(by_sign) == pytest.approx(-0.7 * math.log(1e7) / 3, 1e-4)
    for logits in (codes, 3 * codes, tf.zeros((3, 1))):
        assert float(infogan.book_code_loss(logits, codes)) > float(by_sign)


def test_agreement_of_categories() -> None:
    sure = 50 * tf.one_hot(np.arange(40) % 10, 10)
    assert float(infogan.agreement(sure, sure)) == pytest.approx(math.log(10), abs=0.01)
    # The scale and the mean of a category's logits say nothing.
    other = sure * GENERATOR.uniform(0.5, 2, 10) + GENERATOR.normal(size=10)
    assert float(infogan.agreement(sure, other)) == pytest.approx(math.log(10), abs=0.01)
    strangers = tf.random.stateless_normal((5000, 10), (1, 2))
    apart = float(infogan.agreement(strangers, strangers[::-1]))
    assert apart < 0.01 < float(infogan.agreement(strangers, strangers))
    for unsure in (tf.zeros((40, 10)), 50 * tf.one_hot(np.zeros(40, int), 10)):
        assert float(infogan.agreement(unsure, unsure)) == pytest.approx(0, abs=1e-4)


def test_agreement_is_the_mutual_information_of_the_symmetric_joint() -> None:
    logits = GENERATOR.normal(2, 5, (2, 50, 3))
    first, second = (softmax(infogan.SHARPNESS * zscore(x), axis=1) for x in logits)
    joint = first.T @ second / 50
    joint = (joint + joint.T) / 2
    alone = joint.sum(axis=0)
    expected = (joint * np.log(joint / np.outer(alone, alone))).sum()
    found = infogan.agreement(*(tf.constant(x, tf.float32) for x in logits))
    assert float(found) == pytest.approx(expected, abs=1e-4)


SMALL: dict[str, Any] = {
    **OPTIONS,
    "noise_size": 5,
    "generator_width": 2,
    "discriminator_width": 2,
    "dense_width": 8,
    "information": "gaussian",
    "category_weight": 1.0,
    "code_weight": 1.0,
    "least_log_variance": -6.0,
    "agreement_weight": 0.0,
    "head_start": 0.0,
    "head_start_learning_rate": 0.01,
    "restarts": 0,
}


def build(**changes: Any) -> infogan.InfoGAN:
    keras.utils.set_random_seed(1)
    return infogan.InfoGAN(**{**SMALL, **changes})


IMAGES = tf.constant(GENERATOR.random((12, 28, 28, 1)), tf.float32)
LABELS = tf.range(12) % 10


def weights_after_a_step(labels: tf.Tensor, **changes: Any) -> np.ndarray:
    model = build(**changes)
    model.compile()
    model.train_step((IMAGES, labels))
    return np.concatenate([np.ravel(w) for w in model.get_weights()])


@pytest.mark.parametrize("agreement", [0.0, 1.0])
def test_labels_have_no_part_in_training(agreement: float) -> None:
    first, second = (
        weights_after_a_step(labels, agreement_weight=agreement)
        for labels in (LABELS, LABELS[::-1])
    )
    np.testing.assert_array_equal(first, second)


def test_but_by_the_book_they_have() -> None:
    first, second = (
        weights_after_a_step(labels, information="book") for labels in (LABELS, LABELS[::-1])
    )
    assert not np.array_equal(first, second)


def test_what_is_drawn() -> None:
    model = build()
    noise, category, codes = np.split(np.asarray(model.draw(tf.zeros(2000))), [5, 15], axis=1)
    for uniform in (noise, codes):
        assert (uniform.min() >= -1, uniform.max() < 1) == (True, True)
        assert uniform.std() == pytest.approx(3**-0.5, abs=0.02)
    np.testing.assert_allclose(category.mean(axis=0), 0.1, atol=0.03)
    assert (category.sum(axis=1) == 1).all()
    book = np.asarray(build(information="book").draw(tf.zeros(2000)))[:, 15:]
    assert book.std() == pytest.approx(infogan.BOOK_DEVIATION, abs=0.02)


def test_both_players_gain_by_what_images_tell() -> None:
    model = build()
    found = model.play(IMAGES, LABELS, training=True)
    discriminator, generator = model.terms(found, training=True)
    for name in ("category", "codes"):
        assert discriminator[name] is generator[name]
    assert set(discriminator) == {"discriminator", "category", "codes"}


def test_controls() -> None:
    model = build()
    codes, _ = model.codes(20, 1, labels=3, code1=0.5)
    again, _ = model.codes(20, 1)
    assert (codes[:, 5:15].argmax(axis=1) == 3).all()
    assert (again[:, 5:15].argmax(axis=1) == np.arange(20) % 10).all()
    assert (codes[:, 15] == 0.5).all()
    # What is not asked for stays as the seed draws it.
    np.testing.assert_array_equal(codes[:, [0, 1, 2, 3, 4, 16]], again[:, [0, 1, 2, 3, 4, 16]])
    with pytest.raises(BadInput, match=r"category: received 10, must be 0 to 9"):
        model.generate(2, 1, labels=10)


def test_images_that_tell_little_of_their_category_are_told_of_in_time() -> None:
    model = build(category_weight=0.5)
    model.compile(steps=9)
    logs = {"real_accuracy": 0.6, "fake_accuracy": 0.6, "variety": 1.0, "category": 0.45}
    assert not model.concerns(logs)
    model.discriminator_optimizer.iterations.assign(4)
    assert not model.concerns(logs)
    model.discriminator_optimizer.iterations.assign(5)
    (concern,) = model.concerns(logs)
    assert concern.startswith("images tell 1.40 of the 2.30 nats of their category")
    assert not model.concerns({**logs, "category": 0.3})


def test_information_is_bounded_by_the_entropy_of_the_codes() -> None:
    model = build()
    codes, labels = model.codes(50, 1)
    told = model.told(codes, model.images(codes, labels))
    assert told["category_information_nats"] < math.log(10)
    assert told["code_information_nats"] < 2 * math.log(2)
    assert "code_information_nats" not in build(information="book").told(codes[:12], IMAGES)


def test_bending_moves_a_digit_a_little() -> None:
    square = np.zeros((40, 28, 28, 1), np.float32)
    square[:, 10:18, 10:18] = 1
    bent = np.asarray(infogan.bend(tf.constant(square), keras.random.SeedGenerator(1)))
    assert bent.shape == square.shape
    assert (bent.min() >= 0, bent.max() <= 1) == (True, True)
    ink, places = bent.sum((1, 2, 3)), np.arange(28)[:, None]
    middle = np.stack([(bent * p).sum((1, 2, 3)) / ink for p in (places[:, None], places)])
    assert np.abs(middle - 13.5).max() < 5
    assert (middle.std(axis=1) > 0.5).all()
    assert (ink / 64 > 0.5).all()
    assert (ink / 64 < 1.8).all()


def test_the_head_start_moves_only_what_reads_the_category() -> None:
    model = build(agreement_weight=1.0, head_start=0.5)
    model.compile(steps=4)
    before = [w.numpy() for w in model.discriminator.trainable_variables]
    generator = model.generator.get_weights()
    heads = ("logits", "mean", "log_variance")
    others = {w.path for n in heads for w in model.discriminator.get_layer(n).weights}
    for step in range(2):
        logs = model.train_step((IMAGES, LABELS))
        assert (int(model.starter.iterations), float(logs["gradient_norm"])) == (step + 1, 0)
    for old, new in zip(before, model.discriminator.trainable_variables, strict=True):
        assert np.array_equal(old, new) == (new.path in others), new.path
    trained = zip(generator, model.generator.get_weights(), model.generator.weights, strict=True)
    assert all(np.array_equal(old, new) for old, new, w in trained if w.trainable)
    assert model.train_step((IMAGES, LABELS))["gradient_norm"] > 0
    assert int(model.discriminator_optimizer.iterations) == 1


def test_a_training_that_tells_too_little_begins_again_once() -> None:
    model = build(restarts=1)
    model.compile(steps=2)
    first = [w.numpy() for w in model.trainable_variables]
    for _ in range(2):
        model.train_step((IMAGES, LABELS))
    logs = {"real_accuracy": 0.6, "fake_accuracy": 0.6, "variety": 1.0, "category": 2.3}
    (concern,) = model.concerns(logs)
    assert concern.endswith("the training begins again")
    model.begin_again(1, {**logs, "category": 0.1})
    assert int(model.generator_optimizer.iterations) == 2
    model.begin_again(1, logs)
    assert int(model.generator_optimizer.iterations) == 0
    kernels = [(a, w) for a, w in zip(first, model.trainable_variables, strict=True) if a.ndim > 1]
    assert all(not np.array_equal(a, w) for a, w in kernels)
    for own, other in zip(model.average.weights, model.generator.weights, strict=True):
        np.testing.assert_array_equal(own, other)
    for _ in range(2):
        model.train_step((IMAGES, LABELS))
    (concern,) = model.concerns(logs)
    assert concern.endswith("another seed may part them")
    model.begin_again(3, logs)
    assert int(model.generator_optimizer.iterations) == 2


def test_fit_watches() -> None:
    model = build(restarts=1, category_weight=100.0)
    model.compile(steps=2)
    # Weighed so, two steps cannot teach it; the logs say the weighed term.
    model.fit(IMAGES, LABELS, batch_size=6, epochs=1, verbose=0)
    assert (model.restarts, int(model.discriminator_optimizer.iterations)) == (0, 0)


def test_a_head_start_with_nothing_to_learn() -> None:
    with pytest.raises(BadInput, match=r"head_start: received 0.5, needs an agreement_weight"):
        build(head_start=0.5)


def test_a_head_start_with_normalised_layers() -> None:
    changes = {"agreement_weight": 1.0, "head_start": 0.5}
    model = build(discriminator_normalization="spectral", **changes)
    model.compile(steps=2)
    before = model.discriminator.get_weights()
    model.train_step((IMAGES, LABELS))
    pairs = zip(before, model.discriminator.get_weights(), strict=True)
    assert any(not np.array_equal(old, new) for old, new in pairs)


def test_both_branches_of_a_compiled_step_name_the_same_terms() -> None:
    """With every penalty; TensorFlow refuses branches that differ."""
    changes = {"r1_weight": 0.1, "gradient_penalty_weight": 0.1, "agreement_weight": 1.0}
    model = build(head_start=0.5, **changes)
    model.compile(steps=4)
    history = model.fit(IMAGES, LABELS, batch_size=6, epochs=2, verbose=0).history
    assert history["gradient_penalty"][0] == 0 < history["gradient_penalty"][1]
