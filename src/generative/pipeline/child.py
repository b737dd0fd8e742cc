"""A stage in a process of its own that starts with TensorFlow imported. Run by path, not imported:
the project's code that a stage needs is that of the stage's checkout."""

import atexit
import ctypes
import json
import os
import resource
import runpy
import shlex
import signal
import sys
import time
from typing import Any

PR_SET_PDEATHSIG = 1


def run(job: dict[str, Any]) -> None:
    """Run `job`, a `workers.Job` as a dictionary, and write what it used."""
    begun = time.monotonic()
    os.setsid()  # so that it can be stopped with what it starts
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.clear()
    os.environ.update(job["environment"])
    os.chdir(job["folder"])
    try:
        command(job["command"])
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        with open(job["usage"], "w", encoding="utf-8") as file:
            json.dump({"seconds": time.monotonic() - begun, **used()}, file)


def command(line: str) -> None:
    """Run `python program.py` in this process, and any other command in a shell."""
    try:
        python, *arguments = shlex.split(line)
    except ValueError:
        python, arguments = "", []
    if python == "python" and arguments and os.path.isfile(arguments[0]):
        sys.argv = arguments
        sys.path.insert(0, os.path.dirname(os.path.abspath(arguments[0])))
        runpy.run_path(arguments[0], run_name="__main__")
    else:
        status = os.spawnvp(os.P_WAIT, "/bin/sh", ["/bin/sh", "-c", line])
        sys.exit(abs(status))


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
