"""Every model killed after an epoch chosen at random: does it go on to the same bytes?

Each training of the smoke profile runs three times: undisturbed, until it is killed with SIGKILL,
and on to its end.

    python benchmarks/resume.py [MODEL ...] [--epochs 5] [--seed 1]
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from generative.core import params
from generative.core.folders import file_hash
from generative.pipeline import overlay, workspace

PROJECT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    table = Table("model", "goes on after epoch", "outputs", "md5 of all")
    with tempfile.TemporaryDirectory(prefix="resume-") as temporary:
        project = Path(temporary, "project")
        make_project(project, arguments.epochs)
        for key in arguments.models or params.sections("train"):
            epoch = chance.randint(2, arguments.epochs)
            train(project, key)
            expected = take_outputs(project, key)
            train(project, key, kill_in=epoch)
            assert not take_outputs(project, key)
            # The checkpoint of the last epoch may have been written or not.
            goes_on = re.search(r"goes on after epoch (\d+ of \d+)", train(project, key))
            after = goes_on.group(1) if goes_on else "none: it began anew"
            equal = "equal" if take_outputs(project, key) == expected else "DIFFERENT"
            print(f"{key}: went on after epoch {after}, {equal}", flush=True)
            table.add_row(key, after, str(len(expected)), equal)
    Console(width=100).print(table)


def make_project(folder: Path, epochs: int) -> None:
    """A copy of the project with the parameters and the data of the smoke profile."""
    workspace.copy(PROJECT, folder)
    shutil.rmtree(folder / "data/raw")
    (folder / "data/raw").symlink_to(PROJECT / "data/raw")
    file = folder / "params.yaml"
    overlay.use(PROJECT / "profiles" / "smoke.yaml", file)
    document = params.read_document(file)
    for section in document["train"].values():
        section["epochs"] = epochs
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    for key in document["prepare"]:
        print(f"prepare {key}", flush=True)
        assert begin(folder, "prepare", key).wait() == 0


def train(project: Path, key: str, kill_in: int = 0) -> str:
    """Run the training of `key`, and kill it once it says that this epoch is over; its log."""
    process = begin(project, "train", key)
    lines = []
    assert process.stdout
    for line in process.stdout:
        lines.append(line)
        if kill_in and re.match(rf"epoch {kill_in}/", line):
            process.kill()
            break
    status = process.wait()
    assert kill_in or not status, "".join(lines)
    return "".join(lines)


def begin(project: Path, stage: str, key: str) -> subprocess.Popen[str]:
    """The program of a stage, at work."""
    return subprocess.Popen(
        [sys.executable, f"stages/{stage}.py", key],
        cwd=project,
        env={**os.environ, "PYTHONPATH": "src", "GENERATIVE_TRACKING": "off"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def take_outputs(project: Path, key: str) -> dict[str, str]:
    """The hash of every file that the training made; the files are removed."""
    folders = [project / "data" / kind / key for kind in ("models", "history")]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    found = {str(file.relative_to(project)): file_hash(file) for file in sorted(files)}
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return found


if __name__ == "__main__":
    main()
