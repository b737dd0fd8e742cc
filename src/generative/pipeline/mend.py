"""DVC's own files after a killed process, a full disk or a faulty one: found, and mended from what
is certain, which is git and the run cache. Nothing is trained again for it.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from dvc_data.hashfile.db import HashFileDB
from dvc_data.hashfile.db.local import LocalHashFileDB
from rich.progress import track

from generative.core.errors import BadInput
from generative.core.folders import file_hash

LOCK, DAMAGED = Path("dvc.lock"), Path(".cache/damaged")


def mend_lock() -> Iterator[str]:
    """Put the last commit's dvc.lock in the place of one that cannot be read, or none; what it
    lacks, the run cache has. Raises `BadInput` for one with the marks of a merge."""
    if not LOCK.exists():
        return
    content = LOCK.read_bytes()
    if is_lock(content):
        return
    if b"\n<<<<<<< " in b"\n" + content:
        raise BadInput(
            f"{LOCK} holds two versions that git could not merge; take one of them, "
            f"git checkout --ours {LOCK}, and run: generative repro"
        )
    committed = subprocess.run(["git", "show", f"HEAD:./{LOCK}"], capture_output=True, check=False)
    DAMAGED.mkdir(parents=True, exist_ok=True)
    LOCK.replace(DAMAGED / LOCK)
    state = f"{LOCK} was {'empty' if not content.strip() else 'damaged'}"
    if committed.returncode == 0 and is_lock(committed.stdout):
        LOCK.write_bytes(committed.stdout)
        yield f"{state}: that of the last commit is taken; what is newer comes from the run cache"
    else:
        yield f"{state}: it is begun anew; the results come from the run cache"


def is_lock(content: bytes) -> bool:
    """Whether these bytes are a lock file that DVC can read."""
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from voluptuous import Invalid

    try:
        COMPILED_LOCKFILE_SCHEMA(yaml.load(content, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, UnicodeDecodeError, Invalid, ValueError, AttributeError):
        return False
    return True


def mend_rwlock(folder: Path) -> Iterator[str]:
    """Remove from `folder`, DVC's `tmp`, a list of who reads and writes that cannot be read. Call
    it with DVC's lock: nobody reads or writes then."""
    file = folder / "rwlock"
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except (ValueError, UnicodeDecodeError):
        content = None
    if not isinstance(content, dict):
        file.unlink()
        yield f"{file}: was damaged and is removed; DVC makes it anew"


@contextmanager
def objects_checked() -> Iterator[None]:
    """Let DVC look into the objects that it takes from its cache.

    Otherwise it takes every one that is read-only for what its name says. The hashes of those that
    have not changed since are in its database; a file that is something else is removed.
    """
    check = LocalHashFileDB.check
    LocalHashFileDB.check = HashFileDB.check  # type: ignore[method-assign]
    try:
        yield
    finally:
        LocalHashFileDB.check = check  # type: ignore[method-assign]


def damaged_objects(cache: Path) -> Iterator[Path]:
    """The files of DVC's cache whose content is not what their name says."""
    files = sorted(file for file in (cache / "files/md5").glob("??/*") if file.is_file())
    quiet = not sys.stderr.isatty()
    for file in track(files, "reading the cache", transient=True, disable=quiet):
        if is_damaged(file):
            yield file


def is_damaged(file: Path) -> bool:
    """Whether an object of DVC's cache is there and is not what its name says."""
    wanted = file.parent.name + file.name.removesuffix(".dir")
    return file.exists() and file_hash(file) != wanted


def objects_of(stage: Any) -> Iterator[Path]:
    """The places in the cache of all that a stage made, which is saved and not yet committed."""
    for out in stage.outs:
        if out.use_cache and out.hash_info:
            hashes = [out.hash_info.value]
            if out.hash_info.isdir:
                hashes += [hash_info.value for _, _, hash_info in out.obj]
            yield from (Path(out.cache.oid_to_path(value)) for value in hashes)


def recache(stage: Any) -> Iterator[str]:
    """Put into the cache what went from it of a stage's outputs and is whole in its place: for DVC
    the stage would have to run again."""
    for out in stage.outs:
        lost = out.use_cache and out.hash_info and out.changed_cache()
        if lost and out.exists and not out.changed_checksum():
            out.commit()
            yield f"{out} was not in the cache: put there from its place"


def mend_run_cache(folder: Path) -> Iterator[str]:
    """Remove from `folder`, the run cache, what is no text; what is no entry DVC removes itself."""
    for file in folder.rglob("*"):
        if file.is_file():
            try:
                file.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                file.unlink()
                yield f"{file}: was damaged and is removed; its stage runs again if need be"
    for entries in folder.glob("??/*"):
        if not any(entries.iterdir()):  # which DVC cannot read
            entries.rmdir()
