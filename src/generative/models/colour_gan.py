"""The GAN of small colour pictures of "Deep Learning with Python" (Chollet, 2017, section 8.5)."""

from typing import Literal, Unpack

import keras
from keras import layers

from generative.families.adversarial import (
    Adversarial,
    BatchNormalization,
    Count,
    Options,
    Share,
)

SIDE = 32


class ColourGAN(Adversarial):
    """The book's networks, whose widths are 256 and 128, and its advice as options.

    latent_size: numbers of the noise; latent: "normal" (the advice) or "uniform" in [0, 1).
    generator_width, discriminator_width: channels.
    output: "tanh" (the advice) or "sigmoid"; real pictures are brought into its range.
    downsampling: of the discriminator, "strided" convolutions (the advice) or "pooling".
    upsampling_kernel: of the generator's transposed convolution of stride 2. A multiple of 2 (the
        advice) reaches all pixels equally; 5 shows the chessboard.
    batch_normalization: "generator", after each of its layers but the last, or "none" (the book's).
    dropout: share of the discriminator's features dropped in training.
    """

    def __init__(
        self,
        *,
        latent_size: Count,
        latent: Literal["normal", "uniform"],
        generator_width: Count,
        discriminator_width: Count,
        output: Literal["tanh", "sigmoid"],
        downsampling: Literal["strided", "pooling"],
        upsampling_kernel: Count,
        batch_normalization: Literal["none", "generator"],
        dropout: Share,
        **options: Unpack[Options],
    ) -> None:
        width, half = generator_width, SIDE // 2
        generator = keras.Sequential(
            [
                layers.Input((latent_size,)),
                layers.Dense(half * half * (width // 2 or 1)),
                layers.LeakyReLU(0.2),
                layers.Reshape((half, half, width // 2 or 1)),
            ],
            name="generator",
        )
        for convolution in (
            layers.Conv2D(width, 5, padding="same"),
            layers.Conv2DTranspose(width, upsampling_kernel, strides=2, padding="same"),
            layers.Conv2D(width, 5, padding="same"),
            layers.Conv2D(width, 5, padding="same"),
        ):
            generator.add(convolution)
            if batch_normalization == "generator":
                generator.add(BatchNormalization())
            generator.add(layers.LeakyReLU(0.2))
        generator.add(layers.Conv2D(3, 7, padding="same", activation=output, dtype="float32"))

        pictures = x = keras.Input((SIDE, SIDE, 3))
        x = layers.LeakyReLU(0.2)(layers.Conv2D(discriminator_width, 3)(x))
        for _ in range(3):
            strided = downsampling == "strided"
            x = layers.Conv2D(discriminator_width, 4, strides=2 if strided else 1)(x)
            x = layers.LeakyReLU(0.2)(x)
            if not strided:
                x = layers.AveragePooling2D(2)(x)
        x = layers.Dropout(dropout)(layers.Flatten()(x))
        logits = layers.Dense(1, dtype="float32")(x)
        super().__init__(
            generator,
            keras.Model(pictures, {"logits": logits}, name="discriminator"),
            latent=latent,
            span=(-1.0, 1.0) if output == "tanh" else (0.0, 1.0),
            **options,
        )
