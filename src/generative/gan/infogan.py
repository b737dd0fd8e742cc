"""InfoGAN: a GAN whose codes can be predicted from its images (Chen et al., 2016,
arXiv:1606.03657)."""

import math
from typing import Annotated, Any, Literal, Unpack

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from pydantic import Field

from generative.core.errors import BadInput
from generative.core.params import Count, NonNegative, Weight
from generative.gan.base.augmentation import warp
from generative.gan.base.information import (
    atienza2018_code_loss,
    category_cross_entropy,
    category_mutual_information,
    gaussian_code_loss,
)
from generative.gan.base.layers import BatchNormalization, digit_features, digit_generator
from generative.gan.base.losses import label_accuracy
from generative.gan.base.options import Options, Share, refuse_separate
from generative.gan.base.sampling import Labels
from generative.gan.base.trainer import BaseGAN, GANStep, Outputs
from generative.training import devices
from generative.training.losses import Term, total, unweighted
from generative.training.optimizers import LearningRate, build

CATEGORIES = 10
# Atienza (2018) draws the codes from N(0, 0.5^2).
ATIENZA_DEVIATION = 0.5
# Less than this of the 2.3 nats that ten categories have shows that some look alike.
LEAST_CATEGORY_NATS = 1.5
PRETRAINING = {"class_name": "Adam", "config": {"beta_1": 0.5}}

Tensor = Any
Values = float | np.ndarray | None


class InfoGAN(BaseGAN):
    """The generator is given noise U(-1, 1), a category and codes; the discriminator's trunk also
    predicts the category and the codes of generated images. No label of the data is used, unless
    `information` is "atienza2018".

    architecture: "chen2016", the paper's networks for MNIST, whose widths are 64 and 1024, without
        batch normalisation in the discriminator; or "atienza2018" (Atienza, 2018, chapter 6), whose
        widths are 32, with a linear layer of 128 units before the category's head.
    noise_size: numbers of the noise. codes: of the continuous codes.
    generator_width, discriminator_width: channels of the convolutions next to the image.
    dense_width: of the dense layers of "chen2016" next to the codes.
    information: "gaussian", codes U(-1, 1) and their log density; or "atienza2018" (chapter 6),
        codes N(0, 0.5^2) of which only the sign is learned, and a category head that learns the
        labels of real images: an ACGAN with codes.
    recovery: the images that codes are predicted from: "generated"; or "all" (Atienza's), where
        the real ones hold no information on the codes that are drawn.
    category_weight, code_weight: of the two terms.
    least_log_variance: a floor under the predicted variance of the codes, without which their
        density rises without bound. A low one rewards details that only the discriminator
        perceives; the authors' program has a fixed variance of 1.
    agreement_weight: of the information that the categories of a real image, and of the same image
        warped at random, have of each other. It brings digits of one kind into one category; the
        paper has none.
    head_start, head_start_learning_rate: the first share of the steps, in which the discriminator
        is pretrained on that term alone, and the learning rate: two digits that share a category
        once the generator learns stay together.
    restarts: how often the training restarts with other weights because images hold too little
        information on their category after half of the adversarial steps. The steps gone are not
        given back.
    """

    code_range = 1.0  # of the codes in training; 95 % of Atienza's are within it
    checkpointed = ("restarts",)

    def __init__(
        self,
        *,
        architecture: Literal["chen2016", "atienza2018"],
        noise_size: Count,
        codes: Count,
        generator_width: Count,
        discriminator_width: Count,
        dense_width: Count,
        information: Literal["gaussian", "atienza2018"],
        recovery: Literal["generated", "all"],
        category_weight: Weight,
        code_weight: Weight,
        least_log_variance: Annotated[float, Field(ge=-10, le=0)],
        agreement_weight: Weight,
        head_start: Share,
        head_start_learning_rate: LearningRate,
        restarts: NonNegative,
        **options: Unpack[Options],
    ) -> None:
        refuse_separate(options)
        if head_start and not agreement_weight:
            raise BadInput(
                f"head_start: received {head_start:g}, needs an agreement_weight above 0: it is "
                "all that is learned then"
            )
        latent_size = noise_size + CATEGORIES + codes
        images = keras.Input((28, 28, 1))
        if architecture == "chen2016":
            generator = chen_generator(latent_size, generator_width, dense_width)
            logits, of_category, of_codes = chen_trunk(images, discriminator_width, dense_width)
        else:
            generator = digit_generator(latent_size, generator_width, biases=True)
            logits = digit_features(images, discriminator_width)
            of_category = of_codes = layers.Dense(128)(logits)
        outputs = {"logits": layers.Dense(1, dtype="float32", name="logits")(logits)}
        heads = [("category", CATEGORIES, of_category), ("mean", codes, of_codes)]
        if information == "gaussian":
            heads.append(("log_variance", codes, of_codes))
        for name, size, hidden in heads:
            outputs[name] = layers.Dense(size, dtype="float32", name=name)(hidden)
        super().__init__(
            generator,
            keras.Model(images, outputs, name="discriminator"),
            latent="uniform",
            output_range=(0.0, 1.0),
            **options,
        )
        self.noise_size, self.codes, self.information_loss = noise_size, codes, information
        # Numbers after the noise in the generator's input, and names of the last of them.
        self.control_size = CATEGORIES + codes
        self.code_names = tuple(f"code{number}" for number in range(1, codes + 1))
        self.recovery = recovery
        self.category_weight, self.code_weight = category_weight, code_weight
        self.least_log_variance = least_log_variance
        self.agreement_weight, self.head_start = agreement_weight, head_start
        self.head_start_learning_rate = head_start_learning_rate
        self.restarts, self.total_steps = restarts, 0

    def compile(self, total_steps: int | None = None) -> None:
        self.total_steps = total_steps or 0
        self.pretrain_steps = round(self.head_start * self.total_steps)
        super().compile(total_steps)
        self.pretrain_optimizer = build(PRETRAINING, self.head_start_learning_rate)
        self.pretrain_optimizer.build(self.discriminator.trainable_variables)
        self.optimizers = (
            self.pretrain_optimizer,
            self.discriminator_optimizer,
            self.generator_optimizer,
        )
        self.initial_states = [[v.numpy() for v in o.variables] for o in self.optimizers]

    def epoch_callbacks(self) -> list[keras.callbacks.Callback]:
        """What `training.fit` calls for this model after each epoch."""
        return [keras.callbacks.LambdaCallback(on_epoch_end=self.restart_if_uninformative)]

    def restart_if_uninformative(self, epoch: int, logs: dict[str, float]) -> None:
        """Take other weights if images hold too few nats of their category, while restarts last."""
        if not self.restarts or self.too_few_nats(logs) is None:
            return
        self.restarts -= 1
        for network in (self.generator, self.discriminator):
            network.set_weights(keras.models.clone_model(network).get_weights())
        self.average_generator.set_weights(self.generator.get_weights())
        for optimizer, values in zip(self.optimizers, self.initial_states, strict=True):
            for variable, value in zip(optimizer.variables, values, strict=True):
                variable.assign(value)

    def train_step(self, data: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        adversarial_step = super().train_step
        if not self.pretrain_steps:
            return adversarial_step(data)
        return devices.either(
            lambda: self.pretrain_optimizer.iterations < self.pretrain_steps,
            self.pretrain_step,
            adversarial_step,
            data,
        )

    def pretrain_step(self, data: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Train only the discriminator's categories; the adversarial terms are only measured."""
        with tf.GradientTape() as tape:
            step = self.forward_pass(*data, training=True)
            terms = self.disagreement(step)
            loss = total(terms) / devices.count()
        variables = self.discriminator.trainable_variables
        pairs = zip(tape.gradient(loss, variables), variables, strict=True)
        # The other heads get no gradient.
        self.pretrain_optimizer.apply(*zip(*(p for p in pairs if p[0] is not None), strict=True))
        discriminator, generator = self.loss_terms(step, training=True)
        measured = unweighted({**discriminator, **generator})
        return self.track(step, {**measured, **self.zero_penalties(), **unweighted(terms)})

    def sample_latent(self, labels: Tensor) -> Tensor:
        """Random noise, categories and codes, as many as there are `labels`, which are not used."""
        count = tf.shape(labels)[0]
        noise = keras.random.uniform((count, self.noise_size), -1, 1, seed=self.noise)
        category = keras.random.randint((count,), 0, CATEGORIES, seed=self.noise)
        codes = self.random_codes(count)
        return tf.concat([noise, tf.one_hot(category, CATEGORIES), codes], 1)

    def random_codes(self, count: Tensor) -> Tensor:
        """[count, codes]"""
        if self.information_loss == "atienza2018":
            return keras.random.normal((count, self.codes), 0, ATIENZA_DEVIATION, seed=self.noise)
        return keras.random.uniform((count, self.codes), -1, 1, seed=self.noise)

    def loss_terms(self, step: GANStep, training: bool) -> tuple[dict[str, Term], dict[str, Term]]:
        discriminator, generator = super().loss_terms(step, training)
        _, category, codes = tf.split(
            step.latents, [self.noise_size, CATEGORIES, self.codes], axis=1
        )
        outputs = step.fake_outputs
        category_loss = category_cross_entropy(outputs["category"], category)
        if self.information_loss == "atienza2018":
            labels = tf.one_hot(step.labels, CATEGORIES)
            label_loss = category_cross_entropy(step.real_outputs["category"], labels)
            discriminator["labels"] = Term(label_loss, self.category_weight)
        if self.recovery == "all":
            others = self.random_codes(tf.shape(codes)[0])
            real_loss = self.code_loss(step.real_outputs, others)
            discriminator["real_codes"] = Term(real_loss, self.code_weight)
        # Both networks minimise them.
        shared = {
            "category": Term(category_loss, self.category_weight),
            "codes": Term(self.code_loss(outputs, codes), self.code_weight),
        }
        return {**discriminator, **shared}, {**generator, **shared}

    def drawn(self, step: GANStep) -> tuple[Tensor, Tensor]:
        """The categories, one-hot, and the codes that images were generated from."""
        parts = [self.noise_size, CATEGORIES, self.codes]
        _, category, codes = tf.split(step.latents, parts, axis=1)
        return category, codes

    def code_loss(self, outputs: Outputs, codes: Tensor) -> Tensor:
        """How badly the discriminator's outputs predict `codes` [batch, codes]."""
        if self.information_loss == "atienza2018":
            return atienza2018_code_loss(outputs["mean"], codes)
        log_variance = tf.maximum(outputs["log_variance"], self.least_log_variance)
        return gaussian_code_loss(outputs["mean"], log_variance, codes)

    def track(
        self, step: GANStep, values: dict[str, Tensor], training: bool = True
    ) -> dict[str, Tensor]:
        category, _ = self.drawn(step)
        accuracies = {
            "category_accuracy": label_accuracy(
                step.fake_outputs["category"], tf.argmax(category, axis=1)
            )
        }
        if self.information_loss == "atienza2018":
            found = label_accuracy(step.real_outputs["category"], step.labels)
            accuracies["label_accuracy"] = found
        return super().track(step, {**values, **accuracies}, training)

    def penalties(self, step: GANStep) -> dict[str, Term]:
        return super().penalties(step) | self.disagreement(step)

    def disagreement(self, step: GANStep) -> dict[str, Term]:
        """A term with its weight: what the categories of real images and of the same images warped
        lack of ln 10 nats of mutual information; nothing without a weight."""
        if not self.agreement_weight:
            return {}
        warped = self.discriminate(warp(step.real, self.noise), step.labels, training=True)
        categories = step.real_outputs["category"], warped["category"]
        agreement = category_mutual_information(*map(devices.whole_batch, categories))
        return {"disagreement": Term(math.log(CATEGORIES) - agreement, self.agreement_weight)}

    def warnings(self, logs: dict[str, float]) -> list[str]:
        if not self.discriminator_optimizer.iterations.numpy():
            return []  # still pretraining
        lines = super().warnings(logs)
        nats = self.too_few_nats(logs)
        if nats is not None:
            then = "the training restarts" if self.restarts else "another seed may part them"
            lines.append(
                f"images hold {nats:.2f} of the {math.log(CATEGORIES):.2f} nats of their category: "
                f"some categories look alike; {then}"
            )
        return lines

    def too_few_nats(self, logs: dict[str, float]) -> float | None:
        """The nats that images hold of their category, if these are too few after half of the
        adversarial steps; else None, and where nothing teaches the category."""
        if not self.category_weight:
            return None
        nats = math.log(CATEGORIES) - logs["category"]
        steps = self.discriminator_optimizer.iterations.numpy()
        early = 2 * steps < self.total_steps - self.pretrain_steps
        return None if early or nats >= LEAST_CATEGORY_NATS else nats

    def latents(
        self,
        count: int,
        seed: int,
        labels: Labels = None,
        **codes_by_name: Values,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The generator's input, float32 [count, noise_size + 10 + codes], and labels that mean
        nothing.

        labels: the categories; code1, ...: see `generate`. What is not given is random, but the
        categories come in turn.
        """
        generator = np.random.default_rng(seed)
        noise = generator.uniform(-1, 1, (count, self.noise_size))
        if self.information_loss == "atienza2018":
            codes = generator.normal(0, ATIENZA_DEVIATION, (count, self.codes))
        else:
            codes = generator.uniform(-1, 1, (count, self.codes))
        for name, values in codes_by_name.items():
            if values is not None:
                codes[:, self.code_names.index(name)] = values
        categories = np.arange(count) % CATEGORIES if labels is None else np.asarray(labels)
        if not ((categories >= 0) & (categories < CATEGORIES)).all():
            raise BadInput(f"category: received {labels}, must be 0 to {CATEGORIES - 1}")
        one_hot = np.eye(CATEGORIES)[np.broadcast_to(categories, (count,))]
        latents = np.concatenate([noise, one_hot, codes], axis=1).astype(np.float32)
        return latents, np.zeros(count, np.int32)

    def generate(
        self,
        count: int,
        seed: int,
        labels: Labels = None,
        **codes_by_name: Values,
    ) -> np.ndarray:
        """Float32 [count, 28, 28, 1] in [0, 1].

        labels: categories, 0 to 9; code1, code2, ...: trained in -1 to 1; each one for all or one
        an image. Which category is which digit, and what a code controls, must be measured.
        """
        return self.images(*self.latents(count, seed, labels, **codes_by_name))

    def categories(self, latents: np.ndarray) -> np.ndarray:
        """The categories in the generator's input, int [count]."""
        return latents[:, self.noise_size :][:, :CATEGORIES].argmax(axis=1)

    def predict_codes(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Predictions from images [N, 28, 28, 1] in [0, 1]: "category" logits [N, 10], the codes'
        "mean" and, of "gaussian" information, "log_variance" [N, codes]."""
        batches = [self(images[i : i + 1000]) for i in range(0, len(images), 1000)]
        return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}

    def information(self, latents: np.ndarray, images: np.ndarray) -> dict[str, float]:
        """Lower bounds, in nats, of the information that `images` hold of the `latents` that they
        were made from: of the category at most ln 10; and of all codes together, unless the code
        heads are Atienza's, which give no density."""
        predicted = self.predict_codes(images)
        category, codes = np.split(latents[:, self.noise_size :], [CATEGORIES], axis=1)
        category_loss = float(category_cross_entropy(predicted["category"], category))
        nats = {"category_information_nats": math.log(CATEGORIES) - category_loss}
        if self.information_loss == "gaussian":
            code_loss = float(self.code_loss(predicted, codes))
            nats["code_information_nats"] = self.codes * math.log(2) - code_loss
        return nats


def chen_generator(latent_size: int, width: int, dense_width: int) -> keras.Model:
    """Latents [batch, latent_size] to images [batch, 28, 28, 1] in (0, 1)."""
    network = keras.Sequential([layers.Input((latent_size,))], name="generator")
    for units in (dense_width, 7 * 7 * 2 * width):
        network.add(layers.Dense(units, use_bias=False))
        network.add(BatchNormalization())
        network.add(layers.ReLU())
    doubling = {"strides": 2, "padding": "same"}
    for layer in (
        layers.Reshape((7, 7, 2 * width)),
        layers.Conv2DTranspose(width, 4, use_bias=False, **doubling),
        BatchNormalization(),
        layers.ReLU(),
        layers.Conv2DTranspose(1, 4, dtype="float32", **doubling),
        layers.Activation("sigmoid", dtype="float32"),
    ):
        network.add(layer)
    return network


def chen_trunk(images: Tensor, width: int, dense_width: int) -> tuple[Tensor, Tensor, Tensor]:
    """The features of images that the heads of the logit, the category and the codes are given."""
    x = images
    for channels in (width, 2 * width):
        x = layers.Conv2D(channels, 4, strides=2, padding="same")(x)
        x = layers.LeakyReLU(0.1)(x)
    x = layers.LeakyReLU(0.1)(layers.Dense(dense_width)(layers.Flatten()(x)))
    hidden = layers.LeakyReLU(0.1)(layers.Dense(128)(x))
    return x, hidden, hidden
