"""A search over hyperparameters: `tune.<key>`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from generative.training.schema import Train
from generative.core.errors import unknown
from generative.core.params import Schema
from generative.core.params import Count
from generative.core.params import Seed
from generative.core.params import check
from generative.core.params import read
from generative.core.params import signature
from generative.core import members


class Dimension(Schema):
    """One hyperparameter's range: `choices`, or numbers from `low` to `high`."""

    choices: Annotated[list[Any], Field(min_length=1)] | None = None
    low: float | int | None = None
    high: float | int | None = None
    scale: Literal["linear", "log"] = "linear"

    def ends(self) -> list[Any]:
        """Values that must be allowed if all between them are to be."""
        return list(self.choices) if self.choices else [self.low, self.high]

    def mistakes(self, name: str) -> Iterator[str]:
        if self.choices:
            if (self.low, self.high) != (None, None):
                yield f"{name}: has choices and a range, keep one of them"
        elif self.low is None or self.high is None:
            yield f"{name}: needs choices, or low and high"
        elif self.low >= self.high:
            yield f"{name}: low {self.low} must be below high {self.high}"
        elif self.scale == "log" and self.low <= 0:
            yield f"{name}: low {self.low} must be above 0 on a log scale"


class Tune(Schema):
    """A search over arguments of one network's block `train.<key>`."""

    trials: Annotated[int, Field(ge=2)]  # one has no importance
    workers: Count
    epochs: Count
    train_count: Count
    seed: Seed
    space: Annotated[dict[str, Dimension], Field(min_length=1)]

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        key = name.partition(".")[2]
        if key not in document.get("train", {}):
            yield f"{name}: {unknown('block of train', key, document.get('train', {}))}"
        base = read(f"train.{key}", Train, path)
        schema = signature(members.network(base.network).__init__)
        for argument, values in self.space.items():
            where = f"{name}.space.{argument}"
            if argument not in schema.model_fields:
                yield f"{where}: {unknown('argument', argument, schema.model_fields)}"
            yield from values.mistakes(where)
            for end in values.ends():
                tried = check(path, f"{name}.space", schema, {**base.model, argument: end})
                whole = isinstance(values.low, int) and isinstance(values.high, int)
                if whole and isinstance(getattr(tried, argument), float):
                    yield f"{where}: {values.low} to {values.high} are whole numbers; write .0"
        if base.family != "classification":
            yield f"{name}: searches are for classifiers, train.{key} is {base.family}"
        if self.train_count < base.batch_size:
            yield f"{name}.train_count: received {self.train_count}, less than one batch"
