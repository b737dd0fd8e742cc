"""Folders that are complete or not there, and JSON in them."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """A new folder to fill, which takes its name, and the place of what had it, when it is full.

    If filling it fails, nothing of it stays and what was there before is untouched.
    """
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def file_hash(file: Path, algorithm: str = "md5") -> str:
    """The hash of the bytes of `file`, in hexadecimal; `algorithm` is "md5" or "sha256"."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, algorithm).hexdigest()


def write_json(file: Path, value: Any) -> None:
    """`value` as JSON; raises `ValueError` for a number that is not finite, which JSON lacks."""
    text = json.dumps(value, indent=2, allow_nan=False)
    file.write_text(text + "\n", encoding="utf-8")


def read_json(file: Path) -> Any:
    """What `write_json` wrote."""
    return json.loads(file.read_text(encoding="utf-8"))
