"""Stacked GANs: one generator makes features of a digit, another makes the digit of them (Huang et
al., 2017, arXiv:1612.04357)."""

from typing import Annotated, Any, Literal, Unpack

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from pydantic import Field

from generative.core.errors import BadInput
from generative.core.params import Count, Weight
from generative.gan.base import losses
from generative.gan.base.information import r_squared
from generative.gan.base.layers import BatchNormalization, digit_features, digit_generator
from generative.gan.base.options import Options, refuse_separate
from generative.gan.base.sampling import Latent, generated_batches
from generative.gan.base.trainer import BaseGAN, GANStep, Outputs
from generative.training import devices
from generative.training.losses import Term, unweighted
from generative.training.optimizers import ADAM, build

CLASSES, FEATURES = 10, 256
LABEL_LOSSES = {
    "cross_entropy": losses.label_cross_entropy,
    "squared_error": losses.label_squared_error,
}
FEATURE = "feature"

Tensor = Any
Fraction = Annotated[float, Field(ge=0, le=1)]


class StackedGAN(BaseGAN):
    """Networks of Atienza (2018, chapter 6), where the image's widths are 32.

    An encoder is first trained as a classifier and then kept: image -> feature -> label. Two
    generators go the other way, each with noise of its own: label, z1 -> feature -> with z0, image.
    Each has a discriminator, which also recovers the noise. First the levels are trained apart, the
    lower one from features of real images; then together, from features of the upper one.

    architecture: "atienza2018": the upper generator normalises after its activations, and the heads
        that recover the noise end in a tanh; "linear_heads": it normalises before them, and the
        heads reach noise of any size.
    noise_size: numbers of z1, and of z0; latent: "normal", "uniform" in [0, 1) or "symmetric", in
        [-1, 1).
    encoder_width, hidden_width: channels of the encoder's convolutions; units of the upper
        generator's dense layers.
    encoder_share, independent_share: of all steps, in which the encoder is trained, and the levels
        apart; in the rest they are trained together.
    conditional_weight, entropy_weight: of each generator's terms beside the adversarial one: the
        error of the encoder in recovering the generator's condition; the error of the discriminator
        in recovering the noise. The authors' 1 and 10 beside a whole cross entropy are 0.5 and 5.
    label_loss: that error of the upper generator's condition, which is the label.
    feature_entropy_weight: of the last at the upper level (10 there too, 1 in Atienza's).
    recovery: the images and features that the noise is recovered from: "generated"; or "all"
        (Atienza's), where the real ones hold no information on it.
    """

    def __init__(
        self,
        *,
        architecture: Literal["linear_heads", "atienza2018"],
        noise_size: Count,
        latent: Latent,
        generator_width: Count,
        discriminator_width: Count,
        encoder_width: Count,
        hidden_width: Count,
        encoder_share: Fraction,
        independent_share: Fraction,
        conditional_weight: Weight,
        label_loss: Literal["cross_entropy", "squared_error"],
        entropy_weight: Weight,
        feature_entropy_weight: Weight,
        recovery: Literal["generated", "all"],
        **options: Unpack[Options],
    ) -> None:
        refuse_separate(options)
        if options["discriminator_head_start"]:
            raise BadInput(
                "discriminator_head_start: a StackedGAN begins with encoder_share and "
                "independent_share; set it to 0.0"
            )
        images = keras.Input((28, 28, 1))
        x = images
        for _ in range(2):
            x = layers.Conv2D(encoder_width, 3, padding="same", activation="relu")(x)
            x = layers.MaxPooling2D()(x)
        x = layers.Dense(FEATURES, activation="relu", dtype="float32")(layers.Flatten()(x))
        label_head = layers.Dense(CLASSES, dtype="float32")
        encoder = keras.Model(images, {"feature": x, "logits": label_head(x)}, name="encoder")

        latents = keras.Input((2 * noise_size + CLASSES,))
        z1, z0 = latents[:, :noise_size], latents[:, noise_size : 2 * noise_size]
        x = layers.Concatenate()([latents[:, 2 * noise_size :], z1])
        original = architecture == "atienza2018"
        for _ in range(2):
            x = layers.Dense(hidden_width, use_bias=original)(x)
            if original:
                x = BatchNormalization()(layers.ReLU()(x))
            else:
                x = layers.ReLU()(BatchNormalization()(x))
        feature = layers.Dense(FEATURES, activation="relu", dtype="float32", name=FEATURE)(x)
        lower_layers = digit_generator(FEATURES + noise_size, generator_width, original).layers

        def lower_generator(feature: Tensor, z0: Tensor) -> Tensor:
            x = layers.Concatenate()([feature, z0])
            for layer in lower_layers:
                x = layer(x)
            return x

        inputs = [keras.Input((FEATURES,)), keras.Input((noise_size,))]

        of_image = digit_features(images, discriminator_width)
        of_feature = features = keras.Input((FEATURES,))
        for _ in range(2):
            of_feature = layers.LeakyReLU(0.2)(layers.Dense(FEATURES)(of_feature))
        heads = {"logits": (1, None), "noise": (noise_size, "tanh" if original else None)}
        outputs = {
            f"{level}{name}": layers.Dense(size, activation, dtype="float32")(hidden)
            for level, hidden in (("", of_image), ("feature_", of_feature))
            for name, (size, activation) in heads.items()
        }
        super().__init__(
            keras.Model(latents, lower_generator(feature, z0), name="generator"),
            keras.Model([images, features], outputs, name="discriminator"),
            latent=latent,
            classes=CLASSES,
            output_range=(0.0, 1.0),
            **options,
        )
        self.encoder, self.label_head = encoder, label_head
        # Views of the same layers, a level each.
        self.upper_generator = keras.Model(latents, feature, name="upper_generator")
        self.lower_generator = keras.Model(inputs, lower_generator(*inputs), name="lower_generator")
        self.image_discriminator, self.feature_discriminator = (
            keras.Model(
                source, {n: self.discriminator.output[f"{level}{n}"] for n in ("logits", "noise")}
            )
            for source, level in zip(self.discriminator.inputs, ("", "feature_"), strict=True)
        )
        average = self.average_generator
        self.average_levels = keras.Model(
            average.input, [average.get_layer(FEATURE).output, average.output]
        )
        self.noise_size = noise_size
        self.shares = encoder_share, independent_share
        self.conditional_weight, self.label_loss = conditional_weight, LABEL_LOSSES[label_loss]
        self.entropy_weights = {"": entropy_weight, "feature_": feature_entropy_weight}
        self.recovery = recovery

    def compile(self, total_steps: int | None = None) -> None:
        super().compile(total_steps)
        self.encoder_steps, self.independent_steps = (
            round(share * (total_steps or 0)) for share in self.shares
        )
        rate = self.options["discriminator_learning_rate"]
        self.encoder_optimizer = build(ADAM, rate)
        self.encoder_optimizer.build(self.encoder.trainable_variables)

    def discriminate(self, images: Tensor, labels: Tensor, training: bool) -> Outputs:
        outputs: Outputs = self.image_discriminator(images, training=training)
        return outputs

    def forward_pass(
        self,
        images: Tensor,
        labels: Tensor,
        training: bool,
        latents: Tensor | None = None,
        moving: bool = False,
    ) -> GANStep:
        """Both levels once. The outputs also hold, with the prefix `feature_`, those of the upper
        level; of real images the encoder's logits and `feature`; of fake ones the feature that they
        were made from (`condition`), the one that the encoder recovers, and the label's logits."""
        labels = tf.cast(labels, tf.int32)
        real = self.to_generator_range(images)
        encoded = self.encoder(real, training=False)
        real_feature = tf.stop_gradient(encoded["feature"])
        latents = self.sample_latent(labels) if latents is None else latents
        of_batch = training and not moving
        fake_feature = self.upper_generator(latents, training=of_batch)
        together = self.discriminator_optimizer.iterations >= self.independent_steps
        condition = tf.cond(together, lambda: fake_feature, lambda: real_feature)
        z0 = latents[:, self.noise_size : 2 * self.noise_size]
        fake = self.lower_generator([condition, z0], training=of_batch)
        outputs = []
        for image, feature in ((real, real_feature), (fake, fake_feature)):
            of_image = self.discriminate(self.augment(image, training), labels, training)
            of_feature = self.feature_discriminator(feature, training=training)
            outputs.append(of_image | {f"feature_{name}": x for name, x in of_feature.items()})
        outputs[0] |= {"encoder_logits": encoded["logits"], "feature": real_feature}
        outputs[1] |= {
            "condition": condition,
            "recovered_feature": self.encoder(fake, training=False)["feature"],
            "label_logits": self.label_head(fake_feature),
        }
        return GANStep(labels, latents, real, fake, *outputs)

    def loss_terms(self, step: GANStep, training: bool) -> tuple[dict[str, Term], dict[str, Term]]:
        discriminator_loss, generator_loss = losses.OBJECTIVES[self.options["objective"]]
        real, fake = step.real_outputs, step.fake_outputs
        z1, z0, _ = tf.split(step.latents, [self.noise_size, self.noise_size, CLASSES], axis=1)

        def recovery_errors(outputs: Outputs, name: str) -> dict[str, Term]:
            return {
                f"{level}{name}": Term(
                    tf.reduce_mean(tf.square(outputs[f"{level}noise"] - z)),
                    self.entropy_weights[level],
                )
                for level, z in (("", z0), ("feature_", z1))
            }

        noise = recovery_errors(fake, "noise")
        discriminator = {
            f"{level}discriminator": Term(
                discriminator_loss(
                    real[f"{level}logits"],
                    fake[f"{level}logits"],
                    *(self.targets(real["logits"]) if training else ()),
                )
            )
            for level in ("", "feature_")
        }
        generator = {
            f"{level}generator": Term(self.adversarial(generator_loss(fake[f"{level}logits"])))
            for level in ("", "feature_")
        }
        label_loss = self.label_loss(fake["label_logits"], step.labels)
        feature_loss = tf.reduce_mean(tf.square(fake["recovered_feature"] - fake["condition"]))
        generator["feature"] = Term(feature_loss, self.conditional_weight)
        generator["label"] = Term(label_loss, self.conditional_weight)
        if self.recovery == "all":
            discriminator |= recovery_errors(real, "real_noise")
        return {**discriminator, **noise}, {**generator, **noise}

    def penalties(self, step: GANStep) -> dict[str, Term]:
        """Those of every GAN; R1 on both levels."""
        terms = super().penalties(step)
        if weight := self.options["r1_weight"]:

            def logits(features: Tensor) -> Tensor:
                return self.feature_discriminator(features[:, 0, 0], training=True)["logits"]

            # As images of one pixel.
            features = step.real_outputs["feature"][:, None, None]
            terms["feature_r1"] = Term(
                self.lazily(lambda: losses.r1_penalty(logits, features)), weight
            )
        return terms

    def track(
        self, step: GANStep, values: dict[str, Tensor], training: bool = True
    ) -> dict[str, Tensor]:
        logits = step.real_outputs["encoder_logits"]
        encoder = {
            "encoder": losses.label_cross_entropy(logits, step.labels),
            "encoder_accuracy": losses.label_accuracy(logits, step.labels),
        }
        return super().track(step, {**values, **encoder}, training)

    def train_step(self, data: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        adversarial_step = super().train_step
        if not self.encoder_steps:
            return adversarial_step(data)
        return devices.either(
            lambda: self.encoder_optimizer.iterations < self.encoder_steps,
            self.encoder_step,
            adversarial_step,
            data,
        )

    def encoder_step(self, data: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Train only the encoder; the adversarial terms are only measured."""
        images, labels = data
        with tf.GradientTape() as tape:
            logits = self.encoder(self.to_generator_range(images), training=True)["logits"]
            loss = losses.label_cross_entropy(logits, labels)
            loss /= devices.count()
        variables = self.encoder.trainable_variables
        self.encoder_optimizer.apply(tape.gradient(loss, variables), variables)
        step = self.forward_pass(*data, training=True)
        discriminator, generator = self.loss_terms(step, training=True)
        measured = unweighted({**discriminator, **generator})
        return self.track(step, {**measured, **self.zero_penalties()})

    def zero_penalties(self) -> dict[str, float]:
        terms = super().zero_penalties()
        return terms | ({"feature_r1": 0.0} if "r1" in terms else {})

    def warnings(self, logs: dict[str, float]) -> list[str]:
        # While the encoder is trained nothing is adversarial.
        started = self.discriminator_optimizer.iterations.numpy()
        return super().warnings(logs) if started else []

    def recovered(self, noise: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        """What can be recovered from the features and images of latents, noise [count,
        2 noise_size] and labels [count], in shares of its variance.

        "feature_error": what the encoder misses of the features that images are made from, 0 or
        more. "z0_recovered", "z1_recovered": what the discriminators recover of the noise, R^2, at
        most 1. Predicting the mean of all would give 1 and 0.
        """
        latents = self.concat_labels(noise, labels)
        z1, z0 = np.split(noise, 2, axis=1)
        features: list[np.ndarray] = []
        predicted: dict[str, list[np.ndarray]] = {"feature": [], "z0": [], "z1": []}
        for batch in generated_batches(len(noise)):
            feature, image = self.average_levels(latents[batch], training=False)
            features.append(np.asarray(feature))
            predicted["feature"].append(self.encoder(image, training=False)["feature"])
            predicted["z0"].append(self.image_discriminator(image, training=False)["noise"])
            predicted["z1"].append(self.feature_discriminator(feature, training=False)["noise"])
        true = {"feature": np.concatenate(features), "z0": z0, "z1": z1}
        shares = {
            n: r_squared(true[n], np.concatenate(batches)) for n, batches in predicted.items()
        }
        return {
            "feature_error": 1 - shares["feature"],
            "z0_recovered": shares["z0"],
            "z1_recovered": shares["z1"],
        }
