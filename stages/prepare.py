"""Turn the raw files of one data set into what models train on: arrays, and lists as JSON."""

import sys
from pathlib import Path

import numpy as np

from generative.core import errors
from generative.core import params
from generative.datasets.base.schema import Prepare
from generative.core.folders import atomic_folder
from generative.core.folders import write_json
from generative.core import members


def main(arguments: list[str]) -> None:
    key, raw, out = arguments
    block = params.read(f"prepare.{key}", Prepare)
    options = block.model_dump(exclude={"raw"})  # its folder is an argument of the stage, too
    prepared = members.dataset(key).prepare(Path(raw), **options)
    lists = {name: prepared.pop(name) for name, some in [*prepared.items()] if type(some) is list}
    with atomic_folder(Path(out)) as folder:
        np.savez_compressed(folder / f"{key}.npz", **prepared)
        for name, some in lists.items():
            write_json(folder / f"{name}.json", some)


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
