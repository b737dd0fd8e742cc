"""Auxiliary classifier GAN: the discriminator also predicts the class (Odena et al., 2017,
arXiv:1610.09585)."""

from typing import Literal, Unpack

import keras
from keras import layers

from generative.core.params import Count, Weight
from generative.gan.base.layers import digit_features, digit_generator
from generative.gan.base.losses import label_accuracy, label_cross_entropy
from generative.gan.base.options import Options, Share
from generative.gan.base.sampling import Latent
from generative.gan.base.trainer import BaseGAN, GANStep, Outputs, Tensor
from generative.training.losses import Term

CLASSES = 10


class ACGAN(BaseGAN):
    """Networks of Atienza (2018), where both widths are 32.

    latent_size: numbers of the noise; latent: "normal", "uniform" in [0, 1) or "symmetric", in
        [-1, 1) (Atienza).
    generator_width, discriminator_width: channels of the layers next to the image.
    dropout: share of the discriminator's features dropped in training.
    hidden_activation: of the layer between features and classes: "relu", or "linear" (Atienza).
    classification_weight: of the cross entropy beside the adversarial loss. The discriminator
        learns to classify from real digits only: from fakes it would learn the generator's mistakes
        as the digits that they are not.
    """

    def __init__(
        self,
        *,
        latent_size: Count,
        latent: Latent,
        generator_width: Count,
        discriminator_width: Count,
        dropout: Share,
        hidden_activation: Literal["relu", "linear"],
        classification_weight: Weight,
        **options: Unpack[Options],
    ) -> None:
        images = keras.Input((28, 28, 1))
        features = layers.Dropout(dropout)(digit_features(images, discriminator_width))
        outputs = {
            "logits": layers.Dense(1, dtype="float32")(features),
            "classes": layers.Dense(CLASSES, dtype="float32")(
                layers.Dense(128, activation=hidden_activation)(features)
            ),
        }
        super().__init__(
            digit_generator(latent_size + CLASSES, generator_width),
            keras.Model(images, outputs, name="discriminator"),
            latent=latent,
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

    def track(
        self, step: GANStep, values: dict[str, Tensor], training: bool = True
    ) -> dict[str, Tensor]:
        accuracies = {
            f"{name}_label_accuracy": label_accuracy(outputs["classes"], step.labels)
            for name, outputs in (("real", step.real_outputs), ("fake", step.fake_outputs))
        }
        return super().track(step, {**values, **accuracies}, training)
