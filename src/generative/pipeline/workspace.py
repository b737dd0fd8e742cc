"""A workspace: the same pipeline with another profile, its own lock and its own results.

The project's `dvc.lock`, `data/` and `mlruns/` stay as they are. The cache is shared, so what was
computed once for a profile is not computed again.
"""

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dvc.exceptions import NotDvcRepoError
from dvc.repo import Repo

from generative.core.errors import BadInput
from generative.core.params import read_document
from generative.pipeline import overlay
from generative.pipeline.bookkeeping import locked
from generative.pipeline.budget import scaled
from generative.pipeline.check import check_all
from generative.results.collect import WORKSPACES as WORKSPACES

# What the pipeline reads besides its own results.
SOURCES = ("dvc.yaml", ".dvcignore", "params.yaml", "results", "stages", "src")


def create(profile: Path, folder: Path, budget: float = 1.0) -> None:
    """Copy the project's code into `folder` and merge `profile` into its parameters; trainings take
    the share `budget` of their steps.

    What `folder` holds from an earlier run stays, so only what changed is run again. The parameters
    are not checked yet.
    """
    project = Path.cwd()
    missing = [name for name in SOURCES if not (project / name).exists()]
    if missing:
        raise BadInput(f"{missing[0]} is missing; run this in the project's folder")
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".dvc").exists():
        logging.getLogger("dvc.repo.init").setLevel(logging.WARNING)  # it would say so
        Repo.init(str(folder), no_scm=True).close()
    repo = Repo(str(folder))
    with repo.config.edit("repo") as config:
        config["core"]["analytics"] = False
        config["cache"] = {"type": ["reflink", "copy"], "dir": cache_of(project)}
    with locked(repo):  # nobody runs with files that are half copied
        copy(project, folder)
        file = folder / "params.yaml"
        overlay.use(profile, file, checked=False)
        if budget < 1:
            check_all(file)
            parts = scaled(read_document(file), read_document(profile), budget)
            overlay.change(parts, profile, file, checked=False)


@contextmanager
def entered(
    profile: Path, folder: Path, changes: dict[str, Any], budget: float = 1.0
) -> Iterator[None]:
    """Work in `folder`, a workspace of `profile` whose parameters have `changes`, too."""
    project = Path.cwd()
    create(profile, folder, budget)
    os.chdir(folder)
    try:
        if changes:
            overlay.change(changes, profile)
        yield
    finally:
        os.chdir(project)


def cache_of(project: Path) -> str:
    """The folder of the cache of `project`."""
    try:
        return str(Repo(str(project)).cache.legacy.path)
    except NotDvcRepoError:
        return str(project / ".dvc" / "cache")


def copy(project: Path, folder: Path) -> None:
    """Replace the code in `folder` by the project's; leave results and caches there alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SOURCES:
        source, target = project / name, folder / name
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(source, target, ignore=ignore)
        else:
            shutil.copy2(source, target)
    for kept in project.glob("data/*/.gitkeep"):  # stages read all of a kind, and there may be none
        target = folder / kept.relative_to(project)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(kept, target)
    # Its libraries are needed for downloads alone.
    from generative.datasets.download import DOWNLOADS

    shared = project / DOWNLOADS
    shared.mkdir(parents=True, exist_ok=True)
    downloads = folder / DOWNLOADS
    downloads.parent.mkdir(parents=True, exist_ok=True)
    downloads.unlink(missing_ok=True)
    downloads.symlink_to(shared)
