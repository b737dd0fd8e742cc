"""The step that trains both networks, small enough to reason about."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from unittest import mock

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from generative.core.errors import BadInput
from generative.training.callbacks import StepLog, layer_outputs
from tests.support.gan import IMAGES, LABELS, build
from tests.support.optimizers import SGD, clipped


def weights(network: keras.Model) -> list[np.ndarray]:
    return [w.numpy() for w in network.trainable_variables]


def kernels_changed(before: list[np.ndarray], network: keras.Model) -> bool:
    """All of them; a hinge or a critic may leave the last bias alone: what it gives to both
    cancels."""
    pairs = zip(before, weights(network), strict=True)
    return all(not np.array_equal(a, b) for a, b in pairs if a.ndim > 1)


def changed(before: list[np.ndarray], network: keras.Model) -> list[bool]:
    return [not np.array_equal(a, b) for a, b in zip(before, weights(network), strict=True)]


@pytest.mark.parametrize("trained", ["generator", "discriminator"])
def test_a_step_of_one_network_changes_nothing_of_the_other(trained: str) -> None:
    """Either optimizer has no rate in turn; what changes then, the other one changed."""
    still = {"generator": "discriminator", "discriminator": "generator"}[trained]
    model = build()
    model.compile()
    getattr(model, f"{still}_optimizer").learning_rate = 0.0
    before = {name: weights(getattr(model, name)) for name in (trained, still)}
    model.fit(IMAGES, LABELS, batch_size=6, verbose=0)
    assert all(changed(before[trained], getattr(model, trained)))
    assert not any(changed(before[still], getattr(model, still)))


def test_gradients_are_those_of_the_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain descent from the same weights, written out for the discriminator."""
    model = build(discriminator_learning_rate=0.1)
    model.compile()
    model.discriminator_optimizer = keras.optimizers.SGD(0.1)
    latents = tf.constant(np.random.default_rng(2).normal(size=(6, 4)), tf.float32)
    monkeypatch.setattr(model, "sample_latent", lambda labels: latents)
    with tf.GradientTape() as tape:
        images = model.generator(latents, training=True)
        real, fake = (model.discriminator(x)["logits"] for x in (IMAGES[:6], images))
        loss = -tf.reduce_mean(tf.math.log_sigmoid(real) + tf.math.log_sigmoid(-fake)) / 2
    gradients = tape.gradient(loss, model.discriminator.trainable_variables)
    expected = [w - 0.1 * g for w, g in zip(weights(model.discriminator), gradients, strict=True)]
    model.train_step((tf.constant(IMAGES[:6]), tf.constant(LABELS[:6])))
    for found, wanted in zip(weights(model.discriminator), expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_the_generator_runs_once_a_step() -> None:
    model = build()
    model.compile()
    with mock.patch.object(model.generator, "call", wraps=model.generator.call) as call:
        model.train_step((tf.constant(IMAGES), tf.constant(LABELS)))
    assert call.call_count == 1


def test_batch_statistics_never_mix_real_and_fake() -> None:
    """With a momentum of 0 the moving mean is that of the network's last batch."""
    model = build(normalized=True)
    model.compile()
    step = model.forward_pass(tf.constant(IMAGES), tf.constant(LABELS), training=True)
    (normalization,) = (
        layer
        for layer in model.discriminator.layers
        if isinstance(layer, layers.BatchNormalization)
    )
    (convolution,) = (x for x in model.discriminator.layers if isinstance(x, layers.Conv2D))
    of_fake = tf.reduce_mean(convolution(step.fake), axis=[0, 1, 2])
    np.testing.assert_allclose(normalization.moving_mean, of_fake, atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"objective": "minimax"},
        {"objective": "maximum_likelihood"},
        {"objective": "hinge", "discriminator_normalization": "spectral"},
        {"objective": "wasserstein", "gradient_penalty_weight": 10.0},
        {"r1_weight": 0.1},
        {"real_target": 0.9, "label_noise": 0.1, "fake_label_noise": 0.1},
        {"generator_optimizer": clipped(0.5), "discriminator_optimizer": SGD},
        {"augmentation": "diffaugment"},
        {"learning_rate_decay": "cosine"},
        {"updates": "alternating", "r1_weight": 0.1},
        {"updates": "alternating", "batch_statistics": "moving"},
        {"updates": "separate"},
        {"discriminator_head_start": 0.5, "discriminator_steps": 1},
    ],
)
def test_every_option_trains_both(options: dict[str, Any]) -> None:
    model = build(**options)
    model.compile(4)
    before = weights(model.generator), weights(model.discriminator)
    history = model.fit(IMAGES, LABELS, batch_size=6, epochs=2, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert all(changed(before[0], model.generator))
    assert kernels_changed(before[1], model.discriminator)


def test_each_network_has_its_optimizer() -> None:
    model = build(discriminator_optimizer=SGD, generator_learning_rate=0.5)
    model.compile()
    found = model.generator_optimizer, model.discriminator_optimizer
    assert [type(one).__name__ for one in found] == ["Adam", "SGD"]
    assert [float(one.learning_rate) for one in found] == pytest.approx([0.5, 0.01])


def test_the_scale_of_the_adversarial_loss_is_reported() -> None:
    """2 of half a cross entropy is the whole one that Keras reports of such a generator."""
    model = build(adversarial_scale=2.0)
    step = model.forward_pass(tf.constant(IMAGES), tf.constant(LABELS), training=False)
    _, terms = model.loss_terms(step, training=False)
    logits = step.fake_outputs["logits"]
    entropy = keras.losses.BinaryCrossentropy(from_logits=True)(tf.ones_like(logits), logits)
    assert float(terms["generator"].value) == pytest.approx(float(entropy), rel=1e-5)
    assert terms["generator"].weight is None


def test_moving_statistics_are_those_of_a_network_that_is_not_trainable() -> None:
    """The discriminator in the generator's step, beside Keras' with `trainable` False."""
    model = build(
        normalized=True,
        batch_statistics="moving",
        updates="alternating",
        discriminator_learning_rate=1e-9,
    )
    model.compile()
    (normalization,) = (x for x in model.discriminator.layers if "moving_mean" in dir(x))
    seen: list[tuple[Any, np.ndarray, np.ndarray]] = []
    forward = model.forward_pass

    def recorded(*arguments: Any, **named: Any) -> Any:
        before = np.asarray(normalization.moving_mean)
        step = forward(*arguments, **named)
        seen.append((step, before, np.asarray(normalization.moving_mean)))
        return step

    with mock.patch.object(model, "forward_pass", recorded):
        model.train_step((tf.constant(IMAGES), tf.constant(LABELS)))
    (_, initial, learned), (step, before, after) = seen
    assert not np.array_equal(initial, learned)
    np.testing.assert_array_equal(before, after)
    model.discriminator.trainable = False
    expected = model.discriminator(step.fake, training=True)["logits"]
    np.testing.assert_allclose(step.fake_outputs["logits"], expected, rtol=1e-4, atol=1e-5)


def test_r1_counts_as_much_in_one_step_of_two() -> None:
    """Counted for the steps that it stands for, so the epoch's mean is the penalty's."""
    model = build(r1_weight=0.5, r1_every=2, discriminator_learning_rate=1e-9)
    model.compile()
    history = model.fit(IMAGES, LABELS, batch_size=12, epochs=4, verbose=0).history
    assert history["r1"][0] > 0
    assert history["r1"][0] == pytest.approx(history["r1"][2], rel=1e-3)
    assert history["r1"][1] == history["r1"][3] == 0


def test_the_generator_moves_once_in_so_many_steps_of_the_discriminator() -> None:
    model = build(discriminator_steps=3, r1_weight=0.5, learning_rate_decay="cosine")
    model.compile(6)
    rate = model.generator_optimizer._learning_rate
    assert (float(rate(2)), float(rate(1))) == (0.0, pytest.approx(float(rate(0)) / 2))
    moved = []
    for _ in range(6):
        before = weights(model.generator), weights(model.discriminator)
        model.fit(IMAGES, LABELS, batch_size=12, verbose=0)
        moved.append(any(changed(before[0], model.generator)))
        assert kernels_changed(before[1], model.discriminator)
    assert moved == [False, False, True] * 2


def test_alternating_gives_the_generator_the_updated_discriminator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noise = tf.constant(np.random.default_rng(0).normal(size=(12, 4)), tf.float32)

    def trained(rate: float, first: str = "", **options: Any) -> list[np.ndarray]:
        """The generator's weights after a step, or after one method of the model before it."""
        descent = {"class_name": "SGD", "config": {}}
        model = build(
            generator_optimizer=descent,
            discriminator_optimizer=descent,
            discriminator_learning_rate=rate,
            **options,
        )
        monkeypatch.setattr(model, "sample_latent", lambda labels: noise)
        model.compile()
        data = tf.constant(IMAGES), tf.constant(LABELS)
        if first:
            getattr(model, first)(data)
            model.discriminator_optimizer.learning_rate = 0.0
        model.train_step(data)
        return weights(model.generator)

    def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
        return all(np.allclose(a, b, atol=1e-6) for a, b in zip(one, other, strict=True))

    alternating = trained(0.9, updates="alternating")
    assert same(alternating, trained(0.9, first="discriminator_step"))
    assert not same(alternating, trained(0.9))
    # Where the discriminator stays as it is, both are one.
    assert same(trained(1e-12, updates="alternating"), trained(1e-12))


def test_separate_updates_are_of_real_images_then_of_generated_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Plain descent, written out: the two halves of the loss, and then the generator's, all of one
    noise."""
    noise = tf.constant(np.random.default_rng(0).normal(size=(12, 4)), tf.float32)
    descent: dict[str, Any] = {"class_name": "SGD", "config": {}}
    model, other = (
        build(
            updates=updates,
            generator_optimizer=descent,
            discriminator_optimizer=descent,
            discriminator_learning_rate=0.9,
        )
        for updates in ("separate", "joint")
    )
    monkeypatch.setattr(model, "sample_latent", lambda labels: noise)
    model.compile()
    model.train_step((tf.constant(IMAGES), tf.constant(LABELS)))

    generator, discriminator = other.generator, other.discriminator

    def descend(network: keras.Model, rate: float, loss: Callable[[], Any]) -> None:
        with tf.GradientTape() as tape:
            value = loss()
        for w, g in zip(
            network.trainable_variables,
            tape.gradient(value, network.trainable_variables),
            strict=True,
        ):
            w.assign_sub(rate * g)

    def logits(images: Any, sign: float) -> Any:
        return -tf.reduce_mean(tf.math.log_sigmoid(sign * discriminator(images)["logits"])) / 2

    fake = generator(noise, training=True)
    descend(discriminator, 0.9, lambda: logits(IMAGES, 1.0))
    descend(discriminator, 0.9, lambda: logits(fake, -1.0))
    descend(generator, 0.01, lambda: logits(generator(noise, training=True), 1.0))
    for name in ("generator", "discriminator"):
        for found, wanted in zip(
            weights(getattr(model, name)), weights(getattr(other, name)), strict=True
        ):
            np.testing.assert_allclose(found, wanted, atol=1e-6)

    # The losses are those before each update.
    whole = build(updates="joint")
    terms, _ = whole.loss_terms(whole.forward_pass(IMAGES, LABELS, True, noise), training=True)
    found = model.trackers["discriminator"].result()
    assert float(found) != pytest.approx(float(terms["discriminator"].value), abs=1e-6)
    later = keras.models.clone_model(whole.discriminator)
    later.set_weights(whole.discriminator.get_weights())
    fake = whole.generator(noise, training=True)

    def half(images: Any, sign: float) -> Any:
        return -tf.reduce_mean(tf.math.log_sigmoid(sign * later(images)["logits"])) / 2

    real_loss = half(IMAGES, 1.0)
    with tf.GradientTape() as tape:
        value = half(IMAGES, 1.0)
    for w, g in zip(
        later.trainable_variables, tape.gradient(value, later.trainable_variables), strict=True
    ):
        w.assign_sub(0.9 * g)
    assert float(found) == pytest.approx(float(real_loss + half(fake, -1.0)), abs=1e-5)


@pytest.mark.parametrize("more", [{"r1_weight": 0.1}, {"discriminator_head_start": 0.5}])
def test_separate_updates_have_no_penalties(more: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="separate has no penalties"):
        build(updates="separate", **more)


def test_nothing_is_said_of_a_generator_that_has_not_begun() -> None:
    model = build(discriminator_head_start=0.5)
    model.compile(2)
    logs = {"real_accuracy": 1.0, "fake_accuracy": 1.0, "variety": 0.01}
    assert model.warnings(logs) == []
    for _ in range(2):
        model.train_step((tf.constant(IMAGES), tf.constant(LABELS)))
    assert len(model.warnings(logs)) == 2


def test_the_gradient_of_every_step_is_known() -> None:
    """Means over the epoch so far give each step's number back: 0 where there is no gradient."""
    model = build(discriminator_steps=2)
    model.compile(4)
    log = StepLog()
    data = np.repeat(IMAGES, 4, axis=0), np.repeat(LABELS, 4)
    model.fit(*data, batch_size=12, shuffle=False, verbose=0, callbacks=[log])
    norms = [row["gradient_norm"] for row in log.rows]
    assert [norm > 1e-6 for norm in norms] == [False, True, False, True]


def test_the_generator_joins_after_the_head_start() -> None:
    model = build(discriminator_head_start=0.5, learning_rate_decay="cosine")
    model.compile(4)
    assert float(model.generator_optimizer._learning_rate(2)) == 0.0
    moved = []
    for _ in range(4):
        before = weights(model.generator), weights(model.discriminator)
        model.fit(IMAGES, LABELS, batch_size=12, verbose=0)
        moved.append(any(changed(before[0], model.generator)))
        assert kernels_changed(before[1], model.discriminator)
    assert moved == [False, False, True, True]


def test_several_updates_of_the_generator_are_of_new_noise() -> None:
    model = build(updates="alternating", generator_steps=3, learning_rate_decay="cosine")
    model.compile(2)
    drawn: list[Any] = []
    sample = model.sample_latent

    def recorded(labels: Any) -> Any:
        drawn.append(sample(labels))
        return drawn[-1]

    with mock.patch.object(model, "sample_latent", recorded):
        model.train_step((tf.constant(IMAGES), tf.constant(LABELS)))
    assert len({np.asarray(noise).tobytes() for noise in drawn}) == 1 + 3
    assert int(model.generator_optimizer.iterations) == 3
    assert float(model.generator_optimizer._learning_rate(6)) == 0.0
    with pytest.raises(BadInput, match="generator_steps: received 2, needs new noise"):
        build(generator_steps=2)


def test_noise_of_the_snapshots() -> None:
    for noise, same in (("fixed", True), ("new", False)):
        model = build(snapshot_noise=noise, generator_learning_rate=1e-9, average_decay=0.0)
        model.compile()
        first = model.snapshot(IMAGES)
        assert np.array_equal(first, model.snapshot(IMAGES))
        model.train_step((tf.constant(IMAGES), tf.constant(LABELS)))
        assert np.allclose(first, model.snapshot(IMAGES), atol=1e-4) == same


def test_moving_statistics_are_what_predict_takes() -> None:
    model = build(updates="alternating", batch_statistics="moving", average_decay=0.0)
    model.compile()
    model.fit(IMAGES, LABELS, batch_size=6, epochs=2, verbose=0)
    noise, labels = model.latents(5, seed=1)
    expected = model.generator(noise, training=False)
    np.testing.assert_allclose(model.images(noise, labels), expected, atol=1e-6)
    # The discriminator's fakes are these, too.
    step, _ = model.update_discriminator((IMAGES[:5], LABELS[:5]), tf.constant(noise))
    np.testing.assert_allclose(step.fake, expected, atol=1e-6)
    with pytest.raises(BadInput, match="moving needs a forward pass for each"):
        build(batch_statistics="moving")


def test_clipping_bounds_the_gradient() -> None:
    descent = {"class_name": "SGD", "config": {"global_clipnorm": 1e-3}}
    model = build(generator_optimizer=descent, generator_learning_rate=1.0)
    model.compile()
    before = weights(model.generator)
    model.train_step((tf.constant(IMAGES), tf.constant(LABELS)))
    moved = [a - b for a, b in zip(before, weights(model.generator), strict=True)]
    assert np.sqrt(sum((m**2).sum() for m in moved)) <= 1.001e-3


def test_the_discriminator_depends_on_the_label() -> None:
    model = build(classes=3)
    first, second = (
        model.discriminate(tf.constant(IMAGES), tf.fill((12,), label), training=False)["logits"]
        for label in (0, 1)
    )
    assert not np.allclose(first, second)


def test_a_wasserstein_critic_has_no_labels() -> None:
    with pytest.raises(BadInput, match="no labels to smooth"):
        build(objective="wasserstein", real_target=0.9)


def test_a_wasserstein_critic_needs_a_bound() -> None:
    with pytest.raises(BadInput, match="no lower bound unless"):
        build(objective="wasserstein")
    build(objective="wasserstein", discriminator_normalization="spectral")


def test_targets_stay_in_range() -> None:
    model = build(real_target=0.9, label_noise=0.9, fake_label_noise=0.5)
    real, fake = map(np.asarray, model.targets(tf.zeros((1000, 1))))
    assert 0 <= real.min() < 0.1 < 0.8 < real.max() <= 0.9
    assert 0 <= fake.min() < 0.1 < 0.4 < fake.max() < 0.5
    with pytest.raises(BadInput, match="label_noise: received 0.5, at most real_target, .* 0.4"):
        build(real_target=0.4, label_noise=0.5)


def test_activations_of_the_discriminator_can_be_logged() -> None:
    model = build()
    found = list(layer_outputs(model, IMAGES[:1]).values())
    np.testing.assert_allclose(found[-1], model(IMAGES[:1])["logits"], rtol=1e-5, atol=1e-6)


def test_warnings() -> None:
    fair = {"real_accuracy": 0.7, "fake_accuracy": 0.8, "variety": 1.0}
    model = build()
    assert model.warnings(fair) == []
    (line,) = model.warnings({**fair, "real_accuracy": 0.999, "fake_accuracy": 1.0})
    assert "it dominates" in line
    certain = {**fair, "real_accuracy": 1.0, "fake_accuracy": 1.0}
    assert build(objective="wasserstein", r1_weight=1.0).warnings(certain) == []
    (line,) = model.warnings({**fair, "variety": 0.05})
    assert "vary 0.05 times as much as real ones" in line


def test_one_image_for_all_latents_has_no_variety(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build()
    model.compile()
    monkeypatch.setattr(model, "sample_latent", lambda labels: tf.ones((tf.shape(labels)[0], 4)))
    found = model.test_step((tf.constant(IMAGES), tf.constant(LABELS)))
    assert float(found["variety"]) == pytest.approx(0, abs=1e-4)


TWO_DEVICES = """
import json
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from tests.support.gan import IMAGES, LABELS, build
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    model = build(r1_weight=0.1)
    model.compile()
    history = model.fit(IMAGES, LABELS, batch_size=6, epochs=2, shuffle=False, verbose=0).history
shape = model.generate(1, 1).shape
print(json.dumps([strategy.num_replicas_in_sync, *history["generator"], *shape]))
"""


@pytest.mark.slow
def test_two_devices_share_a_batch() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    replicas, *losses, count, _, _, _ = json.loads(done.stdout.splitlines()[-1])
    assert (replicas, count) == (2, 1)
    assert np.isfinite(losses).all()
