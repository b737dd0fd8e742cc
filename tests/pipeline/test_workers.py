"""Processes that run stages."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from generative.pipeline.workers import Finished, Job, LocalProcesses


@pytest.fixture
def workers() -> LocalProcesses:
    return LocalProcesses()


def job(folder: Path, program: str, command: str = "python program.py") -> Job:
    (folder / "program.py").write_text(program)
    environment = {**os.environ, "GIVEN": "yes"}
    files = str(folder / "log"), str(folder / "usage")
    return Job("train@x", command, str(folder), environment, *files)


def result(workers: LocalProcesses) -> Finished:
    found: list[Finished] = []
    while not found:
        found = workers.wait(1)
    (finished,) = found
    return finished


PROGRAM = """
import atexit, os, sys
atexit.register(lambda: print("end"))
print("tensorflow" in sys.modules, "generative" in sys.modules, "pytest" in sys.modules)
print(__name__, sys.argv, os.environ["GIVEN"], os.getcwd() == sys.path[0])
"""


def test_a_program_runs_as_python_would_run_it(workers: LocalProcesses, tmp_path: Path) -> None:
    """But for the libraries that are there already, and with nothing of this project."""
    workers.start(job(tmp_path, PROGRAM, "python program.py 'one two'"))
    finished = result(workers)
    assert finished.status == 0
    assert (tmp_path / "log").read_text().splitlines() == [
        "True False False",
        "__main__ ['program.py', 'one two'] yes True",
        "end",
    ]
    assert finished.peak_mb > 100


@pytest.mark.parametrize(
    ("program", "command", "status"),
    [
        ("import sys; sys.exit(3)", "python program.py", 3),
        ("import sys; sys.exit('error: no')", "python program.py", 1),
        ("1 / 0", "python program.py", 1),
        ("import os; os.kill(os.getpid(), 9)", "python program.py", -9),
        ("", "exit 4", 4),
        ("", "true && false", 1),
        ("", "python 'program.py", 2),  # no shell reads that
    ],
)
def test_the_exit_status(
    workers: LocalProcesses, tmp_path: Path, program: str, command: str, status: int
) -> None:
    workers.start(job(tmp_path, program, command))
    assert result(workers).status == status


def test_stopping_ends_what_a_stage_started(workers: LocalProcesses, tmp_path: Path) -> None:
    program = """
import subprocess
child = subprocess.Popen(["sleep", "100"])
print(child.pid, flush=True)
open("begun", "w").close()
child.wait()
"""
    workers.start(job(tmp_path, program))
    until(lambda: (tmp_path / "begun").exists())
    child = int((tmp_path / "log").read_text())
    assert psutil.pid_exists(child)
    workers.stop()
    until(lambda: psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


def until(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds, or the process that it asks about is gone."""
    pause = threading.Event()
    with suppress(psutil.NoSuchProcess):
        for _ in range(400):
            if condition():
                return
            pause.wait(0.05)
        pytest.fail("it never came true")
