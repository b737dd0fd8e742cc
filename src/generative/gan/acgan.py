"""Auxiliary classifier GAN: the discriminator also names the class (Odena et al., 2017,
arXiv:1610.09585)."""

from typing import Any, Unpack

import keras
import tensorflow as tf
from keras import layers

from generative.gan.base.trainer import Adversarial
from generative.gan.base.trainer import Count
from generative.gan.base.trainer import NonNegative
from generative.gan.base.trainer import Options
from generative.gan.base.trainer import Round
from generative.gan.base.trainer import Share
from generative.gan.base.trainer import digit_features
from generative.gan.base.trainer import digit_generator

CLASSES = 10

Tensor = Any


class ACGAN(Adversarial):
    """Networks of Atienza (2018), where both widths are 32.

    latent_size: numbers of the noise, N(0, 1).
    generator_width, discriminator_width: channels of the layers next to the image.
    dropout: share of the discriminator's features dropped in training.
    classification_weight: of the cross entropy beside the game. The discriminator learns it of real
        digits only: of fakes it would learn to read the generator's mistakes as what they are not.
    """

    def __init__(
        self,
        *,
        latent_size: Count,
        generator_width: Count,
        discriminator_width: Count,
        dropout: Share,
        classification_weight: NonNegative,
        **options: Unpack[Options],
    ) -> None:
        images = keras.Input((28, 28, 1))
        features = layers.Dropout(dropout)(digit_features(images, discriminator_width))
        outputs = {
            "logits": layers.Dense(1, dtype="float32")(features),
            "classes": layers.Dense(CLASSES, dtype="float32")(
                layers.Dense(128, activation="relu")(features)
            ),
        }
        super().__init__(
            digit_generator(latent_size + CLASSES, generator_width),
            keras.Model(images, outputs, name="discriminator"),
            latent="normal",
            classes=CLASSES,
            span=(0.0, 1.0),
            **options,
        )
        self.classification_weight = classification_weight

    def terms(self, found: Round, training: bool) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        discriminator, generator = super().terms(found, training)

        def entropy(seen: dict[str, Tensor]) -> Tensor:
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(found.labels, seen["classes"])
            return self.classification_weight * tf.reduce_mean(each)

        return (
            {**discriminator, "real_classification": entropy(found.real_seen)},
            {**generator, "fake_classification": entropy(found.fake_seen)},
        )
