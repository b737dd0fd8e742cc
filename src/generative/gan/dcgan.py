"""Deep convolutional GAN of colour pictures of any size (Radford et al., 2016,
arXiv:1511.06434)."""

from typing import Literal, Unpack

import keras
from keras import layers

from generative.core.errors import BadInput
from generative.core.params import Count
from generative.gan.base.layers import BatchNormalization, ResizeConv2D
from generative.gan.base.options import Options, Share
from generative.gan.base.trainer import BaseGAN

MOMENTUM = 0.8


class DCGAN(BaseGAN):
    """The generator doubles a small picture `depth` times, the discriminator halves one once more.

    architecture: "radford2016", or "keras_gan" (Linder-Norén, 2017), whose generator has biases and
        does not normalise its dense layer, and whose discriminator pads its second maps by a row
        and a column of zeros.
    height, width: of the pictures, multiples of 2^depth. For 128 x 160 a depth of 4 and both widths
        32 are usual.
    latent_size: numbers of the noise, N(0, 1).
    upsampling: "transposed" convolutions (Radford et al.), or one after an enlargement, "nearest"
        (Keras-GAN; Linder-Norén, 2017) or "bilinear" (smooth).
    generator_width: channels next to the image; each level before has twice as many.
    discriminator_width: channels of the first convolution; each level after has twice as many.
    dropout: share of the discriminator's activations dropped after each convolution in training.
    batch_normalization: "generator", or "both" (Radford et al.), which no penalty on the slope of
        the discriminator goes with: it then has no slope at one picture.

    Raises `BadInput` for a size that cannot be halved so often.
    """

    # Its Frechet distance is 36 in bfloat16 and 25 in float32 (docs/gpu.md).
    precision_by_default = "float32"

    def __init__(
        self,
        *,
        architecture: Literal["radford2016", "keras_gan"],
        height: Count,
        width: Count,
        depth: Count,
        latent_size: Count,
        upsampling: Literal["transposed", "nearest", "bilinear"],
        generator_width: Count,
        discriminator_width: Count,
        dropout: Share,
        batch_normalization: Literal["generator", "both"],
        **options: Unpack[Options],
    ) -> None:
        for name, size in (("height", height), ("width", width)):
            least = 2**depth
            if size % least:
                nearest = max(1, round(size / least)) * least
                raise BadInput(
                    f"{name}: received {size}, must be a multiple of 2^depth, which is {least}; "
                    f"the nearest is {nearest}"
                )
        both = batch_normalization == "both"
        if both and (options["r1_weight"] or options["gradient_penalty_weight"]):
            raise BadInput(
                "batch_normalization: both does not go with a penalty on the discriminator's "
                "slope; set r1_weight and gradient_penalty_weight to 0.0"
            )
        keras_gan = architecture == "keras_gan"
        start = (height >> depth, width >> depth, generator_width << depth)
        generator = keras.Sequential(
            [
                layers.Input((latent_size,)),
                layers.Dense(start[0] * start[1] * start[2], use_bias=keras_gan),
                layers.Reshape(start),
                *([] if keras_gan else [BatchNormalization(momentum=MOMENTUM)]),
                layers.ReLU(),
            ],
            name="generator",
        )
        for level in reversed(range(depth)):
            channels, shared = generator_width << level, {"padding": "same", "use_bias": keras_gan}
            if upsampling == "transposed":
                generator.add(layers.Conv2DTranspose(channels, 4, strides=2, **shared))
            elif upsampling == "nearest":
                generator.add(ResizeConv2D(channels, use_bias=keras_gan))
            else:
                generator.add(layers.UpSampling2D(interpolation="bilinear"))
                generator.add(layers.Conv2D(channels, 3, **shared))
            generator.add(BatchNormalization(momentum=MOMENTUM))
            generator.add(layers.ReLU())
        generator.add(layers.Conv2D(3, 3, padding="same", activation="tanh", dtype="float32"))

        pictures = x = keras.Input((height, width, 3))
        for level in range(depth + 1):
            x = layers.Conv2D(discriminator_width << level, 3, strides=2, padding="same")(x)
            if keras_gan and level == 1:
                x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
            if both and level:
                x = BatchNormalization(momentum=MOMENTUM)(x)
            x = layers.Dropout(dropout)(layers.LeakyReLU(0.2)(x))
        logits = layers.Dense(1, dtype="float32")(layers.Flatten()(x))
        super().__init__(
            generator,
            keras.Model(pictures, {"logits": logits}, name="discriminator"),
            latent="normal",
            output_range=(-1.0, 1.0),
            **options,
        )
