"""The GAN of small colour pictures of "Deep Learning with Python" (Chollet, 2017, section 8.5)."""

import math
from typing import Any, Literal, Unpack

import keras
from keras import layers

from generative.core.errors import BadInput
from generative.core.params import Count
from generative.gan.base.layers import BatchNormalization
from generative.gan.base.options import Options, Share
from generative.gan.base.sampling import Latent
from generative.gan.base.trainer import BaseGAN

SIDE = 32


class ColourGAN(BaseGAN):
    """Chollet's networks, where the widths are 256 and 128, and his advice as options.

    architecture: "chollet2017": the generator works at 16 x 16 and 32 x 32 pixels throughout, and
        the discriminator has the same channels everywhere. "pyramid": they double and halve the
        side from and to 4 x 4, with twice the channels at half the side and the width given at
        16 x 16 (Radford et al., 2016, arXiv:1511.06434), which covers the whole picture for less
        work.
    latent_size: numbers of the noise; latent: "normal" (advised), "uniform" in [0, 1) or
        "symmetric", in [-1, 1).
    generator_width, discriminator_width: channels.
    output: "tanh" (advised) or "sigmoid"; real pictures are brought into its range.
    activation: of all hidden layers, "leaky_relu" (advised) or "relu".
    downsampling: of the discriminator, "strided" convolutions (advised), or by "average" or "max"
        pooling.
    downsampling_kernel: of the discriminator's convolutions of stride 2.
    upsampling_kernel: of the generator's transposed convolutions of stride 2. A multiple of 2
        (advised) reaches all pixels equally; 5 makes checkerboard artefacts.
    batch_normalization: "generator", after each of its layers but the last, or "none" (Chollet's).
    dropout: share of the discriminator's features dropped in training.
    """

    def __init__(
        self,
        *,
        architecture: Literal["chollet2017", "pyramid"],
        latent_size: Count,
        latent: Latent,
        generator_width: Count,
        discriminator_width: Count,
        output: Literal["tanh", "sigmoid"],
        activation: Literal["leaky_relu", "relu"],
        downsampling: Literal["strided", "average", "max"],
        downsampling_kernel: Count,
        upsampling_kernel: Count,
        batch_normalization: Literal["none", "generator"],
        dropout: Share,
        **options: Unpack[Options],
    ) -> None:
        width = generator_width

        def doubled(channels: int) -> keras.Layer:
            return layers.Conv2DTranspose(channels, upsampling_kernel, strides=2, padding="same")

        def convolution(channels: int, kernel: int, **arguments: Any) -> keras.Layer:
            return layers.Conv2D(channels, kernel, padding="same", **arguments)

        def activate() -> keras.Layer:
            return layers.LeakyReLU(0.2) if activation == "leaky_relu" else layers.ReLU()

        final = {"activation": output, "dtype": "float32"}
        if architecture == "chollet2017":
            start = (SIDE // 2, SIDE // 2, max(1, width // 2))
            hidden = [
                convolution(width, 5),
                doubled(width),
                convolution(width, 5),
                convolution(width, 5),
            ]
            last = convolution(3, 7, **final)
        else:
            start = (SIDE // 8, SIDE // 8, 4 * width)
            hidden = [doubled(2 * width), doubled(width), doubled(max(1, width // 2))]
            last = convolution(3, 3, **final)
        network = keras.Sequential(
            [layers.Input((latent_size,)), layers.Dense(math.prod(start))], name="generator"
        )
        for layer in [layers.Reshape(start), *hidden]:
            network.add(layer)
            if batch_normalization == "generator":
                network.add(BatchNormalization())
            network.add(activate())
        network.add(last)

        pictures = x = keras.Input((SIDE, SIDE, 3))
        width, padding, multiples = discriminator_width, "same", (1, 2, 4)
        if architecture == "chollet2017":
            padding, multiples = "valid", (1, 1, 1)
            x = activate()(layers.Conv2D(width, 3)(x))
        pools = {"average": layers.AveragePooling2D, "max": layers.MaxPooling2D}
        kernel, stride = downsampling_kernel, 1 if downsampling in pools else 2
        for multiple in multiples:
            if padding == "valid" and kernel > x.shape[1]:
                raise BadInput(
                    f"downsampling_kernel: received {kernel}, is larger than the {x.shape[1]} "
                    f"pixels that are left without padding; 5 fits, or architecture: pyramid"
                )
            x = layers.Conv2D(multiple * width, kernel, strides=stride, padding=padding)(x)
            x = activate()(x)
            if downsampling in pools:
                x = pools[downsampling](2)(x)
        x = layers.Dropout(dropout)(layers.Flatten()(x))
        logits = layers.Dense(1, dtype="float32")(x)
        super().__init__(
            network,
            keras.Model(pictures, {"logits": logits}, name="discriminator"),
            latent=latent,
            output_range=(-1.0, 1.0) if output == "tanh" else (0.0, 1.0),
            **options,
        )
