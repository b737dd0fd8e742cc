"""The variational autoencoder of "Deep Learning with Python" (Chollet, 2017, section 8.4)."""

from typing import Any, Literal

import keras
import tensorflow as tf
from keras import layers

from generative.core.params import Count
from generative.training.losses import Term
from generative.training.optimizers import Decay, LearningRate, Optimizer, build
from generative.vae.base import losses
from generative.vae.base.model import IMAGE_SHAPE, BaseVAE, SnapshotCodes

PIXELS = 28 * 28

Tensor = Any
Objective = Literal["elbo", "chollet2017"]


class VAE(BaseVAE):
    """Encoder and decoder of Chollet (2017).

    latent_size: dimensions of the code z, whose prior is N(0, 1).
    objective: "elbo", or "chollet2017": what Chollet (2017) minimises, which is no bound of the
        likelihood. It draws codes with the standard deviation exp(v) but takes the KL divergence of
        exp(v / 2), and it weighs that by `implied_beta`.
    snapshot_codes: of the pictures of the training, "mean" or "sampled" from q(z|x).
    optimizer: in Keras' serialised form.
    learning_rate, learning_rate_decay: constant, falling to 0 along a cosine, or one of Keras'
        schedules, without a decay beside it.
    """

    precision_by_default = "float32"  # its bound is 3.6 nats lower in bfloat16 (docs/gpu.md)

    def __init__(
        self,
        *,
        latent_size: Count,
        objective: Objective,
        snapshot_codes: SnapshotCodes,
        optimizer: Optimizer,
        learning_rate: LearningRate,
        learning_rate_decay: Decay,
    ) -> None:
        encoder = keras.Sequential(
            [
                layers.Input(IMAGE_SHAPE),
                layers.Conv2D(32, 3, padding="same", activation="relu"),
                layers.Conv2D(64, 3, strides=2, padding="same", activation="relu"),
                layers.Conv2D(64, 3, padding="same", activation="relu"),
                layers.Conv2D(64, 3, padding="same", activation="relu"),
                layers.Flatten(),
                layers.Dense(32, activation="relu"),
                layers.Dense(2 * latent_size, dtype="float32"),
            ]
        )
        decoder = keras.Sequential(
            [
                layers.Input((latent_size,)),
                layers.Dense(14 * 14 * 64, activation="relu"),
                layers.Reshape((14, 14, 64)),
                layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu"),
                layers.Conv2D(1, 3, padding="same", dtype="float32"),
            ]
        )
        super().__init__(
            encoder,
            decoder,
            samples=1,
            snapshot_codes=snapshot_codes,
            terms=("reconstruction", "kl"),
        )
        self.objective = objective
        self.loss_layer = LossTerms(objective)
        self.optimizer_form = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_decay = learning_rate_decay

    def compile(self, total_steps: int | None = None) -> None:
        """A cosine needs `total_steps`, the number that training will take."""
        if self.objective == "chollet2017":
            beta = implied_beta(self.latent_size)
            print(
                f"chollet2017: the KL weight is that of beta {beta:.3f}; the objective is no ELBO"
            )
        rate, decay = self.learning_rate, self.learning_rate_decay
        super().compile(optimizer=build(self.optimizer_form, rate, decay, total_steps))

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the q(z|x) that codes are drawn from, each [batch, latent]."""
        mean, log_variance = super().encode(images)
        return (
            mean,
            2 * log_variance if self.objective == "chollet2017" else log_variance,
        )

    def loss_terms(
        self, images: Tensor, outputs: dict[str, Tensor], training: bool
    ) -> tuple[dict[str, Term], Tensor]:
        """The terms of the loss, each with its weight, and beside them the ELBO; all in nats,
        averaged over the batch."""
        mean, log_variance = outputs["mean"], outputs["log_variance"]
        values = self.loss_layer([images, outputs["logits"], mean, log_variance])
        weight = implied_beta(self.latent_size) if self.objective == "chollet2017" else 1.0
        kl = tf.reduce_sum(losses.unit_gaussian_kl(mean, log_variance), axis=-1)
        return (
            {"reconstruction": Term(values["reconstruction"]), "kl": Term(values["kl"], weight)},
            -values["reconstruction"] - tf.reduce_mean(kl),
        )


class LossTerms(layers.Layer):
    """Images, logits, mean and log variance to the values of the loss's two terms, in nats."""

    def __init__(self, objective: Objective) -> None:
        super().__init__(dtype="float32")
        self.objective = objective

    def call(self, inputs: list[Tensor]) -> dict[str, Tensor]:
        images, logits, mean, log_variance = inputs
        reconstruction = -tf.reduce_mean(losses.bernoulli_log_likelihood(images, logits))
        if self.objective == "chollet2017":
            log_variance = log_variance / 2
        kl = tf.reduce_sum(losses.unit_gaussian_kl(mean, log_variance), axis=-1)
        return {"reconstruction": reconstruction, "kl": tf.reduce_mean(kl)}


def implied_beta(latent_size: int) -> float:
    """The beta (Higgins et al., 2017) that the loss of Chollet (2017) amounts to.

    To the mean over pixels of the cross entropy it adds -5e-4 times the mean over dimensions of
    1 + v - m^2 - exp(v), which is -2 KL. 784 times that is the sum over pixels and beta times KL.
    """
    return 5e-4 * PIXELS * 2 / latent_size
