"""Turn the raw files of one data set into the arrays that models train on."""

import sys
from pathlib import Path

import numpy as np

from generative import errors, params
from generative.blocks.prepare import Prepare
from generative.datasets import DATASETS
from generative.folders import whole
from generative.tables import find


def main(arguments: list[str]) -> None:
    key, raw, out = arguments
    block = params.read(f"prepare.{key}", Prepare)
    options = block.model_dump(exclude={"raw"})  # its folder is an argument of the stage, too
    arrays = find(DATASETS, "data set", key).prepare(Path(raw), **options)
    with whole(Path(out)) as folder:
        np.savez_compressed(folder / f"{key}.npz", **arrays)


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
