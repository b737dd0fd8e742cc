"""The GAN that compares three objectives of the generator (Goodfellow, 2016, arXiv:1701.00160,
section 3.2)."""

from typing import Literal, Unpack

import keras
from keras import layers

from generative.core.params import Count
from generative.gan.base.layers import BatchNormalization, ResizeConv2D
from generative.gan.base.trainer import BaseGAN, Options, Share


class GAN(BaseGAN):
    """Networks of the example KerasGAN (O'Shea, 2016), where the widths are 100 and 256. Its
    discriminator ends in a softmax of two logits; their difference is the one logit here, and all
    losses are functions of that.

    latent_size: numbers of the noise; latent: "uniform" in [0, 1), as in KerasGAN, or "normal",
        which has no mean that all latents share.
    generator_width, discriminator_width: channels of the first convolutions.
    dropout: share of the discriminator's activations dropped after each layer in training.
    """

    def __init__(
        self,
        *,
        latent_size: Count,
        latent: Literal["uniform", "normal"],
        generator_width: Count,
        discriminator_width: Count,
        dropout: Share,
        **options: Unpack[Options],
    ) -> None:
        width = generator_width
        generator = keras.Sequential(
            [
                layers.Input((latent_size,)),
                layers.Dense(14 * 14 * 2 * width, use_bias=False),
                BatchNormalization(),
                layers.ReLU(),
                layers.Reshape((14, 14, 2 * width)),
            ],
            name="generator",
        )
        for convolution in (
            ResizeConv2D(width, use_bias=False),
            layers.Conv2D(width // 2, 3, padding="same", use_bias=False),
        ):
            generator.add(convolution)
            generator.add(BatchNormalization())
            generator.add(layers.ReLU())
        generator.add(layers.Conv2D(1, 1, activation="sigmoid", dtype="float32"))

        images = x = keras.Input((28, 28, 1))
        for channels in (discriminator_width, 2 * discriminator_width):
            x = layers.Conv2D(channels, 5, strides=2, padding="same")(x)
            x = layers.Dropout(dropout)(layers.LeakyReLU(0.2)(x))
        x = layers.Dense(256)(layers.Flatten()(x))
        x = layers.Dropout(dropout)(layers.LeakyReLU(0.2)(x))
        logits = layers.Dense(1, dtype="float32")(x)
        super().__init__(
            generator,
            keras.Model(images, {"logits": logits}, name="discriminator"),
            latent=latent,
            output_range=(0.0, 1.0),
            **options,
        )
