"""How text models are measured and shown."""

from typing import Annotated

from pydantic import Field

from generative.core.params import Schema
from generative.core.params import Count
from generative.core.params import Seed

Temperature = Annotated[float, Field(ge=0, le=10)]


class EvaluateText(Schema):
    """How much each model writes, at each of the temperatures, to be compared with held-out text.

    texts, characters: how many texts, each so long; of the held-out text as many.
    """

    seed: Seed
    texts: Count
    characters: Annotated[int, Field(ge=30)]  # what is copied is counted in passages of 30
    temperatures: Annotated[list[Temperature], Field(min_length=1)]


class RenderText(Schema):
    """The texts that the page shows: so many at each of the temperatures, behind `prompt`."""

    seed: Seed
    texts: Count
    characters: Count
    temperatures: Annotated[list[Temperature], Field(min_length=1)]
    prompt: str
