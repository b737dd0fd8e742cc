"""Folders and files that are complete or not there, and JSON in them."""

import errno
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from generative.core.errors import BadInput

PART, NAME_BYTES = ".part", 200
CHECKSUMS = "md5.json"
JSON_BYTES = 2**24


@contextmanager
def atomic_folder(folder: Path, replace: bool = True) -> Iterator[Path]:
    """A new folder to fill, which takes its name when it is full and on the disk: a power cut
    leaves no name without what it names. What had the name goes; unless `replace`, it is an error
    of the system if that holds anything.

    If filling it fails, nothing of it stays and what was there before is untouched. Until then it
    is a hidden folder beside it, locked: what a killed process left there goes with the next call.
    An error of the system names `folder`.
    """
    with named(folder):
        part = new_part(folder)
        part.mkdir()
    with locked(part), named(folder):
        try:
            yield part
            for written in (*part.rglob("*"), part):
                to_disk(written)
            if replace:
                shutil.rmtree(folder, ignore_errors=True)
            move(part, folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)


@contextmanager
def atomic_file(file: Path, replace: bool = True) -> Iterator[Path]:
    """A name beside `file` to write to, which nobody else has: what is there then takes the place
    of `file`. If writing it fails, nothing of it stays and what was there before is untouched;
    unless `replace`, so is what came to be there meanwhile.

    A folder that cannot be written to is known at once, before the work. Raises `BadInput` if what
    was written cannot take its place; it is kept then, and named.
    """
    with named(file):
        part = new_part(file)
        part.touch()
    with locked(part), named(file):
        try:
            yield part
            to_disk(part)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        try:
            if not replace and file.exists():
                raise FileExistsError(errno.EEXIST, "another file has its name")
            move(part, file)
        except OSError as error:
            kept = part
            with suppress(OSError):
                elsewhere = Path(tempfile.mkdtemp(prefix="generative-")) / file.name
                kept = Path(shutil.move(part, elsewhere))
            raise BadInput(
                f"{file} cannot be written now: {error.strerror}; what was made is in {kept}"
            ) from None


def check_new(file: Path, replace: bool) -> None:
    """Raise `BadInput` if there is a `file` that is not to be replaced."""
    if file.exists() and not replace:
        raise BadInput(f"{file} exists; choose another name or add --force")


def new_part(path: Path) -> Path:
    """A hidden name beside `path`; what a killed process left under such a name is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beginning = path.name.encode()[:NAME_BYTES].decode(errors="ignore")  # a name has 255
    name = re.compile(rf"\.{re.escape(beginning)}\.[0-9a-f]{{8}}{re.escape(PART)}")
    for left in path.parent.iterdir():
        if name.fullmatch(left.name):
            remove_if_left(left)
    return path.parent / f".{beginning}.{secrets.token_hex(4)}{PART}"


def move(part: Path, path: Path) -> None:
    """Give what is at `part`, and on the disk, the name `path` there."""
    part.replace(path)
    to_disk(path.parent)


def to_disk(path: Path) -> None:
    """Have a file or the names in a folder written to the disk now."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems do so for files alone
            raise
    finally:
        os.close(opened)


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Let an error of the system say that it was `path` that could not be written, where it names
    nothing or a hidden name beside it. Raises `BadInput` where nothing can be made."""
    try:
        yield
    except OSError as error:
        hidden = str(error.filename or PART).endswith(PART)
        if hidden and error.errno == errno.ENOENT:  # as below /proc, which is no place for files
            raise BadInput(f"{path} cannot be made there; name another place") from None
        if hidden and error.errno:
            error.filename = str(path)
        raise


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock on a file or a folder, which the system releases when the process dies; raises
    `BlockingIOError` if another process holds it."""
    opened = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(opened)


def remove_if_left(part: Path) -> None:
    """Remove what a process wrote, if that has died."""
    with suppress(OSError), locked(part):
        if part.is_dir():
            shutil.rmtree(part)
        else:
            part.unlink()


def file_hash(file: Path, algorithm: str = "md5") -> str:
    """The hash of the bytes of `file`, in hexadecimal; `algorithm` is "md5" or "sha256"."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, algorithm).hexdigest()


def write_checksums(folder: Path) -> None:
    """The md5 of every file of `folder`, in a file beside them: `is_as_written` asks it."""
    hashes = {file.name: file_hash(file) for file in sorted(folder.iterdir())}
    write_json(folder / CHECKSUMS, hashes)


def is_as_written(file: Path) -> bool:
    """Whether `file` has the md5 that `write_checksums` noted: no bit of it is another."""
    sums = file.with_name(CHECKSUMS)
    if not (file.is_file() and sums.is_file()):
        return False
    try:
        return bool(read_json(sums)[file.name] == file_hash(file))
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return False


def whole(file: Path, command: str) -> Path:
    """`file`, if it is as `write_checksums` noted; raises `BadInput` if not.

    command: brings a file that is missing.
    """
    if not file.exists():
        raise BadInput(f"{file} is missing; run {command}")
    if not is_as_written(file):
        raise BadInput(
            f"{file} is damaged, or of another version: {CHECKSUMS} says so; run generative doctor "
            "--mend, then generative repro"
        )
    return file


def write_json(file: Path, value: Any) -> None:
    """`value` as JSON; raises `ValueError` for a number that is not finite, which JSON lacks."""
    text = json.dumps(value, indent=2, allow_nan=False)
    file.write_text(text + "\n", encoding="utf-8")


def read_json(file: Path) -> Any:
    """What `write_json` wrote; raises `ValueError` for what is none or far larger."""
    if file.stat().st_size > JSON_BYTES:
        raise ValueError(f"{file} has more than {JSON_BYTES:,} bytes")
    return json.loads(file.read_text(encoding="utf-8"))
