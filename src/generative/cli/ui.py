"""`generative ui`: the MLflow UI on this machine."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from generative.cli.publish import publish
from generative.core.params import PATH, read_document


def ui(port: Annotated[int, typer.Option(help="Port on this machine.")] = 5000) -> None:
    """Publish, print links to ready comparisons, and open the MLflow UI on 127.0.0.1 until
    Ctrl-C."""
    from generative.tracking import store, views

    if Path("dvc.lock").exists():
        publish()
    uri = store.store_uri()
    remote = uri.startswith("http")
    server = f"http://127.0.0.1:{port}"
    if remote:  # whose password the browser asks for
        server = store.without_password(uri).replace("***@", "").rstrip("/")
    with store.wrap_store_errors():
        experiment = store.Store().experiment
    print(f"MLflow: {views.experiment_link(server, experiment)}")
    for view in views.views(read_document() if PATH.exists() else {}):
        print(f"  {view.title}: {view.link(server, experiment)}", flush=True)
    if remote:
        print("MLFLOW_TRACKING_URI names a server that has a UI of its own", flush=True)
        return
    # Without the job runner the server is two processes instead of ten.
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    artifacts = Path("mlruns").resolve().as_uri()
    arguments = ["server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    arguments += ["--default-artifact-root", artifacts]
    os.environ["MLFLOW_BACKEND_STORE_URI"] = uri  # which may hold a password: no argument
    os.execv(sys.executable, [sys.executable, "-m", "mlflow", *arguments])
