"""VGG's convolutions, trained on photographs: what content and style are measured in.

Simonyan and Zisserman, 2015, arXiv:1409.1556. The weights come in two ways: as torchvision trained
them, for red, green and blue in [0, 1] less a mean and over a deviation; and as Caffe did, for
blue, green and red in [0, 255] less a mean. Both become one kind of network here, which takes red,
green and blue in [0, 1], on disk as `network.json` and `network.weights.h5`.
"""

import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
from keras import layers
from PIL import Image, ImageOps

from generative.core.errors import BadInput
from generative.core.errors import unknown
from generative.core.folders import write_json
from generative.image_quality.features import DEVIATION
from generative.image_quality.features import MEAN
from generative.datasets.readers.pickled import read_arrays

Array = np.ndarray
Convolutions = list[tuple[Array, Array]]


@dataclass(frozen=True)
class Kind:
    """The number of convolutions in each block, what is taken from the red, green and blue of a
    picture in [0, 1] and what they are then divided by."""

    convolutions: tuple[int, ...]
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]

    def layers(self) -> list[str]:
        """block1_conv1, block1_conv2, block2_conv1, ..."""
        return [
            f"block{block}_conv{i}"
            for block, count in enumerate(self.convolutions, start=1)
            for i in range(1, count + 1)
        ]


KINDS = {
    "vgg16": Kind((2, 2, 3, 3, 3), MEAN, DEVIATION),
    "vgg19": Kind(
        (2, 2, 4, 4, 4), (123.68 / 255, 116.779 / 255, 103.939 / 255), (1 / 255, 1 / 255, 1 / 255)
    ),
}
# Shipped with scikit-image, without loss.
PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png")
# The `distances` of published weights, by the md5 of their file.
KNOWN = {"aa781aa19d1d23cb185f2837c601b8b2": (0.7464, 0.5660, 0.7155, 1.2327)}
SIDE = 128
# Of a known distance. Blue, green and red for red, green and blue change two of the four by 4 and
# 6 %, no normalisation changes them by 12 % and more, bfloat16 by 0.03 %.
TOLERANCE = 0.01


def load(folder: Path, precision: str = "float32") -> keras.Model:
    """The network in `folder`, checked: images [N, height, width, 3] in [0, 1] to a dict of the
    features of every layer, [N, height / 2^(block - 1), width / 2^(block - 1), channels], after
    the ReLU. `precision`: "float32" or "bfloat16", of the convolutions.

    Raises `BadInput` if there is none, or if it does not see photographs as it should.
    """
    card, weights = folder / "network.json", folder / "network.weights.h5"
    try:
        content = json.loads(card.read_text(encoding="utf-8"))
        network = build(content["kind"], content["channels"], precision)
        network.load_weights(weights)
    except FileNotFoundError:
        raise BadInput(
            f"{folder} holds no network; run dvc repro convert, or generative fetch vgg19 {folder}"
        ) from None
    except (ValueError, KeyError, TypeError, OSError) as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise BadInput(f"{folder} is damaged ({first}); make it again") from None
    check(network, KNOWN.get(content["md5"], ()), folder)
    return network


def build(kind: str, channels: list[int], precision: str = "float32") -> keras.Model:
    """An untrained network with so many channels in each of its convolutions."""
    if kind not in KINDS:
        raise unknown("network", kind, KINDS)
    described = KINDS[kind]
    policy = "mixed_bfloat16" if precision == "bfloat16" else "float32"
    images = keras.Input((None, None, 3), name="images")
    x = layers.Normalization(
        mean=described.mean, variance=np.square(described.deviation), dtype="float32"
    )(images)
    features: dict[str, Any] = {}
    for name, width in zip(described.layers(), channels, strict=True):
        if name.endswith("_conv1") and features:
            x = layers.MaxPooling2D(2, dtype=policy)(x)
        x = layers.Conv2D(width, 3, padding="same", activation="relu", name=name, dtype=policy)(x)
        features[name] = x
    network = keras.Model(images, features, name=kind)
    network.trainable = False
    return network


# --- what weights come as ----------------------------------------------------------------------


def convert_pickle(file: Path, folder: Path) -> None:
    """Write VGG16 into `folder`, from a pickle of arrays, in torchvision's convention.

    Raises `BadInput` if it holds anything else.
    """
    found: Any = read_arrays(file).get("VGG16_0")
    names = KINDS["vgg16"].layers()
    if not isinstance(found, dict) or set(found) != {f"Conv_{i}" for i in range(len(names))}:
        raise BadInput(f"{file} has no VGG16_0 of {len(names)} convolutions: it is not VGG16")
    inside = [found[f"Conv_{i}"] for i in range(len(names))]
    convolutions = [
        (layer.get("kernel"), layer.get("bias")) if isinstance(layer, dict) else (None, None)
        for layer in inside
    ]
    write("vgg16", convolutions, file, folder)


def convert_keras(file: Path, folder: Path) -> None:
    """Write VGG19 into `folder`, from the HDF5 file of Keras' applications, in Caffe's convention.

    Raises `BadInput` if it does not hold VGG19's convolutions.
    """
    convolutions: list[Any] = []
    with h5py.File(file) as opened:
        for name in KINDS["vgg19"].layers():
            arrays: list[Any] = [None, None]
            if name in opened:
                group = opened[name]
                arrays = [np.asarray(group[weight]) for weight in group.attrs["weight_names"]]
            convolutions.append(arrays)
    if convolutions[0][0] is not None:
        # Blue, green and red become red, green and blue; the scale of the pixels is in `Kind`.
        convolutions[0][0] = convolutions[0][0][:, :, ::-1]
    write("vgg19", convolutions, file, folder)


def write(kind: str, convolutions: list[Any], file: Path, folder: Path) -> None:
    """Check the shapes of what was found in `file`, and write the network into `folder`."""
    names, before = KINDS[kind].layers(), 3
    for name, (kernel, bias) in zip(names, convolutions, strict=True):
        shapes = tuple(getattr(array, "shape", None) for array in (kernel, bias))
        if not shapes[0] or shapes[0][:-1] != (3, 3, before) or shapes[1] != shapes[0][-1:]:
            raise BadInput(
                f"{file}: the kernel and bias of {name} have the shapes {shapes[0]} and "
                f"{shapes[1]}, not {(3, 3, before, 'n')} and ('n',); fetch it again"
            )
        before = len(bias)
    channels = [len(bias) for _, bias in convolutions]
    network = build(kind, channels)
    for name, arrays in zip(names, convolutions, strict=True):
        network.get_layer(name).set_weights(arrays)
    md5 = hashlib.md5(file.read_bytes()).hexdigest()
    write_json(folder / "network.json", {"kind": kind, "channels": channels, "md5": md5})
    network.save_weights(folder / "network.weights.h5")


# --- the check ---------------------------------------------------------------------------------


def check(network: keras.Model, known: tuple[float, ...], folder: Path) -> None:
    """Raise `BadInput` if the network sees the photographs otherwise than `known` says; of weights
    of which nothing is known, if it does not tell the photographs apart."""
    seen = distances(network, photographs())
    if not known:
        if not all(0.01 < distance < 1 for distance in seen[:-1]):
            raise BadInput(
                f"{folder}: the network tells {', '.join(PHOTOGRAPHS)} not apart "
                f"({', '.join(f'{distance:.3g}' for distance in seen[:-1])}); make it again"
            )
    elif not np.allclose(seen, known, rtol=TOLERANCE, atol=0):
        raise BadInput(
            f"{folder}: the network sees {', '.join(PHOTOGRAPHS)} at the distances "
            f"{', '.join(f'{distance:.4f}' for distance in seen)}, not "
            f"{', '.join(f'{distance:.4f}' for distance in known)}: the order of its colours, "
            "their scale or its weights are wrong; make it again"
        )


def photographs() -> Array:
    """float32 [3, SIDE, SIDE, 3] in [0, 1]."""
    folder = files("skimage") / "data"
    found = []
    for name in PHOTOGRAPHS:
        with (folder / name).open("rb") as file, Image.open(file) as opened:
            square = ImageOps.fit(opened.convert("RGB"), (SIDE, SIDE), Image.Resampling.BILINEAR)
            found.append(np.asarray(square, np.float32) / 255)
    return np.stack(found)


def distances(network: keras.Model, images: Array) -> list[float]:
    """How far apart the network sees each two of `images`, [N, height, width, 3] in [0, 1].

    By the Gram matrices of the first layer of each block: 1 is as far as matrices of their length
    that have nothing in common. The last number is the mean of all features.
    """
    seen = network(images, training=False)
    firsts = [np.asarray(x, np.float32) for name, x in seen.items() if name.endswith("_conv1")]
    flat = [x.reshape(len(x), -1, x.shape[-1]) for x in firsts]
    grams = [x.swapaxes(1, 2) @ x / x.shape[1] for x in flat]
    pairs = [(a, b) for a in range(len(images)) for b in range(a)]
    apart = []
    for a, b in pairs:
        # A network that sees nothing sees no distance.
        squares = [
            ((g[a] - g[b]) ** 2).sum() / max((g[a] ** 2).sum() + (g[b] ** 2).sum(), 1e-30)
            for g in grams
        ]
        apart.append(float(np.sqrt(np.mean(squares))))
    return [*apart, float(np.mean([x.mean() for x in flat]))]
