from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from generative import exporting, params, saving, tracking
from generative.blocks.train import Train
from generative.cli import app
from generative.errors import BadInput
from generative.models.cvae import CVAE


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


def test_register_exports_what_generates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Register a model, take it back by its alias, and get the images that it generates."""
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlruns/mlflow.db")
    (tmp_path / "dvc.lock").write_text(
        "stages:\n  train@cvae:\n    outs:\n    - path: data/models/cvae\n"
    )
    arguments = params.read("train.cvae", Train).model
    monkeypatch.chdir(tmp_path)
    model = CVAE(**arguments)
    saving.save(model, saving.Card("models/cvae", arguments, "mnist", {}), Path("data/models/cvae"))
    with pytest.raises(BadInput, match="MLflow has no run of cvae as in dvc.lock"):
        exporting.register("cvae", "champion")

    (tmp_path / "params.yaml").write_text("profile: test\n")
    (tmp_path / "prepared").mkdir()
    store = tracking.Store()
    run = store.create("train@cvae", {"train": {}}, {}, tmp_path / "prepared")
    identity = tracking.digest(tracking.read_lock()["train@cvae"])
    store.client.set_tag(run, "dvc.lock_hash", identity)
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


def test_committed_profiles_are_listed() -> None:
    assert {file.stem for file in Path("profiles").glob("*.yaml")} == {"smoke", "full"}
    assert params.read_document(Path("profiles/smoke.yaml"))["profile"] == "smoke"
