"""How the device is used: `runtime`."""

from typing import Annotated, Literal

from pydantic import Field

from generative.params import Block


class Runtime(Block):
    """How the device is used. Each of these changes the last bits of a result."""

    determinism: bool
    threads: Annotated[int, Field(ge=0)]
    xla: Literal["auto", "on", "off"]
