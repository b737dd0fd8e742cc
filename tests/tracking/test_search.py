"""Searches in MLflow: a run with a nested run for each trial, on real stores."""

import math
from pathlib import Path
from typing import Any

import pytest

from generative.core.errors import BadInput
from generative.tracking.live import LiveRun, live_run
from generative.tracking.provenance import digest
from generative.tracking.publish import publish
from generative.tracking.store import Store, wrap_store_errors
from tests.support.tracking import artifacts, query, write_results

PARAMS = {"tune": {"separable": {"trials": 3}}, "runtime": {"threads": 0}}
ROWS: list[dict[str, Any]] = [
    {"trial": 1, "width": 16, "learning_rate": 0.01, "val_loss": 0.5},
    {"trial": 2, "width": 32, "learning_rate": 0.002, "val_loss": 0.25},
    {"trial": 3, "width": 16, "learning_rate": 0.004, "val_loss": 0.75},
]
STUDY = "separable-0123456789ab"

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "prepared" / "mnist"
    folder.mkdir(parents=True)
    (folder / "mnist.npz").write_bytes(b"digits")
    return folder


def search(
    data: Path, rows: list[dict[str, Any]], error: BaseException | None = None, study: str = STUDY
) -> None:
    """What the stage sends: after each trial, all there are."""
    with live_run("tune@separable", PARAMS, data, {"device": "CPU"}, study) as run:
        for count in range(1, len(rows) + 1):
            run.trials(rows[:count])
        if error:
            raise error


def tagged(database: Path, name: str) -> dict[str, str]:
    """The value of a tag by the id of the run, of runs that are not deleted."""
    active = "select run_uuid from runs where lifecycle_stage = 'active'"
    found = query(
        database,
        f"select run_uuid, value from tags where key = '{name}' and run_uuid in ({active})",
    )
    return dict(found)


def parents(database: Path) -> list[tuple[str, str]]:
    """The id and the status of each search, the oldest first."""
    runs = query(database, "select run_uuid, status from runs order by start_time, rowid")
    return [run for run in runs if run[0] in tagged(database, "dvc.stage")]


def trials(database: Path) -> list[dict[str, Any]]:
    """What is known of each trial, in their order."""
    numbers = tagged(database, "trial")
    found = []
    for run in sorted(numbers, key=lambda run: int(numbers[run])):
        ((status,),) = query(database, f"select status from runs where run_uuid = '{run}'")
        pairs = {
            table: dict(query(database, f"select key, value from {table} where run_uuid = '{run}'"))
            for table in ("params", "latest_metrics")
        }
        found.append(
            {
                "trial": int(numbers[run]),
                "parent": tagged(database, "mlflow.parentRunId")[run],
                "status": status,
                **pairs,
            }
        )
    return found


def expected(rows: list[dict[str, Any]], parent: str) -> list[dict[str, Any]]:
    return [
        {
            "trial": row["trial"],
            "parent": parent,
            "status": "FINISHED",
            "params": {
                "model.width": str(row["width"]),
                "model.learning_rate": str(row["learning_rate"]),
            },
            "latest_metrics": {"val/loss": row["val_loss"]},
        }
        for row in rows
    ]


def test_trials_are_runs_inside_that_of_the_search(data: Path, database: Path) -> None:
    search(data, ROWS)
    ((parent, status),) = parents(database)
    assert status == "FINISHED"
    assert tagged(database, "workspace") == {parent: STUDY}
    assert trials(database) == expected(ROWS, parent)
    names = dict(query(database, f"select key, value from params where run_uuid = '{parent}'"))
    assert names == {"tune.trials": "3", "runtime.threads": "0"}


def test_what_was_sent_is_not_sent_again(data: Path, database: Path) -> None:
    search(data, ROWS)
    search(data, ROWS)
    ((parent, _),) = parents(database)
    assert trials(database) == expected(ROWS, parent)


@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt(), "KILLED"), (ValueError("broken"), "FAILED")]
)
def test_a_search_that_was_killed_goes_on_in_its_run(
    data: Path, database: Path, error: BaseException, status: str
) -> None:
    with pytest.raises(type(error)):
        search(data, ROWS[:2], error)
    ((parent, ended),) = parents(database)
    assert ended == status
    assert trials(database) == expected(ROWS[:2], parent)
    search(data, ROWS)
    assert parents(database) == [(parent, "FINISHED")]
    assert trials(database) == expected(ROWS, parent)


def test_a_search_that_goes_on_is_running(data: Path, database: Path) -> None:
    search(data, ROWS[:1])
    found: list[tuple[str, str]] = []
    with live_run("tune@separable", PARAMS, data, {}, STUDY) as run:
        assert isinstance(run, LiveRun)
        run.jobs.put(lambda: found.extend(parents(database)))
    assert [status for _, status in found] == ["RUNNING"]
    assert [status for _, status in parents(database)] == ["FINISHED"]


def test_a_trial_that_was_cut_off_while_it_was_sent_is_sent_again(
    data: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Store, "log", lambda *_: 1 / 0)
        search(data, ROWS[:1])
    assert [trial["latest_metrics"] for trial in trials(database)] == [{}]
    search(data, ROWS)
    ((parent, _),) = parents(database)
    assert trials(database) == expected(ROWS, parent)


def test_another_search_has_another_run(data: Path, database: Path) -> None:
    search(data, ROWS[:1])
    search(data, ROWS[:2], study="separable-other")
    (first, _), (second, _) = parents(database)
    assert tagged(database, "workspace") == {first: STUDY, second: "separable-other"}
    found = [(trial["trial"], trial["parent"]) for trial in trials(database)]
    assert sorted(found) == sorted([(1, first), (1, second), (2, second)])


def test_a_published_run_stays_as_it_is(data: Path, database: Path) -> None:
    search(data, ROWS[:2])
    ((published, _),) = parents(database)
    with wrap_store_errors():
        Store().client.set_tag(published, "dvc.lock_hash", "0123")
    search(data, ROWS)
    (first, _), (second, status) = parents(database)
    assert first == published
    assert status == "FINISHED"
    found = trials(database)
    assert [trial["trial"] for trial in found if trial["parent"] == published] == [1, 2]
    assert [trial for trial in found if trial["parent"] == second] == expected(ROWS, second)


def test_the_loss_of_a_trial_that_diverged(data: Path, database: Path, capfd: Any) -> None:
    search(data, [{**ROWS[0], "val_loss": math.inf}, ROWS[1]])
    assert "warning" not in capfd.readouterr().out
    first, second = trials(database)
    assert (first["status"], second["status"]) == ("FINISHED", "FINISHED")
    assert (first["latest_metrics"], len(second["latest_metrics"])) == ({}, 1)
    assert list(tagged(database, "diverged").values()) == ["true"]


@pytest.fixture
def results(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the pipeline leaves of one search, without the pipeline."""
    monkeypatch.chdir(tmp_path)
    lines = [",".join(map(str, row)) for row in (ROWS[0], *(row.values() for row in ROWS))]
    files = {
        "trials.csv": "\n".join([*lines, ""]),
        "best.json": {"width": 32, "learning_rate": 0.002},
        "importance.json": {"width": 0.75, "learning_rate": 0.25},
        "metrics.json": {"test_accuracy": 0.9, "best_val_loss": 0.25, "trials": 3},
        "history.png": "picture",
    }
    document = {"profile": "test", "tune": {"separable": {"trials": 3}}}
    named = {f"tuning/separable/{name}": content for name, content in files.items()}
    write_results(tmp_path, document, {"tune@separable": LOCK}, named)
    return tmp_path / "data/tuning/separable"


LOCK = {
    "deps": [{"path": "data/prepared/mnist", "md5": "1"}, {"path": "stages/tune.py", "md5": "2"}],
    "outs": [{"path": "data/tuning/separable", "md5": "3"}],
    "params": {
        "params.yaml": {
            "runtime": {"determinism": True},
            "defaults.classifiers": {"dataset": "mnist", "precision": "auto"},
            "train.separable": {"family": "classifiers"},
            "tune.separable": {"trials": 3},
        }
    },
}


def test_publish_restores_a_search_with_its_trials(results: Path, database: Path) -> None:
    assert dict(publish()) == {"tune@separable": "restored"}
    ((parent, status),) = parents(database)
    assert status == "FINISHED"
    assert trials(database) == expected(ROWS, parent)
    names = dict(query(database, f"select key, value from params where run_uuid = '{parent}'"))
    assert names["tune.trials"] == "3"
    assert names["precision"] == "auto"
    assert tagged(database, "precision") == {parent: "auto"}
    sql = f"select key, value from latest_metrics where run_uuid = '{parent}'"
    assert dict(query(database, sql))["test/accuracy"] == 0.9
    sent = {file.name for file in (artifacts(database, parent) / "search").iterdir()}
    assert sent == {file.name for file in results.iterdir()}
    assert dict(publish()) == {"tune@separable": "kept"}
    assert trials(database) == expected(ROWS, parent)


def test_publish_finds_the_live_run_of_a_search(results: Path, data: Path, database: Path) -> None:
    with live_run("tune@separable", PARAMS, data, {}, STUDY) as run:
        run.trials(ROWS)
        run.finish(results / "trials.csv")
    ((live, _),) = parents(database)
    assert dict(publish()) == {"tune@separable": "tagged"}
    assert parents(database) == [(live, "FINISHED")]
    assert trials(database) == expected(ROWS, live)
    assert tagged(database, "dvc.lock_hash") == {live: digest(LOCK)}


def test_publish_sends_the_trials_that_a_live_run_lost(
    results: Path, data: Path, database: Path
) -> None:
    with live_run("tune@separable", PARAMS, data, {}, STUDY) as run:
        run.trials(ROWS[:1])
        run.finish(results / "trials.csv")
    assert dict(publish()) == {"tune@separable": "tagged"}
    ((live, _),) = parents(database)
    assert trials(database) == expected(ROWS, live)


def test_publish_asks_for_a_search_that_is_missing(results: Path, database: Path) -> None:
    results.rename(results.with_name("elsewhere"))
    done: dict[str, str] = {}
    with pytest.raises(BadInput, match="not published: tune@separable"):
        done.update(publish())
    assert "data/tuning/separable is missing; run dvc pull" in done["tune@separable"]
    assert query(database, "select * from runs") == []
