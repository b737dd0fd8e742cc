"""DVC's own files after a killed process, a full disk or a faulty one: found, and mended from what
is certain, which is git and the run cache. Nothing is trained again for it.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml
from dvc.repo import Repo
from dvc_data.hashfile.build import build
from dvc_data.hashfile.db import HashFileDB
from dvc_data.hashfile.db.local import LocalHashFileDB
from dvc_data.hashfile.state import StateNoop
from rich.progress import track

from generative.core.errors import BadInput
from generative.core.folders import atomic_file, file_hash

LOCK, DAMAGED = Path("dvc.lock"), Path(".cache/damaged")


def mend_lock() -> Iterator[str]:
    """Put the last commit's dvc.lock in the place of one that cannot be read, or none; what it
    lacks, the run cache has. Call it with DVC's lock: nobody is writing it then.

    Raises `BadInput` for one with the marks of a merge.
    """
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
    DAMAGED.mkdir(parents=True, exist_ok=True)
    (DAMAGED / f"{hashlib.md5(content).hexdigest()[:8]}.{LOCK}").write_bytes(content)
    state = f"{LOCK} was {'empty' if not content.strip() else 'damaged'}"
    committed = committed_lock()
    if is_lock(committed):
        with atomic_file(LOCK) as part:
            part.write_bytes(committed)
        yield f"{state}: that of the last commit is taken; what is newer comes from the run cache"
    else:
        LOCK.unlink()
        yield f"{state}: it is begun anew; the results come from the run cache"


def committed_lock() -> bytes:
    """dvc.lock of the last commit; empty where there is none."""
    command = ["git", "show", f"HEAD:./{LOCK}"]
    with suppress(OSError, subprocess.CalledProcessError):
        return subprocess.run(command, capture_output=True, check=True).stdout
    return b""


def is_lock(content: bytes) -> bool:
    """Whether these bytes are a lock file that DVC can read."""
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from voluptuous import Invalid

    try:
        COMPILED_LOCKFILE_SCHEMA(yaml.load(content, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, UnicodeDecodeError, Invalid, ValueError, AttributeError):
        return False
    return True


def unreadable(repo: Repo) -> Iterator[Path]:
    """Files and folders of DVC's own that it fails at and does without: its list of who reads and
    writes, and what is no text, or empty, in its run cache; what is no entry it removes itself.

    Call it with DVC's lock, and `remove` each before the next: nobody reads or writes then.
    """
    file = Path(repo.tmp_dir) / "rwlock"
    if file.exists() and not isinstance(content_of(file), dict):
        yield file
    entries = Path(repo.stage_cache.cache_dir)
    for file in entries.rglob("*"):
        if file.is_file() and content_of(file) is None:
            yield file
    yield from (folder for folder in entries.glob("??/*") if not any(folder.iterdir()))


def content_of(file: Path) -> Any:
    """Its JSON, or else its text; None if it is no text."""
    try:
        text = file.read_text(encoding="utf-8")
        return json.loads(text)
    except UnicodeDecodeError:
        return None
    except ValueError:
        return text


def remove(path: Path) -> None:
    """A file or an empty folder."""
    path.rmdir() if path.is_dir() else path.unlink()


@contextmanager
def objects_checked() -> Iterator[None]:
    """Let DVC read the objects that it takes from its cache; one that is not what its name says is
    removed.

    Otherwise it takes every one that is read-only for that, or one that has the size and the time
    which it had when its database of hashes learnt it.
    """

    def check_content(odb: Any, *arguments: Any, **options: Any) -> Any:
        state, odb.state = odb.state, StateNoop()
        try:
            return HashFileDB.check(odb, *arguments, **options)
        finally:
            odb.state = state

    check = LocalHashFileDB.check
    LocalHashFileDB.check = check_content  # type: ignore[assignment, method-assign]
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


def objects_of(out: Any) -> list[Path]:
    """The places in the cache of an output, which may be saved and not yet committed."""
    hashes = [out.hash_info.value]
    if out.hash_info.isdir:
        hashes += [hash_info.value for _, _, hash_info in out.get_obj()]
    return [Path(out.cache.oid_to_path(value)) for value in hashes]


def lost(stage: Any) -> Iterator[Any]:
    """Those of a stage's outputs that went from the cache and are whole in their place: `put_back`
    puts them there. For DVC the stage would have to run again."""
    return (out for out in cached_outs(stage) if not all_there(out) and is_whole(out))


def cached_outs(stage: Any) -> Iterator[Any]:
    """Those of a stage's outputs that the cache is to have."""
    return (out for out in stage.outs if out.use_cache and out.hash_info)


def put_back(out: Any) -> None:
    """Put an output from its place into the cache."""
    out.save()
    remove_damaged(out)
    out.commit()


def remove_damaged(out: Any) -> None:
    """Remove from the cache what is in the way of an output that is saved: DVC would keep it."""
    for file in objects_of(out):
        if is_damaged(file):
            file.unlink()


def all_there(out: Any) -> bool:
    """Whether the cache has every file of an output."""
    return bool(out.get_obj()) and all(file.exists() for file in objects_of(out))


def is_whole(out: Any) -> bool:
    """Whether an output has, in its place, what dvc.lock says: by its content, not by DVC's
    database of hashes, which may be of before a damage."""
    if not out.exists:
        return False
    odb = HashFileDB(out.cache.fs, out.cache.path, state=StateNoop())
    _, _, found = build(odb, out.fs_path, out.fs, out.hash_name, ignore=out.dvcignore, dry_run=True)
    return bool(found.hash_info == out.hash_info)
