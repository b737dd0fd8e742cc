"""How it is measured and shown what the codes of a generator steer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from generative.core.params import Schema
from generative.core.params import Count
from generative.core.params import Seed


class EvaluateInfogan(Schema):
    """samples: generated digits that are measured. least_correlation: weaker ones steer nothing.
    places, reach: of the sweeps, so many from -reach to reach, odd so that 0 is among them.
    rows: of the picture of all digits, and sweeps of each category that are measured.
    """

    seed: Seed
    samples: Annotated[int, Field(ge=10)]
    least_correlation: Annotated[float, Field(ge=0, le=1)]
    places: Annotated[int, Field(ge=3)]
    reach: Annotated[float, Field(gt=0)]
    rows: Count

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        if self.places % 2 == 0:
            yield f"{name}.places: received {self.places}, must be odd so that 0 is among them"


class EvaluateStackedgan(Schema):
    """samples: generated digits that are measured. groups: noises z1 a digit, each with so many
    `members`, in the measurement of what z0 alone changes. columns: of the pictures."""

    seed: Seed
    samples: Annotated[int, Field(ge=10)]
    groups: Count
    members: Annotated[int, Field(ge=2)]
    columns: Annotated[int, Field(ge=2)]


class RenderInteractive(Schema):
    """places: of each slider of an InfoGAN and a StackedGAN. plane: rows of the latent plane."""

    seed: Seed
    places: Annotated[int, Field(ge=2)]
    plane: Annotated[int, Field(ge=2)]


class Repeat(Schema):
    """seeds: that `train.<key>` is trained with once more each, and measured."""

    seeds: list[Seed]

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        own = document["train"].get(name.partition(".")[2])
        if own is None:
            yield f"{name}: train has no such block"
        elif own["seed"] in self.seeds or len(set(self.seeds)) < len(self.seeds):
            yield f"{name}.seeds: received {self.seeds}, must be others than train's, each once"
