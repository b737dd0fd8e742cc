"""Classifiers of digits: a topology makes features of an image, one layer reads them."""

import math
from typing import Annotated, Any, TypedDict, Unpack

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from pydantic import Field

from generative.classifiers.base import losses as classification
from generative.training.losses import objective
from generative.training.optimizers import Decay, LearningRate, schedule

SIDE, CLASSES = 28, 10
PIECE = 1000

Tensor = Any
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]


class Options(TypedDict):
    """What every classifier is given besides its topology.

    shift_pixels, blur_pixels: how far images are moved and blurred at random in training.
    dropout: share of the features that are dropped in training.
    label_smoothing: share of each label spread over all classes in training.
    learning_rate, learning_rate_decay: Adam's, constant or falling to 0 along a cosine.
    """

    shift_pixels: Annotated[int, Field(ge=0, lt=SIDE)]
    blur_pixels: Annotated[float, Field(ge=0, le=4)]
    dropout: Share
    label_smoothing: Share
    learning_rate: LearningRate
    learning_rate_decay: Decay


class Classifier(keras.Model):
    """A functional model with two outputs: `features` [batch, width] and `logits` [batch, 10].

    images, features: the ends of the topology's own graph.
    """

    def __init__(self, images: Tensor, features: Tensor, **options: Unpack[Options]) -> None:
        # Float32 from here on: softmax and distances between features need it.
        features = layers.Activation("linear", dtype="float32", name="features")(features)
        kept = layers.Dropout(options["dropout"], name="dropout")(features)
        logits = layers.Dense(CLASSES, dtype="float32", name="logits")(kept)
        super().__init__(images, {"features": features, "logits": logits})
        self.options = options
        self.trackers = {name: keras.metrics.Mean(name) for name in ("cross_entropy", "accuracy")}

    def compile(self, steps: int | None = None) -> None:
        """Adam; a cosine needs the number of `steps` that training will take."""
        rate = schedule(self.options["learning_rate"], self.options["learning_rate_decay"], steps)
        super().compile(optimizer=keras.optimizers.Adam(rate))

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Any = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        logits = y_pred["logits"]
        smoothing = self.options["label_smoothing"] if training else 0.0
        entropy = tf.reduce_mean(classification.cross_entropy(y, logits, smoothing))
        right = tf.equal(tf.argmax(logits, axis=-1), tf.cast(y, tf.int64))
        accuracy = tf.reduce_mean(tf.cast(right, tf.float32))
        terms = {"cross_entropy": entropy}
        return objective(terms, {"accuracy": accuracy}, self.trackers, tf.shape(y)[0])

    def outputs_of(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Both outputs for float32 `images` [N, 28, 28, 1] in [0, 1]."""
        return outputs_of(self, images)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """p(digit | image): float32 [N, 10]."""
        return tf.nn.softmax(self.outputs_of(images)["logits"]).numpy()

    def inference_model(self) -> keras.Model:
        """The graph of stock layers from images to probabilities.

        It begins behind the augmentations, which Keras applies unless it is told not to.
        """
        start = next(layer for layer in reversed(self.layers) if isinstance(layer, AUGMENTATIONS))
        return keras.Model(start.output, layers.Softmax()(self.output["logits"]))


def outputs_of(network: keras.Model, images: np.ndarray) -> dict[str, np.ndarray]:
    """The named outputs of a network for any number of images, which it sees in pieces."""
    pieces = [network(images[i : i + PIECE], training=False) for i in range(0, len(images), PIECE)]
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


AUGMENTATIONS = (layers.InputLayer, layers.RandomTranslation, layers.RandomGaussianBlur)


def augmented_images(options: Options) -> tuple[Tensor, Tensor]:
    """The input of a topology, and the same changed at random in training.

    Moved by up to `shift_pixels`; half of the images blurred by a Gaussian whose deviation is up to
    `blur_pixels`. Generated digits are often blurred, and a judge that has seen none such takes
    them all for an 8.
    """
    images = x = keras.Input((SIDE, SIDE, 1), name="images")
    if options["shift_pixels"]:
        factor = options["shift_pixels"] / SIDE
        x = layers.RandomTranslation(
            factor, factor, fill_mode="constant", interpolation="nearest", dtype="float32"
        )(x)
    if widest := options["blur_pixels"]:
        size = 2 * math.ceil(2 * widest) + 1
        x = layers.RandomGaussianBlur(
            kernel_size=size, sigma=(0.0, widest), value_range=(0, 1), dtype="float32"
        )(x)
    return images, x
