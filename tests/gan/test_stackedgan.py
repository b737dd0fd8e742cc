"""StackedGAN: its three phases, its two levels, and what is recovered from each."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.gan import stackedgan
from generative.gan.base import losses
from tests.support.gan import STACKEDGAN

GENERATOR = np.random.default_rng(0)
IMAGES = tf.constant(GENERATOR.random((12, 28, 28, 1)), tf.float32)
LABELS = tf.range(12) % 10
DATA = (IMAGES, LABELS)


def build(steps: int = 0, **changes: Any) -> stackedgan.StackedGAN:
    keras.utils.set_random_seed(1)
    model = stackedgan.StackedGAN(**{**STACKEDGAN, **changes})
    model.compile(steps)
    return model


def weights(network: keras.Model) -> list[np.ndarray]:
    return [w.numpy() for w in network.trainable_variables]


def changed(network: keras.Model, before: list[np.ndarray]) -> list[bool]:
    pairs = zip(before, network.trainable_variables, strict=True)
    return [not np.array_equal(old, new) for old, new in pairs]


def test_the_encoder_is_trained_first_and_then_kept() -> None:
    model = build(steps=4, encoder_share=0.5, independent_share=0.25)
    encoder, networks = weights(model.encoder), [model.generator, model.discriminator]
    before = [weights(network) for network in networks]
    for _ in range(2):
        model.train_step(DATA)
    assert all(changed(model.encoder, encoder))
    assert not any(any(changed(n, b)) for n, b in zip(networks, before, strict=True))
    encoder = weights(model.encoder)
    for _ in range(2):
        model.train_step(DATA)
    assert not any(changed(model.encoder, encoder))
    assert all(all(changed(n, b)) for n, b in zip(networks, before, strict=True))


def test_images_are_made_of_real_features_first_and_then_of_generated_ones() -> None:
    model = build(steps=4, independent_share=0.25)
    real = model.encoder(IMAGES)["feature"]
    step = model.forward_pass(*DATA, training=True)
    np.testing.assert_allclose(step.fake_outputs["condition"], real, atol=1e-5)
    model.train_step(DATA)
    step = model.forward_pass(*DATA, training=True)
    feature = model.upper_generator(step.latents, training=True)
    np.testing.assert_allclose(step.fake_outputs["condition"], feature, atol=1e-5)


@pytest.mark.slow
def test_both_branches_of_a_compiled_step_name_the_same_terms() -> None:
    """With every penalty; TensorFlow refuses branches that differ."""
    model = build(4, encoder_share=0.5, r1_weight=0.1, gradient_penalty_weight=0.1)
    history = model.fit(*DATA, batch_size=6, epochs=2, verbose=0).history
    assert history["gradient_penalty"][0] == 0 < history["gradient_penalty"][1]


@pytest.mark.parametrize(("share", "reaches"), [(1.0, False), (0.0, True)])
def test_only_together_the_image_teaches_the_upper_level(share: float, reaches: bool) -> None:
    model = build(steps=4, independent_share=share)
    with tf.GradientTape() as tape:
        step = model.forward_pass(*DATA, training=True)
        _, terms = model.loss_terms(step, training=True)
        of_image = sum(terms[name].weighted for name in ("generator", "feature", "noise"))
    gradients = tape.gradient(of_image, model.upper_generator.trainable_variables)
    sizes = [0.0 if g is None else float(tf.norm(g)) for g in gradients]
    assert any(size > 0 for size in sizes) == reaches


def test_generated_images_are_those_of_the_two_levels() -> None:
    model = build()
    noise, labels = model.latents(5, seed=1)
    latents = model.concat_labels(noise, labels)
    feature, image = model.average_levels(latents, training=False)
    np.testing.assert_allclose(model.upper_generator(latents, training=False), feature, atol=1e-5)
    z0 = noise[:, model.noise_size :]
    np.testing.assert_allclose(
        model.lower_generator([feature, tf.constant(z0)], training=False), image, atol=1e-6
    )
    np.testing.assert_allclose(model.images(noise, labels), image, atol=1e-6)


def test_r1_of_features() -> None:
    """Against the slope that a tape gives."""
    model = build(r1_weight=0.5, r1_every=2)
    features = tf.Variable(model.forward_pass(*DATA, training=True).real_outputs["feature"])
    with tf.GradientTape() as tape:
        logits = tf.reduce_sum(model.feature_discriminator(features)["logits"])
    slopes = tape.gradient(logits, features)
    expected = 2 * float(tf.reduce_mean(tf.reduce_sum(slopes**2, axis=1))) / 2

    @tf.function
    def compute() -> tuple[Any, Any]:
        term = model.penalties(model.forward_pass(*DATA, training=True))["feature_r1"]
        return term.value, term.weighted

    value, weighted = map(float, compute())
    assert value == pytest.approx(expected, 1e-4)
    assert weighted == pytest.approx(0.5 * expected, 1e-4)
    model.discriminator_optimizer.iterations.assign(1)
    assert tuple(map(float, compute())) == (0, 0)


def test_each_noise_has_its_level() -> None:
    model = build()
    noise, labels = model.latents(1, seed=1)
    other = noise.copy()
    other[:, model.noise_size :] += 1
    first, second = (
        model.average_levels(model.concat_labels(n, labels), training=False) for n in (noise, other)
    )
    np.testing.assert_array_equal(first[0], second[0])
    assert not np.array_equal(first[1], second[1])


def test_the_encoder_is_tracked_in_every_phase() -> None:
    model = build(steps=4, encoder_share=0.5)
    for _ in range(3):
        logs = model.train_step(DATA)
        assert {"encoder", "encoder_accuracy", "generator", "feature_generator"} <= logs.keys()


def test_recovered() -> None:
    model = build()
    found = model.recovered(*model.latents(40, seed=1))
    assert set(found) == {"feature_error", "z0_recovered", "z1_recovered"}
    # Nothing is trained.
    assert found["feature_error"] > 0.5
    assert max(found["z0_recovered"], found["z1_recovered"]) < 0.5


def test_each_level_weighs_its_noise() -> None:
    step = (one := build()).forward_pass(*DATA, training=True)
    other = build(feature_entropy_weight=1.0)
    for terms in zip(one.loss_terms(step, True), other.loss_terms(step, True), strict=True):
        lower, upper = (
            [float(t[name].weighted) for t in terms] for name in ("noise", "feature_noise")
        )
        assert lower[0] == pytest.approx(lower[1], rel=1e-5)
        assert upper[0] == pytest.approx(10 * upper[1], rel=1e-5)


def test_the_loss_of_the_label() -> None:
    step = (one := build()).forward_pass(*DATA, training=True)
    other = build(label_loss="squared_error")
    values = [float(m.loss_terms(step, True)[1]["label"].value) for m in (one, other)]
    logits = step.fake_outputs["label_logits"]
    assert values == pytest.approx(
        [
            float(losses.label_cross_entropy(logits, LABELS)),
            float(losses.label_squared_error(logits, LABELS)),
        ]
    )


def test_atienzas_variant_also_recovers_the_noise_from_real_images() -> None:
    model = build(recovery="all")
    step = model.forward_pass(*DATA, training=True)
    discriminator, generator = model.loss_terms(step, training=True)
    z0 = step.latents[:, model.noise_size : 2 * model.noise_size]
    expected = np.square(step.real_outputs["noise"] - z0).mean()
    assert float(discriminator["real_noise"].value) == pytest.approx(float(expected), 1e-5)
    assert discriminator["real_noise"].weight == 10.0
    assert "feature_real_noise" in discriminator
    assert not any("real_noise" in name for name in generator)
    usual, _ = build().loss_terms(step, training=True)
    assert not any("real_noise" in name for name in usual)


def test_atienzas_order_and_heads() -> None:
    def normalises_last(**changes: Any) -> bool:
        kinds = [type(x).__name__ for x in build(**changes).upper_generator.layers]
        return kinds.index("BatchNormalization") > kinds.index("ReLU")

    assert (normalises_last(), normalises_last(architecture="atienza2018")) == (False, True)
    latents = GENERATOR.normal(size=(50, 16)).astype(np.float32)
    bounded = build(architecture="atienza2018")
    feature, image = bounded.average_levels(latents)
    for network, inputs in (
        (bounded.image_discriminator, 1e3 * image),
        (bounded.feature_discriminator, 1e3 * feature),
    ):
        assert np.abs(network(inputs)["noise"]).max() <= 1
    assert np.abs(build().image_discriminator(1e3 * image)["noise"]).max() > 1
