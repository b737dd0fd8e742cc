"""Optimizers in Keras' serialised form."""

from typing import Any

SGD: dict[str, Any] = {"class_name": "SGD", "config": {}}


def clipped(norm: float) -> dict[str, Any]:
    """Adam whose gradients have this norm at most."""
    return {"class_name": "Adam", "config": {"global_clipnorm": norm}}
