"""Conditional GAN: both networks are given the label (Mirza & Osindero, 2014, arXiv:1411.1784)."""

from typing import Literal, Unpack

import keras
from keras import layers

from generative.core.params import Count
from generative.gan.base.layers import digit_features, digit_generator
from generative.gan.base.options import Options, Share
from generative.gan.base.sampling import Latent
from generative.gan.base.trainer import BaseGAN

CLASSES = 10


class CGAN(BaseGAN):
    """Networks of Atienza (2018), where both widths are 32.

    latent_size: numbers of the noise; latent: "normal", "uniform" in [0, 1) or "symmetric", in
        [-1, 1) (Atienza).
    generator_width, discriminator_width: channels of the layers next to the image.
    dropout: share of the discriminator's features dropped in training.
    condition: how the discriminator is given the label: "concatenation", as a plane beside the
        image (Atienza, 2018), or "projection", by the inner product of its embedding with the
        features (Miyato & Koyama, 2018, arXiv:1802.05637).
    """

    def __init__(
        self,
        *,
        latent_size: Count,
        latent: Latent,
        generator_width: Count,
        discriminator_width: Count,
        dropout: Share,
        condition: Literal["concatenation", "projection"],
        **options: Unpack[Options],
    ) -> None:
        images, label = keras.Input((28, 28, 1)), keras.Input((CLASSES,))
        inputs = images
        if condition == "concatenation":
            plane = layers.Reshape((28, 28, 1))(layers.Dense(28 * 28)(label))
            inputs = layers.Concatenate()([images, plane])
        features = layers.Dropout(dropout)(digit_features(inputs, discriminator_width))
        logits = layers.Dense(1, dtype="float32")(features)
        if condition == "projection":
            embedding = layers.Dense(features.shape[-1], use_bias=False)(label)
            product = layers.Dot(axes=1, dtype="float32")([embedding, features])
            logits = layers.Add(dtype="float32")([logits, product])
        super().__init__(
            digit_generator(latent_size + CLASSES, generator_width),
            keras.Model([images, label], {"logits": logits}, name="discriminator"),
            latent=latent,
            classes=CLASSES,
            output_range=(0.0, 1.0),
            **options,
        )
