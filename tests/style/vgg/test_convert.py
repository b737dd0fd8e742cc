import os
import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from generative.core.errors import BadInput
from generative.style.vgg import convert
from generative.style.vgg.network import ARCHITECTURES, load
from tests.support.data import write_pickle, write_raw_vgg16
from tests.support.vgg import assert_features, features_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_raw_vgg16(tmp_path)
    return tmp_path / "vgg16.ckpt"


class Malicious:
    """Unpickled by anyone else, it makes a file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return os.system, (f"touch '{self.trace}'",)


def test_a_program_among_the_weights_does_not_run(file: Path, tmp_path: Path) -> None:
    tree = pickle.loads(file.read_bytes())
    tree["VGG16_0"]["Conv_3"]["bias"] = Malicious(tmp_path / "trace")
    write_pickle(file, tree)
    with pytest.raises(BadInput, match="asks for (posix|nt).system, .*refused"):
        convert.from_pickle(file, tmp_path)
    assert not (tmp_path / "trace").exists()
    assert not (tmp_path / "network.weights.h5").exists()


def spoil(tree: Any, how: str) -> None:
    layers = tree["VGG16_0"]
    if how == "another network":
        tree["AlexNet_0"] = tree.pop("VGG16_0")
    elif how == "no layer":
        del layers["Conv_12"]
    elif how == "no bias":
        del layers["Conv_1"]["bias"]
    elif how == "transposed":
        layers["Conv_4"]["kernel"] = layers["Conv_4"]["kernel"].transpose(3, 2, 0, 1)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("another network", "has no VGG16_0 of 13 convolutions"),
        ("no layer", "has no VGG16_0 of 13 convolutions"),
        ("no bias", r"block1_conv2 have the shapes \(3, 3, 4, 4\) and None, not"),
        ("transposed", r"block3_conv1 have the shapes \(6, 5, 3, 3\) and \(6,\), not"),
    ],
)
def test_other_weights_are_refused(file: Path, tmp_path: Path, how: str, message: str) -> None:
    tree = pickle.loads(file.read_bytes())
    spoil(tree, how)
    write_pickle(file, tree)
    with pytest.raises(BadInput, match=f"vgg16.ckpt.*{message}") as refused:
        convert.from_pickle(file, tmp_path)
    assert "\n" not in str(refused.value)


def test_vgg19_of_keras_has_the_features_of_caffes_convention(tmp_path: Path) -> None:
    """Blue, green and red from 0 to 255, less a mean: here it is the same from red, green, blue."""
    generator = np.random.default_rng(0)
    channels = (3, 4, 4, 5, 5, *[6] * 4, *[7] * 8)
    convolutions, names = [], ARCHITECTURES["vgg19"].layers()
    with h5py.File(tmp_path / "vgg19.h5", "w") as opened:
        for i, name in enumerate(names):
            shape = (3, 3, channels[i], channels[i + 1])
            scale = np.sqrt(2 / (9 * channels[i])) / (60 if i == 0 else 1)
            kernel = generator.normal(0, scale, shape).astype(np.float32)
            bias = generator.normal(0, 0.1, channels[i + 1]).astype(np.float32)
            convolutions.append((kernel, bias))
            group = opened.create_group(name)
            group.attrs["weight_names"] = [f"{name}_W_1:0".encode(), f"{name}_b_1:0".encode()]
            group[f"{name}_W_1:0"], group[f"{name}_b_1:0"] = kernel, bias
    convert.from_keras(tmp_path / "vgg19.h5", tmp_path)
    picture = generator.random((34, 34, 3)).astype(np.float32)
    caffe = picture[..., ::-1].astype(np.float64) * 255 - [103.939, 116.779, 123.68]
    expected = features_of(caffe, convolutions, (2, 2, 4, 4, 4))
    assert_features(load(tmp_path), picture, expected)


def test_a_keras_file_of_another_network_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "vgg19.h5", "w") as opened:
        opened.create_group("dense")
    with pytest.raises(BadInput, match="block1_conv1 have the shapes None and None"):
        convert.from_keras(tmp_path / "vgg19.h5", tmp_path)
