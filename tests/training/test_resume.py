"""Every network: a training that was stopped goes on to the weights of one that was not."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.core import members, params, runtime
from generative.datasets.base.dataset import Prepared
from generative.pipeline import overlay
from generative.training import checkpoint, fit
from generative.training.schema import Train
from tests.support.workspace import TINY

SECTIONS = params.sections("train")
# One section a network: sections that share one differ in their numbers only.
KEYS = list({section["network"]: key for key, section in SECTIONS.items()}.values())
# Quick enough for every change, with what others have not: a state carried from step to step,
# restarts, two optimizers and averages, a text.
QUICK = ("cvae", "cgan", "char_lstm", "siamese")


def test_every_network_is_asked() -> None:
    assert {SECTIONS[key]["network"] for key in KEYS} == set(members.networks())


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parameters of small trainings."""
    file = tmp_path_factory.mktemp("params") / "params.yaml"
    file.write_text(params.PATH.read_text())
    overlay.use(TINY, file)
    return file


@pytest.mark.parametrize(
    "key", [key if key in QUICK else pytest.param(key, marks=pytest.mark.slow) for key in KEYS]
)
def test_a_stopped_training_goes_on(
    key: str, file: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    stop_and_go_on(key, file, tmp_path, request)


def test_a_text_goes_on_from_a_state_in_bfloat16(
    file: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        stop_and_go_on("char_lstm", file, tmp_path, request)
    finally:
        keras.config.set_dtype_policy("float32")


def stop_and_go_on(key: str, file: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Train in one go and in two; assert that both come to the same."""
    train = params.read(f"train.{key}", Train, file)
    train = train.model_copy(update={"precision": "float32", "epochs": 3})
    folder = request.getfixturevalue(f"prepared_{train.dataset}")
    data = Prepared(train.dataset, train.data, folder)
    device = runtime.Device("CPU", "float32", False, "statistical", tf.distribute.get_strategy())

    def run(workspace: str, stop_at: int = 0) -> tuple[Any, Any]:
        def on_epoch(epoch: int, values: dict[str, float], snapshot: Any) -> None:
            if epoch == stop_at:
                raise KeyboardInterrupt

        keras.utils.set_random_seed(train.seed)
        model = members.network(train.network)(**{**data.facts(), **train.model})
        history = fit.fit(
            f"train.{key}",
            model,
            train,
            device,
            data.batches(train.batch_size, train.seed),
            data.load("validation"),
            on_epoch,
            tmp_path / workspace,
        )
        return checkpoint.variables(model), history

    variables, history = run("undisturbed")
    with pytest.raises(KeyboardInterrupt):
        run("stopped", stop_at=2)
    again, resumed = run("stopped")
    np.testing.assert_allclose(resumed.table, history.table, rtol=1e-3, atol=1e-5)
    assert len(again) == len(variables)
    for one, other in zip(again, variables, strict=True):
        np.testing.assert_allclose(
            np.asarray(one, np.float32),
            np.asarray(other, np.float32),
            rtol=1e-3,
            atol=1e-5,
            err_msg=getattr(one, "path", "training_state"),
        )
    if history.snapshots.dtype.kind == "U":
        assert resumed.snapshots.tolist() == history.snapshots.tolist()
    else:
        np.testing.assert_allclose(resumed.snapshots, history.snapshots, atol=1e-4)
