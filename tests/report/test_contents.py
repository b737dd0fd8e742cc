"""What the page shows: all that there is, and what is missing and why."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from generative.core.errors import BadInput
from generative.core.folders import write_json
from generative.report import contents
from tests.support.report import DOCUMENT, write, write_model


def of(found: dict[str, Any], key: str) -> dict[str, Any]:
    """The model `key`."""
    (own,) = [m for family in found["families"] for m in family["models"] if m["key"] == key]
    return own


def test_numbers_have_their_error_and_their_floor(data: Path) -> None:
    rows = {row["name"]: row for row in of(contents.collect(data, DOCUMENT), "one")["metrics"]}
    distance = rows["samples/frechet_distance"]
    assert (distance["value"], distance["error"], distance["floor"]) == (12.3456, 0.0321, 1.5)
    assert rows["test/elbo_nats"]["floor"] is None
    assert not [name for name in rows if name.endswith(("_standard_error", "extractor"))]


def test_a_baseline_its_margin_and_that_of_groups(data: Path) -> None:
    metrics = {"auc": 0.75, "auc_baseline": 0.5, "auc_margin": 0.25}
    ends = {"auc_margin_low": 0.125, "auc_margin_high": 0.375}
    by_play = {"auc_margin_low_by_play": -0.5, "auc_margin_high_by_play": 0.875}
    write(data / "metrics" / "one" / "metrics.json", {**metrics, **ends, **by_play})
    rows = of(contents.collect(data, DOCUMENT), "one")["metrics"]
    (row,) = [row for row in rows if row["name"].startswith("test/")]
    assert (row["value"], row["baseline"], row["margin"]) == (0.75, 0.5, [0.125, 0.375])
    assert row["by_group"] == ["play", -0.5, 0.875]


def test_seeds_are_those_of_the_profile(data: Path) -> None:
    def record(seed: int, profile: str, value: float) -> dict[str, Any]:
        machine = {"precision": "float32"}
        own = {"model": "one", "seed": seed, "profile": profile, "commit": "", "date": "2026-01-01"}
        metrics = {"test/elbo_nats": value}
        return {**own, "machine": machine, "parameters": {}, "metrics": metrics}

    known = [record(1, "default", -150.0), record(2, "default", -153.0), record(3, "other", -9.0)]
    write(data.parent / "results/records/one.json", {"version": 1, "records": known})
    rows = {row["name"]: row for row in of(contents.collect(data, DOCUMENT), "one")["metrics"]}
    assert rows["test/elbo_nats"]["seeds"] == [-153.0, -150.0, 2]
    assert rows["test/active_units"]["seeds"] is None


def test_curves_have_a_hole_where_there_is_no_number(data: Path) -> None:
    curves = of(contents.collect(data, DOCUMENT), "one")["curves"]
    (panel,) = curves["panels"]
    assert (curves["time"], curves["values"]) == ("epoch", [1.0, 2.0])
    assert panel == {"name": "loss", "training": [3.25, 2.125], "validation": [None, 2.5]}


def test_parameters_are_those_of_the_training(data: Path) -> None:
    found = of(contents.collect(data, DOCUMENT), "one")["parameters"]
    assert (found["epochs"], found["model.beta"], found["runtime.threads"]) == (7, 2.0, 3)


def test_numbers_of_another_judge_are_refused(data: Path) -> None:
    write(data / "image_quality" / "one" / "metrics.json", {"extractor": "other"})
    with pytest.raises(BadInput, match="image_quality/one comes from the extractor other, data/re"):
        contents.collect(data, DOCUMENT)


MISSING = {
    "history/one": "train@one",
    "metrics/one": "evaluate@one",
    "image_quality/one": "image_quality@one",
    "samples/one": "render@one",
    "judge/mnist": "judge@mnist",
    "metrics/judge": "evaluate_judge@mnist",
    "references/mnist": "references@mnist",
    "tuning/two": "tune@two",
    "objectives/gan": "objectives@gan",
}


@pytest.mark.parametrize("folder", MISSING)
def test_what_is_missing_is_said_and_the_rest_is_shown(data: Path, folder: str) -> None:
    stage = MISSING[folder]
    shutil.rmtree(data / folder)
    found = contents.collect(data, DOCUMENT)
    assert found["missing"] == [{"stage": stage, "reason": ""}]
    log = data.parent / contents.LOGS / f"{stage}.log"
    write(log, "loading\nerror: no space <left> on the device\n")
    (missing,) = contents.collect(data, DOCUMENT)["missing"]
    assert missing["reason"] == "no space <left> on the device"
    assert of(found, "drawn")["pictures"]


def test_of_no_results_all_is_missing(tmp_path: Path) -> None:
    found = contents.collect(tmp_path / "data", DOCUMENT)
    stages = {one["stage"] for one in found["missing"]}
    assert {"train@one", "evaluate@one", "train@drawn", "tune@two"} <= stages
    assert not found["answers"]


def test_a_file_that_was_cut_is_named(data: Path) -> None:
    write(data / "metrics" / "one" / "metrics.json", '{"elbo_nats": -1')
    with pytest.raises(BadInput, match="metrics/one/metrics.json is missing, or it was cut"):
        contents.collect(data, DOCUMENT)


def test_it_is_plain_data_and_the_same_each_time(data: Path, tmp_path: Path) -> None:
    found = contents.collect(data, DOCUMENT)
    write_json(tmp_path / "one.json", found)
    assert json.loads((tmp_path / "one.json").read_text()) == json.loads(json.dumps(found))
    assert contents.collect(data, DOCUMENT) == found


def test_what_params_no_longer_names_is_left_out(data: Path) -> None:
    found = contents.collect(data, DOCUMENT)
    write_model(data, "removed")
    write(data / "tuning" / "removed" / "metrics.json", "{")
    assert contents.collect(data, DOCUMENT) == found
