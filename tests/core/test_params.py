from pathlib import Path
from typing import Any

import pytest
import yaml

from generative.core import params
from generative.datasets.base.schema import Prepare
from generative.core.runtime import Runtime
from generative.training.schema import Train
from generative.core.errors import BadInput


@pytest.fixture
def file(tmp_path: Path) -> Path:
    copy = tmp_path / "params.yaml"
    copy.write_text(params.PATH.read_text())
    return copy


def change(file: Path, name: str, value: Any) -> None:
    document = yaml.safe_load(file.read_text())
    *outer, last = name.split(".")
    block = document
    for part in outer:
        block = block[part]
    block[last] = value
    file.write_text(yaml.safe_dump(document))


def mistake(file: Path) -> str:
    with pytest.raises(BadInput) as failure:
        params.check_all(file)
    message = str(failure.value)
    assert "\n" not in message
    return message.replace(str(file), "params.yaml")


def test_the_committed_parameters_are_right() -> None:
    assert {"runtime", "train.cvae", "prepare.mnist"} <= set(params.check_all())


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("train.cvae.epochs", 0, "received 0, must be greater than or equal to 1"),
        ("train.cvae.epochs", True, "received True, must be a valid integer"),
        ("train.cvae.epochs", 1.5, "received 1.5, must be a valid integer"),
        ("train.cvae.precision", "float16", "must be 'auto', 'float32' or 'bfloat16'"),
        ("train.cvae.model.learning_rate", "2e-4", "write floats with a point"),
        ("train.cvae.model.latent_size", -1, "received -1, must be greater than or equal to 1"),
        ("train.cvae.data.binarization", "treshold", "must be 'none', 'threshold' or 'stochastic'"),
        (
            "train.cvae.callbacks",
            {"early_stopping": {"patience": 0}},
            "early_stopping.patience: received 0",
        ),
        ("train.cvae.callbacks", {"checkpoint": {}}, "unknown parameter 'checkpoint'"),
        ("train.cvae.network", "models/cave", "unknown network 'models/cave'; did you mean"),
        ("train.cvae.family", "classification", "received 'classification', models/cvae is likel"),
        ("train.residual.snapshot_count", 4, "must be 0, topologies/residual makes no pictures"),
        ("train.cgan.snapshot_count", 0, "received 0, the film needs 1 or more"),
        ("train.vae.model.objective", "boook", "must be 'elbo' or 'book'"),
        ("train.residual.model.shift_pixels", 28, "must be less than 28"),
        ("ensemble.members", ["sequental"], "unknown classifier 'sequental'; did you mean"),
        ("ensemble.members", ["cvae"], "unknown classifier 'cvae'"),
        ("ensemble.features", "functional", "unknown member 'functional'"),
        ("evaluate.images.seeds", [], "evaluate.images.seeds: received []"),
        ("evaluate.images.accuracy_floor", 1.5, "must be less than or equal to 1"),
        ("calibrate.missing_digit", 10, "must be less than or equal to 9"),
        (
            "evaluate.picture",
            {},
            "unknown block 'evaluate.picture'; did you mean evaluate.pictures?",
        ),
        ("evaluate.pictures.samples", 1, "must be greater than or equal to 2"),
        ("train.dcgan.steps_per_epoch", 0, "must be greater than or equal to 1"),
        ("train.dcgan.model.height", 0, "must be greater than or equal to 1"),
        ("train.dcgan.model.objective", "hinges", "'hinge' or 'wasserstein'"),
        ("train.gan_minimax.model.r1_every", 0, "must be greater than or equal to 1"),
        ("train.gan_minimax.model.real_target", 1.1, "must be less than or equal to 1"),
        ("train.gan_minimax.model.average_decay", 1.0, "must be less than 1"),
        ("train.cgan.model.condition", "concat", "must be 'concatenation' or 'projection'"),
        ("train.colour_gan.data", {"flips": "both"}, "unknown parameter 'flips'"),
        ("train.cvae.dataset", "mnits", "unknown data set 'mnits'; did you mean mnist?"),
        ("train.cvae.epoch", 3, "unknown parameter 'epoch'; did you mean epochs?"),
        ("train.cvae.model.latent_sise", 3, "unknown parameter 'latent_sise'; did you mean"),
        ("runtime.threads", -1, "received -1"),
        (
            "evaluate.likelihood.importance_images",
            1,
            "received 1, must be greater than or equal to 2",
        ),
        ("evaluate.likelihood.importance_guides", 5, "components: received 9, at most evaluate"),
        ("prepare.mnist.test_count", 1, "received 1, must be greater than or equal to 2"),
        ("prepare.mnist.validation_count", 0, "received 0"),
        ("prepare.mnist.raw", "", "received '', must be"),
        ("prepare.pictures.raw", 5, "received 5, must be a valid string"),
        ("prepare.pictures.fit", "stretch", "must be 'crop' or 'resize'"),
        ("prepare.pictures.test_share", 1.0, "received 1.0, must be less than 1"),
        ("prepare.pictures.crops", 9, "unknown parameter 'crops'"),
        ("prepare.coloured_digits.sede", 1, "unknown parameter 'sede'; did you mean seed?"),
        ("render.likelihood.frames_per_second", 100, "must be less than or equal to 50"),
        ("evaluat", {}, "unknown block 'evaluat'; did you mean evaluate?"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(
    file: Path, name: str, value: Any, expected: str
) -> None:
    change(file, name, value)
    message = mistake(file)
    assert message.startswith("params.yaml: ")
    assert expected in message
    if name.count("."):
        assert name.rpartition(".")[0] in message


def test_a_missing_parameter(file: Path) -> None:
    document = yaml.safe_load(file.read_text())
    del document["train"]["cvae"]["model"]["beta"]
    file.write_text(yaml.safe_dump(document))
    assert mistake(file) == "params.yaml: train.cvae.model.beta is missing; add it"


def test_early_stopping_needs_the_best_weights(file: Path) -> None:
    change(file, "train.cvae.callbacks", {"early_stopping": {"patience": 3}})
    change(file, "train.cvae.keep", "last")
    assert "early_stopping needs train.cvae.keep: best" in mistake(file)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("keep", "best"),
        ("callbacks", {"early_stopping": {"patience": 3}}),
        ("callbacks", {"reduce_on_plateau": {"patience": 3, "factor": 0.5}}),
    ],
)
def test_no_epoch_of_two_players_is_best(file: Path, name: str, value: Any) -> None:
    change(file, f"train.acgan.{name}", value)
    assert mistake(file) == (
        "params.yaml: train.acgan: needs keep: last, and neither early_stopping nor "
        "reduce_on_plateau; no loss of two players says which epoch is best"
    )
    change(file, "train.acgan.keep", "last")
    change(file, "train.acgan.callbacks", {"activation_log": {"example": 0}})
    params.check_all(file)


def test_every_mistake_gets_a_line(file: Path) -> None:
    change(file, "train.cvae.epochs", 0)
    change(file, "runtime.threads", -1)
    with pytest.raises(BadInput) as failure:
        params.check_all(file)
    assert len(str(failure.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train: [", "is not valid YAML"),
        ("just text", "must hold blocks of parameters, received 'just text'"),
        ("", "must hold blocks of parameters, received None"),
    ],
)
def test_no_parameters(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(BadInput, match=message):
        params.check_all(file)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is missing; run this in the project's folder"):
        params.read("runtime", Runtime, tmp_path / "params.yaml")


def test_an_unknown_block(file: Path) -> None:
    with pytest.raises(BadInput, match=r"'train.cva'; did you mean train.cvae"):
        params.read("train.cva", Train, file)


def test_use_merges_and_keeps_comments(file: Path, tmp_path: Path) -> None:
    profile = tmp_path / "quick.yaml"
    profile.write_text("profile: quick\ntrain:\n  cvae:\n    epochs: 3\n")
    before = file.read_text()
    assert params.use(profile, file) == ["profile", "train.cvae.epochs"]
    after = file.read_text()
    assert params.read("train.cvae", Train, file).epochs == 3
    differing = [
        (a, b) for a, b in zip(before.splitlines(), after.splitlines(), strict=True) if a != b
    ]
    assert len(differing) == 2
    assert after.count("#") == before.count("#")
    assert params.use(profile, file) == []


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ("train: {cvae: {epochs: 0}}", "train.cvae.epochs: received 0"),
        ("train: {cvae: {epoch: 1}}", "unknown parameter 'train.cvae.epoch'; did you mean"),
    ],
)
def test_a_wrong_profile_changes_nothing(
    file: Path, tmp_path: Path, overlay: str, message: str
) -> None:
    profile = tmp_path / "wrong.yaml"
    profile.write_text(overlay)
    before = file.read_text()
    with pytest.raises(BadInput, match=message) as failure:
        params.use(profile, file)
    assert "wrong.yaml" in str(failure.value)
    assert file.read_text() == before
    assert sorted(f.name for f in tmp_path.iterdir()) == ["params.yaml", "wrong.yaml"]


def test_what_a_data_set_is_made_from_is_a_parameter(file: Path) -> None:
    change(file, "prepare.pictures.raw", "photos")
    assert params.read("prepare.pictures", Prepare, file).raw == "photos"
    document = yaml.safe_load(file.read_text())
    del document["prepare"]["mnist"]["raw"]
    file.write_text(yaml.safe_dump(document))
    assert mistake(file) == "params.yaml: prepare.mnist.raw is missing; add it"


def test_data_options_are_the_arguments_of_batches() -> None:
    from generative.datasets import coloured_digits
    from generative.datasets import pictures

    assert not params.signature(coloured_digits.batches).model_fields
    assert set(params.signature(pictures.batches).model_fields) == {"flips"}
