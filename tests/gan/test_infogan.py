"""InfoGAN: its controls, its pretraining and restarts, and what it learns from."""

import math
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.core.errors import BadInput
from generative.gan import infogan
from tests.support.gan import INFOGAN

GENERATOR = np.random.default_rng(0)


def test_a_small_variance_has_a_floor() -> None:
    model = build(least_log_variance=-1.0)
    step = model.forward_pass(IMAGES, np.zeros(len(IMAGES)), training=True)
    codes = step.latents[:, -2:]
    floor = math.log(2 * math.pi) - 1
    for log_variance in (-1.0, -1000.0):
        step.fake_outputs.update(mean=codes, log_variance=tf.fill(codes.shape, log_variance))
        terms, _ = model.loss_terms(step, training=True)
        assert float(terms["codes"].value) == pytest.approx(floor, 1e-5)


def build(**changes: Any) -> infogan.InfoGAN:
    keras.utils.set_random_seed(1)
    return infogan.InfoGAN(**{**INFOGAN, **changes})


IMAGES = tf.constant(GENERATOR.random((12, 28, 28, 1)), tf.float32)
LABELS = tf.range(12) % 10


def weights_after_a_step(labels: tf.Tensor, **changes: Any) -> np.ndarray:
    model = build(**changes)
    model.compile()
    model.train_step((IMAGES, labels))
    return np.concatenate([np.ravel(w) for w in model.get_weights()])


@pytest.mark.parametrize("agreement", [0.0, 1.0])
def test_labels_do_not_affect_training(agreement: float) -> None:
    first, second = (
        weights_after_a_step(labels, agreement_weight=agreement)
        for labels in (LABELS, LABELS[::-1])
    )
    np.testing.assert_array_equal(first, second)


def test_atienzas_variant_learns_the_labels() -> None:
    first, second = (
        weights_after_a_step(labels, information="atienza2018") for labels in (LABELS, LABELS[::-1])
    )
    assert not np.array_equal(first, second)


def test_sampled_latents() -> None:
    model = build()
    noise, category, codes = np.split(
        np.asarray(model.sample_latent(tf.zeros(2000))), [5, 15], axis=1
    )
    for uniform in (noise, codes):
        assert (uniform.min() >= -1, uniform.max() < 1) == (True, True)
        assert uniform.std() == pytest.approx(3**-0.5, abs=0.02)
    np.testing.assert_allclose(category.mean(axis=0), 0.1, atol=0.03)
    assert (category.sum(axis=1) == 1).all()
    latents = np.asarray(build(information="atienza2018").sample_latent(tf.zeros(2000)))
    assert latents[:, 15:].std() == pytest.approx(infogan.ATIENZA_DEVIATION, abs=0.02)


def test_both_networks_minimise_the_losses_of_the_codes() -> None:
    model = build()
    step = model.forward_pass(IMAGES, LABELS, training=True)
    discriminator, generator = model.loss_terms(step, training=True)
    for name in ("category", "codes"):
        assert discriminator[name] is generator[name]
    assert set(discriminator) == {"discriminator", "category", "codes"}


def test_controls() -> None:
    model = build()
    latents, _ = model.latents(20, 1, labels=3, code1=0.5)
    again, _ = model.latents(20, 1)
    assert (latents[:, 5:15].argmax(axis=1) == 3).all()
    assert (again[:, 5:15].argmax(axis=1) == np.arange(20) % 10).all()
    assert (latents[:, 15] == 0.5).all()
    # What is not given is as the seed draws it.
    np.testing.assert_array_equal(latents[:, [0, 1, 2, 3, 4, 16]], again[:, [0, 1, 2, 3, 4, 16]])
    with pytest.raises(BadInput, match=r"category: received 10, must be 0 to 9"):
        model.generate(2, 1, labels=10)


def test_warning_of_images_without_information_on_their_category() -> None:
    model = build(category_weight=0.5)
    model.compile(total_steps=9)
    logs = {"real_accuracy": 0.6, "fake_accuracy": 0.6, "variety": 1.0, "category": 0.9}
    assert not model.warnings(logs)
    model.discriminator_optimizer.iterations.assign(4)
    assert not model.warnings(logs)
    model.discriminator_optimizer.iterations.assign(5)
    (line,) = model.warnings(logs)
    assert line.startswith("images hold 1.40 of the 2.30 nats of their category")
    assert not model.warnings({**logs, "category": 0.6})
    # Where nothing teaches the category there is nothing to warn of.
    untaught = build(category_weight=0.0)
    untaught.compile(total_steps=9)
    untaught.discriminator_optimizer.iterations.assign(5)
    assert not untaught.warnings(logs)


def test_information_is_bounded_by_the_entropy_of_the_codes() -> None:
    model = build()
    latents, labels = model.latents(50, 1)
    nats = model.information(latents, model.images(latents, labels))
    assert nats["category_information_nats"] < math.log(10)
    assert nats["code_information_nats"] < 2 * math.log(2)
    other = build(information="atienza2018")
    assert "code_information_nats" not in other.information(latents[:12], IMAGES)


def test_pretraining_changes_only_what_predicts_the_category() -> None:
    model = build(agreement_weight=1.0, head_start=0.5)
    model.compile(total_steps=4)
    before = [w.numpy() for w in model.discriminator.trainable_variables]
    generator = model.generator.get_weights()
    heads = ("logits", "mean", "log_variance")
    others = {w.path for n in heads for w in model.discriminator.get_layer(n).weights}
    for step in range(2):
        logs = model.train_step((IMAGES, LABELS))
        assert (int(model.pretrain_optimizer.iterations), float(logs["gradient_norm"])) == (
            step + 1,
            0,
        )
    for old, new in zip(before, model.discriminator.trainable_variables, strict=True):
        assert np.array_equal(old, new) == (new.path in others), new.path
    trained = zip(generator, model.generator.get_weights(), model.generator.weights, strict=True)
    assert all(np.array_equal(old, new) for old, new, w in trained if w.trainable)
    assert model.train_step((IMAGES, LABELS))["gradient_norm"] > 0
    assert int(model.discriminator_optimizer.iterations) == 1


def test_a_training_without_information_restarts_once() -> None:
    model = build(restarts=1)
    model.compile(total_steps=2)
    first = [w.numpy() for w in model.trainable_variables]
    for _ in range(2):
        model.train_step((IMAGES, LABELS))
    logs = {"real_accuracy": 0.6, "fake_accuracy": 0.6, "variety": 1.0, "category": 2.3}
    (line,) = model.warnings(logs)
    assert line.endswith("the training restarts")
    model.restart_if_uninformative(1, {**logs, "category": 0.1})
    assert int(model.generator_optimizer.iterations) == 2
    model.restart_if_uninformative(1, logs)
    assert int(model.generator_optimizer.iterations) == 0
    kernels = [(a, w) for a, w in zip(first, model.trainable_variables, strict=True) if a.ndim > 1]
    assert all(not np.array_equal(a, w) for a, w in kernels)
    for average, other in zip(
        model.average_generator.weights, model.generator.weights, strict=True
    ):
        np.testing.assert_array_equal(average, other)
    for _ in range(2):
        model.train_step((IMAGES, LABELS))
    (line,) = model.warnings(logs)
    assert line.endswith("another seed may part them")
    model.restart_if_uninformative(3, logs)
    assert int(model.generator_optimizer.iterations) == 2


def test_fit_restarts() -> None:
    model = build(restarts=1)
    model.compile(total_steps=2)
    # Two steps cannot teach it.
    options = {"batch_size": 6, "epochs": 1, "verbose": 0}
    model.fit(IMAGES, LABELS, callbacks=model.epoch_callbacks(), **options)
    assert (model.restarts, int(model.discriminator_optimizer.iterations)) == (0, 0)


def test_pretraining_with_nothing_to_learn() -> None:
    with pytest.raises(BadInput, match=r"head_start: received 0.5, needs an agreement_weight"):
        build(head_start=0.5)


def test_pretraining_with_normalised_layers() -> None:
    changes = {"agreement_weight": 1.0, "head_start": 0.5}
    model = build(discriminator_normalization="spectral", **changes)
    model.compile(total_steps=2)
    before = model.discriminator.get_weights()
    model.train_step((IMAGES, LABELS))
    pairs = zip(before, model.discriminator.get_weights(), strict=True)
    assert any(not np.array_equal(old, new) for old, new in pairs)


@pytest.mark.slow
def test_both_branches_of_a_compiled_step_name_the_same_terms() -> None:
    """With every penalty; TensorFlow refuses branches that differ."""
    changes = {"r1_weight": 0.1, "gradient_penalty_weight": 0.1, "agreement_weight": 1.0}
    model = build(head_start=0.5, **changes)
    model.compile(total_steps=4)
    history = model.fit(IMAGES, LABELS, batch_size=6, epochs=2, verbose=0).history
    assert history["gradient_penalty"][0] == 0 < history["gradient_penalty"][1]


def test_atienzas_networks() -> None:
    """Sizes by hand: `digit_generator` with biases; one trunk, the head of the logit, and those of
    the category and of each code behind a linear layer of 128."""
    model = build(
        architecture="atienza2018",
        information="atienza2018",
        noise_size=100,
        generator_width=32,
        discriminator_width=32,
    )
    convolutions = [(128, 128), (128, 64), (64, 32), (32, 1)]
    generator = 113 * 6272 + sum(25 * a * b + b + 4 * a for a, b in convolutions)
    assert model.generator.count_params() == generator
    trunk = sum(25 * a * b + b for a, b in [(1, 32), (32, 64), (64, 128), (128, 256)])
    heads = 4097 + 4097 * 128 + 129 * 10 + 2 * 129
    assert model.discriminator.count_params() == trunk + heads
    (hidden,) = (x for x in model.discriminator.layers if getattr(x, "units", 0) == 128)
    assert hidden.activation is keras.activations.linear


@pytest.mark.parametrize("codes", [1, 3])
def test_any_number_of_codes(codes: int) -> None:
    model = build(codes=codes, agreement_weight=1.0)
    model.compile()
    history = model.fit(IMAGES, LABELS, batch_size=6, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert model.code_names == ("code1", "code2", "code3")[:codes]
    of_last: dict[str, Any] = {model.code_names[-1]: 0.25}
    latents, labels = model.latents(4, 1, **of_last)
    assert latents.shape == (4, 5 + 10 + codes)
    assert (latents[:, -1] == 0.25).all()
    assert model.information(latents, model.images(latents, labels)).keys() == {
        "category_information_nats",
        "code_information_nats",
    }


def test_random_codes_of_real_images_teach_their_mean() -> None:
    """What Atienza's program asks the code heads about real images: numbers drawn anew."""
    model = build(information="atienza2018", recovery="all")
    step = model.forward_pass(IMAGES, LABELS, training=True)
    discriminator, generator = model.loss_terms(step, training=True)
    assert set(discriminator) == {"discriminator", "labels", "category", "codes", "real_codes"}
    assert set(generator) == {"generator", "category", "codes"}
    again, _ = model.loss_terms(step, training=True)
    assert float(again["real_codes"].value) != float(discriminator["real_codes"].value)


def test_accuracies_of_the_heads() -> None:
    found = build(information="atienza2018")
    found.compile()
    logs = found.test_step((IMAGES, LABELS))
    predicted = found.predict_codes(IMAGES)["category"].argmax(axis=1)
    right = (predicted == LABELS.numpy()).mean()
    assert float(logs["label_accuracy"]) == pytest.approx(right)
    assert 0 <= float(logs["category_accuracy"]) <= 1
    unsupervised = build()
    unsupervised.compile()
    assert "label_accuracy" not in unsupervised.test_step((IMAGES, LABELS))


def test_updates_of_one_kind_of_images_are_refused() -> None:
    """The agreement of real images would be learned in both halves."""
    with pytest.raises(BadInput, match="updates: separate is of networks whose terms are each"):
        build(updates="separate", r1_weight=0.0)
