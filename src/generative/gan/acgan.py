"""Auxiliary classifier GAN: the discriminator also predicts the class (Odena et al., 2017,
arXiv:1610.09585)."""

from typing import Unpack

import keras
from keras import layers

from generative.core.params import Count
from generative.gan.base.layers import digit_features, digit_generator
from generative.gan.base.losses import label_cross_entropy
from generative.gan.base.trainer import BaseGAN, GANStep, NonNegative, Options, Outputs, Share
from generative.training.losses import Term

CLASSES = 10


class ACGAN(BaseGAN):
    """Networks of Atienza (2018), where both widths are 32.

    latent_size: numbers of the noise, N(0, 1).
    generator_width, discriminator_width: channels of the layers next to the image.
    dropout: share of the discriminator's features dropped in training.
    classification_weight: of the cross entropy beside the adversarial loss. The discriminator
        learns to classify from real digits only: from fakes it would learn the generator's mistakes
        as the digits that they are not.
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
            output_range=(0.0, 1.0),
            **options,
        )
        self.classification_weight = classification_weight

    def loss_terms(self, step: GANStep, training: bool) -> tuple[dict[str, Term], dict[str, Term]]:
        discriminator, generator = super().loss_terms(step, training)

        def classification(outputs: Outputs) -> Term:
            entropy = label_cross_entropy(outputs["classes"], step.labels)
            return Term(entropy, self.classification_weight)

        return (
            {**discriminator, "real_classification": classification(step.real_outputs)},
            {**generator, "fake_classification": classification(step.fake_outputs)},
        )
