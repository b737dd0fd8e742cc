"""No network makes an operation that op determinism forbids on a GPU: a census of what each makes
while it trains, is evaluated and is used. No GPU is needed for it.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from generative.core import members
from tests.support.operations import census
from tests.support.training import KEYS, SECTIONS, Small

IMAGES = np.random.default_rng(0).random((2, 4, 4, 3), np.float32)


def test_every_network_is_asked() -> None:
    assert {SECTIONS[key]["network"] for key in KEYS} == set(members.networks())


def nearest(images: tf.Tensor) -> tf.Tensor:
    return tf.image.resize(images, (8, 8), "nearest")


def frozen(images: tf.Tensor, training: bool = False) -> tf.Tensor:
    """Batch normalisation in one operation, which Keras 3 makes of several."""
    ones, zeros = tf.ones(3), tf.zeros(3)
    return tf.compat.v1.nn.fused_batch_norm(images, ones, zeros, zeros, ones, is_training=training)[
        0
    ]


@pytest.mark.parametrize(
    ("layer", "raises"),
    [
        (nearest, {"ResizeNearestNeighborGrad"}),
        (frozen, {"FusedBatchNormGradV3"}),
        (partial(frozen, training=True), set()),
        (tf.nn.log_softmax, set()),
    ],
)
def test_what_is_planted_is_found(
    layer: Callable[[tf.Tensor], tf.Tensor], raises: set[str]
) -> None:
    images = tf.constant(IMAGES)

    @tf.function
    def gradient() -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(images)
            # Inside a branch, whose operations are those of another function.
            branches = lambda: tf.reduce_sum(layer(images) ** 2), lambda: tf.constant(0.0)
            loss = tf.cond(images[0, 0, 0, 0] > 0, *branches)
        return tape.gradient(loss, images)

    with census() as found:
        gradient()
    assert {one.name for one in found if one.raises} == raises
    assert "Sum" in {one.name for one in found}


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS)
def test_no_operation_raises(
    key: str, tiny_params: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with census() as found:
        small = Small(key, tiny_params, request)
        model = small.build()
        small.fit(model, tmp_path)
        inputs, targets = small.data.load("validation")
        model.evaluate(inputs, targets, batch_size=16, verbose=0)
        if small.train.family in ("classifiers", "multi_io"):
            model.predict(inputs, batch_size=16, verbose=0)
        else:
            model.generate(2, seed=1)
    assert "AssignSubVariableOp" in {one.name for one in found}  # of the optimizer
    assert [one.name for one in found if one.raises] == []
