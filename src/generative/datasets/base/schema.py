"""What a data set is made of: `prepare.<key>`."""

from typing import Annotated, Any

from pydantic import Field

from generative.core import members
from generative.core.params import Schema, signature


class Prepare(Schema):
    """The folder that a data set is made from; what its `prepare` takes comes on top."""

    raw: Annotated[str, Field(min_length=1)]

    @classmethod
    def schema_of(cls, name: str, values: Any) -> type[Schema]:
        return signature(members.dataset(name.partition(".")[2]).prepare, cls)
