"""bfloat16: every network and option trains in it, and what is saved of it is what it computed."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import keras
import numpy as np
import pytest

from generative.core import members, params
from tests.support.training import KEYS, SECTIONS, Small

# Options that are numbers and do nothing by default.
NUMBERS = {
    "dropout": 0.3,
    "gradient_penalty_weight": 10.0,
    "label_noise": 0.1,
    "label_smoothing": 0.1,
    "real_target": 0.9,
}
# What else some choices need.
COMPANIONS: dict[tuple[str, Any], dict[str, Any]] = {
    ("objective", "wasserstein"): {"gradient_penalty_weight": 10.0},
    ("batch_normalization", "both"): {"r1_weight": 0.0},
    ("updates", "separate"): {"r1_weight": 0.0},
    ("batch_statistics", "moving"): {"updates": "alternating"},
}
# Choices that need larger passages and pictures than these: tests/multi_io trains them.
LARGER = {("passage", "chollet2017"), ("stereo", "xception")}


@pytest.fixture
def bfloat16() -> Iterator[None]:
    """As `runtime.configure` sets it, whether or not the hardware has it."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)


def options() -> Iterator[Any]:
    """Each choice of each network that its section does not take; those of a family once."""
    seen = set()
    for key in KEYS:
        network = members.network(SECTIONS[key]["network"])
        own = inspect.signature(network.__init__).parameters
        yield pytest.param(key, {}, id=key)
        for name, field in params.signature(network.__init__).model_fields.items():
            kind = field.annotation
            choices = get_args(kind) if get_origin(kind) is Literal else ()
            if name in NUMBERS:
                choices = (NUMBERS[name],)
            for choice in choices:
                option = (key if name in own else SECTIONS[key]["family"], name, choice)
                if choice == SECTIONS[key]["model"].get(name) or option in seen:
                    continue
                if (key, choice) in LARGER:
                    continue
                seen.add(option)
                yield pytest.param(key, {name: choice}, id=f"{key}-{name}-{choice}")


@pytest.mark.slow
@pytest.mark.parametrize(("key", "changes"), list(options()))
def test_a_network_trains_in_bfloat16(
    key: str,
    changes: dict[str, Any],
    bfloat16: None,
    tiny_params: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    small = Small(key, tiny_params, request, steps_per_epoch=2, precision="bfloat16")
    for change in changes.items():
        small.train.model.update({**COMPANIONS.get(change, {}), **changes})
    model = small.build()
    before = [weight.numpy() for weight in model.trainable_variables]
    history = small.fit(model, tmp_path)
    assert np.isfinite(history.table.to_numpy()).all()
    assert all(weight.dtype == "float32" for weight in model.trainable_variables)
    moved = [
        not np.array_equal(one, other.numpy())
        for one, other in zip(before, model.trainable_variables, strict=True)
    ]
    assert any(moved)
