"""Files that a user gives, read whole and within bounds, or refused with a line that names them.

What reads a file or a folder of the user's goes through here: pipes and devices, which never end,
files that are larger than anything of their kind, other encodings and damaged YAML are refused.
"""

import math
import stat
from collections.abc import Collection, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent

from generative.core.errors import BadInput

# Bytes of a file of parameters or words, and the values and the levels in it.
YAML_BYTES, YAML_VALUES, YAML_LEVELS = 2**20, 100_000, 20
# Bytes of a text.
TEXT_BYTES = 2**28
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
        if deepest(written) > YAML_LEVELS:
            raise BadInput(f"{file} is nested too deeply; it may have {YAML_LEVELS} levels")
        found = YAML(typ="safe").load(written)
    except YAMLError as error:
        raise BadInput(f"{file} is not valid YAML: {' '.join(str(error).split())}") from None
    except (ValueError, TypeError, OverflowError) as error:  # dates and numbers that are none
        raise BadInput(f"{file} is not valid YAML: {error}") from None
    for mistake in mistakes_in(found):
        raise BadInput(f"{file}: {mistake}")
    return found


def deepest(written: str) -> int:
    """The levels of a YAML text. What builds values from it is recursive, in C: a hundred thousand
    brackets end the process."""
    level = most = 0
    for event in YAML(typ="safe").parse(written):
        level += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        most = max(most, level)
    return most


def mistakes_in(document: Any) -> Iterator[str]:
    """What no parameter can be, each with its place. Aliases count as often as they are used."""
    number = count(1)

    def walk(value: Any, place: str, level: int) -> Iterator[str]:
        if next(number) > YAML_VALUES:
            yield f"it has more than {YAML_VALUES:,} values"
        elif level > YAML_LEVELS:  # of aliases
            yield f"{place} is nested too deeply; it may have {YAML_LEVELS} levels"
        elif isinstance(value, dict):
            for key, inner in value.items():
                if not isinstance(key, str):
                    yield f"{place}: the key {key!r} must be text; write it in quotes"
                yield from walk(inner, f"{place}.{key}" if place else str(key), level + 1)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                yield from walk(inner, f"{place}[{index}]", level + 1)
        elif isinstance(value, float):
            if not math.isfinite(value):
                yield f"{place}: received {value}, must be a finite number"
        elif isinstance(value, int):
            if abs(value) > LARGEST:
                yield f"{place}: received a number of {len(str(value))} digits, it may have 18"
        elif value is not None and not isinstance(value, str):
            yield f"{place}: received a {type(value).__name__}; write a text in quotes"

    return walk(document, "", 1)


def files_in(folder: Path, suffixes: Collection[str] = ()) -> tuple[list[Path], list[str]]:
    """The files of `folder` and of the folders in it whose name ends in one of `suffixes`, in
    large or small letters, sorted by path; and a line for each thing that is left out.

    Names that begin with a dot, which systems and editors make, are left out without a line. Links
    to files are followed, links to folders are not. Without `suffixes` every file is one. Raises
    `BadInput` if there is no such folder.
    """
    if not folder.is_dir():
        kind = "a file, not a folder" if folder.exists() else "missing"
        raise BadInput(f"the folder {folder} is {kind}")
    files: list[Path] = []
    left_out: list[str] = []
    for path in sorted(folder.rglob("*")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        if path.is_dir():
            if path.is_symlink():
                left_out.append(f"{path}: a link to a folder")
        elif not path.is_file():
            left_out.append(f"{path}: a link to nothing, a pipe or a device")
        elif suffixes and path.suffix.lower() not in suffixes:
            left_out.append(f"{path}: does not end in {' or '.join(suffixes)}")
        else:
            files.append(path)
    return files, left_out
