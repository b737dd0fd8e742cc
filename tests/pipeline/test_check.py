"""Every section of params.yaml: a mistake is one line, before anything runs."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from generative.core import params
from generative.core.errors import BadInput
from generative.pipeline.check import check_all, lacking_characters, missing_files
from tests.support.params import set_parameter


def mistake(params_file: Path) -> str:
    """The one line for the section that was changed; others may refer to it."""
    with pytest.raises(BadInput) as failure:
        check_all(params_file)
    first, *others = str(failure.value).splitlines()
    assert all(re.search(r" (generators|tune|browser)\.", line) for line in others)
    return first.replace(str(params_file), "params.yaml")


def test_the_committed_parameters_are_right() -> None:
    assert {"runtime", "train.cvae", "prepare.mnist"} <= set(check_all())


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("train.cvae.epochs", 0, "received 0, must be greater than or equal to 1"),
        ("train.cvae.epochs", True, "received True, must be a valid integer"),
        ("train.cvae.epochs", 1.5, "received 1.5, must be a valid integer"),
        ("train.cvae.precision", "float16", "must be 'auto', 'float32' or 'bfloat16'"),
        ("train.cvae.model.latent_size", -1, "received -1, must be greater than or equal to 1"),
        ("train.cvae.data.binarization", "treshold", "must be 'none', 'threshold' or 'stochastic'"),
        (
            "train.cvae.callbacks",
            [{"class_name": "EarlyStopping", "config": {"patients": 3}}],
            "must be a callback (EarlyStopping: EarlyStopping.__init__() got an unexpected keyword",
        ),
        (
            "train.cvae.callbacks",
            [{"class_name": "EarlyStoping", "config": {}}],
            "unknown callback 'EarlyStoping'; did you mean EarlyStopping?",
        ),
        ("train.cvae.callbacks", [{"class_name": "StepLog"}], "needs class_name and config"),
        (
            "train.cvae.callbacks",
            [{"class_name": "no_such_module:Callback", "config": {}}],
            "no_such_module:Callback cannot be imported: No module named",
        ),
        (
            "train.cvae.callbacks",
            [{"class_name": "generative.training.checkpoint:Checkpoint", "config": {}}],
            "missing 2 required positional arguments: 'file' and 'callbacks'",
        ),
        (
            "train.cvae.callbacks",
            [{"class_name": "generative.core.params:Schema", "config": {}}],
            "generative.core.params:Schema is no class of keras.callbacks.Callback",
        ),
        (
            "train.cvae.callbacks",
            [{"class_name": "keras.callbacks:EarlyStopping", "config": {}}],
            "lies in early_stopping.py, which the stage does not depend on: move it into",
        ),
        ("train.cvae.network", "vae/cave", "unknown network 'vae/cave'; did you mean"),
        ("train.cvae.family", "classifiers", "received 'classifiers', vae/cvae is of vae"),
        ("train.residual.snapshot_count", 4, "must be 0, classifiers/residual makes no pictures"),
        ("train.cgan.snapshot_count", 0, "received 0, the snapshots need 1 or more"),
        ("train.vae.model.objective", "boook", "must be 'elbo' or 'chollet2017'"),
        ("train.residual.model.shift_pixels", 28, "must be less than 28"),
        ("train.inception.model.architecture", "chollet", "'szegedy2015' or 'chollet2017'"),
        ("train.functional.model.batch_normalization", True, "must be 'none' or 'after'"),
        ("train.siamese.model.embedding_size", -1, "must be greater than or equal to 0"),
        ("train.passage.model.pooling", "max", "unknown parameter 'pooling'"),
        ("judge.mnist.weights", "equal", "must be 'fitted' or 'mean'"),
        ("judge.mnist.members", ["sequental"], "unknown classifier 'sequental'; did you mean"),
        ("judge.mnist.members", ["cvae"], "unknown classifier 'cvae'"),
        ("judge.mnist.features", "cvae", "unknown classifier 'cvae'"),
        ("references.mnist.seeds", [], "references.mnist.seeds: received []"),
        ("references.mnist.accuracy_floor", 1.5, "must be less than or equal to 1"),
        ("references.mnist.cases.missing_digit", 10, "must be less than or equal to 9"),
        (
            "evaluate.texts",
            {},
            "unknown section 'evaluate.texts'; did you mean evaluate.text?",
        ),
        ("references.pictures.samples", 1, "must be greater than or equal to 2"),
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
            "evaluate.vae.importance_images",
            1,
            "received 1, must be greater than or equal to 2",
        ),
        ("evaluate.vae.importance_guides", 5, "components: received 9, at most evaluate"),
        ("prepare.mnist.test_count", 1, "received 1, must be greater than or equal to 2"),
        ("prepare.mnist.validation_count", -1, "received -1"),
        ("prepare.mnist.raw", "", "received '', must be"),
        ("prepare.pictures.raw", 5, "received 5, must be a valid string"),
        ("prepare.pictures.fit", "stretch", "must be 'crop' or 'resize'"),
        ("prepare.pictures.test_share", 1.0, "received 1.0, must be less than 1"),
        ("prepare.pictures.crops", 9, "unknown parameter 'crops'"),
        ("prepare.coloured_digits.sede", 1, "unknown parameter 'sede'; did you mean seed?"),
        ("render.vae.frames_per_second", 100, "must be less than or equal to 50"),
        ("evaluat", {}, "unknown section 'evaluat'; did you mean evaluate?"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(
    params_file: Path, name: str, value: Any, expected: str
) -> None:
    set_parameter(params_file, name, value)
    message = mistake(params_file)
    assert message.startswith("params.yaml: ")
    assert expected in message
    if name.count("."):
        assert name.rpartition(".")[0] in message


def test_a_missing_parameter(params_file: Path) -> None:
    document = yaml.safe_load(params_file.read_text())
    del document["train"]["cvae"]["model"]["beta"]
    params_file.write_text(yaml.safe_dump(document))
    assert mistake(params_file) == "params.yaml: train.cvae.model.beta is missing; add it"


PLATEAU = {"class_name": "ReduceLROnPlateau", "config": {"patience": 3, "factor": 0.5}}


def test_a_plateau_lowers_no_rate_that_a_schedule_sets(params_file: Path) -> None:
    set_parameter(params_file, "train.functional.callbacks", [PLATEAU])
    assert "ReduceLROnPlateau cannot lower a rate that train.functional.model" in mistake(
        params_file
    )
    set_parameter(params_file, "train.functional.model.learning_rate_decay", "none")
    check_all(params_file)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("keep", "best"),
        ("callbacks", [{"class_name": "EarlyStopping", "config": {"patience": 3}}]),
        ("callbacks", [PLATEAU]),
    ],
)
def test_no_epoch_of_a_gan_is_best(params_file: Path, name: str, value: Any) -> None:
    set_parameter(params_file, f"train.acgan.{name}", value)
    assert mistake(params_file) == (
        "params.yaml: train.acgan: needs keep: last, and neither EarlyStopping nor "
        "ReduceLROnPlateau; no loss of a GAN says which epoch is best"
    )
    set_parameter(params_file, "train.acgan.keep", "last")
    set_parameter(params_file, "train.acgan.callbacks", [{"class_name": "StepLog", "config": {}}])
    assert "StepLog needs train.acgan.steps_per_call: 1, received 50" in mistake(params_file)
    set_parameter(params_file, "train.acgan.steps_per_call", 1)
    check_all(params_file)


def test_every_mistake_gets_a_line(params_file: Path) -> None:
    set_parameter(params_file, "train.cvae.epochs", 0)
    set_parameter(params_file, "runtime.threads", -1)
    with pytest.raises(BadInput) as failure:
        check_all(params_file)
    assert len(str(failure.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train: [", "is not valid YAML"),
        ("just text", "must hold sections of parameters, received 'just text'"),
        ("", "must hold sections of parameters, received None"),
    ],
)
def test_no_parameters(params_file: Path, text: str, message: str) -> None:
    params_file.write_text(text)
    with pytest.raises(BadInput, match=message):
        check_all(params_file)


def test_a_missing_section_of_a_family(params_file: Path) -> None:
    document = yaml.safe_load(params_file.read_text())
    del document["defaults"]["gan"]["model"]["real_target"]
    params_file.write_text(yaml.safe_dump(document))
    with pytest.raises(BadInput) as failure:
        check_all(params_file)
    lines = str(failure.value).splitlines()
    gans = [key for key, section in document["train"].items() if section["family"] == "gan"]
    assert len(lines) == len(gans)
    assert all("model.real_target is missing; add it" in line for line in lines)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("defaults.gna", {}, "unknown section 'defaults.gna'; did you mean defaults.gan?"),
        ("generators.cgan.network", "gan/acgan", "must be that of train.cgan, which is gan/cgan"),
        ("generators.cgan.features", "data/raw/alexnet", "must be references.mnist.network"),
        ("generators.cvea", {}, "generators.cvea.family is missing"),
        ("train.Caps", {"family": "vae"}, "the key 'Caps' must be small letters, digits and _"),
        ("fetch", ["mnist; rm -r x"], "fetch: unknown data set 'mnist; rm -r x'"),
        ("disentanglement.infogan.network", "gan/gan", "nothing measures gan/gan"),
        ("evaluate", {}, "the section evaluate.vae is missing: models of that family need it"),
        (
            "objectives.gan.models.minimax",
            "cvea",
            "objectives.gan.models.minimax: unknown GAN 'cvea'",
        ),
    ],
)
def test_sections_that_do_not_fit_each_other(
    params_file: Path, name: str, value: Any, expected: str
) -> None:
    set_parameter(params_file, name, value)
    with pytest.raises(BadInput) as failure:
        check_all(params_file)
    assert expected in str(failure.value)


@pytest.mark.parametrize(
    ("name", "value"), [("prepare.mnist.raw", "data/raw/mnits"), ("style.chelsea_ihc.content", "x")]
)
def test_an_input_that_is_nowhere(params_file: Path, name: str, value: str) -> None:
    assert not list(missing_files(params.read_document(params_file)))
    set_parameter(params_file, name, value)
    (mistake,) = missing_files(params.read_document(params_file))
    assert mistake == f"{name}: received {value}, which is not there"


@pytest.mark.parametrize(
    ("case", "prompt", "lacking"),
    [("kept", "Romeo", None), ("lower", "Romeo", "'R'"), ("kept", "Romeo\u661f", "'\u661f'")],
)
def test_a_prompt_that_a_text_lacks_is_known_before_the_training(
    params_file: Path, tmp_path: Path, case: str, prompt: str, lacking: str | None
) -> None:
    text = tmp_path / "own.txt"
    text.write_text("O Romeo, Romeo! wherefore art thou Romeo?\n" * 20, encoding="utf-8")
    set_parameter(params_file, "prepare.shakespeare.raw", str(text))
    set_parameter(params_file, "prepare.shakespeare.case", case)
    set_parameter(params_file, "render.text.prompt", prompt)
    found = list(lacking_characters(params.read_document(params_file)))
    if lacking is None:
        assert not found
    else:
        (mistake,) = found
        assert f"prepare.shakespeare makes no {lacking} of {text}" in mistake


def test_every_mistake_is_named_beside_an_unknown_section(params_file: Path) -> None:
    params_file.write_text(params_file.read_text() + "tran: {}\n")
    set_parameter(params_file, "train.cvae.epochs", 0)
    with pytest.raises(BadInput) as refused:
        check_all(params_file)
    assert "unknown section 'tran'" in str(refused.value)
    assert "train.cvae.epochs: received 0" in str(refused.value)


def test_an_empty_section_is_named(params_file: Path) -> None:
    """Not by what looks into it: the judge reads the families of all that is trained."""
    document = params.read_document(params_file)
    params_file.write_text(
        yaml.safe_dump({**document, "train": {**document["train"], "vae": None}})
    )
    with pytest.raises(BadInput) as refused:
        check_all(params_file)
    assert str(refused.value) == (
        f"{params_file}: train.vae: received None, must hold parameters; add some or take it away"
    )
