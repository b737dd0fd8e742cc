"""`generative ui`: the MLflow UI on this machine."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from generative.cli.publish import publish


def ui(port: Annotated[int, typer.Option(help="Port on this machine.")] = 5000) -> None:
    """Publish, then open the MLflow UI on 127.0.0.1 until Ctrl-C."""
    from generative.tracking import store

    if Path("dvc.lock").exists():
        publish()
    uri = store.store_uri()
    if uri.startswith("http"):
        place = store.without_password(uri)
        print(f"MLFLOW_TRACKING_URI names a server that has a UI of its own: {place}")
        return
    with store.wrap_store_errors():
        store.Store()
    # Without the job runner the server is two processes instead of ten.
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    artifacts = Path("mlruns").resolve().as_uri()
    arguments = ["server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    arguments += ["--default-artifact-root", artifacts]
    os.environ["MLFLOW_BACKEND_STORE_URI"] = uri  # which may hold a password: no argument
    print(f"MLflow: http://127.0.0.1:{port}", flush=True)
    os.execv(sys.executable, [sys.executable, "-m", "mlflow", *arguments])
