"""Every network: a training that was stopped goes on to the weights of one that was not."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from generative.core import members
from generative.training import checkpoint
from tests.support.slow import unless_quick
from tests.support.training import KEYS, SECTIONS, Small, stopping_after

# Quick enough for every change, with what others have not: a state carried from step to step,
# two optimizers and averages, a text.
QUICK = ("cvae", "cgan", "char_lstm")
# An epoch of 3 steps ends within a turn of the two networks, and within the head start.
TURNS = [
    pytest.param("cgan", {"discriminator_steps": 2, "r1_weight": 0.5, "r1_every": 4}, id="cgan"),
    pytest.param("infogan", {"discriminator_steps": 2, "head_start": 0.7}, id="infogan"),
    pytest.param("stackedgan", {"encoder_share": 0.5, "discriminator_steps": 2}, id="stackedgan"),
]


def test_every_network_is_asked() -> None:
    assert {SECTIONS[key]["network"] for key in KEYS} == set(members.networks())


@pytest.mark.parametrize("key", unless_quick(KEYS, QUICK))
def test_a_stopped_training_goes_on(
    key: str, tiny_params: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    stop_and_go_on(Small(key, tiny_params, request, epochs=3), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("cvae", {"snapshot_codes": "sampled", "batch_normalization": "convolutions"}),
        ("char_lstm", {"snapshot_prompt": "random", "embedding_size": 0}),
    ],
)
def test_a_stopped_training_draws_the_same_snapshots(
    key: str,
    options: dict[str, Any],
    tiny_params: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    small = Small(key, tiny_params, request, epochs=2)
    small.train.model.update(options)
    if key == "char_lstm":
        small.train.data.update(windows="last_character")
    stop_and_go_on(small, tmp_path, stop_at=1)


@pytest.mark.slow
def test_callbacks_of_keras_remember_the_best_epoch(
    tiny_params: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """They choose the epoch of the highest loss, the first; the training goes on after it."""
    file = tmp_path / "best.weights.h5"
    highest = {"monitor": "loss", "mode": "max"}
    saving = {"filepath": str(file), "save_best_only": True, "save_weights_only": True}
    stopping = {"patience": 9, "restore_best_weights": True}
    callbacks = [
        {"class_name": "EarlyStopping", "config": {**highest, **stopping}},
        {"class_name": "ModelCheckpoint", "config": {**highest, **saving}},
    ]
    small = Small("sequential", tiny_params, request, epochs=3, keep="last", callbacks=callbacks)
    stop_and_go_on(small, tmp_path, stop_at=1)
    once = small.train.model_copy(update={"epochs": 1})
    first = small.build()
    small.train = once
    small.fit(first, tmp_path / "one epoch")
    saved = small.build()
    saved.load_weights(file)
    for one, other in zip(saved.get_weights(), first.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("key", "options"), TURNS)
def test_a_training_goes_on_within_a_turn(
    key: str,
    options: dict[str, Any],
    tiny_params: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    small = Small(key, tiny_params, request, epochs=2, steps_per_epoch=3, steps_per_call=1)
    small.train.model.update(options)
    stop_and_go_on(small, tmp_path, stop_at=1)


@pytest.mark.slow
def test_a_text_goes_on_from_a_state_in_bfloat16(
    tiny_params: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        stop_and_go_on(Small("char_lstm", tiny_params, request, epochs=3), tmp_path)
    finally:
        keras.config.set_dtype_policy("float32")


def stop_and_go_on(small: Small, tmp_path: Path, stop_at: int = 2) -> None:
    """Train in one go and in two; assert that both come to the same."""

    def run(workspace: str, last: int = 0) -> tuple[Any, Any]:
        model = small.build()
        history = small.fit(model, tmp_path / workspace, stopping_after(last))
        return checkpoint.variables(model), history

    variables, history = run("undisturbed")
    with pytest.raises(KeyboardInterrupt):
        run("stopped", stop_at)
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
