"""A search over hyperparameters: the section `tune.<key>`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from generative.core import members
from generative.core.errors import unknown
from generative.core.params import (
    Count,
    Different,
    OfModel,
    Schema,
    Seed,
    check,
    read_section,
    signature,
)
from generative.training.schema import Train


class Dimension(Schema):
    """The values that one argument may take: `choices`, or numbers from `low` to `high`."""

    choices: Annotated[list[Any], Field(min_length=1), Different] | None = None
    low: float | int | None = None
    high: float | int | None = None
    scale: Literal["linear", "log"] = "linear"

    def extremes(self) -> list[Any]:
        """Values that must be allowed if all between them are to be."""
        return list(self.choices) if self.choices else [self.low, self.high]

    def mistakes(self, name: str) -> Iterator[str]:
        """What is wrong with it, a line each; `name` is its place in params.yaml."""
        if self.choices:
            if (self.low, self.high) != (None, None):
                yield f"{name}: has choices and a range, keep one of them"
        elif self.low is None or self.high is None:
            yield f"{name}: needs choices, or low and high"
        elif self.low >= self.high:
            yield f"{name}: low {self.low} must be below high {self.high}"
        elif self.scale == "log" and self.low <= 0:
            yield f"{name}: low {self.low} must be above 0 on a log scale"


class Tune(OfModel):
    """A search over arguments of the network of `train.<key>`.

    network: that of `train.<key>`, for dvc.yaml. trials: trainings in all. workers: processes at
    once. epochs: of each trial. train_count: training examples in such an epoch. space: the values
    to try, by argument.
    """

    network: str
    trials: Annotated[int, Field(ge=2)]  # one has no importance
    workers: Count
    epochs: Count
    train_count: Count
    seed: Seed
    space: Annotated[dict[str, Dimension], Field(min_length=1)]

    @field_validator("space")
    @classmethod
    def sort(cls, space: dict[str, Dimension]) -> dict[str, Dimension]:
        """In one order: it decides what a trial tries, and DVC does not see it change."""
        return dict(sorted(space.items()))

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        yield from super().contradictions(name, document, path)
        key = name.partition(".")[2]
        base = read_section(f"train.{key}", Train, document, path)
        schema = signature(members.network(base.network).__init__)
        for argument, dimension in self.space.items():
            where = f"{name}.space.{argument}"
            if argument not in schema.model_fields:
                yield f"{where}: {unknown('argument', argument, schema.model_fields)}"
            yield from dimension.mistakes(where)
            for value in dimension.extremes():
                checked = check(f"{name}.space", schema, {**base.model, argument: value}, path)
                integers = isinstance(dimension.low, int) and isinstance(dimension.high, int)
                if integers and isinstance(getattr(checked, argument), float):
                    yield (
                        f"{where}: {dimension.low} to {dimension.high} are whole numbers; write .0"
                    )
        if base.family != "classifiers":
            yield f"{name}: searches are for classifiers, train.{key} is of {base.family}"
        if self.train_count < base.batch_size:
            yield f"{name}.train_count: received {self.train_count}, less than one batch"
