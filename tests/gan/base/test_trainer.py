"""The step that trains both players, on networks small enough to reason about."""

import json
import subprocess
import sys
from typing import Any
from unittest import mock

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from generative.core.errors import BadInput
from generative.gan.base import trainer as adversarial
from generative.gan.base.trainer import Adversarial
from generative.training.fit import layer_outputs

OPTIONS: dict[str, Any] = {
    "objective": "non_saturating",
    "generator_learning_rate": 0.01,
    "discriminator_learning_rate": 0.01,
    "learning_rate_decay": "none",
    "momentum": 0.5,
    "real_target": 1.0,
    "label_noise": 0.0,
    "clip_norm": 0.0,
    "discriminator_normalization": "none",
    "r1_weight": 0.0,
    "r1_every": 2,
    "gradient_penalty_weight": 0.0,
    "average_decay": 0.5,
    "augmentation": "none",
}
IMAGES = np.random.default_rng(0).random((12, 8, 8, 1), np.float32)
LABELS = np.arange(12) % 3


def build(*, classes: int = 0, normalized: bool = False, **options: Any) -> Adversarial:
    keras.utils.set_random_seed(1)
    generator = keras.Sequential(
        [
            layers.Input((4 + classes,)),
            layers.Dense(8 * 8 * 2),
            layers.Reshape((8, 8, 2)),
            adversarial.BatchNormalization(),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ]
    )
    images, label = keras.Input((8, 8, 1)), keras.Input((classes,))
    x = layers.Conv2D(4, 3, strides=2)(images)
    if normalized:
        x = layers.BatchNormalization(momentum=0.0)(x)
    logits = layers.Dense(1)(layers.Flatten()(x))
    if classes:
        logits = logits + layers.Dense(1)(label)
    inputs = [images, label] if classes else images
    return Adversarial(
        generator,
        keras.Model(inputs, {"logits": logits}),
        latent="normal",
        classes=classes,
        span=(0.0, 1.0),
        **{**OPTIONS, **options},
    )


def weights(network: keras.Model) -> list[np.ndarray]:
    return [w.numpy() for w in network.trainable_variables]


def changed(before: list[np.ndarray], network: keras.Model) -> list[bool]:
    return [not np.array_equal(a, b) for a, b in zip(before, weights(network), strict=True)]


@pytest.mark.parametrize("mover", ["generator", "discriminator"])
def test_a_step_of_one_player_moves_nothing_of_the_other(mover: str) -> None:
    """Either optimizer stands still in turn; what moves then, the other one moved."""
    still = {"generator": "discriminator", "discriminator": "generator"}[mover]
    model = build()
    model.compile()
    getattr(model, f"{still}_optimizer").learning_rate = 0.0
    before = {name: weights(getattr(model, name)) for name in (mover, still)}
    model.fit(IMAGES, LABELS, batch_size=6, verbose=0)
    assert all(changed(before[mover], getattr(model, mover)))
    assert not any(changed(before[still], getattr(model, still)))


def test_gradients_are_those_of_the_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain descent from the same weights, written out for the discriminator."""
    model = build(discriminator_learning_rate=0.1)
    model.compile()
    model.discriminator_optimizer = keras.optimizers.SGD(0.1)
    kept = tf.constant(np.random.default_rng(2).normal(size=(6, 4)), tf.float32)
    monkeypatch.setattr(model, "draw", lambda labels: kept)
    with tf.GradientTape() as tape:
        fake = model.generator(kept, training=True)
        real, seen = (model.discriminator(x)["logits"] for x in (IMAGES[:6], fake))
        loss = -tf.reduce_mean(tf.math.log_sigmoid(real) + tf.math.log_sigmoid(-seen)) / 2
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
    """With a momentum of 0 the moving mean is that of the last batch the network saw."""
    model = build(normalized=True)
    model.compile()
    found = model.play(tf.constant(IMAGES), tf.constant(LABELS), training=True)
    (normalization,) = (
        layer
        for layer in model.discriminator.layers
        if isinstance(layer, layers.BatchNormalization)
    )
    (convolution,) = (x for x in model.discriminator.layers if isinstance(x, layers.Conv2D))
    of_fake = tf.reduce_mean(convolution(found.fake), axis=[0, 1, 2])
    np.testing.assert_allclose(normalization.moving_mean, of_fake, atol=1e-5)


def test_the_fused_batch_normalization_is_keras_own() -> None:
    fused, plain = adversarial.BatchNormalization(), layers.BatchNormalization()
    inputs = tf.constant(np.random.default_rng(1).normal(3, 2, (5, 4, 4, 3)), tf.float32)
    results = []
    for layer in (fused, plain):
        layer.build(inputs.shape)
        layer.gamma.assign([0.5, 1.0, 2.0])
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, training=True)
            value = tf.reduce_sum(outputs**3)
        results.append([outputs, *tape.gradient(value, [inputs, *layer.trainable_variables])])
    for ours, keras_own in zip(*results, strict=True):
        np.testing.assert_allclose(ours, keras_own, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(fused.moving_mean, plain.moving_mean, rtol=1e-5)
    # The fused kernel keeps the unbiased variance: 80 values a channel.
    unbiased = 0.99 + (np.asarray(plain.moving_variance) - 0.99) * 80 / 79
    np.testing.assert_allclose(fused.moving_variance, unbiased, rtol=1e-5)


def test_the_average_follows_and_its_statistics_are_its_own() -> None:
    model = build(average_decay=0.5)
    model.compile()
    before = weights(model.average)
    model.train_step((tf.constant(IMAGES), tf.constant(LABELS)))
    for own, old, new in zip(weights(model.average), before, weights(model.generator), strict=True):
        np.testing.assert_allclose(own, (old + new) / 2, atol=1e-6)
    model.refresh()
    dense, _, normalization = model.average.layers[:3]
    noise, _ = model.codes(adversarial.REFRESH_BATCHES * adversarial.REFRESH_BATCH, seed=0)
    hidden = np.asarray(dense(noise)).reshape(-1, 2)
    np.testing.assert_allclose(normalization.moving_mean, hidden.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(normalization.moving_variance, hidden.var(axis=0), rtol=0.01)


def test_samples_come_from_the_average() -> None:
    model = build()
    before = model.generate(2, seed=1)
    model.generator.set_weights([w + 1 for w in model.generator.get_weights()])
    assert np.array_equal(before, model.generate(2, seed=1))


@pytest.mark.parametrize(
    "options",
    [
        {"objective": "minimax"},
        {"objective": "maximum_likelihood"},
        {"objective": "hinge", "discriminator_normalization": "spectral"},
        {"objective": "wasserstein", "gradient_penalty_weight": 10.0},
        {"r1_weight": 0.1},
        {"real_target": 0.9, "label_noise": 0.1},
        {"clip_norm": 0.5},
        {"augmentation": "diffaugment"},
        {"learning_rate_decay": "cosine"},
    ],
)
def test_every_option_trains_both(options: dict[str, Any]) -> None:
    model = build(**options)
    model.compile(4)
    before = weights(model.generator), weights(model.discriminator)
    history = model.fit(IMAGES, LABELS, batch_size=6, epochs=2, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert all(changed(before[0], model.generator))
    # A hinge or a critic may leave the last bias alone: what it gives to both cancels.
    assert all(changed(before[1], model.discriminator)[::2])


def test_r1_counts_as_much_in_one_step_of_two() -> None:
    """Weighed by the number of steps it stands for, so the epoch's mean is the penalty's."""
    model = build(r1_weight=1.0, r1_every=2, discriminator_learning_rate=1e-9)
    model.compile()
    history = model.fit(IMAGES, LABELS, batch_size=12, epochs=4, verbose=0).history
    assert history["r1"][0] > 0
    assert history["r1"][0] == pytest.approx(history["r1"][2], rel=1e-3)
    assert history["r1"][1] == history["r1"][3] == 0


def test_clipping_bounds_the_gradient() -> None:
    model = build(clip_norm=1e-3)
    model.compile()
    model.generator_optimizer = keras.optimizers.SGD(1.0, global_clipnorm=1e-3)
    before = weights(model.generator)
    model.train_step((tf.constant(IMAGES), tf.constant(LABELS)))
    moved = [a - b for a, b in zip(before, weights(model.generator), strict=True)]
    assert np.sqrt(sum((m**2).sum() for m in moved)) <= 1.001e-3


def test_spectral_normalization_bounds_every_kernel() -> None:
    model = build(discriminator_normalization="spectral")
    model.compile()
    model.fit(IMAGES, LABELS, batch_size=6, epochs=20, verbose=0)
    model.play(tf.constant(IMAGES), tf.constant(LABELS), training=True)
    wrapped = [x for x in model.discriminator.layers if isinstance(x, layers.SpectralNormalization)]
    assert len(wrapped) == 2
    for layer in wrapped:
        kernel = layer.layer.kernel.numpy()
        largest = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]
        assert largest == pytest.approx(1, rel=0.05)


def test_labels() -> None:
    model = build(classes=3)
    assert model.codes(5, 1)[1].tolist() == [0, 1, 2, 0, 1]
    assert np.array_equal(model.generate(3, 1), model.generate(3, 1, [0, 1, 2]))
    assert np.array_equal(model.generate(3, 1, 2)[2], model.generate(3, 1, [0, 1, 2])[2])
    assert not np.array_equal(model.generate(3, 1, 0), model.generate(3, 1, 1))
    with pytest.raises(BadInput, match="received 3, must be 0 to 2"):
        model.generate(2, 1, [0, 3])
    with pytest.raises(BadInput, match="received -1"):
        model.generate(2, 1, -1)
    with pytest.raises(BadInput, match="received 2, one or 3"):
        model.generate(3, 1, [0, 1])
    with pytest.raises(BadInput, match="knows no labels"):
        build().generate(2, 1, 0)


def test_the_discriminator_is_told_the_label() -> None:
    model = build(classes=3)
    first, second = (
        model.see(tf.constant(IMAGES), tf.fill((12,), label), training=False)["logits"]
        for label in (0, 1)
    )
    assert not np.allclose(first, second)


def test_a_wasserstein_critic_has_no_labels() -> None:
    with pytest.raises(BadInput, match="no labels to smooth"):
        build(objective="wasserstein", real_target=0.9)


def test_labels_stay_in_range() -> None:
    model = build(real_target=0.9, label_noise=0.9)
    targets = np.asarray(model.targets(tf.zeros((1000, 1))))
    assert (targets.min() >= 0, targets.max() <= 0.9) == (True, True)
    with pytest.raises(BadInput, match="label_noise: received 0.5, at most real_target, .* 0.4"):
        build(real_target=0.4, label_noise=0.5)


def test_activations_of_the_discriminator_can_be_logged() -> None:
    model = build()
    found = list(layer_outputs(model, IMAGES[:1]).values())
    np.testing.assert_allclose(found[-1], model(IMAGES[:1])["logits"], rtol=1e-5)


def test_concerns() -> None:
    fair = {"real_accuracy": 0.7, "fake_accuracy": 0.8, "variety": 1.0}
    model = build()
    assert model.concerns(fair) == []
    (line,) = model.concerns({**fair, "real_accuracy": 0.999, "fake_accuracy": 1.0})
    assert "it dominates" in line
    told = {**fair, "real_accuracy": 1.0, "fake_accuracy": 1.0}
    assert build(objective="wasserstein").concerns(told) == []
    (line,) = model.concerns({**fair, "variety": 0.05})
    assert "vary 0.05 times as much as real ones" in line


def test_one_picture_for_all_codes_has_no_variety(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build()
    model.compile()
    monkeypatch.setattr(model, "draw", lambda labels: tf.ones((tf.shape(labels)[0], 4)))
    found = model.test_step((tf.constant(IMAGES), tf.constant(LABELS)))
    assert float(found["variety"]) == pytest.approx(0, abs=1e-4)


def test_the_exported_graph_generates_the_same() -> None:
    model = build()
    model.compile()
    model.fit(IMAGES, LABELS, batch_size=6, verbose=0)
    noise, _ = model.codes(3, seed=4)
    exported = model.inference_model()
    np.testing.assert_allclose(exported(noise), model.generate(3, seed=4), atol=1e-6)


TWO_DEVICES = """
import json
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from tests.families.test_adversarial import IMAGES, LABELS, build
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    model = build(r1_weight=0.1)
    model.compile()
    history = model.fit(IMAGES, LABELS, batch_size=6, epochs=2, shuffle=False, verbose=0).history
shape = model.generate(1, 1).shape
print(json.dumps([strategy.num_replicas_in_sync, *history["generator"], *shape]))
"""


def test_two_devices_share_a_batch() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    replicas, *losses, count, _, _, _ = json.loads(done.stdout.splitlines()[-1])
    assert (replicas, count) == (2, 1)
    assert np.isfinite(losses).all()
