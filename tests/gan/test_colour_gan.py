"""The GAN of small colour pictures of Chollet (2017): its size, and his advice as options."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from generative.core.errors import BadInput
from generative.gan.colour_gan import ColourGAN
from tests.support.gan import OPTIONS


def build(**changes: Any) -> ColourGAN:
    keras.utils.set_random_seed(1)
    small = {
        "architecture": "chollet2017",
        "latent_size": 5,
        "latent": "normal",
        "generator_width": 2,
        "discriminator_width": 2,
        "output": "tanh",
        "activation": "leaky_relu",
        "downsampling": "strided",
        "downsampling_kernel": 4,
        "upsampling_kernel": 4,
        "batch_normalization": "none",
        "dropout": 0.0,
    }
    return ColourGAN(**{**OPTIONS, **small, **changes})


def test_sizes_are_chollets() -> None:
    model = build(latent_size=32, generator_width=256, discriminator_width=128)
    assert model.generator.count_params() == 6_264_579
    assert model.discriminator.count_params() == 790_913


@pytest.mark.parametrize(("output", "output_range"), [("tanh", (-1, 1)), ("sigmoid", (0, 1))])
def test_real_pictures_are_brought_to_the_output(
    output: str, output_range: tuple[int, int]
) -> None:
    model = build(output=output)
    assert model.generator.layers[-1].activation is keras.activations.get(output)
    assert np.asarray(model.to_generator_range(tf.constant([0.0, 1.0]))).tolist() == list(
        output_range
    )
    pictures = model.generate(4, seed=1)
    assert pictures.shape == (4, 32, 32, 3)
    assert (pictures.min() >= 0, pictures.max() <= 1) == (True, True)


def test_noise() -> None:
    normal, _ = build().latents(2000, seed=1)
    assert normal.mean() == pytest.approx(0, abs=0.05)
    assert normal.std() == pytest.approx(1, abs=0.05)
    uniform, _ = build(latent="uniform").latents(2000, seed=1)
    assert (uniform.min() >= 0, uniform.max() < 1) == (True, True)


def test_downsampling() -> None:
    strided, average, largest = (
        build(downsampling=d).discriminator for d in ("strided", "average", "max")
    )

    def strides(network: keras.Model) -> list[int]:
        return [layer.strides[0] for layer in network.layers if isinstance(layer, layers.Conv2D)]

    def pools(network: keras.Model, kind: Any) -> int:
        return sum(isinstance(layer, kind) for layer in network.layers)

    assert (strides(strided), pools(strided, layers.AveragePooling2D)) == ([1, 2, 2, 2], 0)
    assert (strides(average), pools(average, layers.AveragePooling2D)) == ([1, 1, 1, 1], 3)
    assert (strides(largest), pools(largest, layers.MaxPooling2D)) == ([1, 1, 1, 1], 3)
    for network in (strided, average, largest):
        assert network(tf.zeros((2, 32, 32, 3)))["logits"].shape == (2, 1)


def test_a_pyramid_doubles_and_halves() -> None:
    model = build(architecture="pyramid", generator_width=8, discriminator_width=4)
    shapes = [
        tuple(x.output.shape[1:])
        for x in model.generator.layers
        if isinstance(x, (layers.Reshape, layers.Conv2DTranspose))
    ]
    assert shapes == [(4, 4, 32), (8, 8, 16), (16, 16, 8), (32, 32, 4)]
    convolutions = [x for x in model.discriminator.layers if isinstance(x, layers.Conv2D)]
    assert [tuple(x.output.shape[1:]) for x in convolutions] == [(16, 16, 4), (8, 8, 8), (4, 4, 16)]
    assert model.generate(2, seed=1).shape == (2, 32, 32, 3)


@pytest.mark.parametrize(("architecture", "normalisations"), [("chollet2017", 5), ("pyramid", 4)])
def test_every_layer_but_the_last_is_normalised(architecture: str, normalisations: int) -> None:
    def count(network: keras.Model) -> int:
        return sum(isinstance(layer, layers.BatchNormalization) for layer in network.layers)

    model = build(architecture=architecture, batch_normalization="generator")
    assert (count(model.generator), count(model.discriminator)) == (normalisations, 0)
    assert count(build(architecture=architecture).generator) == 0


@pytest.mark.parametrize(("kernel", "even"), [(4, True), (2, True), (5, False), (3, False)])
def test_a_kernel_that_the_stride_divides_reaches_all_pixels_equally(
    kernel: int, even: bool
) -> None:
    network = build(upsampling_kernel=kernel).generator
    (layer,) = (x for x in network.layers if isinstance(x, layers.Conv2DTranspose))
    layer.kernel.assign(tf.ones_like(layer.kernel))
    inside = np.asarray(layer(tf.ones((1, 16, 16, 2))))[0, 4:-4, 4:-4]
    assert inside.shape == (24, 24, 2)
    assert (np.ptp(inside) == 0) == even


def test_activation() -> None:
    def kinds(**changes: Any) -> set[str]:
        model = build(**changes)
        networks = (model.generator, model.discriminator)
        return {type(x).__name__ for n in networks for x in n.layers if "ReLU" in type(x).__name__}

    assert kinds() == {"LeakyReLU"}
    assert kinds(activation="relu") == {"ReLU"}


def test_kernel_of_the_discriminator() -> None:
    network = build(downsampling_kernel=5).discriminator
    kernels = [x.kernel_size[0] for x in network.layers if isinstance(x, layers.Conv2D)]
    assert kernels == [3, 5, 5, 5]
    build(downsampling_kernel=6, architecture="pyramid")
    with pytest.raises(BadInput, match="downsampling_kernel: received 6, is larger than the 4 pix"):
        build(downsampling_kernel=6)
