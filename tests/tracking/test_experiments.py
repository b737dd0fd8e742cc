"""Experiments of DVC: one name in `dvc exp show` and in MLflow, beside the same values."""

import csv
import sys
from pathlib import Path

import pytest

from tests.support.tracking import query
from tests.support.workspace import Workspace, drop_missing_models, make_workspace

EMPTY = [
    *("references", "generators", "disentanglement", "objectives", "repeat", "tune", "style"),
    "browser",
]
RATE, SEED = "train.separable.model.learning_rate", "train.separable.seed"


@pytest.fixture
def project(tmp_path: Path, mirror: Path) -> Workspace:
    """A workspace of one model whose results are committed."""
    made = make_workspace(tmp_path / "project", mirror)
    document = made.params()
    document |= {"fetch": ["mnist"], "vgg": [], **{top: {} for top in [*EMPTY, "judge"]}}
    document["prepare"] = {"mnist": document["prepare"]["mnist"]}
    own = document["train"]["separable"]
    own |= {"seed": 1, "model": {**own["model"], "learning_rate": 0.002}}
    document["train"] = {"separable": own}
    made.write_params(document)
    drop_missing_models(made.folder)
    made.dvc_repro()
    made.commit("results")
    return made


@pytest.mark.slow
def test_dvc_and_mlflow_agree(project: Workspace) -> None:
    """Of an experiment in the workspace, and of one in DVC's temporary copy."""
    wanted = {"quick": ("0.01", "1", ""), "other_seed": ("0.002", "7", "--temp")}
    for name, (rate, seed, *options) in wanted.items():
        values = ("--set-param", f"{RATE}={rate}", "--set-param", f"{SEED}={seed}")
        command = (sys.executable, "-m", "dvc", "exp", "run", "--name", name, *values)
        project.run(*command, *filter(None, options))
    shown = project.run(sys.executable, "-m", "dvc", "exp", "show", "--csv", "--no-pager")
    rows = {row["Experiment"]: row for row in csv.DictReader(shown.splitlines())}
    tracked = query(
        project.folder / "mlruns" / "mlflow.db",
        "select t.value, rate.value, seed.value, m.value from tags t "
        "join params rate on rate.run_uuid = t.run_uuid and rate.key = 'model.learning_rate' "
        "join params seed on seed.run_uuid = t.run_uuid and seed.key = 'seed' "
        "join latest_metrics m on m.run_uuid = t.run_uuid and m.key = 'test/accuracy' "
        "where t.key = 'dvc.exp'",
    )
    assert {name for name, *_ in tracked} == wanted.keys()
    for experiment, rate, seed, accuracy in tracked:
        assert (rate, seed) == wanted[experiment][:2]
        row = rows[experiment]
        assert (float(row[RATE]), int(row[SEED])) == (float(rate), int(seed))
        (column,) = (name for name in row if name.rpartition(":")[2] == "test_accuracy")
        assert float(row[column]) == pytest.approx(accuracy, rel=1e-6)
