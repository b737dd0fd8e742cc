"""Processes that run stages."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from generative.pipeline.workers import Finished, Job, LocalProcesses


@pytest.fixture
def workers() -> LocalProcesses:
    return LocalProcesses()


def job(folder: Path, program: str = "", arguments: str = "", *commands: str) -> Job:
    """`program` with `arguments`, or, if it is empty, commands of a shell."""
    (folder / "program.py").write_text(program)
    return Job(
        name="train@x",
        program=["program.py", *arguments.split()] if program else [],
        commands=[["/bin/sh", "-c", command] for command in commands],
        folder=str(folder),
        environment={**os.environ, "GIVEN": "yes"},
        log=str(folder / "log"),
        usage=str(folder / "usage"),
    )


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
    workers.start(job(tmp_path, PROGRAM, "one two"))
    finished = result(workers)
    assert finished.status == 0
    assert (tmp_path / "log").read_text().splitlines() == [
        "True False False",
        "__main__ ['program.py', 'one', 'two'] yes True",
        "end",
    ]
    assert finished.peak_mb > 100


@pytest.mark.parametrize(
    ("program", "commands", "status"),
    [
        ("import sys; sys.exit(3)", [], 3),
        ("import sys; sys.exit('error: no')", [], 1),
        ("1 / 0", [], 1),
        ("import os; os.kill(os.getpid(), 9)", [], -9),
        ("", ["exit 4"], 4),
        ("", ["false", "true"], 1),
        ("", ["true", "true && exit 2"], 2),
        ("", ["kill -9 $$"], -9),
        ("import sys; assert sys.stdin.read() == ''", [], 0),
        ("", ["cat > /dev/null"], 0),  # nobody is there to type
    ],
)
def test_the_exit_status(
    workers: LocalProcesses, tmp_path: Path, program: str, commands: list[str], status: int
) -> None:
    workers.start(job(tmp_path, program, "", *commands))
    assert result(workers).status == status


POOL = """
import multiprocessing, os
def where(number):
    return os.getcwd(), __file__
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(where, [1])[0] == (os.getcwd(), os.path.abspath("program.py")))
"""


def test_a_stage_that_starts_processes(workers: LocalProcesses, tmp_path: Path) -> None:
    """In a workspace they import the workspace's own program."""
    workers.start(job(tmp_path, POOL))
    assert result(workers).status == 0
    assert (tmp_path / "log").read_text() == "True\n"


STARTS = """
import signal, subprocess
child = subprocess.Popen(["sh", "-c", "trap '' TERM; sleep 100; sleep 100"])
print(child.pid, flush=True)
open("begun", "w").close()
child.wait()
"""


def test_stopping_ends_what_a_stage_started(workers: LocalProcesses, tmp_path: Path) -> None:
    workers.start(job(tmp_path, STARTS))
    until(lambda: (tmp_path / "begun").exists())
    child = int((tmp_path / "log").read_text())
    assert psutil.pid_exists(child)
    workers.stop()
    until(lambda: has_ended(child))


CLOSES = """
import signal, sys, threading
def close(*_):
    threading.Event().wait(float(sys.argv[1]))
    open("closed", "w").close()
    sys.exit(1)
signal.signal(signal.SIGTERM, close)
open("begun", "w").close()
while True:
    signal.pause()
"""


def test_stopping_waits_for_each_to_close_what_is_open(
    workers: LocalProcesses, tmp_path: Path
) -> None:
    folders = [tmp_path / name for name in ("first", "second")]
    for folder, seconds in zip(folders, ("0", "1"), strict=True):
        folder.mkdir()
        workers.start(job(folder, CLOSES, seconds))
    until(lambda: all((folder / "begun").exists() for folder in folders))
    workers.stop()
    assert all((folder / "closed").exists() for folder in folders)


def test_a_stage_ends_with_whoever_started_it(tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text(json.dumps(asdict(job(tmp_path, STARTS))))
    program = (
        "import json, sys\n"
        "from generative.pipeline.workers import Job, LocalProcesses\n"
        "workers = LocalProcesses()\n"
        "workers.start(Job(**json.load(open('job.json'))))\n"
        "workers.wait(100)"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path) as engine:
        until(lambda: (tmp_path / "begun").exists())
        child = int((tmp_path / "log").read_text())
        stage = psutil.Process(child).ppid()
        engine.kill()
    until(lambda: has_ended(child) and has_ended(stage))


def has_ended(process: int) -> bool:
    try:
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(2000):
        if condition():
            return
        pause.wait(0.05)
    pytest.fail("it never came true")
