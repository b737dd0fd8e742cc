"""Several devices: they share each batch, and a step is that of one device."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.core.errors import BadInput
from generative.training import checkpoint, devices
from tests.support.noise import draw_from_table
from tests.support.optimizers import clipped
from tests.support.training import CPU, KEYS, Small, stopping_after

CLIPPED = {f"{name}_optimizer": clipped(0.001) for name in ("generator", "discriminator")}
# Beside a first step of each network: the step that those with two kinds begin with, and others
# that are taken in a branch.
STEPS: list[Any] = [
    *(pytest.param(key, {}, id=key) for key in KEYS),
    pytest.param("infogan", {"head_start": 1.0}, id="infogan-pretraining"),
    pytest.param("stackedgan", {"encoder_share": 1.0}, id="stackedgan-encoder"),
    pytest.param("cgan", {"discriminator_steps": 2}, id="cgan-discriminator"),
    pytest.param("char_conv", {"optimizer": clipped(0.001)}, id="char_conv-clipped"),
    pytest.param("cgan", CLIPPED, id="cgan-clipped"),
    pytest.param("dcgan", {"discriminator_normalization": "spectral"}, id="dcgan-spectral"),
    pytest.param("cgan", {"gradient_penalty_weight": 10.0}, id="cgan-gradient-penalty"),
    pytest.param("cvae", {"free_bits_nats": 0.01}, id="cvae-free-bits"),
    pytest.param("cvae", {"batch_normalization": "convolutions"}, id="cvae-normalization"),
    pytest.param(
        "infogan",
        {"information": "atienza2018", **CLIPPED},
        id="infogan-atienza2018",
    ),
    pytest.param(
        "infogan", {"head_start": 0.5, "discriminator_steps": 2}, id="infogan-discriminator"
    ),
]


@pytest.fixture(scope="module")
def mirrored() -> tf.distribute.Strategy:
    """Of both devices; a second one in a process would take the first one's communication."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def step(small: Small, workspace: Path, strategy: tf.distribute.Strategy) -> tuple[Any, ...]:
    """The metrics of a step, and what optimizers keep of its gradients."""
    with strategy.scope():
        model = small.build()
    history = small.fit(model, workspace, device=replace(CPU, strategy=strategy))
    kept = [v for optimizer in checkpoint.optimizers(model) for v in optimizer.variables]
    return history.table.iloc[0], [
        v.numpy() for v in kept if v.path.endswith(("momentum", "velocity"))
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("key", "options"), STEPS)
def test_a_step_of_two_devices_is_that_of_one(
    key: str,
    options: dict[str, Any],
    tiny_params: Path,
    tmp_path: Path,
    mirrored: tf.distribute.Strategy,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = Small(key, tiny_params, request, steps_per_epoch=1)
    small.train.model.update(options)
    draw_from_table(monkeypatch, small.train.batch_size)
    one, gradients = step(small, tmp_path / "one", tf.distribute.get_strategy())
    two, others = step(small, tmp_path / "two", mirrored)
    assert gradients
    # Not those of the validation: it comes after Adam, to whom the sign of the smallest gradient is
    # as good as that of the largest. What counts its examples is as large, though.
    if "val_effective_samples" in one:
        assert two["val_effective_samples"] == pytest.approx(one["val_effective_samples"], rel=0.1)
    names = [name for name in one.index if not name.startswith("val_")]
    assert dict(two[names]) == pytest.approx(dict(one[names]), rel=1e-4, abs=1e-5)
    for gradient, other in zip(gradients, others, strict=True):
        # As a whole: where a ReLU is at its edge, the last bit decides over single numbers.
        apart = np.linalg.norm(other - gradient)
        assert apart <= 0.05 * np.linalg.norm(gradient) + 1e-7


@pytest.mark.slow
def test_a_text_goes_on_from_the_state_of_each_device(
    tiny_params: Path,
    tmp_path: Path,
    mirrored: tf.distribute.Strategy,
    request: pytest.FixtureRequest,
) -> None:
    device = replace(CPU, strategy=mirrored)

    def losses(workspace: str, epochs: int, stop_after: int = 0) -> list[float]:
        small = Small("char_lstm", tiny_params, request, epochs=epochs, steps_per_epoch=1)
        with mirrored.scope():
            model = small.build()
        history = small.fit(model, tmp_path / workspace, stopping_after(stop_after), device)
        return list(history.table["loss"])

    undisturbed = losses("undisturbed", 3)
    with pytest.raises(KeyboardInterrupt):
        losses("stopped", 3, stop_after=3)
    assert losses("stopped", 3) == pytest.approx(undisturbed, rel=1e-5)


def test_a_batch_is_shared_evenly(
    tiny_params: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    small = Small("sequential", tiny_params, request, batch_size=33)

    class Two:
        num_replicas_in_sync = 2

    device: Any = replace(CPU, strategy=Two())
    with pytest.raises(BadInput, match="received 33, which 2 devices cannot share evenly"):
        small.fit(small.build(), tmp_path, device=device)


@pytest.mark.slow
def test_devices_draw_other_numbers(mirrored: tf.distribute.Strategy) -> None:
    """Of the model's own generator and of a layer's; and others in each step."""

    class Model(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.noise = keras.random.SeedGenerator(1)
            self.dropout = keras.layers.Dropout(0.5, seed=2)
            self.built = True

        def call(self, ones: tf.Tensor) -> list[tf.Tensor]:
            return [keras.random.uniform((50,), seed=self.noise), self.dropout(ones, training=True)]

    with mirrored.scope():
        model = Model()
        model.compile("sgd")
        devices.share(model, 4)

        @tf.function
        def draw() -> list[Any]:
            return mirrored.run(lambda: model(tf.ones(50)))

        steps = [[mirrored.experimental_local_results(x) for x in draw()] for _ in range(2)]
    for kind in range(2):
        numbers = [device.numpy() for drawn in steps for device in drawn[kind]]
        assert len({array.tobytes() for array in numbers}) == 4
    states = mirrored.experimental_local_results(model.noise.state.value)
    assert len({state.numpy().tobytes() for state in states}) == 1


def test_an_embedding_is_clipped_by_the_norm_of_its_gradient() -> None:
    """Of the rows that its matrix has, whichever characters are alike: three of one add up."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Embedding(5, 2)])
    model.compile(keras.optimizers.SGD(1.0, global_clipnorm=0.5))
    before = model.get_weights()[0]
    devices.share(model, 1)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(tf.constant([[4, 4, 4]])))
    gradients = tape.gradient(loss, model.trainable_variables)
    assert isinstance(gradients[0], tf.IndexedSlices)
    model.optimizer.apply(gradients, model.trainable_variables)
    moved = before - model.get_weights()[0]
    assert np.linalg.norm(moved) == pytest.approx(0.5, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"jit_compile": True}, "Trying to access resource .* located in device"),
        ({"steps_per_execution": 2}, "You must feed a value for placeholder"),
    ],
    ids=["xla", "steps_per_call"],
)
def test_what_keras_cannot_do_on_two_devices(
    options: dict[str, Any], reason: str, mirrored: tf.distribute.Strategy
) -> None:
    """Two of our refusals are Keras': this fails where Keras no longer does."""
    with mirrored.scope():
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse", **options)
    with pytest.raises(tf.errors.InvalidArgumentError) as refused:
        model.fit(np.ones((8, 2)), np.ones((8, 1)), batch_size=4, verbose=0)
    assert re.search(reason, str(refused.value), re.DOTALL)
