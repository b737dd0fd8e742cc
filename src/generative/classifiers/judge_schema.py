"""The judge: `ensemble`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from generative.core.errors import unknown
from generative.core.params import Schema


class Judge(Schema):
    """The judge: classifiers whose probabilities are averaged, and the one whose features count."""

    members: Annotated[list[str], Field(min_length=1)]
    features: str

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        trained = document.get("train", {})
        for member in self.members:
            if trained.get(member, {}).get("family") != "classification":
                known = [k for k, b in trained.items() if b.get("family") == "classification"]
                yield f"{name}.members: {unknown('classifier', member, known)}"
        if self.features not in self.members:
            yield f"{name}.features: {unknown('member', self.features, self.members)}"
