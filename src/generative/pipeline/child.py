"""A stage in a process of its own that starts with TensorFlow imported. Run by path, not imported:
the project's code that a stage needs is that of the stage's checkout."""

import atexit
import json
import multiprocessing
import os
import resource
import runpy
import signal
import subprocess
import sys
import threading
import time
from multiprocessing import connection, process
from typing import Any

# Seconds that it has to close what is open.
PATIENCE = 4


def run(job: dict[str, Any]) -> None:
    """Run `job`, a `workers.Job` as a dictionary, and write what it used."""
    begun = time.monotonic()
    os.setsid()  # so that it can be stopped with what it starts
    threading.Thread(target=end_with_parent, daemon=True).start()
    log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for standard, file in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
        os.dup2(file, standard)
    os.environ.clear()
    os.environ.update(job["environment"])
    os.chdir(job["folder"])
    # A stage that starts processes starts them here, as it would from a shell.
    process.ORIGINAL_DIR = os.getcwd()  # type: ignore[attr-defined]
    multiprocessing.set_start_method(None, force=True)
    try:
        status = run_program(job["program"]) if job["program"] else run_commands(job["commands"])
    finally:
        with open(job["usage"], "w", encoding="utf-8") as usage:
            json.dump({"seconds": time.monotonic() - begun, **used()}, usage)
    if status < 0:
        os.kill(os.getpid(), -status)
    sys.exit(status)


def end_with_parent() -> None:
    """End this process and what it started when the process that asked for it is gone, however it
    ended. (The one that forked it is another.)"""
    parent = multiprocessing.parent_process()
    assert parent
    connection.wait([parent.sentinel])
    group = os.getpgrp()
    # Another process, as the first signal may end this one and not all that it started.
    try:
        subprocess.Popen(
            ["sh", "-c", f"kill -TERM -{group}; sleep {PATIENCE}; kill -KILL -{group}"],
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:  # no memory for it
        os.killpg(group, signal.SIGKILL)


def run_program(arguments: list[str]) -> int:
    """`python` with these arguments, in this process."""
    sys.argv = arguments
    sys.path.insert(0, os.path.dirname(os.path.abspath(arguments[0])))
    try:
        runpy.run_path(arguments[0], run_name="__main__")
    finally:
        # What Python does at its end, and a forked process leaves out.
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
    return 0


def run_commands(commands: list[list[str]]) -> int:
    """One command after the other, up to the first that fails; its status."""
    for command in commands:
        if status := subprocess.run(command, check=False).returncode:
            return status
    return 0


def used() -> dict[str, float]:
    """CPU seconds and peak memory of this process and of those that it waited for."""
    whole = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    peak = max(usage.ru_maxrss for usage in whole)
    return {
        "cpu_seconds": sum(usage.ru_utime + usage.ru_stime for usage in whole),
        "peak_mb": peak / (1024 if sys.platform == "linux" else 1024**2),
    }


if __name__ == "__stage__":
    run(globals()["job"])
