import os
import pickle
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from scipy.signal import correlate

from generative.datasets import download as sources
from generative.style.vgg import network as vgg
from generative.core.errors import BadInput
from tests.conftest import write_pickle, write_raw_vgg16

Array = np.ndarray


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_raw_vgg16(tmp_path)
    return tmp_path / "vgg16.ckpt"


def convolutions_of(file: Path) -> list[tuple[Array, Array]]:
    tree = pickle.loads(file.read_bytes())["VGG16_0"]
    return [(tree[f"Conv_{i}"]["kernel"], tree[f"Conv_{i}"]["bias"]) for i in range(13)]


def independent(x: Array, convolutions: list[tuple[Array, Array]], counts: Any) -> dict[str, Array]:
    """What VGG's definition says of one picture, whose colours are as the network takes them."""
    found, left = {}, iter(convolutions)
    for block, count in enumerate(counts, start=1):
        if block > 1:
            rows, columns = (side // 2 for side in x.shape[:2])
            squares = x[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2, -1)
            x = squares.max(axis=(1, 3))
        for i in range(1, count + 1):
            kernel, bias = next(left)
            padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
            each = [correlate(padded, kernel[..., c], "valid")[..., 0] for c in range(len(bias))]
            x = np.maximum(np.stack(each, axis=-1) + bias, 0)
            found[f"block{block}_conv{i}"] = x
    return found


def compare(network: keras.Model, picture: Array, expected: dict[str, Array]) -> None:
    found = network(picture[np.newaxis], training=False)
    assert list(found) == list(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name][0], value, rtol=1e-3, atol=1e-4)


def test_the_network_is_vgg16(file: Path, network_folder: Path) -> None:
    picture = np.random.default_rng(1).random((35, 41, 3)).astype(np.float32)
    normalised = (picture - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    expected = independent(normalised, convolutions_of(file), (2, 2, 3, 3, 3))
    assert list(expected)[-1] == "block5_conv3"
    compare(vgg.load(network_folder), picture, expected)


def test_bfloat16_is_nearly_the_same(network_folder: Path) -> None:
    picture = np.random.default_rng(1).random((1, 32, 32, 3)).astype(np.float32)
    exact = vgg.load(network_folder)(picture)
    found = vgg.load(network_folder, "bfloat16")(picture)
    for name, features in exact.items():
        assert found[name].dtype == "bfloat16"
        error = np.abs(np.asarray(found[name], np.float32) - features).mean()
        assert 0 < error < 0.03 * np.abs(features).mean()


# --- the check ---------------------------------------------------------------------------------


def test_another_order_or_scale_of_the_colours_is_noticed(
    network_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = vgg.load(network_folder)
    known = tuple(vgg.distances(right, vgg.photographs()))
    vgg.check(right, known, network_folder)
    weights = right.get_weights()

    def wrong(kernel: Array, **changed: Any) -> keras.Model:
        kind = replace(vgg.KINDS["vgg16"], **changed)
        monkeypatch.setitem(vgg.KINDS, "vgg16", kind)
        channels = [len(bias) for bias in weights[1::2]]
        network = vgg.build("vgg16", channels)
        network.set_weights([kernel, *weights[1:]])
        monkeypatch.undo()
        return network

    kernel = weights[0]
    spoilt = {
        "blue, green, red": wrong(kernel[:, :, ::-1]),
        "no normalisation": wrong(kernel, mean=(0.0, 0.0, 0.0), deviation=(1.0, 1.0, 1.0)),
        "no mean": wrong(kernel, mean=(0.0, 0.0, 0.0)),
        "no deviation": wrong(kernel, deviation=(1.0, 1.0, 1.0)),
        "pixels to 255": wrong(kernel * 255),
    }
    for what, network in spoilt.items():
        with pytest.raises(BadInput, match="the order of its colours, their scale or") as refused:
            vgg.check(network, known, network_folder)
        assert "\n" not in str(refused.value), what
    vgg.check(wrong(kernel), known, network_folder)


def test_the_published_weights_are_checked_on_loading(
    network_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the md5 of the file that they came in."""
    card = (network_folder / "network.json").read_text()
    md5 = re.search(r"[0-9a-f]{32}", card)
    assert md5
    right = tuple(vgg.distances(vgg.load(network_folder), vgg.photographs()))
    monkeypatch.setitem(vgg.KNOWN, md5[0], right)
    vgg.load(network_folder)
    monkeypatch.setitem(vgg.KNOWN, md5[0], (right[0] * 1.03, *right[1:]))
    with pytest.raises(BadInput, match="sees astronaut.png, chelsea.png, coffee.png at the"):
        vgg.load(network_folder)


def test_weights_that_tell_nothing_apart_are_refused(network_folder: Path) -> None:
    blind = vgg.load(network_folder)
    blind.set_weights([np.zeros_like(weight) for weight in blind.get_weights()])
    with pytest.raises(BadInput, match="tells astronaut.png, .* not apart"):
        vgg.check(blind, (), network_folder)


def test_the_distances_of_equal_pictures_are_zero(network_folder: Path) -> None:
    twice = np.repeat(vgg.photographs()[:1], 2, axis=0)
    apart, mean = vgg.distances(vgg.load(network_folder), twice)
    assert apart == 0
    assert mean > 0


# --- files -------------------------------------------------------------------------------------


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
        vgg.convert_pickle(file, tmp_path)
    assert not (tmp_path / "trace").exists()
    assert not (tmp_path / "network.weights.h5").exists()


def test_a_file_of_another_hash_is_not_fetched(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "DOWNLOADS", tmp_path / "downloads")
    monkeypatch.setenv("GENERATIVE_MIRROR", str(tmp_path))
    pinned = replace(sources.SOURCES["vgg16"][0], archive=None)
    monkeypatch.setitem(sources.SOURCES, "vgg16", [pinned])
    with pytest.raises(BadInput, match=r"its sha256 is .*, expected 2ecbe4ce0116"):
        sources.fetch("vgg16", tmp_path / "raw")
    keras_file = sources.SOURCES["vgg19"][0]
    (tmp_path / keras_file.name).write_bytes(b"other weights")
    monkeypatch.setitem(sources.SOURCES, "vgg19", [replace(keras_file, origin=None)])
    with pytest.raises(BadInput, match=r"its md5 is .*, expected 253f8cb51578"):
        sources.fetch("vgg19", tmp_path / "raw")
    assert not (tmp_path / "raw").exists()


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
        vgg.convert_pickle(file, tmp_path)
    assert "\n" not in str(refused.value)


def test_a_folder_without_a_whole_network(file: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="none holds no network; run dvc repro convert"):
        vgg.load(tmp_path / "none")
    vgg.convert_pickle(file, tmp_path)
    weights = tmp_path / "network.weights.h5"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(BadInput, match="is damaged .*; make it again") as refused:
        vgg.load(tmp_path)
    assert "\n" not in str(refused.value)


def test_vgg19_of_keras_sees_in_caffes_way(tmp_path: Path) -> None:
    """Blue, green and red from 0 to 255, less a mean: here it is the same from red, green, blue."""
    generator = np.random.default_rng(0)
    channels = (3, 4, 4, 5, 5, *[6] * 4, *[7] * 8)
    convolutions, names = [], vgg.KINDS["vgg19"].layers()
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
    vgg.convert_keras(tmp_path / "vgg19.h5", tmp_path)
    picture = generator.random((34, 34, 3)).astype(np.float32)
    caffe = picture[..., ::-1].astype(np.float64) * 255 - [103.939, 116.779, 123.68]
    compare(vgg.load(tmp_path), picture, independent(caffe, convolutions, (2, 2, 4, 4, 4)))


def test_a_keras_file_of_another_network(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "vgg19.h5", "w") as opened:
        opened.create_group("dense")
    with pytest.raises(BadInput, match="block1_conv1 have the shapes None and None"):
        vgg.convert_keras(tmp_path / "vgg19.h5", tmp_path)
