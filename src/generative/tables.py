"""Tables of the project's members: a key names a module and what to take from it, imported on use.

A process that trains one model loads that model's file and no other's.
"""

from importlib import import_module
from typing import Any

from generative.errors import unknown
from generative.models import MODELS
from generative.topologies import TOPOLOGIES

# Everything that can be trained, by its file: models/cvae, topologies/inception.
NETWORKS = {f"models/{key}": place for key, place in MODELS.items()} | {
    f"topologies/{key}": place for key, place in TOPOLOGIES.items()
}


def find(table: dict[str, str], kind: str, key: str) -> Any:
    """What `table` lists under `key` as "module:name"; a bare "module" is the module itself.

    Raises `BadInput` for a key that the table does not hold; `kind` is what the message calls it.
    """
    if key not in table:
        raise unknown(kind, key, table)
    module, _, name = table[key].partition(":")
    imported = import_module(module)
    return getattr(imported, name) if name else imported
