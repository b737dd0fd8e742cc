import json
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
import pytest

from generative.core import members, params, saving
from generative.core.errors import BadInput
from generative.core.folders import write_checksums
from generative.training.schema import Train
from generative.vae.cvae import CVAE
from tests.support.saving import check_signature


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    arguments = params.read("train.cvae", Train).model
    saving.save(CVAE(**arguments), saving.Description("vae/cvae", arguments, "mnist", {}), tmp_path)
    return tmp_path


def change(folder: Path, **changes: object) -> None:
    description = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**description, **changes}))
    (folder / "md5.json").unlink()
    write_checksums(folder)


def test_what_is_loaded_is_what_was_saved(tmp_path: Path) -> None:
    arguments = params.read("train.cvae", Train).model
    model, description = (
        CVAE(**arguments),
        saving.Description("vae/cvae", arguments, "mnist", {"seed": 1}),
    )
    saving.save(model, description, tmp_path)
    assert saving.describe(tmp_path) == description
    loaded = saving.load(tmp_path)
    for weight, saved in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, saved)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_the_signature_is_that_of_the_loaded_model(tmp_path: Path, policy: str) -> None:
    arguments = params.read("train.cvae", Train).model
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = CVAE(**arguments)
        paths = [weight.path for weight in model.weights]
        saving.save(model, saving.Description("vae/cvae", arguments, "mnist", {}), tmp_path)
        assert keras.config.dtype_policy().name == policy
    finally:
        keras.config.set_dtype_policy(before)
    assert [weight.path for weight in model.weights] == paths
    assert json.loads((tmp_path / "signature.json").read_text()) == {
        "inputs": [{"name": None, "dtype": "float32", "shape": [-1, 2]}],
        "outputs": [{"name": None, "dtype": "float32", "shape": [-1, 28, 28, 1]}],
    }
    check_signature(tmp_path)


def test_outputs_whose_names_differ_by_a_number_keep_them() -> None:
    inputs = keras.Input((3,))
    one, two = (keras.layers.Dense(1, name=f"head_{n}")(inputs) for n in (1, 2))
    names = [out["name"] for out in saving.signature(keras.Model(inputs, [one, two]))["outputs"]]
    assert names == ["head_1", "head_2"]
    (only,) = saving.signature(keras.Model(inputs, [one]))["outputs"]
    assert only["name"] == "head"


def test_no_model(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no trained model: it has no model.json"):
        saving.load(tmp_path)


def test_another_format(folder: Path) -> None:
    change(folder, version=99)
    with pytest.raises(BadInput, match="holds a model of format 99, this program reads 5"):
        saving.load(folder)


def test_other_arguments(folder: Path) -> None:
    change(folder, arguments={"latent_size": 2, "width": 3})
    with pytest.raises(BadInput, match="was written by another version of vae/cvae"):
        saving.load(folder)


def test_other_weights(folder: Path) -> None:
    arguments = {**saving.describe(folder).arguments, "latent_size": 5}
    change(folder, arguments=arguments)
    with pytest.raises(BadInput, match="does not fit this version of vae/cvae"):
        saving.load(folder)


def test_damaged_weights(folder: Path) -> None:
    """One bit of a file that HDF5 can read, which has no checksums of its own."""
    weights = bytearray((folder / "model.weights.h5").read_bytes())
    weights[-2000] ^= 1
    for damaged in (weights, weights[:-1], b"not hdf5"):
        (folder / "model.weights.h5").write_bytes(damaged)
        with pytest.raises(BadInput, match="model.weights.h5 is damaged, or of another"):
            saving.load(folder)


def test_missing_weights(folder: Path) -> None:
    (folder / "model.weights.h5").unlink()
    with pytest.raises(BadInput, match="model.weights.h5 is missing; run dvc checkout"):
        saving.load(folder)


def test_a_damaged_description(folder: Path) -> None:
    """Any bit: what it says would build another model, or none."""
    whole = (folder / "model.json").read_bytes()
    for place in range(0, len(whole), 7):
        for damaged in (
            whole[:place],
            whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :],
        ):
            (folder / "model.json").write_bytes(damaged)
            with pytest.raises(BadInput, match="model.json is damaged, or of another version"):
                saving.describe(folder)


def test_an_unknown_model(folder: Path) -> None:
    change(folder, network="vae/cave")
    with pytest.raises(BadInput, match="unknown network 'vae/cave'; did you mean vae/cvae"):
        saving.load(folder)


class Lazy(keras.Model):
    """A network that has its weights only when it is called."""


def test_a_network_that_is_not_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.json").write_text(
        json.dumps(
            {
                "version": saving.VERSION,
                **asdict(saving.Description("vae/lazy", {}, "mnist", {})),
            }
        )
    )
    (tmp_path / "model.weights.h5").touch()
    write_checksums(tmp_path)
    monkeypatch.setattr(members, "network", lambda name: Lazy)
    with pytest.raises(BadInput, match="vae/lazy has no weights .* self.built = True"):
        saving.load(tmp_path)
