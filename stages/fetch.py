"""Fetch the pinned raw files of one data set."""

import sys
from pathlib import Path

from generative.core import errors
from generative.datasets import download as sources


def main(arguments: list[str]) -> None:
    key, out = arguments
    sources.fetch(key, Path(out))


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
