"""Any network of keras.applications: which there are, what it takes, and what is kept of it."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from generative.classifiers.application import APPLICATIONS
from generative.core import params
from generative.core.errors import BadInput
from generative.core.params import check, signature
from generative.training.callbacks import layer_outputs
from generative.training.schema import Train
from tests.support.classifiers import arguments
from tests.support.classifiers import build_classifier as build
from tests.support.params import set_parameter

# Parameters without the top, as Keras' page of applications gives them.
SIZES = {"InceptionV3": (75, 2048, 21_802_784), "Xception": (71, 2048, 20_861_480)}


@pytest.mark.parametrize("name", SIZES)
def test_it_is_the_application_and_a_dense_layer(name: str) -> None:
    side, width, parameters = SIZES[name]
    model = build("application", application=name, side=side)
    assert model.get_layer("channels").output.shape == (None, side, side, 3)
    assert model.get_layer("features").output.shape == (None, width)
    assert model.count_params() == parameters + 10 * width + 10


def test_an_unknown_one_is_a_line_with_all_there_are(tiny_params: Path, tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(tiny_params.read_text())
    set_parameter(file, "train.application.model.application", "Inception")
    with pytest.raises(BadInput, match="received 'Inception', must be of keras") as failure:
        params.read("train.application", Train, file)
    assert len(str(failure.value).splitlines()) == 1
    assert {"ConvNeXtTiny", "InceptionV3", "Xception"} < set(APPLICATIONS)
    assert ", ".join(APPLICATIONS) in str(failure.value)


@pytest.mark.parametrize(("name", "least"), [("Xception", 71), ("InceptionV3", 75), ("VGG16", 32)])
def test_a_side_that_is_too_small(name: str, least: int) -> None:
    with pytest.raises(BadInput, match=f"side: received 31; {name}: .* at least {least}x{least}"):
        build("application", application=name, side=31)


@pytest.mark.parametrize("name", ["EfficientNetB0", "EfficientNetV2B0", "MobileNetV3Small"])
def test_grey_levels_reach_the_network_as_it_expects_them(name: str) -> None:
    """They are in [0, 1] here; networks that scale 0 to 255 themselves are given that, or told."""
    model = build("application", application=name, side=32)
    stem = next(x for x in model.layers if isinstance(x, layers.Conv2D))
    seen = keras.Model(model.inputs, stem.input)(np.ones((1, 28, 28, 1), np.float32))
    assert 0.5 < float(np.abs(seen).max()) < 3


def test_the_sizes_are_whole_numbers_above_0() -> None:
    from generative.classifiers.application import Application

    schema = signature(Application.__init__)
    check("model", schema, arguments("application"))
    with pytest.raises(BadInput, match="model.side: received 0"):
        check("model", schema, {**arguments("application"), "side": 0})


def test_every_layer_of_it_is_logged() -> None:
    model = build("application")
    found = layer_outputs(model, np.zeros((1, 28, 28, 1), np.float32))
    names = {key.partition("_")[2] for key in found}
    assert {"resized", "channels", "conv1", "conv_pw_13_relu", "features", "logits"} <= names
