"""An MLflow server on this machine."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def serving(folder: Path, port: int, store: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """`mlflow server` on 127.0.0.1 that keeps its runs, unless they are in `store`, and, for its
    clients, their artifacts in `folder`."""
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--serve-artifacts"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", store or f"sqlite:///{folder}/mlflow.db"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    # Without the job runner the server is two processes instead of ten.
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "server.log").open("ab") as log:
        # A group of its own: it starts workers, which end with it.
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            wait(f"http://127.0.0.1:{port}/health", process)
            yield process
        finally:
            stop(process)


def wait(address: str, process: subprocess.Popen[bytes], seconds: float = 120) -> None:
    """Until the server answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except (OSError, urllib.error.URLError):
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the server does not answer")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Kill the server and its workers at once."""
    if process.poll() is None:
        os.killpg(process.pid, 9)
    process.wait()
