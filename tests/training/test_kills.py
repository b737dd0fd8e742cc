"""The stage of a training killed in each window of its work: the next run makes the same bytes."""

import os
import signal
from pathlib import Path

import pytest

from generative.core import params
from generative.core.folders import file_hash
from generative.pipeline import overlay
from generative.pipeline.workers import Job, LocalProcesses
from tests.support.kills import PROGRAM, Kill
from tests.support.slow import unless_quick
from tests.support.workspace import PROJECT, TINY

STAGE, KEY = str(PROJECT / "stages" / "train.py"), "sequential"
ON_EPOCH = ("generative.training.checkpoint:Checkpoint", "on_epoch_end")
# The window, and the epoch after which the training goes on.
WINDOWS = {
    "in the first epoch": (Kill(*ON_EPOCH, 1, "before"), 0),
    "while the first checkpoint is written": (Kill("os", "fsync", 1, "before"), 0),
    "after an epoch": (Kill(*ON_EPOCH, 2, "after"), 2),
    "before a checkpoint takes the place of another": (Kill("os", "fsync", 2, "after"), 1),
    "after training, with nothing saved": (
        Kill("generative.core.history:History", "save", 1, "before"),
        3,
    ),
    "between the history and the model": (Kill("generative.core.saving", "save", 1, "before"), 3),
    "with a model in no place": (Kill("shutil", "rmtree", 3, "after"), 3),
    "with everything in its place": (
        Kill("generative.tracking.live:NoRun", "finish", 1, "before"),
        3,
    ),
}
# The others are slow tests.
QUICK = ("before a checkpoint takes the place of another", "between the history and the model")


@pytest.fixture
def project(tmp_path: Path, prepared_mnist: Path) -> Path:
    file = tmp_path / "params.yaml"
    file.write_text(params.PATH.read_text())
    overlay.use(TINY, file)
    overlay.change({"train": {KEY: {"epochs": 3}}}, Path("test"), file)
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "data" / "prepared").mkdir(parents=True)
    (tmp_path / "data" / "prepared" / "mnist").symlink_to(prepared_mnist)
    return tmp_path


@pytest.fixture(scope="module")
def expected() -> dict[str, str]:
    """The outputs of the first test's undisturbed run, for all."""
    return {}


def run(project: Path, *program: str) -> int:
    """The exit status of a program in a process of its own; what it prints is in `log`."""
    workers = LocalProcesses()
    workers.start(
        Job(
            name=f"train@{KEY}",
            program=list(program),
            commands=[],
            folder=str(project),
            environment={
                **os.environ,
                "PYTHONPATH": str(PROJECT / "src"),
                "GENERATIVE_TRACKING": "off",
            },
            log=str(project / "log"),
            usage=str(project / "usage"),
        )
    )
    while not (found := workers.wait(1)):
        pass
    return found[0].status


def outputs(project: Path) -> dict[str, str]:
    """The hash of every file that the stage made."""
    folders = [project / "data" / kind for kind in ("models", "history")]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return {str(file.relative_to(project)): file_hash(file) for file in files}


@pytest.mark.parametrize("window", unless_quick(WINDOWS, QUICK))
def test_a_killed_training_comes_to_the_same_bytes(
    project: Path, expected: dict[str, str], window: str
) -> None:
    if not expected:
        assert run(project, STAGE, KEY) == 0, (project / "log").read_text()
        expected.update(outputs(project))
        assert len(expected) >= 4
        for name in expected:
            (project / name).unlink()
    kill, epoch = WINDOWS[window]
    status = run(project, "program.py", *kill.arguments(), STAGE, KEY)
    assert status == -signal.SIGKILL, (project / "log").read_text()
    assert run(project, STAGE, KEY) == 0, (project / "log").read_text()
    log = (project / "log").read_text()
    assert (f"goes on after epoch {epoch} of 3" in log) == bool(epoch), log
    assert outputs(project) == expected
    assert [file.name for file in (project / ".cache" / "training").iterdir()] == [f"{KEY}.lock"]
