"""What a data set is made of: `prepare.<key>`."""

from typing import Annotated

from pydantic import Field

from generative.datasets import DATASETS
from generative.params import Block, signature
from generative.tables import find


class Prepare(Block):
    """The folder that a data set is made from; what its `prepare` takes comes on top."""

    raw: Annotated[str, Field(min_length=1)]

    @classmethod
    def schema_of(cls, name: str) -> type[Block]:
        dataset = find(DATASETS, "data set", name.partition(".")[2])
        return signature(dataset.prepare, cls)
