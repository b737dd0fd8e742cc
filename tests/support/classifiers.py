"""Classifiers as params.yaml builds them, and small ones."""

from typing import Any

import keras

from generative.core import members, params

# The parameters of each, as params.yaml builds it.
PARAMETERS = {
    "sequential": 225_034,
    "functional": 225_034,
    "inception": 52_378,
    "residual": 304_346,
    "separable": 36_554,
}
SMALL: dict[str, dict[str, Any]] = {
    "sequential": {"width": 2, "units": 6},
    "functional": {"width": 2, "units": 6},
    "inception": {"width": 2, "blocks": 1},
    "residual": {"width": 2, "stages": 1, "identities": 1},
    "separable": {"width": 2, "pairs": 1},
}


def arguments(name: str) -> dict[str, Any]:
    """What params.yaml builds the classifier `name` with."""
    model: dict[str, Any] = params.section(f"train.{name}", params.read_document())["model"]
    return model


def build_classifier(name: str, **changes: Any) -> Any:
    """The untrained classifier `name`, always the same."""
    keras.utils.set_random_seed(1)
    return members.network(f"classifiers/{name}")(**{**arguments(name), **changes})
