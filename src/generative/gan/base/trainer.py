"""Generative adversarial networks: two players, one loop (Goodfellow et al., 2014,
arXiv:1406.2661).

Members differ in their networks and objectives; the step that trains both stands here once.
Gradients are taken with respect to each player's own list of variables, never through `.trainable`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict, Unpack

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from pydantic import Field

from generative.core.errors import BadInput
from generative.gan.base import losses
from generative.training.losses import total
from generative.training.optimizers import Decay
from generative.training.optimizers import LearningRate
from generative.training.optimizers import schedule

GENERATED_BATCH = 500
# Codes from which the statistics of the average generator are taken.
REFRESH_BATCHES, REFRESH_BATCH = 10, 128
# An epoch in which the discriminator is right this often, or samples vary this little, is told of.
DOMINATION, LEAST_VARIETY = 0.98, 0.3

Tensor = Any
Count = Annotated[int, Field(ge=1)]
NonNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
Labels = np.ndarray | Sequence[int] | int | None


class Options(TypedDict):
    """What every adversarial model is given besides its networks.

    objective: what the two players minimise, see `losses.adversarial.OBJECTIVES`.
    generator_learning_rate, discriminator_learning_rate: Adam's.
    learning_rate_decay: both constant, or falling to 0 along a cosine.
    momentum: Adam's beta_1.
    real_target: the label of real images; 0.9 smooths it, on one side only.
    label_noise: width of the uniform noise below that label.
    clip_norm: largest norm of a player's gradient; 0 does not clip.
    discriminator_normalization: "spectral" divides each kernel by its largest singular value after
        every step (Miyato et al., 2018, arXiv:1802.05957).
    r1_weight, r1_every: the R1 penalty, taken in one step of so many and weighed as much more
        (Karras et al., 2020, arXiv:1912.04958); 0 is none.
    gradient_penalty_weight: the penalty of WGAN-GP; 0 is none.
    average_decay: of the moving average of the generator that samples come from; 0 follows at once.
    augmentation: "diffaugment" changes all that the discriminator sees, real and fake alike.
    """

    objective: losses.Objective
    generator_learning_rate: LearningRate
    discriminator_learning_rate: LearningRate
    learning_rate_decay: Decay
    momentum: Share
    real_target: Annotated[float, Field(gt=0, le=1)]
    label_noise: Share
    clip_norm: NonNegative
    discriminator_normalization: Literal["none", "spectral"]
    r1_weight: NonNegative
    r1_every: Count
    gradient_penalty_weight: NonNegative
    average_decay: Share
    augmentation: Literal["none", "diffaugment"]


@dataclass(frozen=True)
class Round:
    """One batch, seen by both players.

    labels: integers [batch]; codes: what the generator was given; real, fake: images in its range;
    real_seen, fake_seen: the discriminator's outputs for them.
    """

    labels: Tensor
    codes: Tensor
    real: Tensor
    fake: Tensor
    real_seen: dict[str, Tensor]
    fake_seen: dict[str, Tensor]


class Adversarial(keras.Model):
    """A generator and a discriminator.

    generator: codes [batch, latent + classes], noise and a one-hot label side by side, to images.
    discriminator: images, or images and one-hot labels, to {"logits": [batch, 1], ...}.
    latent: the noise, "uniform" in [0, 1) or "normal".
    classes: number of labels; 0 pays no attention to them.
    span: range of the generator's images, (0, 1) for a sigmoid and (-1, 1) for tanh; real images
        come in [0, 1] and are brought there.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        latent: Literal["uniform", "normal"],
        classes: int = 0,
        span: tuple[float, float],
        **options: Unpack[Options],
    ) -> None:
        super().__init__()
        smoothed = options["real_target"] < 1 or options["label_noise"]
        if options["objective"] == "wasserstein" and smoothed:
            raise BadInput(
                "objective: wasserstein has no labels to smooth; set real_target to 1.0 and "
                "label_noise to 0.0"
            )
        if options["label_noise"] > options["real_target"]:
            raise BadInput(
                f"label_noise: received {options['label_noise']}, at most real_target, which is "
                f"{options['real_target']}: a label below 0 has no lower bound"
            )
        if options["discriminator_normalization"] == "spectral":
            discriminator = spectrally_normalized(discriminator)
        self.generator, self.discriminator = generator, discriminator
        self.average = keras.models.clone_model(generator)
        self.average.set_weights(generator.get_weights())
        self.latent_size = generator.input_shape[-1] - classes
        self.image_shape = generator.output_shape[1:]
        self.latent, self.classes, self.span, self.options = latent, classes, span, options
        self.noise = keras.random.SeedGenerator()
        self.trackers: dict[str, keras.metrics.Mean] = {}
        self.built = True

    def compile(self, steps: int | None = None) -> None:
        """Two Adams, one a player; a cosine needs the number of `steps` that training will take."""
        options = self.options

        def adam(player: keras.Model, rate: float) -> keras.optimizers.Adam:
            optimizer = keras.optimizers.Adam(
                schedule(rate, options["learning_rate_decay"], steps),
                beta_1=options["momentum"],
                global_clipnorm=options["clip_norm"] or None,
            )
            optimizer.build(player.trainable_variables)
            return optimizer

        self.generator_optimizer = adam(self.generator, options["generator_learning_rate"])
        self.discriminator_optimizer = adam(
            self.discriminator, options["discriminator_learning_rate"]
        )
        super().compile()

    def see(self, images: Tensor, labels: Tensor, training: bool) -> dict[str, Tensor]:
        """What the discriminator says of images in the generator's range."""
        seen: Any = images
        if len(self.discriminator.inputs) > 1:
            seen = [images, tf.one_hot(labels, self.classes)]
        outputs: dict[str, Tensor] = self.discriminator(seen, training=training)
        return outputs

    def call(self, images: Tensor) -> dict[str, Tensor]:
        """The discriminator's outputs for images in [0, 1], taken for the first class's."""
        return self.see(self.in_span(images), tf.zeros(tf.shape(images)[0], tf.int32), False)

    def play(self, images: Tensor, labels: Tensor, training: bool) -> Round:
        """Both players' moves; one forward pass of the generator serves both of their losses."""
        labels = tf.cast(labels, tf.int32)
        real = self.in_span(images)
        codes = self.draw(labels)
        fake = self.generator(codes, training=training)
        # Apart, so that a batch normalisation could not tell them by the mixture.
        seen = [self.see(self.augment(x, training), labels, training) for x in (real, fake)]
        return Round(labels, codes, real, fake, *seen)

    def terms(self, found: Round, training: bool) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """What the discriminator minimises, and what the generator does."""
        of_discriminator, of_generator = losses.OBJECTIVES[self.options["objective"]]
        real, fake = found.real_seen["logits"], found.fake_seen["logits"]
        target = self.targets(real) if training else 1.0
        return {"discriminator": of_discriminator(real, fake, target)}, {
            "generator": of_generator(fake)
        }

    def train_step(self, data: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        with tf.GradientTape(persistent=True) as tape:
            found = self.play(*data, training=True)
            discriminator, generator = self.terms(found, training=True)
            penalties = self.penalties(found)
            # Gradients of several GPUs are added up, so each gives its share of the mean.
            replicas = tf.distribute.get_strategy().num_replicas_in_sync
            loss = total({**discriminator, **penalties}) / replicas, total(generator) / replicas
        moves = [
            tape.gradient(of_player, player.trainable_variables)
            for of_player, player in zip(loss, (self.discriminator, self.generator), strict=True)
        ]
        self.discriminator_optimizer.apply(moves[0], self.discriminator.trainable_variables)
        self.generator_optimizer.apply(moves[1], self.generator.trainable_variables)
        self.follow()
        beside = {**penalties, "gradient_norm": tf.linalg.global_norm(moves[1])}
        return self.track(found, {**discriminator, **generator, **beside})

    def test_step(self, data: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        found = self.play(*data, training=False)
        discriminator, generator = self.terms(found, training=False)
        return self.track(found, {**discriminator, **generator})

    def track(self, found: Round, values: dict[str, Tensor]) -> dict[str, Tensor]:
        real, fake = found.real_seen["logits"], found.fake_seen["logits"]
        values |= {
            "real_accuracy": tf.reduce_mean(tf.cast(real > 0, tf.float32)),
            "fake_accuracy": tf.reduce_mean(tf.cast(fake < 0, tf.float32)),
            "variety": losses.variety(found.fake) / losses.variety(found.real),
        }
        if self.options["objective"] == "maximum_likelihood":
            values["effective_samples"] = losses.effective_sample_size(fake)
        for name, value in values.items():
            if name not in self.trackers:
                with tf.init_scope():
                    self.trackers[name] = keras.metrics.Mean(name)
            self.trackers[name].update_state(value, sample_weight=tf.shape(fake)[0])
        return {name: self.trackers[name].result() for name in values}

    def targets(self, real_logits: Tensor) -> Tensor:
        """Labels of the real images, at most 1."""
        noise = keras.random.uniform(tf.shape(real_logits), seed=self.noise)
        return self.options["real_target"] - self.options["label_noise"] * noise

    def penalties(self, found: Round) -> dict[str, Tensor]:
        """The penalties on the discriminator's slope that the options ask for."""
        options, terms = self.options, {}

        def logits(images: Tensor) -> Tensor:
            return self.see(images, found.labels, training=True)["logits"]

        if weight := options["r1_weight"]:
            every = options["r1_every"]
            terms["r1"] = tf.cond(
                self.discriminator_optimizer.iterations % every == 0,
                lambda: every * weight * losses.r1_penalty(logits, found.real),
                lambda: 0.0,
            )
        if weight := options["gradient_penalty_weight"]:
            share = keras.random.uniform((tf.shape(found.real)[0], 1, 1, 1), seed=self.noise)
            # The generator does not pay for it.
            fake = tf.stop_gradient(found.fake)
            terms["gradient_penalty"] = weight * losses.gradient_penalty(
                logits, found.real, fake, share
            )
        return terms

    def unpaid(self) -> dict[str, float]:
        """What `train_step` tells beside the players' terms, in a step in which nobody plays."""
        options = self.options
        weights = {
            "r1": options["r1_weight"],
            "gradient_penalty": options["gradient_penalty_weight"],
        }
        return {"gradient_norm": 0.0} | {name: 0.0 for name, w in weights.items() if w}

    def augment(self, images: Tensor, training: bool) -> Tensor:
        if not training or self.options["augmentation"] == "none":
            return images
        return losses.diffaugment(images, lambda s: keras.random.uniform(s, seed=self.noise))

    def in_span(self, images: Tensor) -> Tensor:
        """Images in [0, 1] in the generator's range."""
        low, high = self.span
        return low + (high - low) * images

    def draw(self, labels: Tensor) -> Tensor:
        """Random codes for `labels` [batch]: [batch, latent + classes]."""
        shape = (tf.shape(labels)[0], self.latent_size)
        random = keras.random.uniform if self.latent == "uniform" else keras.random.normal
        return self.joined(random(shape, seed=self.noise), labels)

    def joined(self, noise: Tensor, labels: Tensor) -> Tensor:
        return tf.concat([noise, tf.one_hot(labels, self.classes)], 1) if self.classes else noise

    def follow(self) -> None:
        """Move the average generator a step towards the generator."""
        decay = self.options["average_decay"]
        pairs = zip(self.average.variables, self.generator.variables, strict=True)
        for own, other in pairs:
            own.assign(decay * own + (1 - decay) * other)

    def refresh(self) -> None:
        """Take the batch statistics of the average generator anew: those that it was left with are
        an average of other networks' statistics."""
        normalizations = [
            layer
            for layer in self.average._flatten_layers()
            if isinstance(layer, layers.BatchNormalization)
        ]
        momentum = [layer.momentum for layer in normalizations]
        noise, labels = self.codes(REFRESH_BATCHES * REFRESH_BATCH, seed=0)
        batches = np.split(np.asarray(self.joined(noise, labels)), REFRESH_BATCHES)
        for number, batch in enumerate(batches if normalizations else []):
            for layer in normalizations:
                layer.momentum = number / (number + 1)  # the plain mean of all batches
            self.average(batch, training=True)
        for layer, own in zip(normalizations, momentum, strict=True):
            layer.momentum = own

    def fit(self, *arguments: Any, **options: Any) -> Any:
        history = super().fit(*arguments, **options)
        self.refresh()
        return history

    def concerns(self, logs: dict[str, float]) -> list[str]:
        """What in the metrics of an epoch says that the game is going wrong."""
        found = []
        # A critic's sign says nothing.
        told = self.options["objective"] != "wasserstein"
        if told and min(logs["real_accuracy"], logs["fake_accuracy"]) > DOMINATION:
            found.append(
                f"the discriminator tells {logs['real_accuracy']:.1%} of the real and "
                f"{logs['fake_accuracy']:.1%} of the generated images: it dominates"
            )
        if logs["variety"] < LEAST_VARIETY:
            found.append(
                f"generated images vary {logs['variety']:.2f} times as much as real ones: the "
                "generator is collapsing"
            )
        return found

    def codes(self, count: int, seed: int, labels: Labels = None) -> tuple[np.ndarray, np.ndarray]:
        """Noise float32 [count, latent] and labels [count]: `labels`, or all in turn."""
        if labels is None:
            labels = np.arange(count) % max(1, self.classes)
        elif not self.classes:
            raise BadInput("labels: this model knows no labels")
        labels = np.broadcast_to(labels, (count,)) if np.ndim(labels) == 0 else np.asarray(labels)
        if labels.shape != (count,):
            raise BadInput(f"labels: received {len(labels)}, one or {count} are needed")
        if self.classes and not ((labels >= 0) & (labels < self.classes)).all():
            wrong = next(x for x in labels if not 0 <= x < self.classes)
            raise BadInput(f"labels: received {wrong}, must be 0 to {self.classes - 1}")
        generator = np.random.default_rng(seed)
        random = generator.random if self.latent == "uniform" else generator.standard_normal
        return random((count, self.latent_size), np.float32), np.asarray(labels, np.int32)

    def generate(self, count: int, seed: int, labels: Labels = None) -> np.ndarray:
        """Float32 [count, height, width, channels] in [0, 1].

        labels: of a conditional model, one for all or one an image; without them all in turn.
        Raises `BadInput` for labels that the model does not know.
        """
        return self.images(*self.codes(count, seed, labels))

    def images(self, noise: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """The average generator's images of codes: float32 [count, ...] in [0, 1]."""
        low, high = self.span
        pieces = [
            np.asarray(self.average(self.joined(noise[some], labels[some]), training=False))
            for some in (
                slice(i, i + GENERATED_BATCH) for i in range(0, len(noise), GENERATED_BATCH)
            )
        ]
        return np.clip((np.concatenate(pieces) - low) / (high - low), 0, 1)

    def snapshot(self, images: np.ndarray) -> np.ndarray:
        """What a frame of the training film shows: as many samples, always of the same codes."""
        self.refresh()
        return self.generate(len(images), seed=0)

    def inference_model(self) -> keras.Model:
        """The average generator as a graph of stock layers, codes to images in [0, 1]."""
        low, high = self.span
        scaled = layers.Rescaling(1 / (high - low), offset=-low / (high - low), dtype="float32")
        network = keras.models.clone_model(self.average, clone_function=stock)
        network.set_weights(self.average.get_weights())
        return keras.Model(network.inputs[0], scaled(network.outputs[0]))


def stock(layer: keras.Layer) -> keras.Layer:
    """A copy of `layer` that loads without this package."""
    kind = layers.BatchNormalization if isinstance(layer, BatchNormalization) else type(layer)
    return kind.from_config(layer.get_config())


def spectrally_normalized(network: keras.Model) -> keras.Model:
    """`network` with its convolutions and dense layers wrapped."""

    def wrapped(layer: keras.Layer) -> keras.Layer:
        copy = type(layer).from_config(layer.get_config())
        weighty = isinstance(layer, (layers.Dense, layers.Conv2D))
        return layers.SpectralNormalization(copy) if weighty else copy

    return keras.models.clone_model(network, clone_function=wrapped)


class BatchNormalization(layers.BatchNormalization):
    """Keras' layer; in training images go through TensorFlow's fused kernel. Op by op and in
    float32, as Keras computes it, it takes a fifth of a step of these networks."""

    def call(self, inputs: Tensor, training: bool | None = None, mask: Tensor = None) -> Tensor:
        if not training or len(inputs.shape) != 4:
            return super().call(inputs, training=training)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.convert_to_tensor(self.gamma),
            offset=tf.convert_to_tensor(self.beta),
            mean=[],
            variance=[],
            epsilon=self.epsilon,
            is_training=True,
        )
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + value * (1 - self.momentum))
        return outputs


def digit_generator(code_size: int, width: int) -> keras.Model:
    """The generator of Atienza (2018, "Advanced Deep Learning with Keras", chapters 4 to 6), where
    `width` is 32: codes [batch, code_size] to images [batch, 28, 28, 1] in (0, 1)."""
    network = keras.Sequential(
        [
            layers.Input((code_size,)),
            layers.Dense(7 * 7 * 4 * width),
            layers.Reshape((7, 7, 4 * width)),
        ],
        name="generator",
    )
    for channels, stride in ((4 * width, 2), (2 * width, 2), (width, 1)):
        network.add(BatchNormalization())
        network.add(layers.ReLU())
        # The next normalisation takes any bias away.
        convolution = layers.Conv2DTranspose(
            channels, 5, strides=stride, padding="same", use_bias=False
        )
        network.add(convolution)
    network.add(BatchNormalization())
    network.add(layers.ReLU())
    network.add(layers.Conv2DTranspose(1, 5, padding="same", dtype="float32"))
    network.add(layers.Activation("sigmoid", dtype="float32"))
    return network


def digit_features(images: Tensor, width: int) -> Tensor:
    """The trunk of its discriminator, where `width` is 32: images to features [batch, 4096]."""
    x = images
    for channels, stride in ((width, 2), (2 * width, 2), (4 * width, 2), (8 * width, 1)):
        x = layers.LeakyReLU(0.2)(x)
        x = layers.Conv2D(channels, 5, strides=stride, padding="same")(x)
    return layers.Flatten()(x)
