"""Classifiers of digits: a network makes features of an image, a dense layer logits of these."""

import math
from typing import Annotated, Any, TypedDict, Unpack

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from pydantic import Field

from generative.classifiers.base import losses
from generative.training.augmentation import RandomShift
from generative.training.losses import Term, objective
from generative.training.optimizers import Decay, LearningRate, Optimizer, build

SIDE, CLASSES = 28, 10
BATCH = 1000

Tensor = Any
Fraction = Annotated[float, Field(ge=0, lt=1)]


class Options(TypedDict):
    """The arguments of every classifier besides those of its network.

    shift_pixels, blur_pixels: how far images are moved and blurred at random in training.
    dropout: share of the features that are dropped in training.
    label_smoothing: share of each label spread over all classes in training.
    optimizer: in Keras' serialised form.
    learning_rate, learning_rate_decay: constant, falling to 0 along a cosine, or one of Keras'
        schedules, without a decay beside it.
    """

    shift_pixels: Annotated[int, Field(ge=0, lt=SIDE)]
    blur_pixels: Annotated[float, Field(ge=0, le=4)]
    dropout: Fraction
    label_smoothing: Fraction
    optimizer: Optimizer
    learning_rate: LearningRate
    learning_rate_decay: Decay


class Classifier(keras.Model):
    """A functional model with two outputs: `features` [batch, width] and `logits` [batch, 10].

    images, features: the input and output of the network, as `augmented_images` begins it.
    """

    def __init__(self, images: Tensor, features: Tensor, **options: Unpack[Options]) -> None:
        # Float32 from here on: softmax and distances between features need it.
        features = layers.Activation("linear", dtype="float32", name="features")(features)
        dropped = layers.Dropout(options["dropout"], name="dropout")(features)
        logits = layers.Dense(CLASSES, dtype="float32", name="logits")(dropped)
        super().__init__(images, {"features": features, "logits": logits})
        self.options = options
        self.trackers = {name: keras.metrics.Mean(name) for name in ("cross_entropy", "accuracy")}

    def compile(self, total_steps: int | None = None) -> None:
        """A cosine needs `total_steps`, the number that training will take."""
        options = self.options
        rate, decay = options["learning_rate"], options["learning_rate_decay"]
        super().compile(optimizer=build(options["optimizer"], rate, decay, total_steps))

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Any = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        """The cross entropy of the labels `y` in nats, averaged over the batch."""
        logits = y_pred["logits"]
        smoothing = self.options["label_smoothing"] if training else 0.0
        entropy = tf.reduce_mean(losses.cross_entropy(y, logits, smoothing))
        right = tf.equal(tf.argmax(logits, axis=-1), tf.cast(y, tf.int64))
        accuracy = tf.reduce_mean(tf.cast(right, tf.float32))
        terms = {"cross_entropy": Term(entropy)}
        return objective(terms, {"accuracy": accuracy}, self.trackers, tf.shape(y)[0])

    def outputs_of(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Features and logits of float32 `images` [N, 28, 28, 1] in [0, 1], by name."""
        outputs: dict[str, np.ndarray] = outputs_of(self, images)
        return outputs

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """p(digit | image): float32 [N, 10]."""
        return tf.nn.softmax(self.outputs_of(images)["logits"]).numpy()

    @property
    def unaugmented(self) -> Tensor:
        """The symbolic images behind the augmentations, where inference begins."""
        ahead = [layer for layer in self.layers if isinstance(layer, AUGMENTATIONS)]
        return ahead[-1].output

    def inference_model(self) -> keras.Model:
        """The network of built-in layers from images to probabilities.

        It begins behind the augmentations, which Keras applies where `training` is not given.
        """
        return keras.Model(self.unaugmented, layers.Softmax()(self.output["logits"]))


# What `augmented_images` makes: the layers ahead of a network.
AUGMENTATIONS = (layers.InputLayer, RandomShift, layers.RandomGaussianBlur)


def augmented_images(options: Options) -> tuple[Tensor, Tensor]:
    """The input of a network, and the same changed at random in training.

    Moved by up to `shift_pixels`; half of the images blurred by a Gaussian whose deviation is up to
    `blur_pixels`. Generated digits are often blurred, and a network that was trained without takes
    all of these for an 8.
    """
    images = x = keras.Input((SIDE, SIDE, 1), name="images")
    if options["shift_pixels"]:
        x = RandomShift(options["shift_pixels"], dtype="float32")(x)
    if deviation := options["blur_pixels"]:
        size = 2 * math.ceil(2 * deviation) + 1
        x = layers.RandomGaussianBlur(
            kernel_size=size, sigma=(0.0, deviation), value_range=(0, 1), dtype="float32"
        )(x)
    return images, x


def resized(x: Tensor, side: int) -> Tensor:
    """Images [batch, side, side, 1]; those that have that size as they are."""
    if x.shape[1] == side:
        return x
    # By default it says `training=True` to the layers behind it, where nobody says what it is.
    return layers.Resizing(side, side, name="resized")(x, training=False)


def outputs_of(network: keras.Model, images: np.ndarray) -> Any:
    """What `network` makes of any number of images, batch by batch: an array [N, ...], or arrays by
    name."""
    batches = (images[i : i + BATCH] for i in range(0, len(images), BATCH))
    outputs = [network(batch, training=False) for batch in batches]
    return keras.tree.map_structure(lambda *parts: np.concatenate(parts), *outputs)
