"""Processes that run stages, each forked from one server that has the large libraries imported.

A fork starts in 0.02 s, where importing TensorFlow takes 5 s; it computes the same bytes as a fresh
process, because the server computes nothing.
"""

import json
import multiprocessing
import os
import runpy
import signal
import sys
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing import connection, forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Protocol

from generative.core.environment import without_noise

CHILD = Path(__file__).with_name("child.py")
# Third-party libraries that stages need and that take long to import; never code of the project.
PRELOADED = ["tensorflow", "keras", "pandas", "scipy.stats", "matplotlib.pyplot", "mlflow"]
# Seconds that a stage has to end by itself when it is asked to.
PATIENCE = 4
# What ends a run.
STOPPING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


@dataclass(frozen=True)
class Job:
    """A stage to run.

    program: a Python program and its arguments, run in the process itself; if empty, `commands` are
    run one after the other. folder: where they run. log, usage: files for the output and for what
    it used.
    """

    name: str
    program: list[str]
    commands: list[list[str]]
    folder: str
    environment: dict[str, str]
    log: str
    usage: str


@dataclass(frozen=True)
class Finished:
    """status: 0, the exit status, or minus the signal that ended it.

    cpu_seconds and peak_mb are 0 for one that was killed.
    """

    name: str
    status: int
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0


class Executor(Protocol):
    """What runs jobs, several at once."""

    def start(self, job: Job) -> None:
        """Begin `job`; its outputs are written where `job.folder` is."""

    def wait(self, seconds: float) -> list[Finished]:
        """Those that have ended, after `seconds` at most."""

    def stop(self) -> None:
        """End all that run."""


class LocalProcesses:
    """Jobs as processes of this machine."""

    def __init__(self) -> None:
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(PRELOADED)
        self.running: dict[int, tuple[Job, ForkServerProcess]] = {}

    def start(self, job: Job) -> None:
        Path(job.usage).unlink(missing_ok=True)
        arguments = (str(CHILD), {"job": asdict(job)}, "__stage__")
        process = self.context.Process(target=runpy.run_path, args=arguments, name=job.name)
        with without_noise():
            forkserver.ensure_running()  # so that the server blocks no signals
            with no_main(), signals_wait():
                process.start()
                self.running[process.sentinel] = job, process

    def wait(self, seconds: float) -> list[Finished]:
        ended = []
        for sentinel in connection.wait(list(self.running), seconds):
            assert isinstance(sentinel, int)
            job, process = self.running.pop(sentinel)
            process.join()
            assert process.exitcode is not None
            ended.append(Finished(job.name, process.exitcode, **usage_of(job)))
        return ended

    def stop(self) -> None:
        processes = [process for _, process in self.running.values()]
        for process in processes:
            signal_group(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        for process in processes:
            process.join(max(0.0, deadline - time.monotonic()))
        for process in processes:
            signal_group(process.pid, signal.SIGKILL)  # also what outlived it
            process.kill()
            process.join()
        self.running.clear()


def usage_of(job: Job) -> dict[str, float]:
    """What a job wrote about itself when it ended; empty for one that was killed."""
    try:
        found: dict[str, float] = json.loads(Path(job.usage).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def signal_group(process: int | None, number: int) -> None:
    """Send a signal to a process and to what it started."""
    if process:
        with suppress(ProcessLookupError):
            os.killpg(process, number)


@contextmanager
def signals_wait() -> Iterator[None]:
    """Let no signal come between a process and the note that it is there."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def no_main() -> Iterator[None]:
    """Keep a new process from importing this one's main module, and with it this package."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
