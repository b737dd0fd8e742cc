"""How a GAN is sampled: from a moving average of its generator (Yazici et al., 2019,
arXiv:1806.04498)."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from generative.core.errors import BadInput
from generative.gan.base.layers import builtin_layer

GENERATED_BATCH = 500
# Latents from which the batch statistics of the average generator are computed.
STATISTICS_BATCHES, STATISTICS_BATCH = 10, 128

Tensor = Any
Latent = Literal["normal", "uniform", "symmetric"]
Labels = np.ndarray | Sequence[int] | int | None


class MovingAverageSampler:
    """The part of a GAN that makes images.

    generator: latents [batch, latent_size + classes], noise and a one-hot label side by side, to
        images.
    average_generator: the same network with the moving average of its weights.
    latent: the distribution of the noise: "normal", "uniform" in [0, 1) or "symmetric", in [-1, 1).
    classes: number of labels; 0 of an unconditional model.
    output_range: of the generator's images, (0, 1) for a sigmoid and (-1, 1) for tanh.
    noise: seeds everything that is drawn in training.
    options: `batch_statistics` and `snapshot_noise` of `options.Options` are used here.
    optimizer: the generator's, which counts its steps.
    """

    generator: keras.Model
    average_generator: keras.Model
    latent: Latent
    latent_size: int
    classes: int
    output_range: tuple[float, float]
    noise: keras.random.SeedGenerator
    options: Any
    optimizer: keras.optimizers.Optimizer

    def to_generator_range(self, images: Tensor) -> Tensor:
        """Images in [0, 1] in the generator's range."""
        low, high = self.output_range
        return low + (high - low) * images

    def sample_latent(self, labels: Tensor) -> Tensor:
        """Random latents for `labels` [batch]: [batch, latent_size + classes]."""
        shape = (tf.shape(labels)[0], self.latent_size)
        random = keras.random.normal if self.latent == "normal" else keras.random.uniform
        noise = random(shape, seed=self.noise)
        return self.concat_labels(2 * noise - 1 if self.latent == "symmetric" else noise, labels)

    def concat_labels(self, noise: Tensor, labels: Tensor) -> Tensor:
        """The generator's input: the noise, and of a conditional model the one-hot labels."""
        return tf.concat([noise, tf.one_hot(labels, self.classes)], 1) if self.classes else noise

    def latents(
        self, count: int, seed: int, labels: Labels = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Noise float32 [count, latent_size] and labels [count]: `labels`, or all in turn."""
        if labels is None:
            labels = np.arange(count) % max(1, self.classes)
        elif not self.classes:
            raise BadInput("labels: this model is not conditional")
        labels = np.broadcast_to(labels, (count,)) if np.ndim(labels) == 0 else np.asarray(labels)
        if labels.shape != (count,):
            raise BadInput(f"labels: received {len(labels)}, one or {count} are needed")
        if self.classes and not ((labels >= 0) & (labels < self.classes)).all():
            wrong = next(x for x in labels if not 0 <= x < self.classes)
            raise BadInput(f"labels: received {wrong}, must be 0 to {self.classes - 1}")
        generator = np.random.default_rng(seed)
        random = generator.standard_normal if self.latent == "normal" else generator.random
        noise = random((count, self.latent_size), np.float32)
        noise = 2 * noise - 1 if self.latent == "symmetric" else noise
        return noise, np.asarray(labels, np.int32)

    def generate(self, count: int, seed: int, labels: Labels = None) -> np.ndarray:
        """Float32 [count, height, width, channels] in [0, 1].

        labels: of a conditional model, one for all or one an image; without them all in turn.
        Raises `BadInput` for labels that the model does not have.
        """
        return self.images(*self.latents(count, seed, labels))

    def images(self, noise: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """The average generator's images of latents: float32 [count, ...] in [0, 1]."""
        low, high = self.output_range
        batches = [
            np.asarray(
                self.average_generator(
                    self.concat_labels(noise[batch], labels[batch]), training=False
                )
            )
            for batch in generated_batches(len(noise))
        ]
        return np.clip((np.concatenate(batches) - low) / (high - low), 0, 1)

    def snapshot(self, images: np.ndarray) -> np.ndarray:
        """Samples for one frame of the training animation: as many as `images`, of latents that are
        the same in every epoch, or follow from the number of training steps so far."""
        self.recompute_batch_statistics()
        is_new = self.options["snapshot_noise"] == "new"
        return self.generate(len(images), int(self.optimizer.iterations) if is_new else 0)

    def recompute_batch_statistics(self) -> None:
        """Compute the batch statistics of the average generator anew: those that it was left with
        are an average of other networks' statistics. Not if samples take the moving ones."""
        if self.options["batch_statistics"] == "moving":
            return
        normalizations = [
            layer
            for layer in self.average_generator._flatten_layers()
            if isinstance(layer, layers.BatchNormalization)
        ]
        momentum = [layer.momentum for layer in normalizations]
        noise, labels = self.latents(STATISTICS_BATCHES * STATISTICS_BATCH, seed=0)
        batches = np.split(np.asarray(self.concat_labels(noise, labels)), STATISTICS_BATCHES)
        for number, batch in enumerate(batches if normalizations else []):
            for layer in normalizations:
                layer.momentum = number / (number + 1)  # the plain mean of all batches
            self.average_generator(batch, training=True)
        for layer, own in zip(normalizations, momentum, strict=True):
            layer.momentum = own

    def inference_model(self) -> keras.Model:
        """The average generator with Keras' own layers only, latents to images in [0, 1]."""
        low, high = self.output_range
        scaled = layers.Rescaling(1 / (high - low), offset=-low / (high - low), dtype="float32")
        network = keras.models.clone_model(self.average_generator, clone_function=builtin_layer)
        network.set_weights(self.average_generator.get_weights())
        return keras.Model(network.inputs[0], scaled(network.outputs[0]))


def generated_batches(count: int) -> Iterator[slice]:
    """Which of `count` latents are made into images at once."""
    return (slice(start, start + GENERATED_BATCH) for start in range(0, count, GENERATED_BATCH))
