"""How generated images are measured, and the measures tried out."""

from typing import Annotated

from pydantic import Field

from generative.core.params import Schema
from generative.core.params import Count
from generative.core.params import Seed


class EvaluatePictures(Schema):
    """How generated pictures are compared with real ones."""

    samples: Annotated[int, Field(ge=2)]
    seeds: Annotated[list[Seed], Field(min_length=1)]
    neighbours: Count
    kernel_subsets: Count
    kernel_subset_size: Annotated[int, Field(ge=2)]


class EvaluateImages(EvaluatePictures):
    """How generated digits are, and how good a judge must be to see them."""

    accuracy_floor: Annotated[float, Field(ge=0, le=1)]


class Calibrate(Schema):
    """The known cases that the image metrics are tried on."""

    seed: Seed
    noise: Annotated[float, Field(gt=0)]
    blur_pixels: Annotated[float, Field(gt=0)]
    missing_digit: Annotated[int, Field(ge=0, le=9)]
    memorised: Count
