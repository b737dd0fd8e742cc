"""Turn the raw files of one data set into what models train on: arrays, and lists as JSON."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

import numpy as np

from generative.core import members, params, stage
from generative.core.folders import atomic_folder, write_json
from generative.datasets.base.dataset import PREPARED
from generative.datasets.base.schema import Prepare


def main(arguments: list[str]) -> None:
    (key,) = arguments
    options = params.read(f"prepare.{key}", Prepare)
    arrays = members.dataset(key).prepare(Path(options.raw), **options.model_dump(exclude={"raw"}))
    lists = {name: arrays.pop(name) for name in list(arrays) if type(arrays[name]) is list}
    with atomic_folder(PREPARED / key) as folder:
        np.savez_compressed(folder / f"{key}.npz", **arrays)
        for name, items in lists.items():
            write_json(folder / f"{name}.json", items)


if __name__ == "__main__":
    stage.run(main)
