"""A workspace: the same pipeline with another profile, its own lock and its own results.

The project's `dvc.lock`, `data/` and `mlruns/` stay as they are. The cache is shared, so what was
computed once for a profile is not computed again.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from generative.core.errors import BadInput
from generative.pipeline import overlay

# What the pipeline reads besides its own results.
SOURCES = ("dvc.yaml", ".dvcignore", "params.yaml", "stages", "src")


def repro(profile: Path, folder: Path) -> None:
    """Copy the project's code into `folder`, merge `profile`, and run `dvc repro` there.

    What `folder` holds from an earlier run stays, so only what changed is run again. Raises
    `BadInput` if a stage fails.
    """
    project = Path.cwd()
    missing = [name for name in SOURCES if not (project / name).exists()]
    if missing:
        raise BadInput(f"{missing[0]} is missing; run this in the project's folder")
    copy(project, folder)
    overlay.use(profile, folder / "params.yaml")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    environment.pop("DVC_ROOT", None)

    def dvc(*arguments: str) -> int:
        command = [sys.executable, "-m", "dvc", *arguments]
        return subprocess.run(command, cwd=folder, env=environment, check=False).returncode

    if not (folder / ".dvc").exists():
        dvc("init", "--no-scm", "--quiet")
        dvc("config", "core.analytics", "false")
        dvc("config", "cache.type", "reflink,copy")
    dvc("cache", "dir", str(project / ".dvc" / "cache"))
    if dvc("repro"):
        raise BadInput(f"the pipeline failed in {folder} with {profile}; its messages are above")


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
    # Its libraries are needed for downloads alone.
    from generative.datasets.download import DOWNLOADS

    shared = project / DOWNLOADS
    shared.mkdir(parents=True, exist_ok=True)
    downloads = folder / DOWNLOADS
    downloads.parent.mkdir(parents=True, exist_ok=True)
    downloads.unlink(missing_ok=True)
    downloads.symlink_to(shared)
