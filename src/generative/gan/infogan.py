"""InfoGAN: a GAN whose codes can be read off its images (Chen et al., 2016, arXiv:1606.03657)."""

import math
from typing import Annotated, Any, Literal, Unpack

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from pydantic import Field

from generative.core.errors import BadInput
from generative.gan.base.trainer import Adversarial
from generative.gan.base.trainer import BatchNormalization
from generative.gan.base.trainer import Count
from generative.gan.base.trainer import Labels
from generative.gan.base.trainer import NonNegative
from generative.gan.base.trainer import Options
from generative.gan.base.trainer import Round
from generative.gan.base.trainer import Share
from generative.training.losses import total
from generative.training.optimizers import LearningRate

CATEGORIES, CODES = 10, 2
# The source draws its codes from N(0, 0.5^2).
BOOK_DEVIATION = 0.5
# Less than this of the 2.3 nats that ten categories have says that some are drawn alike.
LEAST_CATEGORY_NATS = 1.5
# Of standardised logits times this, one high for a tenth of all images gives them 0.9996.
SHARPNESS = 3.0

Tensor = Any
Values = float | np.ndarray | None


class InfoGAN(Adversarial):
    """The paper's networks for MNIST, whose widths are 64 and 1024, without batch normalisation in
    the discriminator. The generator is given noise U(-1, 1), a category and two codes; the
    discriminator's trunk also reads the category and the codes off generated images. No label of
    the data is used, unless by the book.

    noise_size: numbers of the noise.
    generator_width, discriminator_width: channels of the convolutions next to the image.
    dense_width: of the dense layers next to the codes.
    information: "gaussian", codes U(-1, 1) and their log density; or "book" (Atienza, 2018, chapter
        6), codes N(0, 0.5^2) of which only the sign is read, and a category head that learns the
        labels of real images: an ACGAN with two codes.
    category_weight, code_weight: of the two terms.
    least_log_variance: a floor under the variance that the codes are read with, without which their
        density rises without bound. A low one rewards details that only the discriminator sees; the
        authors' program has a fixed variance of 1.
    agreement_weight: of the information that the categories of a real image, and of the same
        image bent at random, have of each other. It brings digits of one kind into one category;
        the paper has none.
    head_start, head_start_learning_rate: share of the steps, the first, in which the discriminator
        learns that alone, and how fast: two digits that share a category once the generator draws
        stay together.
    restarts: how often the training begins again, with other weights, because images tell too
        little of their category after half of the game. The steps gone are not given back.
    """

    reach = 1.0  # of the codes in training; by the book 95 % are within it
    told_size = CATEGORIES + CODES  # what follows the noise in the generator's input

    def __init__(
        self,
        *,
        noise_size: Count,
        generator_width: Count,
        discriminator_width: Count,
        dense_width: Count,
        information: Literal["gaussian", "book"],
        category_weight: NonNegative,
        code_weight: NonNegative,
        least_log_variance: Annotated[float, Field(ge=-10, le=0)],
        agreement_weight: NonNegative,
        head_start: Share,
        head_start_learning_rate: LearningRate,
        restarts: Annotated[int, Field(ge=0)],
        **options: Unpack[Options],
    ) -> None:
        if head_start and not agreement_weight:
            raise BadInput(
                f"head_start: received {head_start:g}, needs an agreement_weight above 0: it is "
                "all that is learned then"
            )
        width = generator_width
        generator = keras.Sequential(
            [layers.Input((noise_size + CATEGORIES + CODES,))], name="generator"
        )
        for units in (dense_width, 7 * 7 * 2 * width):
            generator.add(layers.Dense(units, use_bias=False))
            generator.add(BatchNormalization())
            generator.add(layers.ReLU())
        grown = {"strides": 2, "padding": "same"}
        for layer in (
            layers.Reshape((7, 7, 2 * width)),
            layers.Conv2DTranspose(width, 4, use_bias=False, **grown),
            BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(1, 4, dtype="float32", **grown),
            layers.Activation("sigmoid", dtype="float32"),
        ):
            generator.add(layer)

        images = x = keras.Input((28, 28, 1))
        for channels in (discriminator_width, 2 * discriminator_width):
            x = layers.Conv2D(channels, 4, strides=2, padding="same")(x)
            x = layers.LeakyReLU(0.1)(x)
        x = layers.LeakyReLU(0.1)(layers.Dense(dense_width)(layers.Flatten()(x)))
        read = layers.LeakyReLU(0.1)(layers.Dense(128)(x))
        outputs = {"logits": layers.Dense(1, dtype="float32", name="logits")(x)}
        for name, size in (("category", CATEGORIES), ("mean", CODES), ("log_variance", CODES)):
            outputs[name] = layers.Dense(size, dtype="float32", name=name)(read)
        super().__init__(
            generator,
            keras.Model(images, outputs, name="discriminator"),
            latent="uniform",
            span=(0.0, 1.0),
            **options,
        )
        self.noise_size, self.information = noise_size, information
        self.category_weight, self.code_weight = category_weight, code_weight
        self.least_log_variance = least_log_variance
        self.agreement_weight, self.head_start = agreement_weight, head_start
        self.head_start_learning_rate = head_start_learning_rate
        self.restarts, self.steps = restarts, 0

    def compile(self, steps: int | None = None) -> None:
        self.steps = steps or 0
        self.alone = round(self.head_start * self.steps)
        super().compile(steps)
        self.starter = keras.optimizers.Adam(self.head_start_learning_rate, beta_1=0.5)
        self.starter.build(self.discriminator.trainable_variables)
        self.optimizers = self.starter, self.discriminator_optimizer, self.generator_optimizer
        self.unmoved = [[v.numpy() for v in optimizer.variables] for optimizer in self.optimizers]

    def fit(self, *arguments: Any, **options: Any) -> Any:
        watch = keras.callbacks.LambdaCallback(on_epoch_end=self.begin_again)
        callbacks = [*options.pop("callbacks", ()), watch]
        return super().fit(*arguments, callbacks=callbacks, **options)

    def begin_again(self, epoch: int, logs: dict[str, float]) -> None:
        """Take other weights if there is reason to and a restart left."""
        if not self.restarts or self.too_few_nats(logs) is None:
            return
        self.restarts -= 1
        for network in (self.generator, self.discriminator):
            network.set_weights(keras.models.clone_model(network).get_weights())
        self.average.set_weights(self.generator.get_weights())
        for optimizer, values in zip(self.optimizers, self.unmoved, strict=True):
            for variable, value in zip(optimizer.variables, values, strict=True):
                variable.assign(value)

    def train_step(self, data: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        play = super().train_step
        if not self.alone:
            return play(data)
        return tf.cond(
            self.starter.iterations < self.alone, lambda: self.start(data), lambda: play(data)
        )

    def start(self, data: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """A step of the head start; the game is only looked at."""
        with tf.GradientTape() as tape:
            found = self.play(*data, training=True)
            learned = self.disagreement(found)
            loss = total(learned) / tf.distribute.get_strategy().num_replicas_in_sync
        variables = self.discriminator.trainable_variables
        moves = zip(tape.gradient(loss, variables), variables, strict=True)
        # The other heads have no part in it.
        self.starter.apply(*zip(*(move for move in moves if move[0] is not None), strict=True))
        discriminator, generator = self.terms(found, training=True)
        return self.track(found, {**discriminator, **generator, **self.unpaid(), **learned})

    def draw(self, labels: Tensor) -> Tensor:
        """Random codes, as many as there are `labels`, which have no part in them."""
        count = tf.shape(labels)[0]
        noise = keras.random.uniform((count, self.noise_size), -1, 1, seed=self.noise)
        category = keras.random.randint((count,), 0, CATEGORIES, seed=self.noise)
        if self.information == "book":
            codes = keras.random.normal((count, CODES), 0, BOOK_DEVIATION, seed=self.noise)
        else:
            codes = keras.random.uniform((count, CODES), -1, 1, seed=self.noise)
        return tf.concat([noise, tf.one_hot(category, CATEGORIES), codes], 1)

    def terms(self, found: Round, training: bool) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        discriminator, generator = super().terms(found, training)
        _, category, codes = tf.split(found.codes, [self.noise_size, CATEGORIES, CODES], axis=1)
        seen = found.fake_seen
        of_category = category_cross_entropy(seen["category"], category)
        if self.information == "book":
            of_codes = book_code_loss(seen["mean"], codes)
            labels = tf.one_hot(found.labels, CATEGORIES)
            of_labels = category_cross_entropy(found.real_seen["category"], labels)
            discriminator["labels"] = self.category_weight * of_labels
        else:
            log_variance = tf.maximum(seen["log_variance"], self.least_log_variance)
            of_codes = code_surprise(seen["mean"], log_variance, codes)
        # Both players gain by it.
        shared = {
            "category": self.category_weight * of_category,
            "codes": self.code_weight * of_codes,
        }
        return {**discriminator, **shared}, {**generator, **shared}

    def penalties(self, found: Round) -> dict[str, Tensor]:
        return super().penalties(found) | self.disagreement(found)

    def disagreement(self, found: Round) -> dict[str, Tensor]:
        if not self.agreement_weight:
            return {}
        bent = self.see(bend(found.real, self.noise), found.labels, training=True)
        missing = math.log(CATEGORIES) - agreement(found.real_seen["category"], bent["category"])
        return {"disagreement": self.agreement_weight * missing}

    def concerns(self, logs: dict[str, float]) -> list[str]:
        if not int(self.discriminator_optimizer.iterations):
            return []  # nobody has played yet
        found = super().concerns(logs)
        nats = self.too_few_nats(logs)
        if nats is not None:
            then = "the training begins again" if self.restarts else "another seed may part them"
            found.append(
                f"images tell {nats:.2f} of the {math.log(CATEGORIES):.2f} nats of their category: "
                f"some categories look alike; {then}"
            )
        return found

    def too_few_nats(self, logs: dict[str, float]) -> float | None:
        """What images tell of their category, if it is too little for half of the game."""
        nats = math.log(CATEGORIES) - logs["category"] / (self.category_weight or 1)
        played = int(self.discriminator_optimizer.iterations)
        early = 2 * played < self.steps - self.alone
        return None if early or nats >= LEAST_CATEGORY_NATS else nats

    def codes(
        self,
        count: int,
        seed: int,
        labels: Labels = None,
        code1: Values = None,
        code2: Values = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The generator's input, float32 [count, noise + 12], and labels that say nothing.

        labels: the categories. What is not given is random, but the categories come in turn.
        """
        generator = np.random.default_rng(seed)
        noise = generator.uniform(-1, 1, (count, self.noise_size))
        if self.information == "book":
            codes = generator.normal(0, BOOK_DEVIATION, (count, CODES))
        else:
            codes = generator.uniform(-1, 1, (count, CODES))
        for index, given in enumerate((code1, code2)):
            if given is not None:
                codes[:, index] = given
        categories = np.arange(count) % CATEGORIES if labels is None else np.asarray(labels)
        if not ((categories >= 0) & (categories < CATEGORIES)).all():
            raise BadInput(f"category: received {labels}, must be 0 to {CATEGORIES - 1}")
        one_hot = np.eye(CATEGORIES)[np.broadcast_to(categories, (count,))]
        together = np.concatenate([noise, one_hot, codes], axis=1).astype(np.float32)
        return together, np.zeros(count, np.int32)

    def generate(
        self,
        count: int,
        seed: int,
        labels: Labels = None,
        code1: Values = None,
        code2: Values = None,
    ) -> np.ndarray:
        """Float32 [count, 28, 28, 1] in [0, 1].

        labels: categories, 0 to 9; code1, code2: trained in -1 to 1; each one for all or one an
        image. Which category is which digit, and what a code steers, is found by measuring
        (`generative.steering`).
        """
        return self.images(*self.codes(count, seed, labels, code1, code2))

    def categories(self, codes: np.ndarray) -> np.ndarray:
        """The categories in the generator's input `codes`, int [count]."""
        return codes[:, self.noise_size :][:, :CATEGORIES].argmax(axis=1)

    def told(self, codes: np.ndarray, images: np.ndarray) -> dict[str, float]:
        """Lower bounds, in nats, of what `images` tell of the `codes` that they were made of: of
        the category at most ln 10, and of both codes together; the book's heads give none of
        these."""
        read = self.read(images)
        category, given = np.split(codes[:, self.noise_size :], [CATEGORIES], axis=1)
        of_category = float(category_cross_entropy(read["category"], category))
        found = {"category_information_nats": math.log(CATEGORIES) - of_category}
        if self.information == "gaussian":
            log_variance = np.maximum(read["log_variance"], self.least_log_variance)
            surprise = float(code_surprise(read["mean"], log_variance, given))
            found["code_information_nats"] = CODES * math.log(2) - surprise
        return found

    def read(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """What is read off images [N, 28, 28, 1] in [0, 1]: "category" logits [N, 10], the codes'
        "mean" and "log_variance" [N, 2]."""
        pieces = [self(images[i : i + 1000]) for i in range(0, len(images), 1000)]
        return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def bend(images: Tensor, seed: Any) -> Tensor:
    """Images [batch, height, width, 1] each turned, slanted, stretched and moved at random, by up
    to 15 degrees, 0.3, a fifth and 3 pixels."""
    count = tf.shape(images)[0]

    def draw(reach: float) -> Tensor:
        return keras.random.uniform((count,), -reach, reach, seed=seed)

    turn, wide, high = draw(math.radians(15)), 1 + draw(0.2), 1 + draw(0.2)
    across = tf.stack([wide * tf.cos(turn), draw(0.3) - tf.sin(turn)], 1)
    down = tf.stack([tf.sin(turn), high * tf.cos(turn)], 1)
    middle = (images.shape[1] - 1) / 2
    # About the middle of the image.
    rows = [
        tf.concat([row, (middle + draw(3) - middle * tf.reduce_sum(row, 1))[:, None]], 1)
        for row in (across, down)
    ]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.concat([*rows, tf.zeros((count, 2))], 1),
        output_shape=images.shape[1:3],
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=0.0,
    )


def category_cross_entropy(logits: Tensor, category: Tensor) -> Tensor:
    """-E log Q(c | x); ln(categories) less this is a lower bound of the information I(c; x).

    logits: [batch, categories]; category: one-hot, the same shape.
    """
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(category, logits))


def code_surprise(mean: Tensor, log_variance: Tensor, codes: Tensor) -> Tensor:
    """-E log N(c; mean, exp(log_variance)), summed over the codes: [batch, codes] each.

    The entropy of the codes, ln 2 for one from U(-1, 1), less this is a lower bound of I(c; x).
    """
    squares = tf.square(codes - mean) * tf.exp(-log_variance)
    each = (math.log(2 * math.pi) + log_variance + squares) / 2
    return tf.reduce_mean(tf.reduce_sum(each, axis=1))


def book_code_loss(logits: Tensor, codes: Tensor) -> Tensor:
    """-E c log sigmoid(q), summed over the codes (Atienza, 2018, chapter 6), and no likelihood: it
    is least where sigmoid(q) is 1 for all c above 0 and 0 for the others, so an image need only
    tell the sign of its code. The sigmoid is at least 1e-7, as Keras clips it.
    """
    told = tf.math.log(tf.maximum(tf.sigmoid(logits), 1e-7))
    return -tf.reduce_mean(tf.reduce_sum(codes * told, axis=1))


def agreement(logits: Tensor, changed: Tensor) -> Tensor:
    """I(c; c') of the categories drawn for an image and for the same image changed, at most
    ln(categories): high where both agree and all categories are used (Ji et al., 2019,
    arXiv:1807.06653, equation 3). [batch, categories] both.

    Each category's logits are standardised over the batch: it starts from categories that are all
    in use, and not, as plain logits do, from a point where nothing can be told of any.
    """

    def chances(logits: Tensor) -> Tensor:
        mean, variance = tf.nn.moments(logits, axes=[0])
        return tf.nn.softmax(SHARPNESS * (logits - mean) * tf.math.rsqrt(variance + 1e-3))

    together = tf.matmul(chances(logits), chances(changed), transpose_a=True)
    together = (together + tf.transpose(together)) / 2
    joint = tf.maximum(together / tf.reduce_sum(together), 1e-12)
    alone = tf.reduce_sum(joint, axis=1, keepdims=True)
    return tf.reduce_sum(joint * (tf.math.log(joint) - tf.math.log(alone * tf.transpose(alone))))
