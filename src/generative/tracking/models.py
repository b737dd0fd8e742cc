"""Trained models in MLflow: files, a card, a signature and what a model needs.

MLflow's own `log_model` loads a model in another process to find out what it needs, which takes a
minute; here that is known.
"""

import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from generative.core.folders import read_json
from generative.core.saving import DESCRIPTION, SIGNATURE
from generative.tracking import descriptions

CARD, REQUIREMENTS, DEFINITION = "README.md", "requirements.txt", "MLmodel"
MODEL = "model.id"  # the tag of a run that names its logged model
PINNED = ("keras", "numpy", "tensorflow")


def add_model(store: Any, run: Any, name: str, folder: Path, step: int) -> str:
    """Log the model in `folder`, as it is after epoch `step`, as that of `run`; its id. A run that
    has one keeps it."""
    from mlflow.entities import LoggedModelOutput

    run_id, known = run.info.run_id, run.data.tags
    if MODEL in known:
        return str(known[MODEL])
    tags = {tag: known[tag] for tag in ("family", "network", "dataset") if tag in known}
    model = store.client.create_logged_model(
        store.experiment,
        name=name,
        source_run_id=run_id,
        tags=tags,
        params=dict(run.data.params),
        model_type=tags.get("family", ""),
    )
    store.client.log_model_artifacts(model.model_id, str(folder))
    with tempfile.TemporaryDirectory() as beside:
        write_beside(Path(beside), folder, name, tags, run_id, model.model_id)
        store.client.log_model_artifacts(model.model_id, beside)
    store.client.finalize_logged_model(model.model_id, "READY")
    store.client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step)])
    store.client.set_tag(run_id, MODEL, model.model_id)
    return str(model.model_id)


def write_beside(
    out: Path, folder: Path, name: str, tags: dict[str, str], run: str, model: str
) -> None:
    """Write into `out` what MLflow shows of the model in `folder`: a card, requirements, and the
    definition with its signature."""
    from mlflow.models import Model

    (out / REQUIREMENTS).write_text("\n".join([*requirements(), ""]), encoding="utf-8")
    (out / CARD).write_text(card(name, tags), encoding="utf-8")
    definition = Model(run_id=run, model_id=model, signature=signature_of(folder))
    definition.add_flavor("generative", network=tags.get("network"), data=DESCRIPTION)
    definition.save(str(out / DEFINITION))


def requirements() -> list[str]:
    """What a model needs, each package at the version that is installed."""
    return [f"{package}=={version(package)}" for package in PINNED]


def signature_of(folder: Path) -> Any:
    """MLflow's signature of the model in `folder`; None where it has written none."""
    file = folder / SIGNATURE
    return to_mlflow(read_json(file)) if file.exists() else None


def to_mlflow(signature: dict[str, Any]) -> Any:
    """A signature as `saving.signature` gives it, as MLflow's."""
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    inputs, outputs = (
        Schema(
            [TensorSpec(np.dtype(t["dtype"]), tuple(t["shape"]), t["name"]) for t in signature[n]]
        )
        for n in ("inputs", "outputs")
    )
    return ModelSignature(inputs, outputs)


def card(name: str, tags: dict[str, str]) -> str:
    """What a person must know to use the model, in markdown."""
    use = "predict" if tags.get("family") in ("classifiers", "multi_io") else "sample"
    return f"""# {name}

{descriptions.of_network(tags.get("network", ""))}

- Network: `{tags.get("network", "")}`, trained on `{tags.get("dataset", "")}`.
- `model.json` says what to build, `model.weights.h5` holds the weights, `signature.json` what the
  part that predicts or generates takes and gives.
- Put these files into a folder of a checkout and give its path instead of a key:
  `generative {use} FOLDER`; or in Python `generative.core.saving.load(folder)`.
- What it was measured by: the metrics of this model.
"""
