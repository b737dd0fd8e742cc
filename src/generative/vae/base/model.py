"""Variational autoencoders: an encoder, a decoder, and a bound on the likelihood (Kingma & Welling,
2014, arXiv:1312.6114)."""

from abc import abstractmethod
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from generative.training.losses import objective

IMAGE_SHAPE = (28, 28, 1)
# exp of half of these is the range of the posterior's standard deviation: 0.007 to 150.
LOG_VARIANCE_RANGE = (-10.0, 10.0)

Tensor = Any
Values = float | np.ndarray | None


class Autoencoder(keras.Model):
    """28 x 28 pixels, Bernoulli likelihood, Gaussian posterior, the prior N(0, 1).

    A model adds its networks, its `compile` and its `loss_terms`.

    encoder: images to mean and log variance, side by side: [batch, 28, 28, 1] to [batch, 2 latent].
    decoder: codes to logits: [batch, latent] to [batch, 28, 28, 1].
    samples: codes drawn per image and step.
    reach: of the codes that were seen in training; 95 % of a Gaussian's are within 2.
    terms: names of the terms of the loss.
    """

    reach = 2.0

    def __init__(
        self,
        encoder: keras.Sequential,
        decoder: keras.Sequential,
        *,
        samples: int,
        terms: tuple[str, ...],
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.samples = samples
        self.latent_size = decoder.input_shape[-1]
        self.noise = keras.random.SeedGenerator()
        self.trackers = {name: keras.metrics.Mean(name) for name in (*terms, "elbo_nats")}
        self.built = True

    @abstractmethod
    def loss_terms(
        self, images: Tensor, outputs: dict[str, Tensor], training: bool
    ) -> tuple[dict[str, Tensor], Tensor]:
        """The terms to minimise, and beside them the ELBO; all in nats, averaged over the batch."""

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
        return objective(terms, {"elbo_nats": elbo}, self.trackers, tf.shape(x)[0])

    def codes(
        self, count: int, seed: int, code1: Values = None, code2: Values = None
    ) -> tuple[np.ndarray]:
        """Codes from the prior, float32 [count, latent]; the first two may be given."""
        latent = np.random.default_rng(seed).standard_normal((count, self.latent_size))
        for place, given in enumerate((code1, code2)):
            if given is not None:
                latent[:, place] = given
        return (latent.astype(np.float32),)

    def generate(
        self, count: int, seed: int, code1: Values = None, code2: Values = None
    ) -> np.ndarray:
        """Mean images of codes from the prior: float32 [count, 28, 28, 1] in [0, 1].

        code1, code2: the first numbers of the codes, each one for all or one an image.
        """
        return self.images(*self.codes(count, seed, code1, code2))

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
