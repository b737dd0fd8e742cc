"""A folder for what a computation keeps until its result is there, so that it can go on if it is
stopped.

Its name carries a hash of everything that decides the result: what lies in it was made by the same
computation. A lock, which the system releases when a process dies, keeps a second one out.
"""

import glob
import hashlib
import json
import platform
import shutil
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from generative.core import processor
from generative.core.errors import BadInput
from generative.core.folders import file_hash

ROOT = Path(".cache")
# Seconds that a process has to end whose parent is gone.
PATIENCE = 10


@contextmanager
def workspace(kind: str, key: str, decisive: Any, files: Iterable[Path]) -> Iterator[Path]:
    """The folder of one computation of `key`, which is removed when the `with` ends without an
    error, and with it those of other computations of that key.

    decisive, files: what decides the result; see `name_of`. Raises `BadInput` if another process
    computes this key.
    """
    parent = ROOT / kind
    parent.mkdir(parents=True, exist_ok=True)
    lock = claim(parent / f"{key}.lock")
    if lock is None:
        raise BadInput(
            f"another process works on {key} in {parent}; wait until it has ended, or stop it"
        )
    with lock:
        folder = parent / name_of(key, decisive, files)
        folder.mkdir(exist_ok=True)
        yield folder
        for other in parent.glob(f"{glob.escape(key)}-{'?' * 12}"):
            shutil.rmtree(other)


def claim(file: Path, patience: float = PATIENCE) -> AbstractContextManager[Any] | None:
    """The lock `file`, held until the `with` of what is returned ends; None if another process has
    it for longer than `patience`, seconds."""
    try:
        return FileLock(file).acquire(timeout=patience)
    except NotImplementedError as error:  # a file system without locks
        raise BadInput(f"{file.parent}: {error}") from None
    except Timeout:
        return None


def name_of(key: str, decisive: Any, files: Iterable[Path]) -> str:
    """`key` and 12 digits of a hash of `decisive`, which is JSON, of what `files` hold, and of the
    libraries and the processor."""
    hashes = [file_hash(file) for file in files]
    libraries = [version(name) for name in ("tensorflow", "keras", "numpy")]
    machine = [platform.machine(), *sorted(processor.flags())]
    text = json.dumps([decisive, hashes, libraries, machine], sort_keys=True)
    return f"{key}-{hashlib.md5(text.encode()).hexdigest()[:12]}"
