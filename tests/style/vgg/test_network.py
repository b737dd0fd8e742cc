import pickle
from pathlib import Path

import numpy as np
import pytest

from generative.core.errors import BadInput
from generative.core.folders import read_json, write_json
from generative.style.vgg.network import load
from tests.support.style import write_network
from tests.support.vgg import assert_features, features_of


def test_the_network_is_vgg16(tmp_path: Path) -> None:
    write_network(tmp_path)
    tree = pickle.loads((tmp_path / "vgg16.ckpt").read_bytes())["VGG16_0"]
    convolutions = [(tree[f"Conv_{i}"]["kernel"], tree[f"Conv_{i}"]["bias"]) for i in range(13)]
    picture = np.random.default_rng(1).random((35, 41, 3)).astype(np.float32)
    normalised = (picture - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    expected = features_of(normalised, convolutions, (2, 2, 3, 3, 3))
    assert list(expected)[-1] == "block5_conv3"
    assert_features(load(tmp_path), picture, expected)


def test_bfloat16_is_nearly_the_same(network_folder: Path) -> None:
    picture = np.random.default_rng(1).random((1, 32, 32, 3)).astype(np.float32)
    exact = load(network_folder)(picture)
    found = load(network_folder, "bfloat16")(picture)
    for name, features in exact.items():
        assert found[name].dtype == "bfloat16"
        error = np.abs(np.asarray(found[name], np.float32) - features).mean()
        assert 0 < error < 0.03 * np.abs(features).mean()


def test_a_folder_without_a_complete_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="none holds no network; run dvc repro vgg@vgg16"):
        load(tmp_path / "none")
    write_network(tmp_path)
    weights = tmp_path / "network.weights.h5"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(BadInput, match="is damaged .*; make it again") as refused:
        load(tmp_path)
    assert "\n" not in str(refused.value)
    (tmp_path / "network.json").write_text("[]")
    with pytest.raises(BadInput, match="is damaged .*; make it again"):
        load(tmp_path)


@pytest.mark.parametrize("channels", [[10**9] * 13, [64], [0] * 13, ["64"] * 13, "64", None])
def test_channels_that_no_network_has(tmp_path: Path, channels: object) -> None:
    write_network(tmp_path)
    described = read_json(tmp_path / "network.json") | {"channels": channels}
    write_json(tmp_path / "network.json", described)
    with pytest.raises(BadInput, match="is damaged .*; make it again"):
        load(tmp_path)
