"""A check of VGG's features on known photographs.

It finds weights that load without an error and are wrong: another order of the colours, another
scale of the pixels, untrained layers.
"""

from importlib.resources import files
from pathlib import Path

import keras
import numpy as np
from PIL import Image, ImageOps

from generative.core.errors import BadInput

Array = np.ndarray

# Shipped with scikit-image, without loss.
PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png")
# The `distances` of published weights, by the md5 of their file.
KNOWN_DISTANCES = {"aa781aa19d1d23cb185f2837c601b8b2": (0.7464, 0.5660, 0.7155, 1.2327)}
SIDE = 128
# Relative. Blue, green and red for red, green and blue change two of the four numbers by 4 and
# 6 %, no normalisation changes them by 12 % and more, bfloat16 by 0.03 %.
TOLERANCE = 0.01


def check_features(network: keras.Model, known: tuple[float, ...], folder: Path) -> None:
    """Raise `BadInput` if the distances of the photographs are not `known`; where nothing is known,
    if they are all but equal or have nothing in common. folder: of the network, for the message."""
    found = distances(network, photographs())
    if not known:
        if not all(0.01 < distance < 1 for distance in found[:-1]):
            raise BadInput(
                f"{folder}: the network does not tell {', '.join(PHOTOGRAPHS)} apart "
                f"({', '.join(f'{distance:.3g}' for distance in found[:-1])}); make it again"
            )
    elif not np.allclose(found, known, rtol=TOLERANCE, atol=0):
        raise BadInput(
            f"{folder}: the network has {', '.join(PHOTOGRAPHS)} at the distances "
            f"{', '.join(f'{distance:.4f}' for distance in found)}, not "
            f"{', '.join(f'{distance:.4f}' for distance in known)}: the order of its colours, "
            "their scale or its weights are wrong; make it again"
        )


def photographs() -> Array:
    """float32 [3, SIDE, SIDE, 3] in [0, 1]."""
    folder = files("skimage") / "data"
    images = []
    for name in PHOTOGRAPHS:
        with (folder / name).open("rb") as file, Image.open(file) as opened:
            square = ImageOps.fit(opened.convert("RGB"), (SIDE, SIDE), Image.Resampling.BILINEAR)
            images.append(np.asarray(square, np.float32) / 255)
    return np.stack(images)


def distances(network: keras.Model, images: Array) -> list[float]:
    """The distances of each two of `images`, [N, height, width, 3] in [0, 1], by the Gram matrices
    of the first layer of each block, and last the mean of all those features.

    1 is the distance of matrices of their norms that have nothing in common.
    """
    features = network(images, training=False)
    firsts = [np.asarray(x, np.float32) for name, x in features.items() if name.endswith("_conv1")]
    flat = [x.reshape(len(x), -1, x.shape[-1]) for x in firsts]
    grams = [x.swapaxes(1, 2) @ x / x.shape[1] for x in flat]
    pairs = [(a, b) for a in range(len(images)) for b in range(a)]
    found = []
    for a, b in pairs:
        # Features that are all 0 are at the distance 0.
        squares = [
            ((g[a] - g[b]) ** 2).sum() / max((g[a] ** 2).sum() + (g[b] ** 2).sum(), 1e-30)
            for g in grams
        ]
        found.append(float(np.sqrt(np.mean(squares))))
    return [*found, float(np.mean([x.mean() for x in flat]))]
