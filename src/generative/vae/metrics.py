"""Log-likelihood of held-out images under a latent-variable model, estimated in three ways.

All are in nats an image, and all take a model that can `encode` and `decode` with Bernoulli logits
and a standard normal prior. The ELBO is below the importance-weighted estimate, which is below the
exact value; with two latent dimensions the last can be computed, and the three check each other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from rich.progress import track

from generative.core.uncertainty import standard_error
from generative.vae.base import losses
from generative.vae.base.model import encode

DECODE_BATCH = 2000
COARSEST_SPACING, FINEST_SPACING = 0.2, 0.0125
Array = np.ndarray


def elbo_terms(model: keras.Model, images: Array, samples: int, seed: int) -> tuple[Array, Array]:
    """Reconstruction (-E log p(x|z), over `samples` codes) and KL divergence, each float64 [N]."""
    mean, log_variance = encode(model, images)
    kl = tf.reduce_sum(losses.unit_gaussian_kl(mean, log_variance), axis=-1).numpy()
    noise = np.random.default_rng(seed)
    likelihood = np.zeros(len(images))
    for _ in range(samples):
        latent = mean + np.exp(0.5 * log_variance) * standard_normal(noise, mean.shape)
        for batch in _slices(len(images), DECODE_BATCH):
            logits = model.decode(latent[batch])
            likelihood[batch] += losses.bernoulli_log_likelihood(images[batch], logits).numpy()
    return -likelihood / samples, kl.astype(np.float64)


@dataclass(frozen=True)
class Proposal:
    """A Gaussian mixture for each image, from which its codes are drawn: half of the codes from
    the first component, the rest from the others in equal shares.

    mean, log_variance: float32 [N, components, latent].
    """

    mean: Array
    log_variance: Array

    def subset(self, index: Array) -> "Proposal":
        """The proposal of these images only."""
        return Proposal(self.mean[index], self.log_variance[index])


def posterior(model: keras.Model, images: Array) -> Proposal:
    """The encoder's q(z|x) and nothing else: the usual proposal (Burda et al., 2016)."""
    mean, log_variance = encode(model, images)
    return Proposal(mean[:, np.newaxis], log_variance[:, np.newaxis])


def guided_posterior(model: keras.Model, images: Array, guides: Array, count: int) -> Proposal:
    """q(z|x) and, beside it, q(z|g) of the `count` images g among `guides` that explain x best.

    An encoder puts some images far from every code that explains them, by tens of nats where the
    code is small, and sampling from q(z|x) alone never reaches those. The guides' codes are decoded
    once and scored for all images by log p(x|z) + log p(z). The mixture depends on the images but
    not on the codes drawn from it, so importance weights stay unbiased (a defensive mixture,
    Hesterberg 1995).
    """
    own = posterior(model, images)
    mean, log_variance = encode(model, guides)
    pixels = tf.constant(images.reshape(len(images), -1))
    scores = [log_joint(model, pixels, mean[g]).numpy() for g in _slices(len(mean), DECODE_BATCH)]
    best = np.argpartition(-np.concatenate(scores, axis=1), count - 1, axis=1)[:, :count]
    return Proposal(
        np.concatenate([own.mean, mean[best]], axis=1),
        np.concatenate([own.log_variance, log_variance[best]], axis=1),
    )


def importance_log_likelihood(
    model: keras.Model, images: Array, proposal: Proposal, samples: int, seed: int
) -> Array:
    """log p(x) by importance sampling, float64 [N] (Burda et al., 2016, equation 8).

    A lower bound in expectation, tighter with more `samples` and with a better `proposal`.
    """
    others = proposal.mean.shape[1] - 1
    component = np.arange(samples) % others + 1 if others else np.zeros(samples, int)
    component[: samples // 2] = 0
    shares = np.bincount(component, minlength=others + 1) / samples
    log_shares = tf.constant(np.log(np.maximum(shares, 1e-30)), tf.float32)

    @tf.function(reduce_retracing=True)
    def log_weights(batch: Any, mean: Any, log_variance: Any, chosen: Any, noise: Any) -> Any:
        """[K, images] for the codes that the components `chosen` [K] make of noise [K, images,
        latent]; mean, log_variance [images, components, latent]."""
        own_mean, own_log_variance = (
            tf.transpose(tf.gather(v, chosen, axis=1), (1, 0, 2)) for v in (mean, log_variance)
        )
        latent = own_mean + tf.exp(0.5 * own_log_variance) * noise
        flat = tf.reshape(latent, (-1, tf.shape(latent)[-1]))
        repeated = tf.tile(batch, (tf.shape(noise)[0], 1, 1, 1))
        log_p = losses.bernoulli_log_likelihood(repeated, model.decode(flat))
        log_p = tf.reshape(log_p, tf.shape(latent)[:2])
        log_prior = losses.gaussian_log_density(latent, 0.0, tf.zeros_like(latent))
        densities = losses.gaussian_log_density(latent[:, :, tf.newaxis], mean, log_variance)
        return log_p + log_prior - tf.reduce_logsumexp(densities + log_shares, axis=-1)

    at_once = min(samples, DECODE_BATCH)  # codes of one image
    noise = np.random.default_rng(seed)
    result = np.empty(len(images))
    slices = list(_slices(len(images), DECODE_BATCH // at_once))
    for batch in track(slices, f"importance sampling, {samples} samples", transient=True):
        rows = []
        for codes in _slices(samples, at_once):
            draws = standard_normal(
                noise, (codes.stop - codes.start, batch.stop - batch.start, proposal.mean.shape[-1])
            )
            mixture = (proposal.mean[batch], proposal.log_variance[batch], component[codes])
            rows.append(log_weights(images[batch], *mixture, draws))
        bound = losses.importance_weighted_bound(tf.cast(tf.concat(rows, axis=0), tf.float64))
        result[batch] = bound.numpy()
    return result


def two_level_mean(coarse: Array, fine: Array, chosen: Array) -> tuple[float, float]:
    """Mean of an expensive estimate over all images, known for the `chosen` ones only.

    The mean of the `coarse` estimate over all, corrected by the mean difference where both are
    known (two-level Monte Carlo, Giles 2008): unbiased if `chosen` is random, and exact if it is
    everything. Returns the estimate and the standard error of the correction.
    """
    correction = fine - coarse[chosen]
    error = 0.0
    if len(chosen) < len(coarse):
        error = standard_error(correction)
    return float(coarse.mean() + correction.mean()), error


def exact_log_likelihood(
    model: keras.Model, images: Array, tolerance_nats: float
) -> tuple[Array, float]:
    """log p(x) of a model with a two-dimensional code by quadrature: float64 [N], and how far its
    mean moved when the grid was last refined.

    The trapezoid rule on a square that holds the prior and every encoded image with room to spare.
    Its spacing is halved until the mean moves by less than `tolerance_nats`, or is as fine as
    `FINEST_SPACING`. A halving reuses the points there are; the decoder runs once a point, and one
    matrix product scores all images.
    """
    mean, _ = encode(model, images)
    half_width = max(5.0, float(np.abs(mean).max()) + 1.5)
    pixels = tf.constant(images.reshape(len(images), -1))

    @tf.function(reduce_retracing=True)
    def add(log_sum: Any, latent: Any) -> Any:
        """log_sum [N] with the points latent [G, 2] added."""
        new = tf.cast(tf.reduce_logsumexp(log_joint(model, pixels, latent), axis=-1), tf.float64)
        # In this order -inf, the sum over no points, meets no subtraction of infinities.
        return tf.maximum(log_sum, new) + tf.math.softplus(-tf.abs(log_sum - new))

    spacing = COARSEST_SPACING
    count = int(np.ceil(half_width / spacing))
    points = grid(count, spacing)
    log_sum = tf.fill((len(images),), tf.constant(-np.inf, tf.float64))
    previous = np.inf
    while True:
        slices = list(_slices(len(points), DECODE_BATCH))
        for batch in track(slices, f"quadrature, spacing {spacing:g}", transient=True):
            log_sum = add(log_sum, tf.constant(points[batch]))
        result = log_sum.numpy() + 2 * np.log(spacing)
        moved = abs(result.mean() - previous)
        if moved < tolerance_nats or spacing <= FINEST_SPACING:
            return result, float(moved)
        previous = result.mean()
        count, spacing = 2 * count, spacing / 2
        points = grid(count, spacing)
        # Points with two even numbers were in the grid before.
        points = points[(np.rint(points / spacing).astype(int) % 2).any(axis=1)]


def active_units(latent_mean: Array, threshold: float = 0.01) -> int:
    """Latent dimensions whose mean varies with the image (Burda et al., 2016, section 5.2)."""
    return int((latent_mean.var(axis=0) > threshold).sum())


def nearest_neighbours_agree(
    train: tuple[Array, Array], test: tuple[Array, Array], neighbours: int
) -> Array:
    """Which test codes have the label of most of their nearest training codes: bool [N]; each
    (codes, labels)."""
    from sklearn.neighbors import KNeighborsClassifier

    codes, labels = test
    agree: Array = KNeighborsClassifier(neighbours).fit(*train).predict(codes) == labels
    return agree


def standard_normal(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return generator.standard_normal(shape, dtype=np.float32)


def log_joint(model: keras.Model, pixels: Any, latent: Any) -> Any:
    """log p(x, z) in nats for every image and code at once: pixels [N, P], latent [G, L] to
    [N, G]."""
    logits = tf.reshape(model.decode(latent), (tf.shape(latent)[0], -1))
    log_prior = losses.gaussian_log_density(latent, 0.0, tf.zeros_like(latent))
    at_zero = log_prior - tf.reduce_sum(tf.nn.softplus(logits), axis=-1)
    return tf.matmul(pixels, logits, transpose_b=True) + at_zero


def grid(count: int, spacing: float) -> Array:
    """Points of a square grid round 0, float32 [(2 count + 1) ** 2, 2]."""
    axis = np.arange(-count, count + 1, dtype=np.float32) * np.float32(spacing)
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)


def _slices(count: int, size: int) -> Iterator[slice]:
    return (slice(start, min(start + size, count)) for start in range(0, count, size))
