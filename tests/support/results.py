"""Records of a model that was trained on one machine or another."""

from collections.abc import Mapping
from typing import Any

from generative.results.records import Record

HERE = {"precision": "float32", "processor": "one", "threads": 1}
THERE = {**HERE, "processor": "another"}


def record(
    seed: int,
    machine: dict[str, Any] = HERE,
    model: str = "cvae",
    numbers: Mapping[str, float] | None = None,
    **metrics: Any,
) -> Record:
    """numbers: metrics whose names are no words of Python."""
    return Record(
        model=model,
        seed=seed,
        profile="default",
        commit="",
        date="2026-01-01",
        machine=machine,
        parameters={"epochs": 20},
        metrics={**(numbers or {}), **metrics},
    )
