"""`generative fetch`: one data set's raw files."""

from pathlib import Path
from typing import Annotated

import typer

from generative.core import errors


def fetch(
    key: Annotated[str, typer.Argument(help="A file of datasets/sources: frogs, nietzsche, ...")],
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
) -> None:
    """Download one data set into a folder, such as frogs for prepare.pictures.raw."""
    from generative.datasets import download
    from generative.datasets.readers.cifar10 import extract_frogs
    from generative.style.vgg import convert

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise errors.BadInput(f"{folder} is there already and not empty; name a new folder")
    converters = {"cifar10_frogs": extract_frogs, "vgg19": convert.from_keras}
    download.fetch(key, folder.absolute(), converters, replace=False)
    print(f"files in {folder}: {len(list(folder.iterdir())):,}")
