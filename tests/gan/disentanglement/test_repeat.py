"""Trainings with other seeds: which are allowed, and their table."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from generative.core import params
from generative.core.errors import BadInput
from generative.gan.disentanglement.repeat import Repeat, write_seeds

MODEL = {"network": "gan/infogan", "dataset": "mnist"}


def read(seeds: list[int], **train: Any) -> Repeat:
    document = {
        "defaults": {"gan": {"seed": 1}},
        "train": {"infogan": {"family": "gan", **MODEL, **train}},
        "repeat": {"infogan": {**MODEL, "seeds": seeds}},
    }
    return params.read_section("repeat.infogan", Repeat, document, params.PATH)


def test_other_seeds_are_allowed() -> None:
    assert read([2, 3]).seeds == [2, 3]
    assert read([]).seeds == []
    assert read([1], seed=4).seeds == [1]


@pytest.mark.parametrize(
    ("seeds", "message"),
    [([1], "others than train's"), ([2, 1], "others than train's"), ([2, 2], "different values")],
)
def test_seeds_that_are_not_others_are_refused(seeds: list[int], message: str) -> None:
    with pytest.raises(BadInput, match=rf"repeat.infogan.seeds: received .* {message}"):
        read(seeds)


def test_another_network_is_refused() -> None:
    expected = (
        "repeat.infogan.network: received gan/infogan, must be that of train.infogan, which is "
    )
    with pytest.raises(BadInput, match=expected):
        read([2], network="gan/acgan")


def test_a_model_that_is_not_trained_is_refused() -> None:
    document = {"train": {}, "repeat": {"infogan": {**MODEL, "seeds": [2]}}}
    with pytest.raises(BadInput, match=r"repeat.infogan: unknown section of train 'infogan'"):
        params.read_section("repeat.infogan", Repeat, document, params.PATH)


def test_the_median_of_each_metric_is_written(tmp_path: Path) -> None:
    """Beside what is known of each seed."""
    trained = tmp_path / "trained"
    trained.mkdir()
    (trained / "history.csv").write_text("epoch,loss\n")
    trainings = {1: tmp_path / "none", 2: trained, 3: trained}
    write_seeds(
        {seed: {"leakage": value} for seed, value in ((1, 0.1), (2, 0.5), (3, 0.2))},
        trainings,
        tmp_path,
    )
    assert {str(file.relative_to(tmp_path)) for file in tmp_path.glob("seed_*/*")} == {
        *(f"seed_{seed}/metrics.json" for seed in (1, 2, 3)),
        *(f"seed_{seed}/history.csv" for seed in (2, 3)),
    }
    assert json.loads((tmp_path / "seed_2/metrics.json").read_text()) == {"leakage": 0.5}
    assert pd.read_csv(tmp_path / "seeds.csv")["seed"].tolist() == [1, 2, 3]
    assert json.loads((tmp_path / "metrics.json").read_text()) == {"leakage": 0.2}
