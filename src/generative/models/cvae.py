"""Convolutional variational autoencoder (Kingma & Welling, 2014, arXiv:1312.6114)."""

from typing import Annotated, Any, Literal

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from pydantic import Field

from generative import losses

IMAGE_SHAPE = (28, 28, 1)
# exp of half of these is the range of the posterior's standard deviation: 0.007 to 150.
LOG_VARIANCE_RANGE = (-10.0, 10.0)

Tensor = Any
NonNegative = Annotated[float, Field(ge=0)]


class CVAE(keras.Model):
    """Encoder and decoder of the TensorFlow tutorial: 28 x 28 pixels, Bernoulli likelihood.

    latent_size: dimensions of the code z, whose prior is N(0, 1).
    objective: "elbo" takes the KL divergence in closed form, "monte_carlo" from the samples (the
        tutorial's), "importance_weighted" trains the bound of Burda et al. (2016,
        arXiv:1509.00519).
    samples: codes drawn per image and step.
    beta: weight of the KL divergence (Higgins et al., 2017); 1 is the ELBO.
    kl_warm_up_steps: steps over which that weight rises from 0.
    free_bits_nats: no dimension is pressed below this KL, averaged over the batch (Kingma et al.,
        2016, arXiv:1606.04934, appendix C).
    learning_rate, learning_rate_decay: Adam's, constant or falling to 0 along a cosine.
    """

    def __init__(
        self,
        *,
        latent_size: Annotated[int, Field(ge=1)],
        objective: Literal["elbo", "monte_carlo", "importance_weighted"],
        samples: Annotated[int, Field(ge=1)],
        beta: NonNegative,
        kl_warm_up_steps: Annotated[int, Field(ge=0)],
        free_bits_nats: NonNegative,
        learning_rate: Annotated[float, Field(gt=0, le=1)],
        learning_rate_decay: Literal["none", "cosine"],
    ) -> None:
        super().__init__()
        self.latent_size = latent_size
        self.objective = objective
        self.samples = samples
        self.beta = beta
        self.kl_warm_up_steps = kl_warm_up_steps
        self.free_bits_nats = free_bits_nats
        self.learning_rate = learning_rate
        self.learning_rate_decay = learning_rate_decay
        self.encoder = keras.Sequential(
            [
                layers.Input(IMAGE_SHAPE),
                layers.Conv2D(32, 3, strides=2, activation="relu"),
                layers.Conv2D(64, 3, strides=2, activation="relu"),
                layers.Flatten(),
                layers.Dense(2 * latent_size, dtype="float32"),
            ]
        )
        self.decoder = keras.Sequential(
            [
                layers.Input((latent_size,)),
                layers.Dense(7 * 7 * 32, activation="relu"),
                layers.Reshape((7, 7, 32)),
                layers.Conv2DTranspose(64, 3, strides=2, padding="same", activation="relu"),
                layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu"),
                layers.Conv2DTranspose(1, 3, padding="same", dtype="float32"),
            ]
        )
        self.noise = keras.random.SeedGenerator()
        names = ("bound",) if objective == "importance_weighted" else ("reconstruction", "kl")
        self.trackers = {name: keras.metrics.Mean(name) for name in (*names, "elbo_nats")}
        self.built = True

    def compile(self, steps: int | None = None) -> None:
        """Adam; a cosine needs the number of `steps` that training will take."""
        rate: Any = self.learning_rate
        if self.learning_rate_decay == "cosine" and steps:
            rate = keras.optimizers.schedules.CosineDecay(self.learning_rate, steps)
        super().compile(optimizer=keras.optimizers.Adam(rate))

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of q(z|x), each [batch, latent]; images [batch, 28, 28, 1]."""
        mean, log_variance = tf.split(self.encoder(images), 2, axis=-1)
        return mean, tf.clip_by_value(log_variance, *LOG_VARIANCE_RANGE)

    def decode(self, latent: Tensor) -> Tensor:
        """Logits of p(x|z), [batch, 28, 28, 1]; latent [batch, latent]."""
        return self.decoder(latent)

    def call(self, images: Tensor) -> dict[str, Tensor]:
        mean, log_variance = self.encode(images)
        shape = (self.samples, tf.shape(images)[0], self.latent_size)
        noise = keras.random.normal(shape, seed=self.noise)
        latent = mean + tf.exp(0.5 * log_variance) * noise
        logits = self.decode(tf.reshape(latent, (-1, self.latent_size)))
        logits = tf.reshape(logits, (self.samples, -1, *IMAGE_SHAPE))
        return {"mean": mean, "log_variance": log_variance, "latent": latent, "logits": logits}

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Any = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        terms, elbo = self.loss_terms(x, y_pred, training)
        for name, value in {**terms, "elbo_nats": elbo}.items():
            self.trackers[name].update_state(value, sample_weight=tf.shape(x)[0])
        # Gradients of several GPUs are added up, so each gives its share of the mean.
        return losses.total(terms) / tf.distribute.get_strategy().num_replicas_in_sync

    def loss_terms(
        self, images: Tensor, outputs: dict[str, Tensor], training: bool
    ) -> tuple[dict[str, Tensor], Tensor]:
        """The terms to minimise, and beside them the ELBO; all in nats, averaged over the batch.

        Free bits and warm-up shape the training loss only: validation measures the goal.
        """
        mean, log_variance, latent = (outputs[k] for k in ("mean", "log_variance", "latent"))
        log_likelihood = losses.bernoulli_log_likelihood(images, outputs["logits"])  # [K, batch]
        kl_per_dimension = tf.reduce_mean(losses.unit_gaussian_kl(mean, log_variance), axis=0)
        elbo = tf.reduce_mean(log_likelihood) - tf.reduce_sum(kl_per_dimension)
        log_prior = losses.gaussian_log_density(latent, 0.0, tf.zeros_like(latent))
        log_posterior = losses.gaussian_log_density(latent, mean, log_variance)
        if self.objective == "importance_weighted":
            log_weights = log_likelihood + log_prior - log_posterior
            return {"bound": -tf.reduce_mean(losses.importance_weighted_bound(log_weights))}, elbo
        if self.objective == "monte_carlo":
            kl = tf.reduce_mean(log_posterior - log_prior)
        elif training:
            kl = tf.reduce_sum(tf.maximum(kl_per_dimension, self.free_bits_nats))
        else:
            kl = tf.reduce_sum(kl_per_dimension)
        weight = self.beta * (self.warm_up() if training else 1.0)
        return {"reconstruction": -tf.reduce_mean(log_likelihood), "kl": weight * kl}, elbo

    def warm_up(self) -> Tensor:
        """The share of the KL weight that is in force, rising from 0 to 1."""
        if not self.kl_warm_up_steps:
            return 1.0
        return tf.minimum(
            tf.cast(self.optimizer.iterations, tf.float32) / self.kl_warm_up_steps, 1.0
        )

    def generate(self, count: int, seed: int) -> np.ndarray:
        """Mean images of `count` codes from the prior: float32 [count, 28, 28, 1] in [0, 1]."""
        latent = np.random.default_rng(seed).standard_normal((count, self.latent_size))
        return self.images(latent.astype(np.float32))

    def images(self, latent: np.ndarray) -> np.ndarray:
        """Mean images of the codes [count, latent]: float32 [count, 28, 28, 1] in [0, 1]."""
        pieces = [latent[start : start + 1000] for start in range(0, len(latent), 1000)]
        return np.concatenate([tf.sigmoid(self.decode(piece)).numpy() for piece in pieces])

    def snapshot(self, images: np.ndarray) -> np.ndarray:
        """What a frame of the training film shows: `images` through the bottleneck, same shape."""
        return self.images(self.encode(images)[0].numpy())

    def inference_model(self) -> keras.Model:
        """The decoder as a graph of stock layers, codes [batch, latent] to images in [0, 1]."""
        return keras.Sequential(
            [layers.Input((self.latent_size,)), *self.decoder.layers, layers.Activation("sigmoid")]
        )
