"""Classifiers as params.yaml builds them, what its options make of them, and small ones."""

from typing import Any, NamedTuple

import keras

from generative.core import members
from tests.support.training import SECTIONS


class Variant(NamedTuple):
    """A network, the arguments that params.yaml has not, the width of its features and its
    parameters."""

    network: str
    changes: dict[str, Any]
    features: int
    parameters: int


DENSE = {"architecture": "dense", "units": 32}
CHOLLET = {"architecture": "chollet2017"}
VARIANTS = {
    "sequential": Variant("sequential", {}, 128, 225_034),
    "functional": Variant("functional", {}, 128, 225_034),
    "inception": Variant("inception", {}, 128, 52_378),
    "residual": Variant("residual", {}, 128, 304_346),
    "separable": Variant("separable", {}, 128, 36_554),
    "application": Variant("application", {}, 1024, 3_239_114),
    # Counted by hand from the book's listings, with a dense layer of ten logits behind them.
    "dense": Variant("sequential", DENSE, 32, 784 * 32 + 32 + 32 * 32 + 32 + 330),
    "dense_functional": Variant("functional", DENSE, 32, 784 * 32 + 32 + 32 * 32 + 32 + 330),
    "dense_of_64": Variant(
        "sequential", {**DENSE, "side": 8}, 32, 64 * 32 + 32 + 32 * 32 + 32 + 330
    ),
    "dense_of_64_functional": Variant(
        "functional", {**DENSE, "side": 8}, 32, 64 * 32 + 32 + 32 * 32 + 32 + 330
    ),
    "normalized": Variant(
        "sequential", {"batch_normalization": "after"}, 128, 225_034 + 4 * (32 + 64 + 128)
    ),
    "normalized_functional": Variant(
        "functional", {"batch_normalization": "after"}, 128, 225_034 + 4 * (32 + 64 + 128)
    ),
    "inception_chollet": Variant(
        "inception",
        {**CHOLLET, "width": 128, "blocks": 1},
        512,
        3 * 256 + 1280 + 3 * 147_584 + 5130,  # 1x1 and 3x3 of the image, 3x3 of 128 channels
    ),
    "residual_chollet": Variant(
        "residual",
        {**CHOLLET, "width": 64, "stages": 1, "identities": 1},
        128,
        576 + 8320 + 73_856 + (1 + 3) * 147_584 + 1290,  # stem, shortcut, 3x3 of 64 and of 128
    ),
    "separable_chollet": Variant(
        "separable",
        {**CHOLLET, "width": 32, "pairs": 3},
        32,
        155 + 2400 + 4736 + 8896 + 9408 + 8896 + 4128 + 330,
    ),
}
SMALL: dict[str, dict[str, Any]] = {
    "sequential": {"width": 2, "units": 6},
    "functional": {"width": 2, "units": 6},
    "inception": {"width": 2, "blocks": 1},
    "residual": {"width": 2, "stages": 1, "identities": 1},
    "separable": {"width": 2, "pairs": 1},
}


def arguments(name: str) -> dict[str, Any]:
    """What params.yaml, or tiny.yaml, builds the classifier `name` with."""
    model: dict[str, Any] = SECTIONS[name]["model"]
    return model


def build_classifier(name: str, **changes: Any) -> Any:
    """The untrained classifier `name`, always the same."""
    keras.utils.set_random_seed(1)
    return members.network(f"classifiers/{name}")(**{**arguments(name), **changes})
