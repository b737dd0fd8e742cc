"""What the page shows: all that there is, and what is missing and why."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from generative.core.folders import write_json
from generative.report import contents
from generative.results.logs import FAILURES, log_of
from tests.support.report import DOCUMENT, write, write_lock, write_model


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


def test_other_seeds_are_those_that_compare(data: Path) -> None:
    def record(
        seed: int, value: float, profile: str = "default", precision: str = "float32"
    ) -> Any:
        own = {"model": "one", "seed": seed, "profile": profile, "commit": "", "date": "2026-01-01"}
        metrics = {"test/elbo_nats": value}
        return {**own, "machine": {"precision": precision}, "parameters": {}, "metrics": metrics}

    same = [record(1, -151.0), record(2, -150.0), record(3, -153.0)]
    others = [record(4, -9.0, profile="other"), record(2, -99.0, precision="bfloat16")]
    write(data.parent / "results/records/one.json", {"version": 1, "records": [*same, *others]})
    assert {row["seeds"] for row in of(contents.collect(data, DOCUMENT), "one")["metrics"]} == {
        None
    }
    write_lock(data.parent)
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


def test_numbers_of_another_judge_are_left_out(data: Path) -> None:
    numbers = {"extractor": "other", "frechet_distance": 0.5}
    write(data / "image_quality" / "one" / "metrics.json", numbers)
    found = contents.collect(data, DOCUMENT)
    (missing,) = found["missing"]
    assert (missing["stage"], missing["state"]) == ("image_quality@one", "unusable")
    assert "comes from the extractor other, data/references/mnist from abc" in missing["reason"]
    names = [row["name"] for row in of(found, "one")["metrics"]]
    assert names == ["test/elbo_nats", "test/active_units", "test/<b>"]


@pytest.mark.parametrize(("distance", "is_far"), [(149.0, False), (151.0, True)])
def test_a_distance_of_a_hundred_floors_is_doubted(
    data: Path, distance: float, is_far: bool
) -> None:
    numbers = {"extractor": "abc", "frechet_distance": distance}
    write(data / "image_quality" / "one" / "metrics.json", numbers)
    doubts = of(contents.collect(data, DOCUMENT), "one")["doubts"]
    assert [one["says"] for one in doubts] == ["far"] * is_far


@pytest.mark.parametrize(
    ("metrics", "says"),
    [
        ({"auc_margin_low": 0.125, "auc_margin_low_by_play": -0.5}, ["no_better"]),
        ({"auc_margin_low": -0.125, "auc_margin_low_by_play": 0.5}, []),
        ({"auc_margin_low": -0.125}, ["no_better"]),
        ({"auc_margin_low": 0.125}, []),
    ],
)
def test_what_is_no_better_than_its_baseline_is_doubted(
    data: Path, metrics: dict[str, float], says: list[str]
) -> None:
    ends = {name.replace("low", "high"): 0.875 for name in metrics}
    margins = {"auc": 0.75, "auc_baseline": 0.5, **metrics, **ends}
    write(data / "metrics" / "one" / "metrics.json", margins)
    assert [one["says"] for one in of(contents.collect(data, DOCUMENT), "one")["doubts"]] == says


def test_a_trial_that_diverged_has_no_number(data: Path) -> None:
    write(data / "tuning/two/trials.csv", "trial,width,val_loss\n1,16,inf\n2,24,0.25\n")
    (search,) = contents.collect(data, DOCUMENT)["searches"]
    assert search["trials"]["rows"] == [[1, 16, None], [2, 24, 0.25]]


MISSING = {
    "history/drawn": "train@drawn",
    "metrics/one": "evaluate@one",
    "image_quality/one": "image_quality@one",
    "samples/one": "render@one",
    "judge/mnist": "judge@mnist",
    "metrics/judge": "evaluate_judge@mnist",
    "references/mnist": "references@mnist",
    "tuning/two": "tune@two",
    "objectives/gan": "objectives@gan",
    "browser/one": "browser@one",
}


@pytest.mark.parametrize("folder", MISSING)
def test_what_is_missing_is_said_and_the_rest_is_shown(data: Path, folder: str) -> None:
    stage = MISSING[folder]
    shutil.rmtree(data / folder)
    found = contents.collect(data, DOCUMENT)
    assert found["missing"] == [{"stage": stage, "state": "not_run", "reason": ""}]
    log = data.parent / log_of(stage)
    write(log, "error: of before\nloading\nerror: no space <left>\n       on the device\n")
    (missing,) = contents.collect(data, DOCUMENT)["missing"]
    assert missing["reason"] == "no space <left> on the device"
    assert of(found, "drawn")["pictures"]


def test_why_is_what_became_of_the_stages(data: Path) -> None:
    for folder in ("metrics/one", "samples/one", "image_quality/one"):
        shutil.rmtree(data / folder)
    write(data.parent / log_of("evaluate@one"), "epoch 3/10 loss 0.2\n")
    failed = {"prepare@mnist": "failed with status 1", "evaluate@one": "was killed by signal 9"}
    write(data.parent / FAILURES, {"failed": failed, "waiting": ["render@one"]})
    found = contents.collect(data, DOCUMENT)["missing"]
    assert [(one["stage"], one["state"], one["reason"]) for one in found] == [
        ("prepare@mnist", "failed", "failed with status 1"),
        ("evaluate@one", "failed", "was killed by signal 9"),
        ("image_quality@one", "not_run", ""),
        ("render@one", "waiting", ""),
    ]


def test_results_of_a_model_that_was_trained_anew_are_missing(data: Path) -> None:
    write_lock(data.parent)
    lock = data.parent / "dvc.lock"
    stages = yaml.safe_load(lock.read_text())["stages"]
    stages["train@one"]["outs"][0]["md5"] = "new.dir"
    write(lock, yaml.safe_dump({"stages": stages}))
    found = contents.collect(data, DOCUMENT)
    assert {(m["stage"], m["state"]) for m in found["missing"]} == {
        ("evaluate@one", "old"),
        ("image_quality@one", "old"),
        ("render@one", "old"),
    }
    assert not of(found, "one")["metrics"]
    assert of(found, "drawn")["metrics"]


def test_results_of_a_model_whose_training_failed_are_missing(data: Path) -> None:
    write_lock(data.parent)
    for folder in ("models/one", "history/one"):
        shutil.rmtree(data / folder)
    found = contents.collect(data, DOCUMENT)
    stages = [(one["stage"], one["state"]) for one in found["missing"]]
    assert ("train@one", "not_run") in stages
    assert ("evaluate@one", "old") in stages
    assert not of(found, "one")["pictures"]


def test_of_no_results_all_is_missing(tmp_path: Path) -> None:
    found = contents.collect(tmp_path / "data", DOCUMENT)
    stages = {one["stage"] for one in found["missing"]}
    assert {"train@one", "evaluate@one", "train@drawn", "tune@two"} <= stages
    assert not found["answers"]


def test_a_file_that_was_cut_is_named_and_the_rest_is_shown(data: Path) -> None:
    write(data / "metrics" / "one" / "metrics.json", '{"elbo_nats": -1')
    found = contents.collect(data, DOCUMENT)
    (missing,) = found["missing"]
    assert (missing["stage"], missing["state"]) == ("evaluate@one", "unusable")
    assert "metrics/one/metrics.json is missing, or it was cut" in missing["reason"]
    assert of(found, "one")["pictures"]


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
