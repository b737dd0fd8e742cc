"""Stages that end before their time: real processes, under real shells and under DVC."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.workspace import PROJECT

STAGE = f"""
import sys, time
from pathlib import Path
sys.path[:0] = [{str(PROJECT / "src")!r}]
from generative.core import stopping
import signal, subprocess
for number in stopping.SIGNALS:  # which a test that runs in the background ignores
    signal.signal(number, signal.SIG_DFL)
stopping.watch()
with stopping.closed_if_stopped(lambda: Path("closed").touch()):
    Path("child").write_text(str(subprocess.Popen(["sleep", "1000"]).pid))
    Path("ready").touch()
    while True:
        BUSY
"""
# What the main thread does: a long call, as of TensorFlow, or Python.
BUSY = {"in C": "__import__('ctypes').CDLL(None).sleep(1000)", "in Python": "time.sleep(0.01)"}
LIMIT = 20  # seconds that a machine under load may need


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def started() -> Iterator[list[psutil.Process]]:
    """Processes that must not outlive the test."""
    processes: list[psutil.Process] = []
    yield processes
    for process in processes:
        if process.is_running():
            process.kill()


def start(
    folder: Path, busy: str, started: list[psutil.Process], *command: str
) -> tuple[subprocess.Popen[str], psutil.Process]:
    """A process that runs the stage by `command`, once the stage is ready; and the stage."""
    (folder / "stage.py").write_text(STAGE.replace("BUSY", busy))
    outer = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PYTHON": sys.executable},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    started.append(psutil.Process(outer.pid))
    until((folder / "ready").exists)
    inner = psutil.Process(int((folder / "child").read_text())).parent()
    assert inner
    started.append(inner)
    return outer, inner


def has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("busy", BUSY.values(), ids=BUSY.keys())
def test_a_signal_ends_it_with_one_line(
    tmp_path: Path, started: list[psutil.Process], busy: str, number: signal.Signals
) -> None:
    outer, _ = start(tmp_path, busy, started, sys.executable, "stage.py")
    child = psutil.Process(int((tmp_path / "child").read_text()))
    outer.send_signal(number)
    _, errors = outer.communicate(timeout=LIMIT)
    assert outer.returncode == 128 + number
    assert errors == f"stopped by {number.name}\n"
    assert (tmp_path / "closed").exists()
    until(lambda: has_ended(child))


# Who runs it, as DVC does: with the stage's name in its environment, through a shell. A shell that
# has something left to do stays between them.
RUNNER = """
import os, subprocess, sys
environment = {**os.environ, "DVC_STAGE": "train@x"}
subprocess.run([*SHELL, sys.executable + " stage.py" + REST], env=environment)
"""


@pytest.mark.parametrize("rest", ["", "; true"])
@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("busy", BUSY.values(), ids=BUSY.keys())
def test_it_ends_with_who_runs_it(
    tmp_path: Path, started: list[psutil.Process], busy: str, shell: str, rest: str
) -> None:
    program = RUNNER.replace("SHELL", repr([shell, "-c"])).replace("REST", repr(rest))
    outer, inner = start(tmp_path, busy, started, sys.executable, "-c", program)
    child = psutil.Process(int((tmp_path / "child").read_text()))
    outer.kill()
    until(lambda: has_ended(inner))
    until(lambda: has_ended(child))
    assert (tmp_path / "closed").exists()
    assert "the process that ran this stage is gone" in outer.communicate(timeout=LIMIT)[1]


WORKER = """
import multiprocessing, os, signal, sys, time
from pathlib import Path
from generative.core import stopping

def work():
    while multiprocessing.parent_process().is_alive():
        time.sleep(0.01)
    stopping.watch()
    time.sleep(60)

if __name__ == "__main__":
    worker = multiprocessing.get_context("spawn").Process(target=work)
    worker.start()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_worker_ends_whose_parent_was_gone_before(tmp_path: Path) -> None:
    """Killed while the worker was importing."""
    (tmp_path / "program.py").write_text(WORKER)
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} program.py; true"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "src")},
        capture_output=True,
        text=True,
    )
    # Its end closes the pipes that it shares with its parent: this is after it.
    assert "the process that ran this stage is gone" in done.stderr


def test_it_ends_if_who_ran_it_was_gone_before(tmp_path: Path) -> None:
    """Killed while the stage was importing: what is above it then is in another session."""
    (tmp_path / "stage.py").write_text(STAGE.replace("BUSY", "time.sleep(0.01)"))
    left = "import os, subprocess, sys\n" + (
        "environment = {**os.environ, 'DVC_STAGE': 'train@x'}\n"
        "script = 'sleep 1; exec ' + sys.executable + ' stage.py'\n"
        "subprocess.Popen(['sh', '-c', script], env=environment)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", left],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        timeout=LIMIT,
        check=True,
    )
    assert done.stderr == "stopped: the process that ran this stage is gone\n"
    assert not (tmp_path / "ready").exists()


def test_by_hand_it_outlives_who_started_it(tmp_path: Path, started: list[psutil.Process]) -> None:
    """Without DVC nobody runs it as a stage: nohup works."""
    program = "import subprocess, sys; subprocess.run([sys.executable, 'stage.py'])"
    outer, inner = start(tmp_path, BUSY["in Python"], started, sys.executable, "-c", program)
    outer.kill()
    outer.wait(LIMIT)
    time.sleep(1.5)
    assert not has_ended(inner)
