"""Files that a user gives, read whole and within bounds, or refused with a line that names them.

What reads a file or a folder of the user's goes through here: pipes and devices, which never end,
files that are larger than anything of their kind, other encodings and damaged YAML are refused.
"""

import io
import math
import os
import stat
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    ScalarEvent,
)

from generative.core.errors import SHOWN, BadInput, shown

# Bytes of a file of parameters or words, and the values and the levels in it.
YAML_BYTES, YAML_VALUES, YAML_LEVELS = 2**20, 100_000, 20
# Bytes of a text.
TEXT_BYTES = 2**28
# Bytes of a NumPy archive, unpacked too.
NPZ_BYTES = 2**28
LONGEST_KEY = 255  # characters; it may be the name of a file
# A whole number that every library keeps as it is.
LARGEST = 2**63 - 1


def content(file: Path, most_bytes: int, missing: str = "") -> bytes:
    """The bytes of `file`.

    missing: what to do if there is none. Raises `BadInput` for what is no regular file or larger
    than `most_bytes`.
    """
    try:
        state = file.stat()
        if not stat.S_ISREG(state.st_mode):
            kind = "a folder" if stat.S_ISDIR(state.st_mode) else "a pipe or a device"
            raise BadInput(f"{file} is {kind}; name a file")
        if state.st_size > most_bytes:
            raise BadInput(
                f"{file} has {state.st_size:,} bytes, at most {most_bytes:,} are read of its kind"
            )
        return file.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{file} is missing{missing and f'; {missing}'}") from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f"{str(file)!r} cannot be read: {reason}") from None


def text(file: Path, most_bytes: int = TEXT_BYTES, missing: str = "") -> str:
    """The text of a UTF-8 `file`, without a byte-order mark, its lines ending in `\\n` alone.

    Raises `BadInput` for what is no text or no UTF-8, then with line and column, and as `content`
    does.
    """
    return decoded(content(file, most_bytes, missing), str(file))


def decoded(given: bytes, name: str) -> str:
    """What `given`, of the file or the option `name`, says, as `text` gives it."""
    zero = given.find(b"\0")
    if zero >= 0:
        raise BadInput(f"{name}: byte {zero:,} is zero, so it is no text; save it as UTF-8 text")
    try:
        found = given.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The error counts from behind a byte-order mark.
        before = error.object[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        raise BadInput(
            f"{name}: line {line}, column {column}: the byte {error.object[error.start]:#04x} is "
            "no UTF-8; save the file as UTF-8"
        ) from None
    return found.replace("\r\n", "\n").replace("\r", "\n")


def yaml(file: Path, missing: str = "") -> Any:
    """What a YAML 1.2 `file` holds: mappings with text for keys, lists, texts, finite numbers,
    true, false and null.

    It is read by the library that DVC reads it by: what DVC compares is what the program gets.
    Raises `BadInput` for anything else, with the line or the key.
    """
    written = text(file, YAML_BYTES, missing)
    try:
        check_size(written, file)
        found = YAML(typ="safe").load(written)
    except YAMLError as error:
        raise BadInput(f"{file} is not valid YAML: {' '.join(str(error).split())}") from None
    except (ValueError, TypeError, LookupError, OverflowError) as error:  # values that are none
        raise BadInput(f"{file} is not valid YAML: {error}") from None
    for mistake in mistakes_in(found):
        raise BadInput(f"{file}: {mistake}")
    return found


def check_size(written: str, file: Path) -> None:
    """Raise `BadInput` for a YAML text with too many levels or values, before anything is built
    from it: that is recursive, in C, where a hundred thousand brackets end the process, and a value
    of aliases and merge keys may be larger than any memory. An alias counts as what it names."""
    values = [0]  # in each of the collections that are open, and in all
    anchors: dict[str | None, int] = {}
    names: list[str | None] = []
    for event in YAML(typ="safe").parse(written):
        if isinstance(event, CollectionStartEvent):
            values.append(1)
            names.append(event.anchor)
        elif isinstance(event, CollectionEndEvent):
            size = anchors[names.pop()] = values.pop()
            values[-1] += size
        elif isinstance(event, AliasEvent):
            if event.anchor in names:
                raise BadInput(f"{file}: &{event.anchor[:SHOWN]} holds itself")
            values[-1] += anchors.get(event.anchor, 1)
        elif isinstance(event, ScalarEvent):
            anchors[event.anchor] = 1
            values[-1] += 1
        if values[-1] > YAML_VALUES:
            raise BadInput(f"{file}: it has more than {YAML_VALUES:,} values")
        if len(values) > YAML_LEVELS:
            raise BadInput(f"{file} is nested too deeply; it may have {YAML_LEVELS} levels")


def mistakes_in(document: Any) -> Iterator[str]:
    """What no parameter can be, each with its place."""

    def walk(value: Any, place: str) -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                if not isinstance(key, str):
                    yield f"{place}: the key {shown(key)} must be text; write it in quotes"
                elif len(key) > LONGEST_KEY:
                    yield f"{place}: the key {shown(key)} has more than {LONGEST_KEY} characters"
                name = str(key)[:SHOWN]
                yield from walk(inner, f"{place}.{name}" if place else name)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                yield from walk(inner, f"{place}[{index}]")
        elif isinstance(value, float):
            if not math.isfinite(value):
                yield f"{place}: received {value}, must be a finite number"
        elif isinstance(value, int):
            if abs(value) > LARGEST:
                yield f"{place}: received a whole number beyond 2^63; none is so large"
        elif value is not None and not isinstance(value, str):
            yield f"{place}: received a {type(value).__name__}; write a text in quotes"

    return walk(document, "")


def npz(file: Path) -> dict[str, np.ndarray]:
    """The arrays of a NumPy archive; raises what NumPy does for one that is damaged."""
    packed = io.BytesIO(content(file, NPZ_BYTES))
    with zipfile.ZipFile(packed) as members:
        if sum(member.file_size for member in members.infolist()) > NPZ_BYTES:
            raise BadInput(f"{file} unpacks to more than {NPZ_BYTES:,} bytes")
    with np.load(packed, allow_pickle=False) as arrays:
        return dict(arrays)


def files_in(folder: Path, suffixes: Collection[str] = ()) -> list[Path]:
    """The files of `folder` and of the folders in it whose name ends in one of `suffixes`, in
    large or small letters, sorted by path. Prints a line for each thing that is left out.

    Names that begin with a dot, which systems and editors make, are left out without a line. Links
    to files are followed, links to folders are not. Without `suffixes` every file is one. Raises
    `BadInput` if there is no such folder.
    """
    if not folder.is_dir():
        kind = "a file, not a folder" if folder.exists() else "missing"
        raise BadInput(f"the folder {folder} is {kind}")
    files: list[Path] = []

    def cannot_be_read(error: OSError) -> None:
        print(f"left out {error.filename}: {error.strerror}")

    found = []
    for place, below, names in os.walk(folder, onerror=cannot_be_read):
        below[:] = [name for name in below if not name.startswith(".")]
        found += [Path(place, name) for name in (*below, *names) if not name.startswith(".")]
    for path in sorted(found):
        if path.is_dir():
            if path.is_symlink():
                print(f"left out {path}: a link to a folder")
        elif not path.is_file():
            print(f"left out {path}: a link to nothing, a pipe or a device")
        elif suffixes and path.suffix.lower() not in suffixes:
            print(f"left out {path}: does not end in {' or '.join(suffixes)}")
        else:
            files.append(path)
    return files
