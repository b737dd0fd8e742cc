"""What DVC does before and after a stage's command, through its API: hashes, run cache, dvc.lock.

`dvc repro` unlocks the repository while a command runs and writes the lock after each, so it runs
one at a time. Here all calls come from one thread, which holds DVC's lock throughout.
"""

import copy
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from dvc.config import Config
from dvc.dependency import param
from dvc.dirs import site_cache_dir
from dvc.exceptions import DvcException
from dvc.lock import LockError
from dvc.repo import Repo
from dvc.stage import PipelineStage
from dvc.stage.cache import RunCacheNotFoundError
from dvc.stage.serialize import to_lockfile
from dvc.utils.serialize import dump_yaml, parse_yaml_for_update
from dvc_data.hashfile.cache import DiskError

from generative.core.errors import BadInput
from generative.core.folders import atomic_file
from generative.pipeline.mend import (
    cached_outs,
    objects_checked,
    remove,
    remove_damaged,
    unreadable,
)

# Seconds between two writes of dvc.lock, which take one each.
BETWEEN_WRITES = 20
# Characters of the command of another process.
SHOWN = 100


class DependencyChanged(DvcException):
    """A file that a stage depends on was edited while the stage ran."""


@contextmanager
def locked(repo: Repo, mend: bool = True) -> Iterator[None]:
    """Hold DVC's lock, and remove, with a line, what DVC cannot read.

    Raises `BadInput`, naming who has it, if another process does.
    """
    try:
        repo.lock.lock()
    except LockError:
        raise BadInput(
            f"{holder(repo)} is at work on this project; wait until it has ended, or stop it"
        ) from None
    try:
        for path in unreadable(repo) if mend else ():
            remove(path)
            print(f"{path}: was damaged and is removed; DVC makes it anew", flush=True)
        with database_errors():
            yield
    finally:
        repo.lock.unlock()


@contextmanager
def database_errors() -> Iterator[None]:
    """Raise `BadInput` where DVC's database of hashes does not work."""
    try:
        yield
    except (sqlite3.Error, DiskError) as error:
        folder = Config().get("core", {}).get("site_cache_dir") or site_cache_dir()
        raise BadInput(
            f"DVC's database of hashes, in {folder}, does not work: {error}; free some space if "
            "the disk is full, else remove that folder: DVC makes it anew"
        ) from None


@contextmanager
def params_read_once() -> Iterator[None]:
    """Keep what a parameter file says as long as it does not change.

    DVC reads all of it anew for every stage that has parameters, in 40 ms.
    """
    load = param.load_path
    known: dict[tuple[str, int, int], Any] = {}

    def load_once(path: str, fs: Any, **options: Any) -> Any:
        state = Path(path).stat()
        key = path, state.st_mtime_ns, state.st_size
        if key not in known:
            known[key] = load(path, fs, **options)
        return copy.deepcopy(known[key])  # shared, they would become YAML's anchors in dvc.lock

    param.load_path = load_once
    try:
        yield
    finally:
        param.load_path = load


def holder(repo: Repo) -> str:
    """The process that has DVC's lock."""
    try:
        process = int(Path(repo.tmp_dir, "lock").read_text(encoding="utf-8").split()[0])
        command = " ".join(" ".join(psutil.Process(process).cmdline()).split())[:SHOWN]
    except (OSError, ValueError, IndexError, psutil.Error):
        return "another DVC process"
    return f"process {process} ({command})"


class Bookkeeping:
    """The stages of one run: what of them dvc.lock has, and what it is still to get."""

    def __init__(self, repo: Repo, steps: list[Any]) -> None:
        """steps: all stages that may run, in the order of `dvc repro`."""
        self.repo = repo
        self.order = {
            (lock_of(stage), stage.name): i
            for i, stage in enumerate(steps)
            if isinstance(stage, PipelineStage)
        }
        # The names that a lock file had before the run.
        self.known: dict[Path, set[str]] = {}
        self.unwritten: list[Any] = []
        self.written = time.monotonic()
        self.hashes: dict[str, list[Any]] = {}

    def restore(self, stage: Any) -> bool:
        """Take the outputs of a stage from the run cache, if they are there."""
        stage.remove_outs(ignore_remove=False, force=False)
        try:
            with objects_checked():
                self.repo.stage_cache.restore(stage)
        except RunCacheNotFoundError:
            return False
        self.finish(stage)
        return True

    def begin(self, stage: Any) -> None:
        """Clear the place of its outputs, and note what the stage is about to depend on."""
        stage.remove_outs(ignore_remove=False, force=False)
        stage.save_deps()
        self.hashes[stage.addressing] = [dep.hash_info for dep in stage.deps]

    def finish(self, stage: Any) -> None:
        """Put its outputs into the cache, and the stage into the run cache and soon into dvc.lock.

        Raises `DvcException` if an output is missing, or if a dependency is not what it was.
        """
        if before := self.hashes.pop(stage.addressing, []):
            stage.save_deps()
            for dep, hash_info in zip(stage.deps, before, strict=True):
                if dep.hash_info != hash_info:
                    raise DependencyChanged(f"{dep} changed while it ran; run it again")
        # As dvc repro has it: what is not in the cache cannot come back from it.
        cached = all(out.use_cache or out.is_metric or out.is_plot for out in stage.outs)
        stage.save(run_cache=cached)
        for out in cached_outs(stage):
            remove_damaged(out)
        stage.commit()
        self.note(stage)

    def verify(self, stage: Any) -> None:
        """What `dvc repro` does for a stage that is frozen or has no command."""
        stage.run()
        self.note(stage)

    def note(self, stage: Any) -> None:
        """Let the next write of dvc.lock have the stage as it is now."""
        if isinstance(stage, PipelineStage):
            self.unwritten.append(stage)
        else:
            stage.dump()

    @property
    def overdue(self) -> bool:
        """Whether the last write was long ago."""
        return time.monotonic() - self.written > BETWEEN_WRITES

    def write_lock(self) -> None:
        """Write to dvc.lock what has finished since the last time: all of it or nothing.

        What it had keeps its place; what is new follows in the order of `dvc repro`.
        """
        for lock in {lock_of(stage) for stage in self.unwritten}:
            text = lock.read_text(encoding="utf-8") if lock.exists() else ""
            content = parse_yaml_for_update(text, lock)
            content.setdefault("schema", "2.0")
            stages = content.setdefault("stages", {})
            known = self.known.setdefault(lock, set(stages))
            for stage in self.unwritten:
                if lock_of(stage) == lock:
                    stages.update(to_lockfile(stage))
            new = [name for name in stages if name not in known]
            for name in sorted(new, key=lambda name: self.order.get((lock, name), -1)):
                stages[name] = stages.pop(name)
            with atomic_file(lock) as part:
                dump_yaml(part, content)
        self.unwritten = []
        self.written = time.monotonic()


def lock_of(stage: Any) -> Path:
    """The lock file that a stage is noted in."""
    return Path(stage.dvcfile.path).with_suffix(".lock")
