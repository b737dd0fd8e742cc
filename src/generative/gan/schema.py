"""How GANs are drawn and compared."""

from typing import Annotated

from pydantic import Field

from generative.core.params import Schema
from generative.core.params import Count
from generative.core.params import Seed


class RenderAdversarial(Schema):
    """What the pictures of a GAN show; one with classes has a row for each.

    film_columns, large_film_columns: of the film, and as many rows; of small pictures and of large
        ones.
    """

    seed: Seed
    rows: Count
    columns: Count
    film_columns: Count
    large_film_columns: Count
    frames_per_second: Annotated[int, Field(ge=1, le=50)]


class RenderObjectives(Schema):
    """What is shown of GANs that differ in their objective.

    steps, every, batch_size: how long the discriminator trains alone, in batches of how many
        images, and after how many the gradients are measured.
    """

    seed: Seed
    rows: Count
    columns: Count
    steps: Count
    every: Count
    batch_size: Count
