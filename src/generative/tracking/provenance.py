"""What made a run: this checkout and process, the code, the parameters and the data; and the hashes
that runs are found by."""

import getpass
import hashlib
import json
import os
import platform
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from generative.core.errors import BadInput
from generative.core.folders import file_hash

# The files of git that decide a result; what the pipeline itself writes is none.
DECISIVE = ("src", "stages", "dvc.yaml", "params.yaml")


def checkout() -> str:
    """A name of this checkout on this machine that tells nothing of either."""
    place = f"{platform.node()} {Path(os.environ.get('DVC_ROOT', '.')).resolve()}"
    return hashlib.md5(place.encode()).hexdigest()[:12]


def this_process() -> str:
    """The number of this process, and when it began: the number alone comes again."""
    return f"{os.getpid()} {psutil.Process().create_time()}"


def is_alive(process: str) -> bool:
    """Whether the process that gave this name of itself is still there."""
    number, _, begun = process.partition(" ")
    try:
        return str(psutil.Process(int(number)).create_time()) == begun
    except (psutil.Error, ValueError):
        return False


def params_hash(params: dict[str, Any]) -> str:
    """What the parameters of a run are told apart by."""
    return digest(params)[:16]


def digest(value: Any) -> str:
    """sha256 of a value's canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def md5_of_folder(folder: Path) -> str:
    """One md5 for a folder of prepared data. Raises `BadInput` if there is none."""
    if not folder.is_dir():
        raise BadInput(f"{folder} is missing; run dvc pull, then dvc repro")
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    lines = [f"{file.relative_to(folder)} {file_hash(file)}" for file in files]
    return hashlib.md5("\n".join(lines).encode()).hexdigest()


def source_tags(stage: str, live: bool) -> dict[str, str]:
    """Who makes a run with what: user and program and, of a live run, commit and branch, and
    whether what decides the result differs from the commit. Without git, what is known without."""
    found = {
        "mlflow.source.name": f"stages/{stage.partition('@')[0]}.py",
        "mlflow.source.type": "LOCAL",
    }
    with suppress(OSError, KeyError):  # a user without a name
        found["mlflow.user"] = getpass.getuser()
    if not live:  # whoever trained it may have had another commit
        return found
    if experiment := os.environ.get("DVC_EXP_NAME"):
        found["dvc.exp"] = experiment

    def git(*arguments: str) -> str:
        command = ["git", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    with suppress(OSError, subprocess.CalledProcessError):
        commit = git("rev-parse", "HEAD")
        changed = git("status", "--porcelain", "--untracked-files=all", "--", *DECISIVE)
        found |= {
            "git.sha": commit,
            "git.dirty": str(bool(changed)).lower(),
            "mlflow.source.git.commit": commit,
            "mlflow.source.git.branch": git("rev-parse", "--abbrev-ref", "HEAD"),
        }
    return found
