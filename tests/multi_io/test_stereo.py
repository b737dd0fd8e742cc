from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from generative.core import saving
from generative.core.errors import BadInput
from tests.support import multi_io
from tests.support.saving import check_signature


def built(**changes: Any) -> dict[str, Any]:
    own = {**multi_io.ARGUMENTS["stereo"], "base": "xception", "comparison": "concatenation"}
    return {"side": 71, **own, **multi_io.OPTIONS, **changes}


@pytest.mark.parametrize("comparison", ["symmetric", "concatenation"])
def test_the_base_is_kerass_and_there_once(comparison: str) -> None:
    model = multi_io.construct("stereo", **built(comparison=comparison))
    base = model.get_layer("base")
    assert base.count_params() == 20_861_480  # as Keras' page of applications gives it
    assert model.count_params() == base.count_params() + (2 * 2048 + 1) * 64 + 65
    assert model.get_layer("compared").output.shape == (None, 2 * 2048)


def test_means_of_concatenated_maps_are_concatenated_means() -> None:
    """The book concatenates the maps; what pools them may stand ahead."""
    a, b = np.random.default_rng(0).random((2, 3, 4, 4, 5), np.float32)
    pool, join = keras.layers.GlobalAveragePooling2D(), keras.layers.Concatenate()
    np.testing.assert_allclose(pool(join([a, b])), join([pool(a), pool(b)]), rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_it_is_trained_and_kept(policy: str, tmp_path: Path) -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = multi_io.construct("stereo", **built())
        crops = list(np.random.default_rng(0).random((2, 2, 71, 71, 3), np.float32))
        multi_io.check_a_step(model, crops, [np.array([[0], [1]])])
        saving.save(model, saving.Description("multi_io/stereo", built(), "views", {}), tmp_path)
    finally:
        keras.config.set_dtype_policy(before)
    check_signature(tmp_path)
    loaded = saving.load(tmp_path)
    assert all(map(np.array_equal, loaded.get_weights(), model.get_weights()))


def test_a_side_that_is_too_small() -> None:
    with pytest.raises(BadInput, match=r"sides of 71 pixels or more; prepare\.views\.side is 70"):
        multi_io.construct("stereo", **built(side=70))
