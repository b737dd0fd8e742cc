"""Models in MLflow's registry: what is registered, and what is served."""

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest

from generative.core import members, params, saving
from generative.core.errors import BadInput
from generative.tracking.provenance import digest
from generative.tracking.publish import read_lock
from generative.tracking.registry import register
from generative.tracking.store import Store
from generative.training.schema import Train
from tests.support.tracking import write_results


def save_model(
    description: saving.Description, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """A model as training leaves it, in a project with an empty MLflow store."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlruns/mlflow.db")
    key = Path(description.network).name
    entry = {"outs": [{"path": f"data/models/{key}"}]}
    write_results(folder, {"profile": "test"}, {f"train@{key}": entry}, {})
    monkeypatch.chdir(folder)
    model = members.network(description.network)(**description.arguments)
    saving.save(model, description, Path("data/models") / key)
    return model


def add_run(key: str, folder: Path) -> None:
    """The run in MLflow that belongs to the model in dvc.lock."""
    (folder / "prepared").mkdir()
    store = Store()
    run = store.create(f"train@{key}", {"train": {}}, {}, folder / "prepared")
    store.client.set_tag(run, "dvc.lock_hash", digest(read_lock()[f"train@{key}"]))


def test_what_is_registered_generates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Register a model, take it back by its alias, and get the images that it generates."""
    arguments = params.read("train.cvae", Train).model
    description = saving.Description("vae/cvae", arguments, "mnist", {})
    model = save_model(description, tmp_path, monkeypatch)
    with pytest.raises(BadInput, match="MLflow has no run of cvae as in dvc.lock"):
        register("cvae", "champion")

    add_run("cvae", tmp_path)
    assert register("cvae", "champion") == "1"

    served = mlflow.pyfunc.load_model("models:/cvae@champion")
    codes = np.random.default_rng(0).standard_normal((3, 2)).astype(np.float32)
    np.testing.assert_allclose(served.predict(codes), model.images(codes), atol=1e-6)
    with pytest.raises(mlflow.MlflowException):
        served.predict(codes[:, :1])
    requirements = (
        Path(mlflow.artifacts.download_artifacts("models:/cvae@champion")) / "requirements.txt"
    )
    assert "tensorflow==" in requirements.read_text()


@pytest.mark.parametrize(
    ("key", "dataset", "facts"),
    [
        ("siamese", "lines", {"characters": list("abc"), "length": 4}),
        ("passage", "passages", {"words": list("abc"), "length": 40, "year": 1600.0}),
    ],
)
def test_models_with_several_inputs_or_outputs(
    key: str, dataset: str, facts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = {**facts, **params.read(f"train.{key}", Train).model}
    description = saving.Description(f"multi_io/{key}", arguments, dataset, {})
    model = save_model(description, tmp_path, monkeypatch)
    add_run(key, tmp_path)
    register(key, "champion")

    served = mlflow.pyfunc.load_model(f"models:/{key}@champion")
    generator = np.random.default_rng(0)
    inputs = {
        tensor.name: generator.integers(4, size=(5, tensor.shape[1]), dtype=np.int32)
        for tensor in model.inputs
    }
    found = served.predict(inputs if len(inputs) > 1 else next(iter(inputs.values())))
    expected = [np.reshape(x, (5, -1)) for x in model.predictions(inputs).values()]
    np.testing.assert_allclose(found, np.hstack(expected), rtol=1e-5, atol=1e-6)


def test_the_judge_is_no_model_to_register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="data/models/judge is no trained model"):
        register("judge", "champion")
