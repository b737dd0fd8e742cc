from pathlib import Path

import numpy as np
import pandas as pd

from generative.core import history
from generative.core.history import History

TABLE = pd.DataFrame({"epoch": [1, 2], "loss": [0.5, 0.25]})


MACHINE = {"processor": "one", "threads": 1}


def make(snapshots: np.ndarray, **changes: object) -> History:
    values = {"table": TABLE, "snapshots": snapshots, "activations": [], "warnings": []}
    return History(**{**values, **changes})  # type: ignore[arg-type]


def test_images_are_kept_in_eight_bits(tmp_path: Path) -> None:
    images = np.random.default_rng(0).random((2, 3, 4, 5, 1), np.float32)
    params = {"train": {"cvae": {"epochs": 2}}}
    make(images).save(tmp_path, params, MACHINE)
    np.testing.assert_allclose(history.read_snapshots(tmp_path), images, atol=0.5 / 255 + 1e-6)
    pd.testing.assert_frame_equal(history.read_table(tmp_path), TABLE)
    assert history.read_params(tmp_path) == params
    assert history.read_warnings(tmp_path) == []
    assert sorted(f.name for f in tmp_path.iterdir()) == [
        "history.csv",
        "machine.json",
        "params.json",
        "snapshots.npz",
    ]


def test_texts_stay_as_they_are(tmp_path: Path) -> None:
    texts = np.array([["To be", "or not"], ["数", ""]])
    make(texts, warnings=["epoch 1: it collapses"]).save(tmp_path, {}, {})
    assert history.read_snapshots(tmp_path).tolist() == texts.tolist()
    assert history.read_warnings(tmp_path) == ["epoch 1: it collapses"]


def test_what_there_is_not_is_not_written(tmp_path: Path) -> None:
    outputs = [{"00_dense": np.ones((1, 2), np.float32)}]
    make(np.empty((2, 0)), activations=outputs).save(tmp_path, {}, {})
    assert sorted(f.name for f in tmp_path.iterdir()) == [
        "activations_001.npz",
        "history.csv",
        "machine.json",
        "params.json",
    ]
    with np.load(tmp_path / "activations_001.npz") as found:
        np.testing.assert_array_equal(found["00_dense"], outputs[0]["00_dense"])
