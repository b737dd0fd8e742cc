"""Profiles and other values written into params.yaml."""

from pathlib import Path

import pytest

from generative.core import params
from generative.core.errors import BadInput
from generative.pipeline import overlay
from generative.training.schema import Train


def test_use_merges_and_keeps_comments(params_file: Path, tmp_path: Path) -> None:
    profile = tmp_path / "quick.yaml"
    profile.write_text("profile: quick\ntrain:\n  cvae:\n    epochs: 3\n")
    before = params_file.read_text()
    assert overlay.use(profile, params_file) == ["profile", "train.cvae.epochs"]
    after = params_file.read_text()
    assert params.read("train.cvae", Train, params_file).epochs == 3
    differing = [
        (a, b) for a, b in zip(before.splitlines(), after.splitlines(), strict=True) if a != b
    ]
    assert len(differing) == 2
    assert after.count("#") == before.count("#")
    assert overlay.use(profile, params_file) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train: {cvae: {epochs: 0}}", "train.cvae.epochs: received 0"),
        ("train: {cvae: {epoch: 1}}", "unknown parameter 'train.cvae.epoch'; did you mean"),
    ],
)
def test_a_wrong_profile_changes_nothing(
    params_file: Path, tmp_path: Path, text: str, message: str
) -> None:
    profile = tmp_path / "wrong.yaml"
    profile.write_text(text)
    before = params_file.read_text()
    with pytest.raises(BadInput, match=message) as failure:
        overlay.use(profile, params_file)
    assert "wrong.yaml" in str(failure.value)
    assert params_file.read_text() == before
    assert sorted(f.name for f in tmp_path.iterdir()) == ["params.yaml", "wrong.yaml"]


def test_an_inherited_value_becomes_the_sections_own(params_file: Path, tmp_path: Path) -> None:
    profile = tmp_path / "one.yaml"
    profile.write_text("train: {cvae: {batch_size: 8, model: {latent_size: 3}}}\n")
    assert overlay.use(profile, params_file) == [
        "train.cvae.batch_size",
        "train.cvae.model.latent_size",
    ]
    changed = params.read("train.cvae", Train, params_file)
    assert (changed.batch_size, changed.model["latent_size"]) == (8, 3)
    assert params.read("train.vae", Train, params_file).model["latent_size"] == 2


def test_a_value_that_a_section_may_leave_out_is_added(params_file: Path, tmp_path: Path) -> None:
    profile = tmp_path / "one.yaml"
    profile.write_text("train: {cvae: {steps_per_epoch: 8}}\n")
    assert params.read("train.cvae", Train, params_file).steps_per_epoch is None
    nothing = tmp_path / "nothing.yaml"
    nothing.write_text("train: {cvae: {steps_per_epoch: null}}\n")
    assert overlay.use(nothing, params_file) == []
    assert overlay.use(profile, params_file) == ["train.cvae.steps_per_epoch"]
    assert params.read("train.cvae", Train, params_file).steps_per_epoch == 8


def test_others_are_taken_away(params_file: Path, tmp_path: Path) -> None:
    profile = tmp_path / "few.yaml"
    profile.write_text(
        "train: {others: null, siamese: {epochs: 1}, cvae: {}}\nstyle: {others: null}\n"
    )
    overlay.use(profile, params_file, checked=False)
    document = params.read_document(params_file)
    assert set(document["train"]) == {"cvae", "siamese"}
    assert document["train"]["siamese"]["epochs"] == 1
    assert document["style"] == {}
    profile.write_text("train: {others: {a: 3}}\n")
    with pytest.raises(BadInput, match="few.yaml: train.others: received {'a': 3}, must be null"):
        overlay.use(profile, params_file, checked=False)


def test_a_whole_model_is_added(params_file: Path, tmp_path: Path) -> None:
    profile = tmp_path / "more.yaml"
    section = "{family: classifiers, network: classifiers/residual, dataset: mnist, epochs: 1, %s}"
    own = "model: {architecture: chollet2017, width: 8, stages: 2, identities: 1}"
    profile.write_text(f"train: {{residual_of_book: {section % own}}}\n")
    assert overlay.use(profile, params_file) == ["train.residual_of_book"]
    added = params.read("train.residual_of_book", Train, params_file)
    assert (added.batch_size, added.model["width"]) == (128, 8)
    profile.write_text(f"train: {{residual_other: {section % 'model: {width: 8}'}}}\n")
    with pytest.raises(BadInput, match=r"train\.residual_other\.model\.architecture is missing"):
        overlay.use(profile, params_file)


def test_a_section_is_taken_away(params_file: Path, tmp_path: Path) -> None:
    profile = tmp_path / "less.yaml"
    profile.write_text("train: {siamese: null}\nprepare: {lines: null}\n")
    assert overlay.use(profile, params_file) == ["train.siamese", "prepare.lines"]
    document = params.read_document(params_file)
    assert "siamese" not in document["train"]
    assert "lines" not in document["prepare"]
