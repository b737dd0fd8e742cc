"""Where a training keeps its checkpoints: a folder named by everything that decides its result."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from generative.core import members
from generative.core.runtime import Device, Runtime
from generative.core.workspace import workspace
from generative.training.schema import Train


@contextmanager
def training_workspace(
    key: str, train: Train, runtime: Runtime, device: Device, data: Path
) -> Iterator[Path]:
    """The folder of the training of `train` on the prepared `data`, which is removed when the
    `with` ends without an error; `key` names it among others."""
    decisive = [train.model_dump(), runtime.model_dump(), device.tags()]
    with workspace("training", key, decisive, files_of(train, data)) as folder:
        yield folder


def files_of(train: Train, data: Path) -> list[Path]:
    """The files of the prepared `data` and the source that a trained network follows from."""
    package = members.PACKAGE
    folders = ("core", "training", "datasets/base", f"{train.family}/base")
    modules = (f"datasets/{train.dataset}", train.network)
    return [
        *sorted(file for file in data.iterdir() if file.is_file()),
        *(file for folder in folders for file in sorted((package / folder).rglob("*.py"))),
        *(package / f"{module}.py" for module in modules),
    ]
