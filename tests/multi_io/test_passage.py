from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from generative.core import saving
from generative.core.errors import BadInput
from generative.multi_io.base.model import MultiIOModel
from tests.support import multi_io
from tests.support.saving import check_signature

LENGTH, WORDS = 269, ["the", "king", "is", "dead"]


def built(**changes: Any) -> dict[str, Any]:
    facts = {"words": WORDS, "length": LENGTH, "year": 1600.0}
    own = {**multi_io.ARGUMENTS["passage"], "architecture": "chollet2017"}
    return {**facts, **own, **multi_io.OPTIONS, **changes}


def passages(count: int) -> np.ndarray:
    ids = np.random.default_rng(1).integers(0, len(WORDS) + 1, (count, LENGTH))
    return ids.astype(np.int32)


def test_the_books_network() -> None:
    """As Chollet (2017, section 7.1.3) lists it, but with our vocabulary and three genres."""
    model = multi_io.construct("passage", **built(embedding_size=256, width=128))
    first, second, other = 5 * 256 * 128 + 128, 5 * 128 * 256 + 256, 5 * 256 * 256 + 256
    heads = 129 + 3 * 129 + 129
    expected = 256 * (len(WORDS) + 1) + first + second + 3 * other + 256 * 128 + 128 + heads
    assert model.count_params() == expected
    sizes = [
        layer.output.shape[1]
        for layer in model.layers
        if isinstance(layer, (layers.Conv1D, layers.MaxPooling1D))
    ]
    # At the least length one place is left for the maximum.
    assert sizes == [265, 53, 49, 45, 9, 5, 1]
    kinds = {type(layer) for layer in model.layers}
    assert layers.GlobalMaxPooling1D in kinds
    assert not kinds & {layers.BatchNormalization, layers.Rescaling, layers.Concatenate}


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_the_books_network_is_trained_and_kept(policy: str, tmp_path: Path) -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = multi_io.construct("passage", **built())
        targets = [np.full((4, 1), 1600.0), np.array([[0], [1], [2], [0]]), np.ones((4, 1))]
        multi_io.check_a_step(model, [passages(4)], targets)
        description = saving.Description("multi_io/passage", built(), "passages", {})
        saving.save(model, description, tmp_path)
    finally:
        keras.config.set_dtype_policy(before)
    check_signature(tmp_path)
    loaded = saving.load(tmp_path)
    assert isinstance(loaded, MultiIOModel)
    assert all(map(np.array_equal, loaded.get_weights(), model.get_weights()))


def test_a_passage_that_is_too_short() -> None:
    with pytest.raises(BadInput, match=r"takes passages of 269 words or more; prepare\.passages"):
        multi_io.construct("passage", **built(length=LENGTH - 1))
    multi_io.construct("passage", **built(length=30, architecture="words"))
