"""The GAN that compares three objectives of the generator (Goodfellow, 2016, arXiv:1701.00160,
section 3.2)."""

from typing import Any, Literal, Unpack

import keras
from keras import layers

from generative.core.params import Count
from generative.gan.base.layers import (
    BatchNormalization,
    ResizeConv2D,
    digit_features,
    digit_generator,
)
from generative.gan.base.options import Options, Share
from generative.gan.base.sampling import Latent
from generative.gan.base.trainer import BaseGAN

Tensor = Any


class GAN(BaseGAN):
    """Networks of the example KerasGAN (O'Shea, 2016), where the widths are 100 and 256.

    architecture: "kerasgan", as it is: the discriminator ends in a softmax of two logits, whose
        difference is the logit of all losses here; a ReLU stands before each of its convolutions'
        LeakyReLU, which then changes nothing. "one_logit": without that ReLU, and without biases
        that a normalisation takes away. "atienza2018": the networks of Atienza (2018, chapters 4
        and 6), where both widths are 32.
    latent_size: numbers of the noise; latent: "uniform" in [0, 1), as in KerasGAN; "symmetric",
        uniform in [-1, 1) (Atienza); or "normal".
    generator_width, discriminator_width: channels of the first convolutions.
    dropout: share of the discriminator's activations dropped after each layer in training.
    """

    def __init__(
        self,
        *,
        architecture: Literal["one_logit", "kerasgan", "atienza2018"],
        latent_size: Count,
        latent: Latent,
        generator_width: Count,
        discriminator_width: Count,
        dropout: Share,
        **options: Unpack[Options],
    ) -> None:
        images = keras.Input((28, 28, 1))
        if architecture == "atienza2018":
            generator = digit_generator(latent_size, generator_width, biases=True)
            features = layers.Dropout(dropout)(digit_features(images, discriminator_width))
            logits = layers.Dense(1, dtype="float32")(features)
        else:
            original = architecture == "kerasgan"
            generator = resizing_generator(latent_size, generator_width, original)
            logits = strided_discriminator(images, discriminator_width, dropout, original)
        super().__init__(
            generator,
            keras.Model(images, {"logits": logits}, name="discriminator"),
            latent=latent,
            output_range=(0.0, 1.0),
            **options,
        )


def resizing_generator(latent_size: int, width: int, original: bool) -> keras.Model:
    """Latents [batch, latent_size] to images [batch, 28, 28, 1] in (0, 1), by an enlargement.

    original: with the biases and the initialiser of KerasGAN.
    """
    network = keras.Sequential(
        [
            layers.Input((latent_size,)),
            layers.Dense(
                14 * 14 * 2 * width,
                use_bias=original,
                kernel_initializer="glorot_normal" if original else "glorot_uniform",
            ),
            BatchNormalization(),
            layers.ReLU(),
            layers.Reshape((14, 14, 2 * width)),
        ],
        name="generator",
    )
    for convolution in (
        ResizeConv2D(width, use_bias=original),
        layers.Conv2D(width // 2, 3, padding="same", use_bias=original),
    ):
        network.add(convolution)
        network.add(BatchNormalization())
        network.add(layers.ReLU())
    network.add(layers.Conv2D(1, 1, activation="sigmoid", dtype="float32"))
    return network


def strided_discriminator(images: Tensor, width: int, dropout: float, original: bool) -> Tensor:
    """The logit [batch, 1] that images are real. original: with KerasGAN's ReLUs and softmax."""
    x = images
    for channels in (width, 2 * width):
        activation = "relu" if original else None
        x = layers.Conv2D(channels, 5, strides=2, padding="same", activation=activation)(x)
        x = layers.Dropout(dropout)(layers.LeakyReLU(0.2)(x))
    x = layers.Dense(256)(layers.Flatten()(x))
    x = layers.Dropout(dropout)(layers.LeakyReLU(0.2)(x))
    if not original:
        return layers.Dense(1, dtype="float32")(x)
    fake_and_real = layers.Dense(2, dtype="float32")(x)
    return fake_and_real[:, 1:] - fake_and_real[:, :1]
