"""Models that live in the report's page: `browser.<key>`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generative.core.params import Count, Schema, Seed


class Browser(Schema):
    """A model of `train`, whose family and network it repeats for dvc.yaml.

    samples: images, or characters, by which the cost of eight bits is measured; drawn from `seed`.
    """

    family: str
    network: str
    samples: Count
    seed: Seed

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        key = name.partition(".")[2]
        trained = (document.get("train") or {}).get(key)
        if trained is None:
            yield f"{name}: train has no section {key}; add it or take {name} away"
            return
        for field in ("family", "network"):
            if trained.get(field) != getattr(self, field):
                yield (
                    f"{name}.{field}: received {getattr(self, field)}, must be that of "
                    f"train.{key}, which is {trained.get(field)}"
                )
        if self.family not in ("vae", "gan", "text"):
            yield f"{name}.family: received {self.family}, must be vae, gan or text"
