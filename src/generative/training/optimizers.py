"""Adam, at a rate that is constant or falls over the steps that training takes."""

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


def adam(
    rate: float,
    decay: Decay,
    steps: int | None,
    clip_norm: float | None = None,
    momentum: float = 0.9,
) -> keras.optimizers.Adam:
    """Adam [Kingma and Ba 2015] with `schedule`; `clip_norm` bounds the norm of all gradients."""
    return keras.optimizers.Adam(
        schedule(rate, decay, steps), beta_1=momentum, global_clipnorm=clip_norm
    )
