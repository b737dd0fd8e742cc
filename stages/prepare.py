"""Turn the raw files of one data set into what models train on: arrays, and lists as JSON."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from generative.core import members, params, stage
from generative.core.folders import atomic_folder
from generative.datasets.base import arrays
from generative.datasets.base.dataset import PREPARED
from generative.datasets.base.schema import Prepare


def main(arguments: list[str]) -> None:
    (key,) = arguments
    options = params.read(f"prepare.{key}", Prepare)
    prepared = members.dataset(key).prepare(
        Path(options.raw), **options.model_dump(exclude={"raw"})
    )
    with atomic_folder(PREPARED / key) as folder:
        arrays.save(folder, key, prepared)


if __name__ == "__main__":
    stage.run(main)
