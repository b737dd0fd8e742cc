"""What is served is what was trained: the part of each network that predicts or generates gives the
same numbers from Keras' file, and from TensorFlow's, in which any server runs it."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.core import saving
from tests.support.training import KEYS, Small


def examples(model: keras.Model) -> Any:
    """Two rows of each input: small whole numbers where it takes these, noise otherwise."""
    generator = np.random.default_rng(0)

    def rows(own: dict[str, Any]) -> np.ndarray:
        shape = (2, *(5 if size == -1 else size for size in own["shape"][1:]))
        if np.issubdtype(np.dtype(own["dtype"]), np.integer):
            return generator.integers(1, 4, shape).astype(own["dtype"])
        return generator.random(shape, np.float32)

    made = {own["name"]: rows(own) for own in saving.signature(model)["inputs"]}
    return made.get(None, made)


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS)
def test_what_is_exported_gives_the_same(
    key: str, tiny_params: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    served = Small(key, tiny_params, request).build().inference_model()
    inputs = examples(served)
    expected = keras.tree.map_structure(np.asarray, served(inputs, training=False))
    served.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    served.export(tmp_path / "model", verbose=False)
    exported = tf.saved_model.load(tmp_path / "model")
    rows = list(inputs.values()) if isinstance(inputs, dict) else inputs
    for found in (loaded(inputs, training=False), exported.serve(rows)):
        keras.tree.map_structure(
            lambda one, other: np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6),
            expected,
            keras.tree.map_structure(np.asarray, found),
        )
