"""Variational autoencoders: an encoder, a decoder, and a bound on the likelihood (Kingma & Welling,
2014, arXiv:1312.6114)."""

from abc import abstractmethod
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from generative.training.losses import Term, objective

IMAGE_SHAPE = (28, 28, 1)
# exp of half of these is the range of the posterior's standard deviation: 0.007 to 150.
LOG_VARIANCE_RANGE = (-10.0, 10.0)
ENCODE_BATCH = 2000
DECODE_BATCH = 1000

Tensor = Any
Values = float | np.ndarray | None
SnapshotCodes = Literal["mean", "sampled"]


class BaseVAE(keras.Model):
    """28 x 28 pixels, Bernoulli likelihood, Gaussian posterior, the prior N(0, 1).

    A model adds its networks, its `compile` and its `loss_terms`.

    encoder: images to mean and log variance, side by side: [batch, 28, 28, 1] to [batch, 2 latent].
    decoder: codes to logits: [batch, latent] to [batch, 28, 28, 1].
    samples: codes drawn per image and step.
    snapshot_codes: of the images in `snapshot`: the mean of q(z|x), or one drawn from it.
    terms: names of the terms of the loss.
    code_range: codes from -code_range to code_range are likely: 95 % of a Gaussian's are within 2.
    """

    code_range = 2.0

    def __init__(
        self,
        encoder: keras.Sequential,
        decoder: keras.Sequential,
        *,
        samples: int,
        snapshot_codes: SnapshotCodes,
        terms: tuple[str, ...],
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.samples = samples
        self.snapshot_codes = snapshot_codes
        self.latent_size = decoder.input_shape[-1]
        self.noise = keras.random.SeedGenerator()
        self.trackers = {name: keras.metrics.Mean(name) for name in (*terms, "elbo_nats")}
        self.built = True

    @abstractmethod
    def loss_terms(
        self, images: Tensor, outputs: dict[str, Tensor], training: bool
    ) -> tuple[dict[str, Term], Tensor]:
        """The terms of the loss, each with its weight, and beside them the ELBO; all in nats,
        averaged over the batch."""

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of q(z|x), each [batch, latent]; images [batch, 28, 28, 1]."""
        mean, log_variance = tf.split(self.encoder(images), 2, axis=-1)
        return mean, tf.clip_by_value(log_variance, *LOG_VARIANCE_RANGE)

    def decode(self, latent: Tensor) -> Tensor:
        """Logits of p(x|z), [batch, 28, 28, 1]; latent [batch, latent]."""
        return self.decoder(latent)

    def call(self, images: Tensor, training: bool = False) -> dict[str, Tensor]:
        """Posterior, codes and logits of `images` [batch, 28, 28, 1]: mean, log_variance [batch,
        latent], latent [samples, batch, latent], logits [samples, batch, 28, 28, 1].

        training: Keras hands it down to the layers.
        """
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
        """The weighted sum of `loss_terms` of the images `x`; the labels `y` have no part in it."""
        terms, elbo = self.loss_terms(x, y_pred, training)
        return objective(terms, {"elbo_nats": elbo}, self.trackers, tf.shape(x)[0])

    @property
    def code_names(self) -> tuple[str, ...]:
        """What `latents` calls the first numbers of a code."""
        return ("code1", "code2")[: self.latent_size]

    def latents(
        self, count: int, seed: int, code1: Values = None, code2: Values = None
    ) -> tuple[np.ndarray]:
        """Codes from the prior, float32 [count, latent].

        code1, code2: the first numbers of the codes, each one for all or one an image.
        """
        latent = np.random.default_rng(seed).standard_normal((count, self.latent_size))
        for dimension, code in enumerate((code1, code2)):
            if code is not None:
                latent[:, dimension] = code
        return (latent.astype(np.float32),)

    def images(self, latent: np.ndarray) -> np.ndarray:
        """Mean images of the codes [count, latent]: float32 [count, 28, 28, 1] in [0, 1]."""
        batches = [latent[i : i + DECODE_BATCH] for i in range(0, len(latent), DECODE_BATCH)]
        return np.concatenate([tf.sigmoid(self.decode(batch)).numpy() for batch in batches])

    def generate(
        self, count: int, seed: int, code1: Values = None, code2: Values = None
    ) -> np.ndarray:
        """Mean images of codes from the prior: float32 [count, 28, 28, 1] in [0, 1].

        code1, code2: as in `latents`.
        """
        return self.images(*self.latents(count, seed, code1, code2))

    def snapshot(self, images: np.ndarray) -> np.ndarray:
        """A frame of the training animation: reconstructions of `images`, shaped as these.

        Codes that are drawn follow from the number of training steps so far.
        """
        mean, log_variance = (values.numpy() for values in self.encode(images))
        if self.snapshot_codes == "mean":
            return self.images(mean)
        generator = np.random.default_rng(int(self.optimizer.iterations))
        noise = generator.standard_normal(mean.shape, np.float32)
        return self.images(mean + np.exp(log_variance / 2) * noise)

    def inference_model(self) -> keras.Model:
        """The decoder of built-in layers, codes [batch, latent] to images in [0, 1]."""
        return keras.Sequential(
            [layers.Input((self.latent_size,)), *self.decoder.layers, layers.Activation("sigmoid")]
        )


def encode(model: BaseVAE, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and log variance of q(z|x) for any number of images: float32 [N, latent] each."""
    starts = range(0, len(images), ENCODE_BATCH)
    parts = [model.encode(tf.constant(images[i : i + ENCODE_BATCH])) for i in starts]
    mean, log_variance = zip(*parts, strict=True)
    return np.concatenate(mean), np.concatenate(log_variance)
