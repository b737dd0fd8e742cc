"""The section `prepare.<key>`, and ranges that data sets share."""

from typing import Annotated, Any

from pydantic import Field

from generative.core import members
from generative.core.params import Schema, signature

Share = Annotated[float, Field(gt=0, lt=1)]
TestCount = Annotated[int, Field(ge=2)]  # the mean of one example has no standard error


class Prepare(Schema):
    """The folder that a data set is made from; the arguments of its `prepare` are added."""

    raw: Annotated[str, Field(min_length=1)]

    @classmethod
    def schema_of(cls, name: str, values: Any) -> type[Schema]:
        return signature(members.dataset(name.partition(".")[2]).prepare, cls)
