"""A copy of the project in which the real pipeline runs, with tiny data and budgets."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from generative.core import params
from generative.pipeline import overlay, workspace
from tests.support import data
from tests.support.params import set_parameter

PROJECT = Path(__file__).resolve().parents[2]
SUPPORT = PROJECT / "tests" / "support"
# Projects lie anywhere, and their folders are called anything.
ODD_NAME = "-my $pics 'a' (1) [x] 星夜"
TINY = SUPPORT / "tiny.yaml"
# What the story leaves out of tiny.yaml: of each kind another is left.
STORY = SUPPORT / "story.yaml"
# What the command says of a stage that ran.
RAN = re.compile(r"(\S+): \d+ (?:s|minutes)")


class Workspace:
    """A git and DVC repository of its own. `reads` gets a record of what each stage read."""

    def __init__(self, folder: Path, mirror: Path) -> None:
        self.folder = folder
        self.mirror = mirror
        self.reads = folder.parent / f"{folder.name}.reads"

    @property
    def environment(self) -> dict[str, str]:
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("DVC_", "MLFLOW_"))}
        kept.pop("PYTHONPATH", None)
        return {
            **kept,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            # Not the package: each stage finds its own.
            "PYTHONPATH": str(PROJECT / "tests" / "recorder"),
            "GENERATIVE_MIRROR": str(self.mirror),
            "RECORD_READS": str(self.reads),
            # Waiting, numpy's threads spin: beside another process of tests they are much slower.
            "OPENBLAS_NUM_THREADS": "1",
        }

    def run(self, *command: str, **variables: str) -> str:
        """Run a command here; its output. Fails the test if the command fails."""
        done = self.attempt(*command, **variables)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def attempt(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command here that may fail."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def python(self, program: str, **variables: str) -> str:
        """Run a Python program with this workspace's package."""
        path = os.pathsep.join([str(self.folder / "src"), self.environment["PYTHONPATH"]])
        return self.run(sys.executable, "-c", program, **{"PYTHONPATH": path, **variables})

    def generative(self, *arguments: str, **variables: str) -> str:
        """Run the command `generative` of this workspace."""
        program = f"import sys; sys.argv[1:] = {list(arguments)!r}\n"
        return self.python(f"{program}from generative.cli.main import main; main()", **variables)

    def repro(self, *targets: str, **variables: str) -> set[str]:
        """`generative repro`; the stages that ran (not those taken from the run cache)."""
        lines = self.generative("repro", "--jobs", "2", *targets, **variables).splitlines()
        return {found[1] for line in lines if (found := RAN.fullmatch(line))}

    def dvc_repro(self, *targets: str, **variables: str) -> set[str]:
        """The same with `dvc repro`, one stage at a time in fresh processes."""
        lines = self.run(sys.executable, "-m", "dvc", "repro", *targets, **variables).splitlines()
        return {line.split("'")[1] for line in lines if line.startswith("Running stage")}

    def commit(self, message: str) -> None:
        """Commit all that git does not ignore, if anything changed or not."""
        identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
        self.run("git", "add", "--all")
        self.run("git", *identity, "commit", "--quiet", "--allow-empty", "-m", message)

    def set(self, name: str, value: object) -> None:
        """Write one parameter, as a user would."""
        set_parameter(self.folder / "params.yaml", name, value)

    def params(self) -> dict[str, Any]:
        """The whole of params.yaml."""
        return params.read_document(self.folder / "params.yaml")

    def write_params(self, document: dict[str, Any]) -> None:
        (self.folder / "params.yaml").write_text(yaml.safe_dump(document, sort_keys=False))

    def lock(self) -> dict[str, Any]:
        """The stages of dvc.lock."""
        content = yaml.safe_load((self.folder / "dvc.lock").read_text())
        stages: dict[str, Any] = content["stages"]
        return stages

    def hashes(self) -> dict[str, str]:
        """The md5 of every output in dvc.lock."""
        return {out["path"]: out["md5"] for stage in self.lock().values() for out in stage["outs"]}


def make_workspace(folder: Path, mirror: Path) -> Workspace:
    """A workspace with the tiny profile and the story's models; `mirror` has its pinned inputs."""
    workspace.copy(PROJECT, folder)
    shutil.rmtree(folder / ".cache")
    overlay.use(TINY, folder / "params.yaml")
    overlay.use(STORY, folder / "params.yaml")
    drop_missing_models(folder)
    data.pin(folder / "src" / "generative" / "datasets" / "sources", mirror)
    shutil.copy2(PROJECT / ".gitignore", folder)
    made = Workspace(folder, mirror)
    made.run("git", "init", "--quiet")
    made.run(sys.executable, "-m", "dvc", "init", "--quiet", "--force")
    made.commit("start")
    return made


def drop_missing_models(folder: Path) -> None:
    """Take models that params.yaml lacks out of the stages of dvc.yaml that list their models."""
    trained = params.read_document(folder / "params.yaml")["train"]
    file = folder / "dvc.yaml"
    listed = re.compile(r"- data/(?:models|history|image_quality)/(\w+)\n")
    lines = file.read_text().splitlines(keepends=True)
    missing = (m.group(1) not in trained if (m := listed.search(line)) else False for line in lines)
    file.write_text("".join(line for line, gone in zip(lines, missing, strict=True) if not gone))
