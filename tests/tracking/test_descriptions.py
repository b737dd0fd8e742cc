"""What a person reads of a run."""

import json
from pathlib import Path

import numpy as np
import pytest

from generative.core import params
from generative.tracking import descriptions


@pytest.mark.parametrize("key", params.read_document()["train"])
def test_every_network_is_described(key: str) -> None:
    network = params.read_document()["train"][key]["network"]
    text = descriptions.of_network(network)
    assert len(text) > 40
    assert "\n\n" in text


def test_a_network_that_is_gone_has_no_text() -> None:
    assert descriptions.of_network("gan/no_such") == ""


def test_a_run_shows_its_picture() -> None:
    tags = {"network": "vae/cvae", "dvc.stage": "train@cvae"}
    text = descriptions.of_run("0123", tags, ["pictures/curve.png", "pictures/samples.png"])
    assert "![samples](get-artifact?path=pictures%2Fsamples.png&run_uuid=0123)" in text
    assert "dvc repro train@cvae" in text
    assert "![" not in descriptions.of_run("0123", {"dvc.stage": "judge@mnist"}, [])


def test_prepared_data_have_a_schema_and_counts(tmp_path: Path) -> None:
    folder = tmp_path / "mnist"
    folder.mkdir()
    images, labels = np.zeros((5, 28, 28), np.uint8), np.zeros(3, np.int64)
    np.savez_compressed(folder / "mnist.npz", train_images=images, test_labels=labels)
    schema, profile = map(json.loads, descriptions.of_data(folder))
    assert schema["mlflow_colspec"] == [
        {"name": "test_labels", "type": "int64 []"},
        {"name": "train_images", "type": "uint8 [28, 28]"},
    ]
    assert profile == {"num_test_labels": 3, "num_train_images": 5}
    assert descriptions.of_data(tmp_path / "cat.png") == ("{}", "{}")
