"""Folders and files that are complete or not there, and JSON in them."""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

PART = ".part"


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """A new folder to fill, which takes its name, and the place of what had it, when it is full.

    If filling it fails, nothing of it stays and what was there before is untouched. Until then it
    is a hidden folder beside it, locked: what a killed process left there goes with the next call.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in folder.parent.iterdir():
        if left.name.startswith(f".{folder.name}.") and left.suffix == PART:
            remove_if_left(left)
    part = folder.parent / f".{folder.name}.{secrets.token_hex(4)}{PART}"
    part.mkdir()
    with locked_folder(part):
        try:
            yield part
            shutil.rmtree(folder, ignore_errors=True)
            part.replace(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)


@contextmanager
def atomic_file(file: Path) -> Iterator[Path]:
    """A name beside `file` to write to, which nobody else has: what is there then takes the place
    of `file`. If writing it fails, nothing of it stays and what was there before is untouched.

    A folder that cannot be written to is known at once, before the work.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.parent / f".{file.name}.{secrets.token_hex(4)}{PART}"
    part.touch()
    try:
        yield part
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold a lock on `folder`, which the system releases when the process dies; raises
    `BlockingIOError` if another process holds it."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(opened)


def remove_if_left(part: Path) -> None:
    """Remove a folder that a process filled, if that has died."""
    with suppress(OSError), locked_folder(part):
        shutil.rmtree(part)


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
