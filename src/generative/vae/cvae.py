"""Convolutional variational autoencoder (Kingma & Welling, 2014, arXiv:1312.6114)."""

from typing import Annotated, Any, Literal

import keras
import tensorflow as tf
from keras import layers
from pydantic import Field

from generative.core.params import Count, NonNegative, Weight
from generative.training import devices
from generative.training.losses import Term
from generative.training.optimizers import Decay, LearningRate, Optimizer, build
from generative.vae.base import losses
from generative.vae.base.model import IMAGE_SHAPE, BaseVAE, SnapshotCodes

Tensor = Any
Widths = Count | Annotated[list[Count], Field(min_length=2, max_length=2)]


class CVAE(BaseVAE):
    """Encoder and decoder of TensorFlow's tutorial "Convolutional Variational Autoencoder".

    width: channels of the first convolution, and of the last hidden one; the two between have twice
        as many, unless both numbers are given. 32 is the tutorial's, which proposes to try up to
        512 in each.
    batch_normalization: "none", as the tutorial advises, or "convolutions": between each hidden
        convolution and its relu.
    latent_size: dimensions of the code z, whose prior is N(0, 1).
    objective: "elbo" takes the KL divergence in closed form, "monte_carlo" from the samples (the
        tutorial's), "importance_weighted" trains the bound of Burda et al. (2016,
        arXiv:1509.00519).
    samples: codes drawn per image and step.
    beta: weight of the KL divergence (Higgins et al., 2017); 1 is the ELBO.
    kl_warm_up_steps: steps over which that weight rises from 0.
    free_bits_nats: below this KL, averaged over the batch, a dimension costs no less (Kingma et
        al., 2016, arXiv:1606.04934, appendix C).
    snapshot_codes: "mean", or "sampled" from q(z|x), as the tutorial's pictures are.
    optimizer: in Keras' serialised form.
    learning_rate, learning_rate_decay: constant, falling to 0 along a cosine, or one of Keras'
        schedules, without a decay beside it.
    """

    def __init__(
        self,
        *,
        width: Widths,
        batch_normalization: Literal["none", "convolutions"],
        latent_size: Count,
        objective: Literal["elbo", "monte_carlo", "importance_weighted"],
        samples: Count,
        beta: Weight,
        kl_warm_up_steps: NonNegative,
        free_bits_nats: Weight,
        snapshot_codes: SnapshotCodes,
        optimizer: Optimizer,
        learning_rate: LearningRate,
        learning_rate_decay: Decay,
    ) -> None:
        def hidden(layer: type[layers.Layer], channels: int, **options: Any) -> list[layers.Layer]:
            if batch_normalization == "none":
                return [layer(channels, 3, strides=2, activation="relu", **options)]
            convolution = layer(channels, 3, strides=2, use_bias=False, **options)
            return [convolution, layers.BatchNormalization(), layers.ReLU()]

        outer, inner = width if isinstance(width, list) else (width, 2 * width)
        encoder = keras.Sequential(
            [
                layers.Input(IMAGE_SHAPE),
                *hidden(layers.Conv2D, outer),
                *hidden(layers.Conv2D, inner),
                layers.Flatten(),
                layers.Dense(2 * latent_size, dtype="float32"),
            ]
        )
        decoder = keras.Sequential(
            [
                layers.Input((latent_size,)),
                layers.Dense(7 * 7 * 32, activation="relu"),
                layers.Reshape((7, 7, 32)),
                *hidden(layers.Conv2DTranspose, inner, padding="same"),
                *hidden(layers.Conv2DTranspose, outer, padding="same"),
                layers.Conv2DTranspose(1, 3, padding="same", dtype="float32"),
            ]
        )
        terms = ("bound",) if objective == "importance_weighted" else ("reconstruction", "kl")
        super().__init__(
            encoder, decoder, samples=samples, snapshot_codes=snapshot_codes, terms=terms
        )
        self.objective = objective
        self.beta = beta
        self.kl_warm_up_steps = kl_warm_up_steps
        self.free_bits_nats = free_bits_nats
        self.optimizer_form = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_decay = learning_rate_decay

    def compile(self, total_steps: int | None = None) -> None:
        """A cosine needs `total_steps`, the number that training will take."""
        rate, decay = self.learning_rate, self.learning_rate_decay
        super().compile(optimizer=build(self.optimizer_form, rate, decay, total_steps))

    def loss_terms(
        self, images: Tensor, outputs: dict[str, Tensor], training: bool
    ) -> tuple[dict[str, Term], Tensor]:
        """The terms of the loss, each with its weight, and beside them the ELBO; all in nats,
        averaged over the batch.

        Free bits and warm-up shape the training loss only: validation measures the goal.
        """
        mean, log_variance, latent = (outputs[n] for n in ("mean", "log_variance", "latent"))
        log_likelihood = losses.bernoulli_log_likelihood(images, outputs["logits"])  # [K, N]
        kl_per_dimension = tf.reduce_mean(losses.unit_gaussian_kl(mean, log_variance), axis=0)
        elbo = tf.reduce_mean(log_likelihood) - tf.reduce_sum(kl_per_dimension)
        log_prior = losses.gaussian_log_density(latent, 0.0, tf.zeros_like(latent))
        log_posterior = losses.gaussian_log_density(latent, mean, log_variance)
        if self.objective == "importance_weighted":
            log_weights = log_likelihood + log_prior - log_posterior
            bound = tf.reduce_mean(losses.importance_weighted_bound(log_weights))
            return {"bound": Term(-bound)}, elbo
        if self.objective == "monte_carlo":
            kl = tf.reduce_mean(log_posterior - log_prior)
        elif training:
            # The larger of two is of the whole batch's mean.
            of_batch = devices.whole_sum(kl_per_dimension) / devices.count()
            kl = tf.reduce_sum(tf.maximum(of_batch, self.free_bits_nats))
        else:
            kl = tf.reduce_sum(kl_per_dimension)
        weight = self.beta * (self.warm_up() if training else 1.0)
        reconstruction = -tf.reduce_mean(log_likelihood)
        return {"reconstruction": Term(reconstruction), "kl": Term(kl, weight)}, elbo

    def warm_up(self) -> Tensor:
        """The factor of the KL weight, rising from 0 to 1 over `kl_warm_up_steps`."""
        if not self.kl_warm_up_steps:
            return 1.0
        return tf.minimum(
            tf.cast(self.optimizer.iterations, tf.float32) / self.kl_warm_up_steps, 1.0
        )
