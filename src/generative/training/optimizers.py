"""Learning rates: constant, or falling over the steps that training takes."""

from typing import Annotated, Any, Literal

import keras
from pydantic import Field

LearningRate = Annotated[float, Field(gt=0, le=1)]
Decay = Literal["none", "cosine"]


def schedule(rate: float, decay: Decay, steps: int | None) -> Any:
    """`rate`, or a cosine that falls from it to 0 in `steps`; constant where these are unknown."""
    if decay == "cosine" and steps:
        return keras.optimizers.schedules.CosineDecay(rate, steps)
    return rate
