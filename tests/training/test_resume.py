"""Every network: a training that was stopped goes on to the weights of one that was not."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from generative.core import members
from generative.training import checkpoint
from tests.support.training import KEYS, SECTIONS, Small

# Quick enough for every change, with what others have not: a state carried from step to step,
# restarts, two optimizers and averages, a text.
QUICK = ("cvae", "cgan", "char_lstm", "siamese")


def test_every_network_is_asked() -> None:
    assert {SECTIONS[key]["network"] for key in KEYS} == set(members.networks())


@pytest.mark.parametrize(
    "key", [key if key in QUICK else pytest.param(key, marks=pytest.mark.slow) for key in KEYS]
)
def test_a_stopped_training_goes_on(
    key: str, tiny_params: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    stop_and_go_on(key, tiny_params, tmp_path, request)


def test_a_text_goes_on_from_a_state_in_bfloat16(
    tiny_params: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        stop_and_go_on("char_lstm", tiny_params, tmp_path, request)
    finally:
        keras.config.set_dtype_policy("float32")


def stop_and_go_on(key: str, file: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Train in one go and in two; assert that both come to the same."""
    small = Small(key, file, request, epochs=3)

    def run(workspace: str, stop_at: int = 0) -> tuple[Any, Any]:
        def on_epoch(epoch: int, values: dict[str, float], snapshot: Any) -> None:
            if epoch == stop_at:
                raise KeyboardInterrupt

        model = small.build()
        history = small.fit(model, tmp_path / workspace, on_epoch)
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
