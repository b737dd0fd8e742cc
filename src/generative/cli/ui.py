"""`generative ui`: the MLflow UI on this machine."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from generative.cli.publish import publish
from generative.core.errors import unknown
from generative.core.params import PATH, read_document


def ui(
    model: Annotated[str, typer.Argument(help="Compare the runs of this model, too.")] = "",
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 5000,
) -> None:
    """Publish, print links to ready comparisons, and open the MLflow UI on 127.0.0.1 until
    Ctrl-C."""
    from generative.tracking import store, views

    document = read_document() if PATH.exists() else {}
    if model and model not in (known := document.get("train") or {}):
        raise unknown("model", model, known)

    if Path("dvc.lock").exists():
        publish()
    uri = store.store_uri()
    remote = uri.startswith("http")
    server = f"http://127.0.0.1:{port}"
    if remote:  # whose password the browser asks for
        server = store.without_password(uri).replace("***@", "").rstrip("/")
    with store.wrap_store_errors():
        opened = store.Store()
        ready = list(views.views(document))
        if model:
            ready.append(views.of_model(model, opened.search))
            opened.keep_views(ready)
    experiment = opened.experiment
    print(f"MLflow: {views.experiment_link(server, experiment)}")
    for view in ready:
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
