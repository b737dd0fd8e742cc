"""Several classifiers called on one image, their probabilities averaged: a model made of models."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from generative.classifiers.base.classifier import outputs_of

# Probabilities below this count as this in the fit of the weights: log 0 would be the end of it.
LEAST_PROBABILITY = 1e-7

Tensor = Any
Array = np.ndarray


class Ensemble(keras.Model):
    """p(digit | image) = sum_k w_k p_k(digit | image), and one member's standardised features.

    members: name to {"network": ..., "arguments": ...}; each is a classifier.
    features: the member whose features count.
    """

    def __init__(self, *, members: dict[str, dict[str, Any]], features: str) -> None:
        parts = {
            name: members.network(member["network"])(**member["arguments"])
            for name, member in parts.items()
        }
        images = keras.Input(next(iter(parts.values())).input_shape[1:], name="images")
        outputs = {name: part(images) for name, part in parts.items()}
        softened = [
            layers.Softmax(name=f"{name}_probabilities")(output["logits"])
            for name, output in outputs.items()
        ]
        average = WeightedAverage(name="probabilities")
        standard = Standardise(name="standard_features")
        super().__init__(
            images,
            {
                "probabilities": average(softened),
                "features": standard(outputs[features]["features"]),
            },
        )
        self.parts, self.seen_by = parts, parts[features]
        self.average, self.standard = average, standard

    def fit_to(self, train: Array, validation: tuple[Array, Array]) -> None:
        """Fit the weights on `validation` (images, labels), the features' scale on `train`."""
        images, labels = validation
        members = [member.probabilities(images) for member in self.parts.values()]
        self.average.shares.assign(mixture_weights(np.stack(members), labels))
        raw = self.seen_by.outputs_of(train)["features"]
        deviation = raw.std(axis=0)
        # A feature that never varies stays at 0.
        self.standard.mean.assign(raw.mean(axis=0))
        self.standard.deviation.assign(np.where(deviation > 0, deviation, 1))

    def outputs_of(self, images: Array) -> dict[str, Array]:
        """Both outputs for float32 `images` [N, 28, 28, 1] in [0, 1]."""
        return outputs_of(self, images)

    def probabilities(self, images: Array) -> Array:
        """p(digit | image): float32 [N, 10]."""
        return self.outputs_of(images)["probabilities"]

    def features(self, images: Array) -> Array:
        """Features with mean 0 and deviation 1 over the training digits: float32 [N, width]."""
        # The other members have no part in these.
        raw = self.seen_by.outputs_of(images)["features"]
        return self.standard(raw).numpy()


class WeightedAverage(layers.Layer):
    """The sum of its inputs, each times its share."""

    def build(self, shapes: list[Any]) -> None:
        even = keras.initializers.Constant(1 / len(shapes))
        self.shares = self.add_weight(shape=(len(shapes),), initializer=even, trainable=False)

    def call(self, inputs: list[Tensor]) -> Tensor:
        return tf.tensordot(self.shares, tf.stack(inputs), axes=1)


class Standardise(layers.Layer):
    """(x - mean) / deviation, feature by feature."""

    def build(self, shape: Any) -> None:
        self.mean = self.add_weight(shape=shape[-1:], initializer="zeros", trainable=False)
        self.deviation = self.add_weight(shape=shape[-1:], initializer="ones", trainable=False)

    def call(self, inputs: Tensor) -> Tensor:
        return (inputs - self.mean) / self.deviation


def mixture_weights(probabilities: Array, labels: Array, rounds: int = 1000) -> Array:
    """Shares, positive and summing to 1, that make the labels most probable: float64 [members].

    probabilities: [members, N, classes]. Expectation maximisation of a mixture whose components are
    fixed: the likelihood is concave in the shares and rises with every round.
    """
    of_label = probabilities[:, np.arange(len(labels)), labels].astype(np.float64)
    of_label = np.maximum(of_label, LEAST_PROBABILITY)
    shares = np.full(len(of_label), 1 / len(of_label))
    for _ in range(rounds):
        responsibility = shares[:, np.newaxis] * of_label
        shares = (responsibility / responsibility.sum(axis=0)).mean(axis=1)
    return shares
