"""StackedGAN: its three phases, its two levels, and what is recovered of each."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import r2_score

from generative.gan import stackedgan
from tests.families.test_adversarial import OPTIONS

GENERATOR = np.random.default_rng(0)
IMAGES = tf.constant(GENERATOR.random((12, 28, 28, 1)), tf.float32)
LABELS = tf.range(12) % 10
DATA = (IMAGES, LABELS)


SMALL: dict[str, Any] = {
    **OPTIONS,
    "noise_size": 3,
    "latent": "normal",
    "generator_width": 2,
    "discriminator_width": 2,
    "encoder_width": 2,
    "hidden_width": 8,
    "encoder_share": 0.0,
    "independent_share": 0.0,
    "adversarial_weight": 1.0,
    "conditional_weight": 1.0,
    "entropy_weight": 10.0,
    "feature_entropy_weight": 10.0,
    "recovery": "generated",
}


def build(steps: int = 0, **changes: Any) -> stackedgan.StackedGAN:
    keras.utils.set_random_seed(1)
    model = stackedgan.StackedGAN(**{**SMALL, **changes})
    model.compile(steps)
    return model


def weights(network: keras.Model) -> list[np.ndarray]:
    return [w.numpy() for w in network.trainable_variables]


def moved(network: keras.Model, before: list[np.ndarray]) -> list[bool]:
    pairs = zip(before, network.trainable_variables, strict=True)
    return [not np.array_equal(old, new) for old, new in pairs]


def test_the_encoder_learns_first_and_then_stays() -> None:
    model = build(steps=4, encoder_share=0.5, independent_share=0.25)
    encoder, players = weights(model.encoder), [model.generator, model.discriminator]
    before = [weights(player) for player in players]
    for _ in range(2):
        model.train_step(DATA)
    assert all(moved(model.encoder, encoder))
    assert not any(any(moved(p, b)) for p, b in zip(players, before, strict=True))
    encoder = weights(model.encoder)
    for _ in range(2):
        model.train_step(DATA)
    assert not any(moved(model.encoder, encoder))
    assert all(all(moved(p, b)) for p, b in zip(players, before, strict=True))


def test_images_are_made_of_real_features_first_and_then_of_generated_ones() -> None:
    model = build(steps=4, independent_share=0.25)
    real = model.encoder(IMAGES)["feature"]
    found = model.play(*DATA, training=True)
    np.testing.assert_array_equal(found.fake_seen["given"], real)
    model.train_step(DATA)
    found = model.play(*DATA, training=True)
    feature = model.upper(found.codes, training=True)
    np.testing.assert_allclose(found.fake_seen["given"], feature, atol=1e-5)


def test_both_branches_of_a_compiled_step_name_the_same_terms() -> None:
    """With every penalty; TensorFlow refuses branches that differ."""
    model = build(4, encoder_share=0.5, r1_weight=0.1, gradient_penalty_weight=0.1)
    history = model.fit(*DATA, batch_size=6, epochs=2, verbose=0).history
    assert history["gradient_penalty"][0] == 0 < history["gradient_penalty"][1]


@pytest.mark.parametrize(("share", "reaches"), [(1.0, False), (0.0, True)])
def test_only_together_the_image_teaches_the_upper_level(share: float, reaches: bool) -> None:
    model = build(steps=4, independent_share=share)
    with tf.GradientTape() as tape:
        found = model.play(*DATA, training=True)
        _, terms = model.terms(found, training=True)
        of_image = terms["generator"] + terms["feature"] + terms["noise"]
    gradients = tape.gradient(of_image, model.upper.trainable_variables)
    sizes = [0.0 if g is None else float(tf.norm(g)) for g in gradients]
    assert any(size > 0 for size in sizes) == reaches


def test_generated_images_are_those_of_the_two_levels() -> None:
    model = build()
    noise, labels = model.codes(5, seed=1)
    codes = model.joined(noise, labels)
    feature, image = model.both(codes, training=False)
    np.testing.assert_array_equal(model.upper(codes, training=False), feature)
    z0 = noise[:, model.noise_size :]
    np.testing.assert_allclose(
        model.lower([feature, tf.constant(z0)], training=False), image, atol=1e-6
    )
    np.testing.assert_allclose(model.images(noise, labels), image, atol=1e-6)


def test_r1_of_features() -> None:
    """Against the slope that a tape gives."""
    model = build(r1_weight=0.5, r1_every=2)
    known = tf.Variable(model.play(*DATA, training=True).real_seen["known"])
    with tf.GradientTape() as tape:
        logits = tf.reduce_sum(model.sees_features(known)["logits"])
    slopes = tape.gradient(logits, known)
    expected = 2 * 0.5 * float(tf.reduce_mean(tf.reduce_sum(slopes**2, axis=1))) / 2
    compute = tf.function(lambda: model.penalties(model.play(*DATA, training=True)))
    assert float(compute()["feature_r1"]) == pytest.approx(expected, 1e-4)
    model.discriminator_optimizer.iterations.assign(1)
    assert float(compute()["feature_r1"]) == 0


def test_each_noise_has_its_level() -> None:
    model = build()
    noise, labels = model.codes(1, seed=1)
    other = noise.copy()
    other[:, model.noise_size :] += 1
    first, second = (model.both(model.joined(n, labels), training=False) for n in (noise, other))
    np.testing.assert_array_equal(first[0], second[0])
    assert not np.array_equal(first[1], second[1])


def test_the_encoder_is_told_of_in_every_phase() -> None:
    model = build(steps=4, encoder_share=0.5)
    for _ in range(3):
        logs = model.train_step(DATA)
        assert {"encoder", "encoder_accuracy", "generator", "feature_generator"} <= logs.keys()


def test_of_labels() -> None:
    probabilities = GENERATOR.dirichlet(np.ones(4), 6)
    labels = np.array([0, 1, 2, 3, 0, 2])
    named, right = stackedgan.of_labels(tf.constant(np.log(probabilities), tf.float32), labels)
    assert float(named) == pytest.approx(-np.log(probabilities[range(6), labels]).mean(), 1e-5)
    assert float(right) == pytest.approx((probabilities.argmax(axis=1) == labels).mean())


def test_r_squared() -> None:
    true, found = GENERATOR.normal(size=(2, 50, 3))
    expected = r2_score(true, found, multioutput="variance_weighted")
    assert stackedgan.r_squared(true, found) == pytest.approx(expected)
    assert stackedgan.r_squared(true, true) == 1


def test_recovered() -> None:
    model = build()
    found = model.recovered(*model.codes(40, seed=1))
    assert set(found) == {"feature_error", "z0_recovered", "z1_recovered"}
    # Nobody has learned anything.
    assert found["feature_error"] > 0.5
    assert max(found["z0_recovered"], found["z1_recovered"]) < 0.5


def test_each_level_weighs_its_noise() -> None:
    found = (one := build()).play(*DATA, training=True)
    other = build(feature_entropy_weight=1.0)
    for players in zip(one.terms(found, True), other.terms(found, True), strict=True):
        level0, level1 = (float(p["noise"]) for p in players), [p["feature_noise"] for p in players]
        assert len(set(level0)) == 1
        assert float(level1[0]) == pytest.approx(10 * float(level1[1]))


def test_the_source_also_asks_real_images_for_the_noise() -> None:
    model = build(recovery="all")
    found = model.play(*DATA, training=True)
    discriminator, generator = model.terms(found, training=True)
    z0 = found.codes[:, model.noise_size : 2 * model.noise_size]
    expected = 10 * np.square(found.real_seen["noise"] - z0).mean()
    assert float(discriminator["real_noise"]) == pytest.approx(float(expected), 1e-5)
    assert "feature_real_noise" in discriminator
    assert not any("real_noise" in name for name in generator)
    usual, _ = build().terms(found, training=True)
    assert not any("real_noise" in name for name in usual)
