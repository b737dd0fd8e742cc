"""Fetch the pinned raw files of one data set."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from generative.core import stage
from generative.datasets import download


def main(arguments: list[str]) -> None:
    (key,) = arguments
    download.fetch(key, Path("data/raw") / key)


if __name__ == "__main__":
    stage.run(main)
