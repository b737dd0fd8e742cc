"""Models whose samples are compared with real images: `generators.<key>`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generative.core.params import OfModel


class Generator(OfModel):
    """A model of `train`, whose family, network and dataset it repeats for dvc.yaml, and the folder
    of the network whose features its samples are compared in, which `references` has too."""

    family: str
    network: str
    dataset: str
    features: str

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        yield from super().contradictions(name, document, path)
        compared = (document.get("references") or {}).get(self.dataset)
        if compared is None:
            yield f"{name}.dataset: references has no section {self.dataset}; add it"
        elif compared.get("network") != self.features:
            yield (
                f"{name}.features: received {self.features}, must be references.{self.dataset}."
                f"network, which is {compared.get('network')}"
            )
