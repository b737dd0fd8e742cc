"""A part of the length of every training."""

from pathlib import Path

import pytest

from generative.core import params
from generative.pipeline import budget, overlay
from generative.style.schema import Style
from generative.training.schema import Train

# What it sets, and what it leaves.
PROFILE = {
    "train": {"cgan": {"batch_size": 32}, "cvae": {"epochs": 16}, "infogan": {}},
    "style": {"chelsea_ihc": {"seed": 2}},
}


@pytest.mark.parametrize(
    ("share", "epochs", "steps"), [(0.5, 5, 250), (0.3, 3, 250), (0.1, 2, 125)]
)
def test_steps_are_a_share_of_all(params_file: Path, share: float, epochs: int, steps: int) -> None:
    document = params.read_document(params_file)
    overlay.change(budget.scaled(document, PROFILE, share), Path("budget"), params_file)
    train = params.read("train.cgan", Train, params_file)
    assert (train.epochs, train.steps_per_epoch) == (epochs, steps)
    assert train.epochs * steps == pytest.approx(share * 10 * 250)
    # One pass over the data stays one.
    assert params.read("train.cvae", Train, params_file).epochs == max(2, round(16 * share))
    untouched = params.read("train.infogan", Train, params_file)
    assert untouched == params.read("train.infogan", Train)
    whole = params.read("style.chelsea_ihc", Style)
    part = params.read("style.chelsea_ihc", Style, params_file)
    for before, after in zip(whole.scales, part.scales, strict=True):
        assert after.evaluations == round(before.evaluations * share)
        assert after.longest_side == before.longest_side


def test_only_lengths_change(params_file: Path) -> None:
    document = params.read_document(params_file)
    changed = overlay.change(budget.scaled(document, PROFILE, 0.2), Path("budget"), params_file)
    assert {name.rpartition(".")[2] for name in changed} == {
        "profile",
        "epochs",
        "steps_per_epoch",
        "steps_per_call",
        "scales",
    }
    # Its records are not those of the whole length.
    assert params.read_document(params_file)["profile"] == "default_0.2"


def test_what_the_defaults_of_a_profile_set_is_shorter(params_file: Path) -> None:
    profile = {"defaults": {"gan": {"batch_size": 32}, "style": {"seed": 2}}}
    document = params.read_document(params_file)
    found = budget.scaled(document, profile, 0.1)
    gans = {key for key, own in document["train"].items() if own["family"] == "gan"}
    assert set(found["train"]) == gans
    assert set(found["style"]) == set(document["style"])
