import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generative.core.errors import BadInput
from generative.image_quality.alexnet import read_convolutions
from generative.image_quality.lpips import LPIPS
from tests.support.alexnet import independent_activations
from tests.support.data import write_pickle, write_raw_alexnet

Array = np.ndarray


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With heads that differ from channel to channel."""
    folder = tmp_path_factory.mktemp("alexnet")
    write_raw_alexnet(folder)
    tree = pickle.loads((folder / "alexnet.ckpt").read_bytes())
    for i in range(5):
        head = tree[f"NetLinLayer_{i}"]["Conv_0"]
        head["kernel"] = np.random.default_rng(i).random(head["kernel"].shape).astype(np.float32)
    write_pickle(folder / "alexnet.ckpt", tree)
    return folder / "alexnet.ckpt"


def random(seed: int, height: int = 40, width: int = 52) -> Array:
    return np.random.default_rng(seed).random((1, height, width, 3)).astype(np.float32)


def test_it_is_the_papers(file: Path) -> None:
    one, other = random(1), random(2)
    convolutions = read_convolutions(file)
    tree: Any = pickle.loads(file.read_bytes())
    expected = 0.0
    activations = [independent_activations(x[0], convolutions) for x in (one, other)]
    for i, (first, second) in enumerate(zip(*activations, strict=True)):
        units = [x / (np.linalg.norm(x, axis=-1, keepdims=True) + 1e-10) for x in (first, second)]
        weights = tree[f"NetLinLayer_{i}"]["Conv_0"]["kernel"][0, 0, :, 0]
        expected += ((units[0] - units[1]) ** 2 * weights).sum(axis=-1).mean()
    lpips = LPIPS(file)
    assert lpips(one, other) == pytest.approx(expected, rel=1e-4)
    assert lpips(other, one) == pytest.approx(expected, rel=1e-4)
    assert lpips(one, one) == pytest.approx(0, abs=1e-6 * expected)


def test_more_noise_looks_more_different(file: Path) -> None:
    lpips, picture = LPIPS(file), 0.25 + 0.5 * random(1)
    noise = random(2) - 0.5
    distances = [lpips(picture, picture + scale * noise) for scale in (0.05, 0.2, 0.5)]
    assert 0 < distances[0] < distances[1] < distances[2]


def test_heads_of_another_network_are_refused(file: Path, tmp_path: Path) -> None:
    tree = pickle.loads(file.read_bytes())
    tree["NetLinLayer_3"] = tree["NetLinLayer_1"]
    bad = tmp_path / "bad.ckpt"
    write_pickle(bad, tree)
    with pytest.raises(BadInput, match=r"NetLinLayer_3 has the shape \(1, 1, 6, 1\), not") as no:
        LPIPS(bad)
    assert "\n" not in str(no.value)
