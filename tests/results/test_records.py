"""Records in files: what is added comes back, and what was edited is refused by its line."""

import json
from pathlib import Path
from typing import Any

import pytest

from generative.core.errors import BadInput
from generative.results import records
from tests.support.results import HERE, THERE, record


def test_what_is_added_comes_back(tmp_path: Path) -> None:
    given = [record(1, bound=-150.0), record(2, bound=-151.0), record(1, model="vae", bound=-1.0)]
    files = records.add(given, tmp_path)
    assert [file.name for file in files] == ["cvae.json", "vae.json"]
    assert records.read(tmp_path) == given
    assert records.read(tmp_path / "vae.json") == given[2:]


def test_a_newer_record_of_a_training_takes_the_older_ones_place(tmp_path: Path) -> None:
    records.add([record(1, HERE, bound=1.0), record(1, THERE, bound=2.0)], tmp_path)
    records.add([record(1, HERE, bound=3.0)], tmp_path)
    assert sorted(r.metrics["bound"] for r in records.read(tmp_path)) == [2.0, 3.0]


def test_what_did_not_change_keeps_its_commit_and_date(tmp_path: Path) -> None:
    records.add([record(1, bound=1.0)], tmp_path)
    later = record(1, bound=1.0).model_copy(update={"date": "2027-01-01", "commit": "later"})
    assert records.add([later], tmp_path) == {}
    assert records.read(tmp_path) == [record(1, bound=1.0)]


def test_records_of_another_training_go_only_if_asked_to(tmp_path: Path) -> None:
    (file,) = records.add([record(n, bound=float(n)) for n in (1, 2)], tmp_path)
    before = file.read_bytes()
    other = record(1, bound=9.0).model_copy(update={"parameters": {"epochs": 40}})
    with pytest.raises(BadInput, match=r"has 2 records of another .* \(epochs: 20, now 40\)"):
        records.add([record(1, model="vae", bound=1.0), other], tmp_path)
    assert file.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["cvae.json"]
    assert records.add([other], tmp_path, replace=True) == {file: (1, 2)}
    # Another profile has records of its own, and threads make no other training.
    smoke = other.model_copy(update={"profile": "smoke", "parameters": {"epochs": 1}})
    threads = other.model_copy(update={"seed": 5, "parameters": {"epochs": 40, "runtime.x": 2}})
    assert records.add([smoke, threads], tmp_path) == {file: (3, 0)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "results.version: received 2, must be 1"),
        ({"records": [{}]}, "results.records.0.model is missing; add it"),
        ({"seed": "1"}, "results.records.0.seed: received '1', must be a valid integer"),
        ({"metrics": {"bound": None}}, "metrics.bound: received None, must be a valid number"),
        ({"metrics": {"bound": float("nan")}}, "metrics.bound: received nan, must be a finite"),
        ({"model": "another"}, "results.model: received 'another', the file's name"),
        ({"note": 1}, "unknown parameter 'note'"),
        ({"machine": {}}, "results.machine.precision is missing"),
    ],
)
def test_what_was_edited_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    (file,) = records.add([record(1, bound=-150.0)], tmp_path)
    content = json.loads(file.read_text())
    if change.keys() <= content.keys():
        content |= change
    else:
        content["records"][0] |= change
    file.write_text(json.dumps(content))
    with pytest.raises(BadInput) as refused:
        records.read(tmp_path)
    assert message in str(refused.value)
    assert str(file) in str(refused.value)


def test_a_file_that_was_cut(tmp_path: Path) -> None:
    (file,) = records.add([record(1, bound=-150.0)], tmp_path)
    for content in (file.read_text()[:40], "[" * 100_000, ""):
        file.write_text(content)
        with pytest.raises(BadInput, match=r"cvae\.json"):
            records.read(tmp_path)


def test_no_results(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no results"):
        records.read(tmp_path)
