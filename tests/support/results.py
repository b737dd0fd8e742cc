"""Records of a model that was trained on one machine or another."""

from typing import Any

from generative.results.records import Record

HERE = {"precision": "float32", "processor": "one", "threads": 1}
THERE = {**HERE, "processor": "another"}


def record(
    seed: int, machine: dict[str, Any] = HERE, model: str = "cvae", **metrics: Any
) -> Record:
    return Record(
        model=model,
        seed=seed,
        profile="default",
        commit="",
        date="2026-01-01",
        machine=machine,
        parameters={"epochs": 20},
        metrics=metrics,
    )
