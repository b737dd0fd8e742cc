"""Feature extractors: networks from images to numbers whose distances mean something.

`load` gives the one that a folder holds. Metrics by two extractors do not compare: each has an
identity, which is recorded with all that is measured by it.
"""

import hashlib
from pathlib import Path
from typing import Protocol, runtime_checkable

import keras
import numpy as np

from generative.core.errors import BadInput, first_line
from generative.core.folders import whole
from generative.image_quality import alexnet

ALEXNET = "alexnet.ckpt"
JUDGE = ("digits.json", "digits.weights.h5", "features.json", "features.weights.h5")
# Images that go through a network together: more take memory and are no faster.
DIGITS_BATCH, ALEXNET_BATCH = 1000, 100

Array = np.ndarray


class FeatureExtractor(Protocol):
    """A network from images to features, for any number of images."""

    identity: str  # equal only if the features are

    def features(self, images: Array) -> Array:
        """float32 [N, D] of float32 `images` [N, height, width, channels] in [0, 1]."""


@runtime_checkable
class DigitExtractor(FeatureExtractor, Protocol):
    """A feature extractor that also names digits."""

    def probabilities(self, images: Array) -> Array:
        """p(digit | image), float32 [N, 10]."""


def load(folder: Path) -> FeatureExtractor:
    """The feature extractor in `folder`: of a judge of digits, or AlexNet's.

    Raises `BadInput` if there is none, or if it is damaged.
    """
    if (folder / ALEXNET).exists():
        return AlexNetFeatures(folder / ALEXNET)
    if any((folder / name).exists() for name in JUDGE):
        return DigitFeatures(folder)
    raise BadInput(f"{folder} holds neither a judge of digits nor {ALEXNET}; run dvc repro")


def predict_digits(extractor: FeatureExtractor, images: Array) -> Array:
    """The most probable digit of each image, int [N].

    Raises `BadInput` if the extractor names no digits.
    """
    if not isinstance(extractor, DigitExtractor):
        raise BadInput(
            f"the feature extractor {extractor.identity} names no digits; use a judge of digits"
        )
    return np.asarray(extractor.probabilities(images).argmax(axis=1))


class DigitFeatures:
    """A judge of digits: one network that names them, and one that gives features.

    folder: holds both as Keras' JSON of built-in layers, and their weights. Raises `BadInput` if
    a file is missing or damaged.
    """

    def __init__(self, folder: Path) -> None:
        for name in JUDGE:
            whole(folder / name, "dvc checkout")
        self.digits_network, self.features_network = (
            _read_network(folder, name) for name in ("digits", "features")
        )
        digest = hashlib.md5()
        for name in JUDGE:
            digest.update((folder / name).read_bytes())
        self.identity = digest.hexdigest()[:12]

    def features(self, images: Array) -> Array:
        """float32 [N, D] of float32 `images` [N, 28, 28, 1] in [0, 1]."""
        return _in_batches(self.features_network, images, DIGITS_BATCH)

    def probabilities(self, images: Array) -> Array:
        """p(digit | image), float32 [N, 10], of the same."""
        return _in_batches(self.digits_network, images, DIGITS_BATCH)


class AlexNetFeatures:
    """AlexNet's features of any colour image, wherever in it things are: 64 + 192 + 256.

    file: `alexnet.ckpt`. Raises `BadInput` if it does not hold AlexNet's convolutions.

    Layers differ in scale, so at every place of the image a layer's channels are divided by their
    length, as LPIPS does; as they are, a plain image is as near to the training set as a real one.
    No data set has a part in it: numbers of any two are in one unit. Then they are averaged over
    the image, and scaled so that x.y / D, in the kernel distance's (x.y / D + 1)^3, is at most 1.
    """

    def __init__(self, file: Path) -> None:
        self.network = alexnet.build(alexnet.read_convolutions(file))
        self.identity = alexnet.identity(file)

    def features(self, images: Array) -> Array:
        """float32 [N, 512], at least 0, of float32 images [N, height, width, 3 or 1] in [0, 1]."""
        if images.ndim == 4 and images.shape[-1] == 1:
            images = np.repeat(images, 3, axis=-1)  # grey as a colour
        if images.ndim != 4 or images.shape[-1] != 3 or not len(images):
            raise BadInput(
                f"images of the shape {images.shape} were received; one or more in red, green and "
                "blue, or grey, are needed: (count, height, width, 3 or 1)"
            )
        return _in_batches(self.network, images, ALEXNET_BATCH)


def _read_network(folder: Path, name: str) -> keras.Model:
    """The network that `<name>.json` and `<name>.weights.h5` describe."""
    try:
        text = (folder / f"{name}.json").read_text(encoding="utf-8")
        network = keras.models.model_from_json(text)
        network.load_weights(folder / f"{name}.weights.h5")
    except Exception as error:  # Keras' and HDF5's own
        raise BadInput(
            f"{folder}/{name}.json and its weights make no network ({first_line(error)})"
        ) from None
    return network


def _in_batches(network: keras.Model, images: Array, size: int) -> Array:
    batches = (images[start : start + size] for start in range(0, len(images), size))
    return np.concatenate([network(batch, training=False).numpy() for batch in batches])
