"""The store itself, on real ones: its first use, and where it is not to be had."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from generative.tracking.store import Store, StoreUnavailable, wrap_store_errors
from tests.support.tracking import UNUSABLE, query


@pytest.mark.parametrize("uri", UNUSABLE)
def test_an_unusable_store_is_one_line(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(StoreUnavailable) as failure, wrap_store_errors():
        Store()
    message = str(failure.value)
    assert uri in message
    assert "the results are on disk" in message
    assert "\n" not in message


@pytest.mark.slow
def test_six_processes_start_on_a_fresh_store(tmp_path: Path) -> None:
    program = (
        "from generative.tracking.store import Store\n"
        "store = Store()\n"
        "run = store.client.create_run(store.experiment)\n"
        "store.log(run.info.run_id, [({'loss': 1.0}, 1)])"
    )
    environment = {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlruns/mlflow.db"}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            env={**os.environ, **environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    for process in started:
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors
    database = tmp_path / "mlruns" / "mlflow.db"
    assert query(database, "select count(*) from runs") == [(6,)]
    assert query(database, "select count(*) from experiments where name = 'generative'") == [(1,)]


@pytest.mark.parametrize("statement", [250, 400])
def test_a_kill_while_the_tables_are_made(statement: int, tmp_path: Path) -> None:
    program = (
        "import itertools, os, signal\n"
        "from sqlalchemy import Engine, event\n"
        "from generative.tracking.store import Store\n"
        "count = itertools.count()\n"
        "@event.listens_for(Engine, 'before_cursor_execute')\n"
        "def kill(*_):\n"
        f"    if next(count) == {statement}:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "Store()"
    )
    database = tmp_path / "mlruns" / "mlflow.db"
    environment = {**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{database}"}
    killed = subprocess.run([sys.executable, "-c", program], env=environment)
    assert killed.returncode == -signal.SIGKILL
    again = "from generative.tracking.store import Store; Store()"
    subprocess.run([sys.executable, "-c", again], env=environment, check=True)
    assert query(database, "select count(*) from experiments where name = 'generative'") == [(1,)]
    left = {file.name for file in database.parent.iterdir()}
    assert left == {"mlflow.db", "mlflow.db.lock"}
