"""Models that run in the report's page: `browser.<key>`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generative.core.params import Count, OfModel, Seed

FAMILIES = ("vae", "gan", "text")


class Browser(OfModel):
    """family, network: as in `train.<key>`. samples: images, or characters, by which the cost of
    eight bits is measured; drawn from `seed`."""

    family: str
    network: str
    samples: Count
    seed: Seed

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        yield from super().contradictions(name, document, path)
        if self.family not in FAMILIES:
            yield f"{name}.family: received {self.family}, must be one of {', '.join(FAMILIES)}"
