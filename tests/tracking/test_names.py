"""The names of parameters, metrics and tags: the same in every run."""

from itertools import combinations
from typing import Any

import pytest

from generative.core import params
from generative.tracking import names

DOCUMENT = params.read_document()


def parameters(key: str) -> set[str]:
    """The names of the parameters of a run of `train@key`."""
    section = params.section(f"train.{key}", DOCUMENT)
    recorded = {"train": {key: section}, "runtime": DOCUMENT["runtime"]}
    return set(names.parameters(recorded))


def same_network() -> list[tuple[str, str]]:
    """Pairs of models of one network: they read the same parameters."""
    sections = {key: own["network"] for key, own in DOCUMENT["train"].items()}
    return [(a, b) for a, b in combinations(sections, 2) if sections[a] == sections[b]]


@pytest.mark.parametrize(("one", "other"), same_network())
def test_runs_of_one_network_have_the_same_names(one: str, other: str) -> None:
    assert parameters(one) == parameters(other)


@pytest.mark.parametrize("family", sorted({own["family"] for own in DOCUMENT["train"].values()}))
def test_runs_of_a_family_share_what_the_family_reads(family: str) -> None:
    """All but what one network alone has, such as the width of its layers, and it has all that the
    others share."""
    keys = [key for key, own in DOCUMENT["train"].items() if own["family"] == family]
    shared = set(names.parameters({"train": {"": DOCUMENT["defaults"][family]}}))
    for key in keys:
        assert not any(key in name or "train" in name for name in parameters(key))
        read = shared & parameters(key)
        assert len(read) >= 0.9 * len(shared), sorted(shared - read)


def test_names_have_neither_section_nor_key() -> None:
    recorded: dict[str, Any] = {
        "train": {"a": {"family": "vae", "epochs": 1, "model": {"beta": 2.0}, "data": {}}},
        "tune": {"a": {"epochs": 3, "space": {"width": {"choices": [1]}}}},
        "runtime": {"threads": 1},
    }
    assert names.parameters(recorded) == {
        "epochs": 1,
        "model.beta": 2.0,
        "tune.epochs": 3,
        "tune.space.width.choices": [1],
        "runtime.threads": 1,
    }


def test_tags_say_which_model_it_is() -> None:
    train = {"family": "gan", "network": "gan/gan", "dataset": "mnist", "seed": 3, "epochs": 1}
    expected = {
        **{"model": "a", "family": "gan", "network": "gan/gan", "dataset": "mnist", "seed": "3"}
    }
    for stage in ("train@a", "repeat@a"):
        assert names.tags(stage, {"train": {"a": train}, "runtime": {}}) == expected
    search = {"tune": {"a": {"network": "gan/gan", "seed": 9}}, "train": {"a": train}}
    assert names.tags("tune@a", search) == expected
    assert names.tags("style@cat", {"style": {"cat": {"seed": 2}}}) == {
        **{"model": "cat", "family": "style", "seed": "2"}
    }


def test_metrics_are_in_groups() -> None:
    assert names.curve("loss") == "train/loss"
    assert names.curve("val_loss") == "val/loss"
    assert names.result("metrics", "test_accuracy") == "test/accuracy"
    assert names.result("metrics", "elbo_nats") == "test/elbo_nats"
    assert names.result("image_quality", "frechet_distance") == "samples/frechet_distance"
    assert names.result("tuning", "best_val_loss") == "val/best_loss"


def test_the_best_epoch() -> None:
    rows = [{"epoch": n, "val_loss": loss} for n, loss in ((1, 3.0), (2, 1.0), (3, 2.0))]
    assert names.best(rows, "epoch") == {"val/best_loss": 1.0, "val/best_epoch": 2}
    assert names.best([{"epoch": 1, "loss": 3.0}], "epoch") == {}
