"""MLflow's model registry: trained models for others to serve.

What is registered is the part of a model that generates or predicts: a functional model of built-in
layers, which loads without this package.
"""

import re
from pathlib import Path
from typing import Any

from generative.core import saving
from generative.core.errors import BadInput, shown
from generative.tracking import models
from generative.tracking.entries import DATA, read_lock
from generative.tracking.provenance import digest
from generative.tracking.store import Store, wrap_store_errors

ALIAS, RESERVED = re.compile(r"[\w-]{1,255}"), re.compile(r"(?i)latest|v\d+")


def register(key: str, alias: str, data: Path = DATA) -> str:
    """Log `data/models/<key>` into its MLflow run, register it and set `alias`; the version.

    Raises `BadInput` for an alias that MLflow does not take, and if the model is not trained or its
    run is not published.
    """
    if not ALIAS.fullmatch(alias) or RESERVED.fullmatch(alias):
        raise BadInput(
            f"--alias: received {shown(alias)}; it has letters, digits, _ and -, and is neither "
            "latest nor a v with a number, which MLflow keeps for itself"
        )
    model = saving.load(data / "models" / key)
    identity = digest(read_lock().get(f"train@{key}"))
    with wrap_store_errors():
        runs = Store().find({"dvc.lock_hash": identity})
        if not runs:
            raise BadInput(f"MLflow has no run of {key} as in dvc.lock; run: generative publish")
        return log_model(model.inference_model(), runs[0].info.run_id, key, alias)


def log_model(model: Any, run_id: str, name: str, alias: str) -> str:
    """Log a functional Keras model with its signature, register it and set `alias`; the version."""
    import mlflow

    with mlflow.start_run(run_id=run_id):
        logged = mlflow.keras.log_model(
            model,
            name=name,
            signature=models.to_mlflow(saving.signature(model)),
            # Named here: working them out loads the model once more in another process.
            pip_requirements=models.requirements(),
            registered_model_name=name,
        )
    client = mlflow.MlflowClient()
    client.set_registered_model_alias(name, alias, logged.registered_model_version)
    return str(logged.registered_model_version)
