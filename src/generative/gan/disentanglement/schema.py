"""What the codes of a generator control: `disentanglement.<key>`, measured as its network needs."""

from importlib import import_module
from types import ModuleType
from typing import Any

from generative.core.errors import BadInput
from generative.core.params import Schema


class Disentanglement(Schema):
    """network: of the model; the module of its name here says what else the section holds."""

    network: str

    @classmethod
    def schema_of(cls, name: str, values: Any) -> type[Schema]:
        network = values.get("network") if isinstance(values, dict) else None
        if not isinstance(network, str):
            return cls
        schema: type[Schema] = module_of(network).Disentanglement
        return schema


def module_of(network: str) -> ModuleType:
    """The module that measures a network; `BadInput` where there is none."""
    name = network.rpartition("/")[2]
    try:
        return import_module(f"generative.gan.disentanglement.{name}")
    except ModuleNotFoundError:
        raise BadInput(
            f"disentanglement: nothing measures {network}; write gan/disentanglement/{name}.py"
        ) from None
