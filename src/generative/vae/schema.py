"""How likelihood models are measured and drawn."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from generative.core.params import Count, Schema, Seed


class EvaluateLikelihood(Schema):
    """How much is measured: samples, images and seeds behind each number."""

    seed: Seed
    elbo_samples: Count
    importance_samples: Count
    importance_images: Annotated[int, Field(ge=2)]  # one has no standard error
    importance_guides: Count
    importance_components: Count
    grid_tolerance_nats: Annotated[float, Field(gt=0)]
    neighbours: Count

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        if self.importance_components > self.importance_guides:
            yield (
                f"{name}.importance_components: received {self.importance_components}, "
                f"at most {name}.importance_guides, which is {self.importance_guides}"
            )


class RenderLikelihood(Schema):
    """What the pictures of a likelihood model show."""

    seed: Seed
    rows: Count
    columns: Count
    plane_size: Count
    frames_per_second: Annotated[int, Field(ge=1, le=50)]
