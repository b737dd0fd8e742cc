"""Stacked GANs: one generator makes features of a digit, another makes the digit of them (Huang et
al., 2017, arXiv:1612.04357)."""

from typing import Annotated, Any, Literal, Unpack

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from pydantic import Field

from generative.gan.base.trainer import GENERATED_BATCH
from generative.gan.base.trainer import Adversarial
from generative.gan.base.trainer import BatchNormalization
from generative.gan.base.trainer import Count
from generative.gan.base.trainer import NonNegative
from generative.gan.base.trainer import Options
from generative.gan.base.trainer import Round
from generative.gan.base.trainer import digit_features
from generative.gan.base.trainer import digit_generator
from generative.gan.base import losses

CLASSES, FEATURES = 10, 256
FEATURE = "feature"

Tensor = Any
Share = Annotated[float, Field(ge=0, le=1)]


class StackedGAN(Adversarial):
    """Networks of Atienza (2018, chapter 6), where the image's widths are 32.

    An encoder first learns to classify, and stays as it is then: image -> feature -> label. Two
    generators go the other way, each with noise of its own: label, z1 -> feature -> with z0, image.
    Each has a discriminator, which also recovers the noise. First the levels learn apart, the lower
    one from features of real images; then together, from the features that the upper one makes.

    noise_size: numbers of z1, and of z0; latent: "normal", or "uniform" in [0, 1).
    encoder_width, hidden_width: channels of the encoder's convolutions; units of the upper
        generator's dense layers.
    encoder_share, independent_share: of all steps, in which the encoder learns, and the levels
        apart; in the rest they learn together.
    adversarial_weight, conditional_weight, entropy_weight: of each generator's terms (1, 1 and 10
        in the authors' program): the discriminator is deceived; the encoder recovers what the
        generator was given; the noise can be recovered.
    feature_entropy_weight: of the last at the upper level (10 there too, 1 in Atienza's).
    recovery: the images and features that the noise is recovered of: "generated"; or "all"
        (Atienza's), where nothing in the real ones tells of it.
    """

    def __init__(
        self,
        *,
        noise_size: Count,
        latent: Literal["normal", "uniform"],
        generator_width: Count,
        discriminator_width: Count,
        encoder_width: Count,
        hidden_width: Count,
        encoder_share: Share,
        independent_share: Share,
        adversarial_weight: NonNegative,
        conditional_weight: NonNegative,
        entropy_weight: NonNegative,
        feature_entropy_weight: NonNegative,
        recovery: Literal["generated", "all"],
        **options: Unpack[Options],
    ) -> None:
        images = keras.Input((28, 28, 1))
        x = images
        for _ in range(2):
            x = layers.Conv2D(encoder_width, 3, padding="same", activation="relu")(x)
            x = layers.MaxPooling2D()(x)
        x = layers.Dense(FEATURES, activation="relu", dtype="float32")(layers.Flatten()(x))
        read = layers.Dense(CLASSES, dtype="float32")
        encoder = keras.Model(images, {"feature": x, "logits": read(x)}, name="encoder")

        codes = keras.Input((2 * noise_size + CLASSES,))
        z1, z0 = codes[:, :noise_size], codes[:, noise_size : 2 * noise_size]
        x = layers.Concatenate()([codes[:, 2 * noise_size :], z1])
        for _ in range(2):
            x = layers.Dense(hidden_width, use_bias=False)(x)
            x = layers.ReLU()(BatchNormalization()(x))
        feature = layers.Dense(FEATURES, activation="relu", dtype="float32", name=FEATURE)(x)
        pieces = digit_generator(FEATURES + noise_size, generator_width).layers

        def lower(feature: Tensor, z0: Tensor) -> Tensor:
            x = layers.Concatenate()([feature, z0])
            for piece in pieces:
                x = piece(x)
            return x

        inputs = [keras.Input((FEATURES,)), keras.Input((noise_size,))]

        seen = digit_features(images, discriminator_width)
        told = shown = keras.Input((FEATURES,))
        for _ in range(2):
            told = layers.LeakyReLU(0.2)(layers.Dense(FEATURES)(told))
        outputs = {
            f"{level}{name}": layers.Dense(size, dtype="float32")(features)
            for level, features in (("", seen), ("feature_", told))
            for name, size in (("logits", 1), ("noise", noise_size))
        }
        super().__init__(
            keras.Model(codes, lower(feature, z0), name="generator"),
            keras.Model([images, shown], outputs, name="discriminator"),
            latent=latent,
            classes=CLASSES,
            span=(0.0, 1.0),
            **options,
        )
        self.encoder, self.read = encoder, read
        # Views of the same layers, a level each.
        self.upper = keras.Model(codes, feature, name="upper_generator")
        self.lower = keras.Model(inputs, lower(*inputs), name="lower_generator")
        self.sees_images, self.sees_features = (
            keras.Model(
                source, {n: self.discriminator.output[f"{level}{n}"] for n in ("logits", "noise")}
            )
            for source, level in zip(self.discriminator.inputs, ("", "feature_"), strict=True)
        )
        feature = self.average.get_layer(FEATURE).output
        self.both = keras.Model(self.average.input, [feature, self.average.output])
        self.noise_size = noise_size
        self.shares = encoder_share, independent_share
        self.adversarial_weight, self.conditional_weight = adversarial_weight, conditional_weight
        self.entropy_weights = {"": entropy_weight, "feature_": feature_entropy_weight}
        self.recovery = recovery

    def compile(self, steps: int | None = None) -> None:
        super().compile(steps)
        self.encoder_steps, self.independent_steps = (
            round(share * (steps or 0)) for share in self.shares
        )
        rate = self.options["discriminator_learning_rate"]
        self.encoder_optimizer = keras.optimizers.Adam(rate)
        self.encoder_optimizer.build(self.encoder.trainable_variables)

    def see(self, images: Tensor, labels: Tensor, training: bool) -> dict[str, Tensor]:
        outputs: dict[str, Tensor] = self.sees_images(images, training=training)
        return outputs

    def play(self, images: Tensor, labels: Tensor, training: bool) -> Round:
        labels = tf.cast(labels, tf.int32)
        real = self.in_span(images)
        encoded = self.encoder(real, training=False)
        known = tf.stop_gradient(encoded["feature"])
        codes = self.draw(labels)
        feature = self.upper(codes, training=training)
        together = self.discriminator_optimizer.iterations >= self.independent_steps
        given = tf.cond(together, lambda: feature, lambda: known)
        z0 = codes[:, self.noise_size : 2 * self.noise_size]
        fake = self.lower([given, z0], training=training)
        seen = [
            self.see(self.augment(picture, training), labels, training)
            | {f"feature_{n}": x for n, x in self.sees_features(of, training=training).items()}
            for picture, of in ((real, known), (fake, feature))
        ]
        seen[0] |= {"encoded": encoded["logits"], "known": known}
        seen[1] |= {
            "given": given,
            "recovered": self.encoder(fake, training=False)["feature"],
            "read": self.read(feature),
        }
        return Round(labels, codes, real, fake, *seen)

    def terms(self, found: Round, training: bool) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        of_discriminator, of_generator = losses.OBJECTIVES[self.options["objective"]]
        real, fake = found.real_seen, found.fake_seen
        z1, z0, _ = tf.split(found.codes, [self.noise_size, self.noise_size, CLASSES], axis=1)

        def entropy(seen: dict[str, Tensor], name: str) -> dict[str, Tensor]:
            return {
                f"{level}{name}": self.entropy_weights[level]
                * tf.reduce_mean(tf.square(seen[f"{level}noise"] - z))
                for level, z in (("", z0), ("feature_", z1))
            }

        noise = entropy(fake, "noise")
        discriminator = {
            f"{level}discriminator": of_discriminator(
                real[f"{level}logits"],
                fake[f"{level}logits"],
                self.targets(real["logits"]) if training else 1.0,
            )
            for level in ("", "feature_")
        }
        generator = {
            f"{level}generator": self.adversarial_weight * of_generator(fake[f"{level}logits"])
            for level in ("", "feature_")
        }
        named, _ = of_labels(fake["read"], found.labels)
        generator["feature"] = self.conditional_weight * tf.reduce_mean(
            tf.square(fake["recovered"] - fake["given"])
        )
        generator["label"] = self.conditional_weight * named
        if self.recovery == "all":
            discriminator |= entropy(real, "real_noise")
        return {**discriminator, **noise}, {**generator, **noise}

    def penalties(self, found: Round) -> dict[str, Tensor]:
        """Those of the family; R1 on both levels."""
        terms, options = super().penalties(found), self.options
        if weight := options["r1_weight"]:

            def logits(pictured: Tensor) -> Tensor:
                return self.sees_features(pictured[:, 0, 0], training=True)["logits"]

            every, pictured = options["r1_every"], found.real_seen["known"][:, None, None]
            terms["feature_r1"] = tf.cond(
                self.discriminator_optimizer.iterations % every == 0,
                lambda: every * weight * losses.r1_penalty(logits, pictured),
                lambda: 0.0,
            )
        return terms

    def track(self, found: Round, values: dict[str, Tensor]) -> dict[str, Tensor]:
        named, right = of_labels(found.real_seen["encoded"], found.labels)
        return super().track(found, {**values, "encoder": named, "encoder_accuracy": right})

    def train_step(self, data: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        play = super().train_step
        if not self.encoder_steps:
            return play(data)
        return tf.cond(
            self.encoder_optimizer.iterations < self.encoder_steps,
            lambda: self.encode(data),
            lambda: play(data),
        )

    def encode(self, data: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """A step of the encoder; the games are only looked at."""
        images, labels = data
        with tf.GradientTape() as tape:
            logits = self.encoder(self.in_span(images), training=True)["logits"]
            loss, _ = of_labels(logits, labels)
            loss /= tf.distribute.get_strategy().num_replicas_in_sync
        variables = self.encoder.trainable_variables
        self.encoder_optimizer.apply(tape.gradient(loss, variables), variables)
        found = self.play(*data, training=True)
        discriminator, generator = self.terms(found, training=True)
        return self.track(found, {**discriminator, **generator, **self.unpaid()})

    def unpaid(self) -> dict[str, float]:
        found = super().unpaid()
        return found | ({"feature_r1": 0.0} if "r1" in found else {})

    def concerns(self, logs: dict[str, float]) -> list[str]:
        # While the encoder learns nobody plays.
        return super().concerns(logs) if int(self.discriminator_optimizer.iterations) else []

    def recovered(self, noise: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        """What can be read off the images and features of codes, noise [count, 2 noise_size] and
        labels [count], in shares of its variance.

        "feature_error": what the encoder misses of the features that images are made of, 0 or more.
        "z0_recovered", "z1_recovered": what the discriminators find of the noise, R^2, at most 1.
        Guessing the mean of all would give 1 and 0.
        """
        codes = self.joined(noise, labels)
        z1, z0 = np.split(noise, 2, axis=1)
        pieces: dict[str, list[np.ndarray]] = {"feature": [], "z0": [], "z1": []}
        made = []
        for start in range(0, len(noise), GENERATED_BATCH):
            feature, image = self.both(codes[start : start + GENERATED_BATCH], training=False)
            made.append(np.asarray(feature))
            pieces["feature"].append(self.encoder(image, training=False)["feature"])
            pieces["z0"].append(self.sees_images(image, training=False)["noise"])
            pieces["z1"].append(self.sees_features(feature, training=False)["noise"])
        true = {"feature": np.concatenate(made), "z0": z0, "z1": z1}
        shares = {name: r_squared(true[name], np.concatenate(x)) for name, x in pieces.items()}
        return {
            "feature_error": 1 - shares["feature"],
            "z0_recovered": shares["z0"],
            "z1_recovered": shares["z1"],
        }


def of_labels(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """-E log p(label), nats, and how often the likeliest is right: logits [batch, classes]."""
    labels = tf.cast(labels, tf.int32)
    each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    right = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels)
    return tf.reduce_mean(each), tf.reduce_mean(tf.cast(right, tf.float32))


def r_squared(true: np.ndarray, found: np.ndarray) -> float:
    """1 - squared error / variance, over all columns together: [count, size] both."""
    error = np.square(true - found).sum()
    return float(1 - error / np.square(true - true.mean(axis=0)).sum())
