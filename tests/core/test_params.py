"""How a section is read and completed by its defaults."""

from pathlib import Path

import pytest
import yaml

from generative.core import params
from generative.core.errors import BadInput
from generative.core.runtime import Runtime
from generative.datasets import coloured_digits, pictures
from generative.datasets.base.schema import Prepare
from generative.pipeline.check import check_all
from generative.training.schema import Train
from tests.support.params import set_parameter


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is missing; run this in the project's folder"):
        params.read("runtime", Runtime, tmp_path / "params.yaml")


def test_an_unknown_section(params_file: Path) -> None:
    with pytest.raises(BadInput, match=r"'train.cva'; did you mean train.cvae"):
        params.read("train.cva", Train, params_file)


def test_what_a_data_set_is_made_from_is_a_parameter(params_file: Path) -> None:
    set_parameter(params_file, "prepare.pictures.raw", "photos")
    assert params.read("prepare.pictures", Prepare, params_file).raw == "photos"
    document = yaml.safe_load(params_file.read_text())
    del document["prepare"]["mnist"]["raw"]
    params_file.write_text(yaml.safe_dump(document))
    with pytest.raises(BadInput, match=r"prepare\.mnist\.raw is missing; add it"):
        params.read("prepare.mnist", Prepare, params_file)


def test_data_options_are_the_arguments_of_batches() -> None:
    assert not params.signature(coloured_digits.batches).model_fields
    assert set(params.signature(pictures.batches).model_fields) == {"flips"}


def test_a_section_goes_over_its_defaults(params_file: Path) -> None:
    set_parameter(params_file, "train.cgan.model.real_target", 0.9)
    one, other = (params.read(f"train.{key}", Train, params_file) for key in ("cgan", "acgan"))
    assert (one.model["real_target"], other.model["real_target"]) == (0.9, 1.0)
    set_parameter(params_file, "defaults.gan.model.real_target", 0.7)
    one, other = (params.read(f"train.{key}", Train, params_file) for key in ("cgan", "acgan"))
    assert (one.model["real_target"], other.model["real_target"]) == (0.9, 0.7)


def test_fold() -> None:
    shared = {"a": 1, "b": {"c": 2, "d": 3}, "e": [1, 2]}
    assert params.fold(shared, {"b": {"c": 4}, "e": [3]}) == {
        "a": 1,
        "b": {"c": 4, "d": 3},
        "e": [3],
    }
    # None takes an inherited value away, and is a value of its own where nothing is inherited.
    assert params.fold(shared, {"a": None, "b": {"d": None}, "f": None}) == {
        "b": {"c": 2},
        "e": [1, 2],
        "f": None,
    }
    assert shared == {"a": 1, "b": {"c": 2, "d": 3}, "e": [1, 2]}


@pytest.mark.parametrize(
    ("name", "defaults"),
    [
        ("train.cvae", "defaults.vae"),
        ("style.chelsea_ihc", "defaults.style"),
        ("generators.cvae", ""),
        ("prepare.mnist", ""),
        ("runtime", ""),
    ],
)
def test_defaults_of(name: str, defaults: str) -> None:
    assert params.defaults_of(name, params.read_document()) == defaults


def test_a_misspelt_inherited_leaf_is_named(params_file: Path) -> None:
    set_parameter(params_file, "train.cgan.model.real_targer", 0.9)
    with pytest.raises(
        BadInput, match=r"train\.cgan\.model\.real_targer: unknown .* mean real_target"
    ):
        params.read("train.cgan", Train, params_file)


def test_a_section_that_is_none(params_file: Path) -> None:
    set_parameter(params_file, "train.cgan", 3)
    with pytest.raises(BadInput, match=r"train\.cgan: received 3, must hold parameters"):
        params.read("train.cgan", Train, params_file)


@pytest.mark.parametrize("key", ["a; touch x", "$(touch x)", "Caps", "../x", "1st"])
def test_a_key_names_a_stage_and_folders(params_file: Path, key: str) -> None:
    document = yaml.safe_load(params_file.read_text())
    document["prepare"][key] = document["prepare"]["mnist"]
    params_file.write_text(yaml.safe_dump(document))
    with pytest.raises(BadInput, match="must be small letters, digits and _, a letter first"):
        params.read(f"prepare.{key}", Prepare, params_file)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("repeat.infogan.seeds", [1, 2, 1], r"received \[1, 2, 1\], must be different values"),
        ("render.text.temperatures", [1.0, 1.0], r"received \[1.0, 1.0\], must be different"),
        ("train.cvae.epochs", 2**31, "received 2147483648, must be less than 2147483648"),
        (
            "runtime.determinism",
            "on",
            "received 'on', must be a valid boolean; write true or false",
        ),
        ("train.cvae.model.learning_rate", "x" * 500, r"received 'x{99}\.\.\., must be a number"),
    ],
)
def test_what_is_received_and_what_is_allowed(
    params_file: Path, name: str, value: object, message: str
) -> None:
    set_parameter(params_file, name, value)
    with pytest.raises(BadInput, match=f"{name}: {message}"):
        check_all(params_file)


def test_defaults_that_are_none(params_file: Path) -> None:
    set_parameter(params_file, "defaults.vae", "none")
    with pytest.raises(BadInput, match=r"defaults\.vae: received 'none', must hold parameters"):
        params.read("train.cvae", Train, params_file)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("train", 5, "train: received 5, must hold parameters"),
        (
            "runtim",
            {"threads": 2},
            r"runtim\.threads: received 2, must hold parameters; did you mean runtime\?",
        ),
        ("prepare", ["a"], r"prepare: received \['a'\], must hold parameters"),
        ("train.cvae.family", [1], r"train.cvae.family: received \[1\], must be a name"),
        ("fetch", 5, "fetch: received 5, must be a list of names"),
        ("vgg", [1], r"vgg: received \[1\], must be a list of names"),
        ("style", "x" * 500, r"style: received 'x{99}\.\.\., must hold parameters"),
    ],
)
def test_sections_of_another_shape(
    params_file: Path, name: str, value: object, message: str
) -> None:
    set_parameter(params_file, name, value)
    with pytest.raises(BadInput, match=message):
        check_all(params_file)
