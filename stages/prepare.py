"""Turn the raw files of one data set into what models train on: arrays, and lists as JSON."""

import sys
from pathlib import Path

import numpy as np

from generative import errors, params
from generative.blocks.prepare import Prepare
from generative.datasets import DATASETS
from generative.folders import whole, write_json
from generative.tables import find


def main(arguments: list[str]) -> None:
    key, raw, out = arguments
    block = params.read(f"prepare.{key}", Prepare)
    options = block.model_dump(exclude={"raw"})  # its folder is an argument of the stage, too
    prepared = find(DATASETS, "data set", key).prepare(Path(raw), **options)
    lists = {name: prepared.pop(name) for name, some in [*prepared.items()] if type(some) is list}
    with whole(Path(out)) as folder:
        np.savez_compressed(folder / f"{key}.npz", **prepared)
        for name, some in lists.items():
            write_json(folder / f"{name}.json", some)


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
