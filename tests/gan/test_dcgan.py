"""Sizes of the deep convolutional GAN, and where its normalisation goes."""

import itertools
from typing import Any

import keras
import pytest
from keras import layers

from generative.core.errors import BadInput
from generative.gan.base.layers import BatchNormalization
from generative.gan.dcgan import DCGAN
from tests.support.gan import OPTIONS


def build(**changes: Any) -> DCGAN:
    keras.utils.set_random_seed(1)
    small = {
        "architecture": "radford2016",
        "height": 16,
        "width": 24,
        "depth": 3,
        "upsampling": "nearest",
        "latent_size": 5,
        "generator_width": 2,
        "discriminator_width": 2,
        "dropout": 0.0,
        "batch_normalization": "generator",
    }
    return DCGAN(**{**OPTIONS, **small, **changes})


def filters(network: keras.Model) -> list[int]:
    return [layer.filters for layer in network.layers if isinstance(layer, layers.Conv2D)]


def test_networks_of_the_usual_widths() -> None:
    wide = {"latent_size": 100, "generator_width": 32, "discriminator_width": 32}
    model = build(height=128, width=160, depth=4, **wide)
    (start,) = (layer for layer in model.generator.layers if isinstance(layer, layers.Reshape))
    assert start.target_shape == (8, 10, 512)
    assert filters(model.generator) == [256, 128, 64, 32, 3]
    assert filters(model.discriminator) == [32, 64, 128, 256, 512]
    assert model.image_shape == (128, 160, 3)


@pytest.mark.parametrize("upsampling", ["transposed", "nearest", "bilinear"])
@pytest.mark.parametrize(("height", "width", "depth"), [(8, 24, 3), (32, 16, 4), (6, 10, 1)])
def test_any_multiple_is_a_size(height: int, width: int, depth: int, upsampling: str) -> None:
    model = build(height=height, width=width, depth=depth, upsampling=upsampling)
    assert model.generate(2, seed=1).shape == (2, height, width, 3)
    assert model.discriminator.input_shape == (None, height, width, 3)
    assert len(filters(model.discriminator)) == depth + 1
    # The last convolution makes the colours; those before are of the kind that is named.
    doubling = 0 if upsampling == "transposed" else depth
    assert len(filters(model.generator)) == doubling + 1


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ({"height": 100, "width": 96}, "height: received 100, .* 2.depth, which is 16; .* is 96"),
        ({"height": 96, "width": 107}, "width: received 107, .* the nearest is 112"),
        ({"height": 3, "width": 16}, "height: received 3, .* the nearest is 16"),
    ],
)
def test_a_size_that_cannot_be_halved_so_often(size: dict[str, int], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        build(**size, depth=4)


def test_where_the_normalisation_goes() -> None:
    def count(network: keras.Model) -> int:
        return sum(isinstance(layer, BatchNormalization) for layer in network.layers)

    one, both = build(), build(batch_normalization="both")
    assert (count(one.generator), count(one.discriminator)) == (4, 0)
    # Not of the first convolution: its inputs are the colours of a batch.
    assert (count(both.generator), count(both.discriminator)) == (4, 3)
    for penalty in ("r1_weight", "gradient_penalty_weight"):
        with pytest.raises(BadInput, match="batch_normalization: both does not go with a penalty"):
            build(batch_normalization="both", **{penalty: 0.1})


def test_keras_gan_as_it_is() -> None:
    """Sizes of its maps and parameters by hand, at 128 x 160 with widths of 32."""
    model = build(
        architecture="keras_gan",
        height=128,
        width=160,
        depth=4,
        latent_size=100,
        generator_width=32,
        discriminator_width=32,
        batch_normalization="both",
    )
    channels = [512, 256, 128, 64, 32, 3]
    pairs = list(itertools.pairwise(channels))
    generator = 101 * 8 * 10 * 512 + sum(9 * a * b + b for a, b in pairs)
    generator += 4 * sum(channels[1:-1])
    assert model.generator.count_params() == generator
    maps = [
        x.output.shape[1:3]
        for x in model.discriminator.layers
        if isinstance(x, (layers.Conv2D, layers.ZeroPadding2D))
    ]
    assert maps == [(64, 80), (32, 40), (33, 41), (17, 21), (9, 11), (5, 6)]
    channels = [3, 32, 64, 128, 256, 512]
    pairs = list(itertools.pairwise(channels))
    discriminator = sum(9 * a * b + b for a, b in pairs) + 4 * sum(channels[2:])
    assert model.discriminator.count_params() == discriminator + 5 * 6 * 512 + 1
    first = [type(x).__name__ for x in model.generator.layers[:3]]
    assert first == ["Dense", "Reshape", "ReLU"]
