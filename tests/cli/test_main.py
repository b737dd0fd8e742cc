from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from generative.tracking import registry as exporting
from generative.core import params
from generative.core import saving
from generative.tracking import mlflow_view as tracking
from generative.training.schema import Train
from generative.cli.main import app
from generative.core.errors import BadInput
from generative.core import members


def call(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_params_check() -> None:
    assert "blocks are right: runtime, prepare.mnist" in call("params", "check")


def test_an_unknown_profile() -> None:
    with pytest.raises(BadInput, match="unknown profile 'ful'; did you mean full"):
        call("params", "use", "ful")


def test_help_names_every_command() -> None:
    text = call("--help")
    for command in ("params", "fetch", "publish", "ui", "sample", "stylize"):
        assert command in text
    for command in ("register", "tune", "smoke"):
        assert command in text


def test_ui_of_a_server_is_the_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert call("ui").strip().endswith("a UI of its own: http://127.0.0.1:9")


def save_model(card: saving.Description, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A model as training leaves it, in a project with an empty MLflow store."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlruns/mlflow.db")
    key = Path(card.network).name
    (folder / "dvc.lock").write_text(
        f"stages:\n  train@{key}:\n    outs:\n    - path: data/models/{key}\n"
    )
    monkeypatch.chdir(folder)
    model = members.network(card.network)(**card.arguments)
    saving.save(model, card, Path("data/models") / key)
    return model


def add_run(key: str, folder: Path) -> None:
    """The run in MLflow that belongs to the model in dvc.lock."""
    (folder / "params.yaml").write_text("profile: test\n")
    (folder / "prepared").mkdir()
    store = tracking.Store()
    run = store.create(f"train@{key}", {"train": {}}, {}, folder / "prepared")
    identity = tracking.digest(tracking.read_lock()[f"train@{key}"])
    store.client.set_tag(run, "dvc.lock_hash", identity)


def test_register_exports_what_generates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Register a model, take it back by its alias, and get the images that it generates."""
    import mlflow

    arguments = params.read("train.cvae", Train).model
    card = saving.Description("models/cvae", arguments, "mnist", {})
    model = save_model(card, tmp_path, monkeypatch)
    with pytest.raises(BadInput, match="MLflow has no run of cvae as in dvc.lock"):
        exporting.register("cvae", "champion")

    add_run("cvae", tmp_path)
    assert exporting.register("cvae", "champion") == "1"

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
def test_register_graphs_with_several_inputs_or_outputs(
    key: str, dataset: str, facts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    arguments = {**facts, **params.read(f"train.{key}", Train).model}
    card = saving.Description(f"topologies/{key}", arguments, dataset, {})
    model = save_model(card, tmp_path, monkeypatch)
    add_run(key, tmp_path)
    exporting.register(key, "champion")

    served = mlflow.pyfunc.load_model(f"models:/{key}@champion")
    generator = np.random.default_rng(0)
    inputs = {
        tensor.name: generator.integers(4, size=(5, tensor.shape[1]), dtype=np.int32)
        for tensor in model.inputs
    }
    found = served.predict(inputs if len(inputs) > 1 else next(iter(inputs.values())))
    expected = [np.reshape(x, (5, -1)) for x in model.predictions(inputs).values()]
    np.testing.assert_allclose(found, np.hstack(expected), rtol=1e-5)


def test_committed_profiles_are_listed() -> None:
    assert {file.stem for file in Path("profiles").glob("*.yaml")} == {"smoke", "full"}
    assert params.read_document(Path("profiles/smoke.yaml"))["profile"] == "smoke"
