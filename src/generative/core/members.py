"""The project's data sets, networks and families by the names that params.yaml gives them.

A name is a module's path below `generative`: `network: gan/cgan` is `gan/cgan.py`. Modules are
imported when they are asked for, so a process that trains one network loads no other.
"""

import inspect
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from generative.core.errors import BadInput, unknown

PACKAGE = Path(__file__).resolve().parent.parent


def datasets() -> list[str]:
    """The keys of all data sets."""
    return [key for key in _modules(PACKAGE / "datasets") if key != "download"]


def dataset(key: str) -> Any:
    """The module of a data set; `BadInput` for a key that there is none of."""
    if key not in datasets():
        raise unknown("data set", key, datasets())
    return import_module(f"generative.datasets.{key}")


def families() -> list[str]:
    """The folders that hold a family: what its networks share is in `base`."""
    return sorted(
        folder.parent.name for folder in PACKAGE.glob("*/base") if folder.parent.name != "datasets"
    )


def networks() -> list[str]:
    """The paths of all networks: `gan/cgan`, ..."""
    return [
        f"{family}/{name}"
        for family in families()
        for name in _modules(PACKAGE / family)
        if network_class(family, name)
    ]


def network(path: str) -> Any:
    """The class of a network by its path; `BadInput` for a path that there is no network at."""
    family, _, name = path.partition("/")
    found = None
    if family in families() and name in _modules(PACKAGE / family):
        found = network_class(family, name)
    if not found:
        raise unknown("network", path, networks())
    return found


def network_class(family: str, name: str) -> Any:
    """The model in `family/name.py` that is called as its file, whatever the capitals: `char_lstm`
    is `CharLSTM`. None where there is no such class."""
    import keras

    module = import_module(f"generative.{family}.{name}")
    for member in vars(module).values():
        own = inspect.isclass(member) and issubclass(member, keras.Model)
        here = own and member.__module__ == module.__name__
        if here and member.__name__.lower() == name.replace("_", ""):
            return member
    return None


def part(family: str, name: str) -> ModuleType:
    """A module of a family, such as its `evaluate`; `BadInput` for a family that lacks it."""
    if family not in families():
        raise unknown("family", family, families())
    if not find_spec(f"generative.{family}.{name}"):
        raise BadInput(f"the family {family} has no {name}.py")
    return import_module(f"generative.{family}.{name}")


def _modules(folder: Path) -> list[str]:
    return sorted(file.stem for file in folder.glob("*.py") if file.stem != "__init__")
