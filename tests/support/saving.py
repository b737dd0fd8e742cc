"""What every trained model's folder promises."""

from pathlib import Path

import keras
import numpy as np

from generative.core import saving
from generative.core.folders import read_json, whole


def check_signature(folder: Path) -> None:
    """`signature.json` says what the inference model of the model in `folder` takes and gives."""
    described = read_json(whole(folder / saving.SIGNATURE, "the test"))
    model = saving.load(folder).inference_model()
    assert described == saving.signature(model)
    inputs = {
        own["name"]: np.zeros([3 if size == -1 else size for size in own["shape"]], own["dtype"])
        for own in described["inputs"]
    }
    outputs = keras.tree.flatten(model(inputs.get(None, inputs)))
    for output, own in zip(outputs, described["outputs"], strict=True):
        assert output.dtype == own["dtype"]
        assert output.shape == tuple(3 if size == -1 else size for size in own["shape"])
