"""Generative adversarial networks: a generator and a discriminator, trained together (Goodfellow et
al., 2014, arXiv:1406.2661).

Members differ in their networks and losses; the step that trains both stands here once. Gradients
are taken with respect to each network's own list of variables, never through `.trainable`.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, Unpack

import keras
import tensorflow as tf

from generative.gan.base import losses
from generative.gan.base.augmentation import diffaugment
from generative.gan.base.layers import moving_statistics, spectrally_normalized
from generative.gan.base.options import Options, check
from generative.gan.base.sampling import Latent, MovingAverageSampler
from generative.training import devices
from generative.training.losses import Term, total, unweighted
from generative.training.optimizers import build

# A discriminator that is right this often, or samples that vary this little, bring a warning.
DOMINATION, LEAST_VARIETY = 0.98, 0.3

Tensor = Any
Outputs = dict[str, Tensor]


@dataclass(frozen=True)
class GANStep:
    """The tensors of one forward pass of both networks.

    labels: integers [batch]; latents: the generator's input [batch, latent_size + classes]; real,
    fake: images in the generator's range; real_outputs, fake_outputs: the discriminator's for them.
    """

    labels: Tensor
    latents: Tensor
    real: Tensor
    fake: Tensor
    real_outputs: Outputs
    fake_outputs: Outputs


class BaseGAN(MovingAverageSampler, keras.Model):
    """A generator and a discriminator.

    generator: latents [batch, latent_size + classes], noise and a one-hot label side by side, to
        images.
    discriminator: images, or images and one-hot labels, to {"logits": [batch, 1], ...}.
    latent: the distribution of the noise, see `MovingAverageSampler`.
    classes: number of labels; 0 of an unconditional model.
    output_range: of the generator's images, (0, 1) for a sigmoid and (-1, 1) for tanh; real images
        come in [0, 1] and are brought there.
    """

    # No loss of two networks that compete tells which epoch is best.
    has_validation_loss = False

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        latent: Latent,
        classes: int = 0,
        output_range: tuple[float, float],
        **options: Unpack[Options],
    ) -> None:
        super().__init__()
        check(options)
        if options["discriminator_normalization"] == "spectral":
            discriminator = spectrally_normalized(discriminator)
        self.generator, self.discriminator = generator, discriminator
        self.average_generator = keras.models.clone_model(generator)
        self.average_generator.set_weights(generator.get_weights())
        self.latent_size = generator.input_shape[-1] - classes
        self.image_shape = generator.output_shape[1:]
        self.latent, self.classes, self.output_range = latent, classes, output_range
        self.options = options
        self.noise = keras.random.SeedGenerator()
        self.head_start_steps = 0  # of the discriminator; known with those of the training
        self.trackers = {"gradient_norm": keras.metrics.Mean("gradient_norm")}
        self.built = True

    def compile(self, total_steps: int | None = None) -> None:
        """One optimizer a network; a cosine needs the number of steps that training will take."""
        options, steps = self.options, total_steps or 0
        self.head_start_steps = round(options["discriminator_head_start"] * steps)
        together = steps - self.head_start_steps

        self.generator_optimizer = build(
            options["generator_optimizer"],
            options["generator_learning_rate"],
            options["learning_rate_decay"],
            together // options["discriminator_steps"] * options["generator_steps"],
        )
        self.generator_optimizer.build(self.generator.trainable_variables)
        self.discriminator_optimizer = build(
            options["discriminator_optimizer"],
            options["discriminator_learning_rate"],
            options["learning_rate_decay"],
            steps + (together if options["updates"] == "separate" else 0),
        )
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)
        # Without one, Keras would keep an RMSprop that nothing uses.
        super().compile(optimizer=self.generator_optimizer)

    def fit(self, *arguments: Any, **options: Any) -> Any:
        history = super().fit(*arguments, **options)
        self.recompute_batch_statistics()
        return history

    def discriminate(self, images: Tensor, labels: Tensor, training: bool) -> Outputs:
        """The discriminator's outputs for images in the generator's range."""
        inputs: Any = images
        if len(self.discriminator.inputs) > 1:
            inputs = [images, tf.one_hot(labels, self.classes)]
        outputs: Outputs = self.discriminator(inputs, training=training)
        return outputs

    def call(self, images: Tensor) -> Outputs:
        """The discriminator's outputs for images in [0, 1], of a conditional one with label 0."""
        labels = tf.zeros(tf.shape(images)[0], tf.int32)
        return self.discriminate(self.to_generator_range(images), labels, False)

    def forward_pass(
        self,
        images: Tensor,
        labels: Tensor,
        training: bool,
        latents: Tensor | None = None,
        moving: bool = False,
    ) -> GANStep:
        """Both networks once; the generator's one pass serves the losses of both.

        latents: drawn where none are given. moving: the generator takes its moving statistics.
        """
        labels = tf.cast(labels, tf.int32)
        real = self.to_generator_range(images)
        latents = self.sample_latent(labels) if latents is None else latents
        fake = self.generator(latents, training=training and not moving)
        # Separately, so that a batch normalisation cannot tell them apart by the mixture.
        outputs = [
            self.discriminate(self.augment(x, training), labels, training) for x in (real, fake)
        ]
        return GANStep(labels, latents, real, fake, *outputs)

    def loss_terms(self, step: GANStep, training: bool) -> tuple[dict[str, Term], dict[str, Term]]:
        """The terms of the discriminator's loss, and of the generator's, each with its weight."""
        discriminator_loss, generator_loss = losses.OBJECTIVES[self.options["objective"]]
        real, fake = step.real_outputs["logits"], step.fake_outputs["logits"]
        targets = self.targets(real) if training else ()
        return {"discriminator": Term(discriminator_loss(real, fake, *targets))}, {
            "generator": Term(self.adversarial(generator_loss(fake)))
        }

    def adversarial(self, loss: Tensor) -> Tensor:
        """The generator's adversarial loss as it is minimised and reported."""
        scale = self.options["adversarial_scale"]
        return loss if scale == 1 else scale * loss  # for a factor of 1 see `Term`

    def train_step(self, data: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        options = self.options
        of_both = self.joint_step if options["updates"] == "joint" else self.alternating_step
        steps, head_start = options["discriminator_steps"], self.head_start_steps
        if steps == 1 and not head_start:
            return of_both(data)

        def is_of_both() -> Tensor:
            number = self.discriminator_optimizer.iterations - head_start
            return (number >= 0) & ((number + 1) % steps == 0)

        result: dict[str, Tensor] = devices.either(
            is_of_both, of_both, self.discriminator_step, data
        )
        return result

    def joint_step(self, data: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Train both networks, each against the other as it is before."""
        with tf.GradientTape(persistent=True) as tape:
            step = self.forward_pass(*data, training=True)
            discriminator, generator = self.loss_terms(step, training=True)
            penalties = self.penalties(step)
            # Gradients of several GPUs are added up, so each gives its share of the mean.
            discriminator_loss = total({**discriminator, **penalties}) / devices.count()
            generator_loss = total(generator) / devices.count()
        variables = self.discriminator.trainable_variables
        gradients = tape.gradient(discriminator_loss, variables)
        generator_variables = self.generator.trainable_variables
        generator_gradients = tape.gradient(generator_loss, generator_variables)
        self.discriminator_optimizer.apply(gradients, variables)
        norm = self.apply_to_generator(generator_gradients)
        terms = {**discriminator, **generator, **penalties}
        return self.track(step, {**unweighted(terms), "gradient_norm": norm})

    def alternating_step(self, data: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Train the discriminator, and then the generator: with other noise, or with the same after
        separate updates."""
        latents = None
        moving = self.options["batch_statistics"] == "moving"
        if self.options["updates"] == "separate":
            latents = self.sample_latent(tf.cast(data[1], tf.int32))
            first, _ = self.update_discriminator(data, latents, without="fake_outputs")
            step, terms = self.update_discriminator(data, latents, without="real_outputs")
            # Each half as it was before its own update.
            step = replace(step, real_outputs=first.real_outputs)
            terms = terms | self.loss_terms(step, training=True)[0]
        else:
            step, terms = self.update_discriminator(data)
        for _ in range(self.options["generator_steps"]):
            with tf.GradientTape() as tape:
                with moving_statistics(self.discriminator) if moving else nullcontext():
                    later = self.forward_pass(*data, True, latents)
                _, generator = self.loss_terms(later, training=True)
                loss = total(generator) / devices.count()
            norm = self.apply_to_generator(tape.gradient(loss, self.generator.trainable_variables))
        return self.track(step, {**unweighted({**terms, **generator}), "gradient_norm": norm})

    def discriminator_step(self, data: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Train only the discriminator; the generator's terms are only measured."""
        step, terms = self.update_discriminator(data)
        return self.track(step, {**unweighted(terms), "gradient_norm": 0.0})

    def update_discriminator(
        self, data: tuple[Tensor, Tensor], latents: Tensor | None = None, without: str = ""
    ) -> tuple[GANStep, dict[str, Term]]:
        """Train the discriminator; the forward pass and the terms of both networks before.

        without: the outputs that it does not learn from, "real_outputs" or "fake_outputs".
        """
        moving = self.options["batch_statistics"] == "moving"
        with tf.GradientTape() as tape:
            step = self.forward_pass(*data, True, latents, moving)
            if without:
                outputs = {n: tf.stop_gradient(x) for n, x in getattr(step, without).items()}
                step = replace(step, **{without: outputs})
            discriminator, generator = self.loss_terms(step, training=True)
            penalties = self.penalties(step)
            loss = total({**discriminator, **penalties}) / devices.count()
        variables = self.discriminator.trainable_variables
        self.discriminator_optimizer.apply(tape.gradient(loss, variables), variables)
        return step, {**discriminator, **generator, **penalties}

    def apply_to_generator(self, gradients: list[Tensor]) -> Tensor:
        """Train the generator, and its moving average; the norm of the gradient."""
        self.generator_optimizer.apply(gradients, self.generator.trainable_variables)
        self.update_moving_average()
        norm: Tensor = tf.linalg.global_norm(devices.whole_sum(gradients))
        return norm

    def test_step(self, data: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        step = self.forward_pass(*data, training=False)
        discriminator, generator = self.loss_terms(step, training=False)
        return self.track(step, unweighted({**discriminator, **generator}), training=False)

    def track(
        self, step: GANStep, values: dict[str, Tensor], training: bool = True
    ) -> dict[str, Tensor]:
        """The means over the epoch so far of `values` and of what every GAN is watched by."""
        # Outside of training each device has the whole of a batch.
        whole = devices.whole_batch if training else tf.identity
        real, fake = step.real_outputs["logits"], step.fake_outputs["logits"]
        values |= {
            "real_accuracy": tf.reduce_mean(tf.cast(real > 0, tf.float32)),
            "fake_accuracy": tf.reduce_mean(tf.cast(fake < 0, tf.float32)),
            "variety": losses.variety(whole(step.fake)) / losses.variety(whole(step.real)),
        }
        if self.options["objective"] == "maximum_likelihood":
            values["effective_samples"] = losses.effective_sample_size(whole(fake))
        for name, value in values.items():
            if name not in self.trackers:
                with tf.init_scope():
                    self.trackers[name] = keras.metrics.Mean(name)
            self.trackers[name].update_state(value, sample_weight=tf.shape(fake)[0])
        return {name: self.trackers[name].result() for name in values}

    def targets(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Labels of as many real images, at most 1, and of generated ones, at least 0."""
        options, shape = self.options, tf.shape(logits)
        noise = keras.random.uniform(shape, seed=self.noise)
        of_real = options["real_target"] - options["label_noise"] * noise
        if not options["fake_label_noise"]:
            return of_real, 0.0
        return of_real, options["fake_label_noise"] * keras.random.uniform(shape, seed=self.noise)

    def penalties(self, step: GANStep) -> dict[str, Term]:
        """Terms of the discriminator's loss, each with its weight: the penalties on its slope that
        the options ask for."""
        options, terms = self.options, {}

        def logits(images: Tensor) -> Tensor:
            return self.discriminate(images, step.labels, training=True)["logits"]

        if weight := options["r1_weight"]:
            terms["r1"] = Term(self.lazily(lambda: losses.r1_penalty(logits, step.real)), weight)
        if weight := options["gradient_penalty_weight"]:
            share = keras.random.uniform((tf.shape(step.real)[0], 1, 1, 1), seed=self.noise)
            # The generator does not learn from it.
            fake = tf.stop_gradient(step.fake)
            penalty = losses.gradient_penalty(logits, step.real, fake, share)
            terms["gradient_penalty"] = Term(penalty, weight)
        return terms

    def lazily(self, penalty: Callable[[], Tensor]) -> Tensor:
        """The penalty, taken in one step of `r1_every` and counted as often, so that its mean over
        an epoch is the penalty's; 0 in the others."""
        every = self.options["r1_every"]
        return tf.cond(
            self.discriminator_optimizer.iterations % every == 0,
            lambda: every * penalty(),
            lambda: 0.0,
        )

    def zero_penalties(self) -> dict[str, float]:
        """What `train_step` reports beside `loss_terms`, where neither network is trained."""
        options = self.options
        weights = {
            "r1": options["r1_weight"],
            "gradient_penalty": options["gradient_penalty_weight"],
        }
        return {"gradient_norm": 0.0} | {name: 0.0 for name, w in weights.items() if w}

    def augment(self, images: Tensor, training: bool) -> Tensor:
        if not training or self.options["augmentation"] == "none":
            return images
        return diffaugment(images, lambda shape: keras.random.uniform(shape, seed=self.noise))

    def update_moving_average(self) -> None:
        """Move the average generator a step towards the generator."""
        decay = self.options["average_decay"]
        pairs = zip(self.average_generator.variables, self.generator.variables, strict=True)
        for average, variable in pairs:
            average.assign(decay * average + (1 - decay) * variable)

    def warnings(self, logs: dict[str, float]) -> list[str]:
        """What in the metrics of an epoch shows that the training fails."""
        lines: list[str] = []
        if self.head_start_steps and not self.generator_optimizer.iterations.numpy():
            return lines
        # The sign of a critic's logit means nothing.
        has_accuracy = self.options["objective"] != "wasserstein"
        if has_accuracy and min(logs["real_accuracy"], logs["fake_accuracy"]) > DOMINATION:
            lines.append(
                f"the discriminator is right about {logs['real_accuracy']:.1%} of the real and "
                f"{logs['fake_accuracy']:.1%} of the generated images: it dominates; a lower "
                "discriminator_learning_rate, more dropout or an r1_weight hold it back"
            )
        if logs["variety"] < LEAST_VARIETY:
            lines.append(
                f"generated images vary {logs['variety']:.2f} times as much as real ones: the "
                "generator is collapsing"
            )
        return lines
