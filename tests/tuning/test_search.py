"""Searches: what is tried, what is kept, and how several workers share one."""

import json
import math
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest

from generative.core import members, params
from generative.core.errors import BadInput
from generative.core.history import History
from generative.core.runtime import Runtime
from generative.datasets.base import arrays
from generative.training.fit import Diverged
from generative.tuning import search as tuning
from generative.tuning.schema import Tune
from generative.tuning.search import Search
from tests.support.tuning import DEVICE, PROJECT, SPACE, TUNE, loss_of, make_search, python, run

HISTORY = History(pd.DataFrame({"val_loss": [2.0, 1.0, 3.0]}), np.zeros(0), [], [])


def uninterrupted(
    search: Search, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> list[dict[str, Any]]:
    """The rows of the same search, done elsewhere in one go."""
    with monkeypatch.context() as patch:
        patch.setattr(tuning, "JOURNALS", folder / "elsewhere")
        return run(search)


def test_a_search_trains_and_never_reads_the_test_digits(
    prepared_mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = arrays.read

    def checked(folder: Path, key: str, split: str) -> arrays.Arrays:
        assert split != "test"
        return read(folder, key, split)

    monkeypatch.setattr(arrays, "read", checked)
    search = make_search(prepared_mnist)
    counts: list[int] = []
    tuning.run(search, DEVICE, lambda: counts.append(len(search.rows())))
    assert counts == [1, 2, 3]
    rows = search.rows()
    assert [row["trial"] for row in rows] == [1, 2, 3]
    assert all(list(row) == ["trial", *sorted(SPACE), "val_loss"] for row in rows)
    assert all(0 < row["val_loss"] < 10 for row in rows)
    assert len({row["val_loss"] for row in rows}) == 3


def test_best_and_importance(prepared_mnist: Path, tried: list[Any]) -> None:
    search = make_search(prepared_mnist, {"trials": 12})
    rows = run(search)
    lowest = min(rows, key=lambda row: row["val_loss"])
    assert search.best() == {name: lowest[name] for name in SPACE}
    assert lowest["val_loss"] == loss_of(search.best())
    importance = search.importance()
    assert set(importance) == set(SPACE)
    assert sum(importance.values()) == pytest.approx(1)
    assert max(importance, key=importance.__getitem__) == "learning_rate"
    assert search.importance() == importance


def test_importance_needs_no_more_than_two_trials(prepared_mnist: Path, tried: list[Any]) -> None:
    search = make_search(prepared_mnist, {"trials": 2})
    run(search)
    assert sum(search.importance().values()) == pytest.approx(1)


def test_a_finished_search_is_not_done_again(prepared_mnist: Path, tried: list[Any]) -> None:
    rows = run(make_search(prepared_mnist))
    assert len(tried) == 3
    assert run(make_search(prepared_mnist)) == rows
    assert len(tried) == 3


def test_more_trials_go_on_from_the_first(
    prepared_mnist: Path, tried: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(make_search(prepared_mnist))
    longer = make_search(prepared_mnist, {"trials": 7})
    rows = run(longer)
    assert len(tried) == 7
    assert rows[:3] == first
    assert rows == uninterrupted(longer, tmp_path, monkeypatch)
    assert run(make_search(prepared_mnist)) == first


@pytest.mark.parametrize("fatal", [1, 3, 6])
def test_an_interrupted_search_goes_on_as_if_it_had_not_been(
    fatal: int,
    prepared_mnist: Path,
    tried: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From the fifth trial on the sampler learns, also from those that seem to run still."""
    search = make_search(prepared_mnist, {"trials": 8})
    validate = tuning.validate

    def interrupted(*arguments: Any) -> float:
        loss = validate(*arguments)
        if len(tried) == fatal:
            raise KeyboardInterrupt
        return loss

    with monkeypatch.context() as patch:
        patch.setattr(tuning, "validate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(search)
    assert len(search.rows()) == fatal - 1
    rows = run(search)
    assert len(tried) == 9
    assert rows == uninterrupted(search, tmp_path, monkeypatch)


# In a process of its own, whose worker process runs this file too: the first trial of each begins
# when the other's does.
TOGETHER = """
import json, sys
from pathlib import Path
from generative.tuning import search as tuning

validate, met = tuning.validate, []

def meet(*arguments):
    if not met:
        met.append(open("gate", "r" if __name__ == "__main__" else "w"))
    return validate(*arguments)

tuning.validate = meet

if __name__ == "__main__":
    from tests.support.tuning import make_search
    search = make_search(Path(sys.argv[1]), {"trials": 4, "workers": 2})
    device = search.configure()
    tuning.run(search, device, lambda: None)
    print(json.dumps(search.rows()))
"""


@pytest.mark.slow
def test_two_workers_at_once(prepared_mnist: Path, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(params.PATH.read_text())
    (tmp_path / "program.py").write_text(TOGETHER)
    os.mkfifo(tmp_path / "gate")
    done = python("program.py", prepared_mnist, folder=tmp_path)
    assert done.returncode == 0, done.stdout
    rows = json.loads(done.stdout.splitlines()[-1])
    assert [row["trial"] for row in rows] == [1, 2, 3, 4]
    (journal,) = (tmp_path / ".cache/tuning").glob("*.journal")
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    started_by = [line["worker_id"] for line in lines if "datetime_start" in line]
    assert len(set(started_by)) == 2
    assert len(started_by) <= 5
    # They began with the same knowledge, and yet not with the same guess.
    tried = [line["user_attr"]["arguments"] for line in lines if "user_attr" in line]
    assert tried[0] != tried[1]


TERMINAL = """
import sys
from pathlib import Path
from generative.tuning import search as tuning
tuning.JOURNALS = Path(sys.argv[1])
with tuning.claimed("sequential", 0) as number:
    print(number, flush=True)
    input()
"""


def test_another_terminal_works_on_the_same_search(
    prepared_mnist: Path, journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers: list[int] = []

    def validate(search: Search, chosen: dict[str, Any], device: Any, worker: int) -> float:
        workers.append(worker)
        return loss_of(chosen)

    monkeypatch.setattr(tuning, "validate", validate)
    monkeypatch.setattr(tuning, "PATIENCE", 0.1)
    command = [sys.executable, "-c", TERMINAL, str(journals)]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as first:
        assert first.stdout
        assert first.stdout.readline() == "0\n"
        run(make_search(prepared_mnist, {"trials": 2}))
        first.kill()
    run(make_search(prepared_mnist, {"trials": 3}))
    assert workers == [1, 1, 0]


def test_ctrl_c_ends_the_other_workers(
    prepared_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = make_search(prepared_mnist, {"workers": 2})
    (tmp_path / "params.yaml").write_text(params.PATH.read_text())
    monkeypatch.chdir(tmp_path)
    started: list[Any] = []
    context = tuning.multiprocessing.get_context("spawn")
    start = context.Process.start

    def remember(process: Any) -> None:
        started.append(process)
        start(process)

    def interrupted(*arguments: Any) -> float:
        raise KeyboardInterrupt

    monkeypatch.setattr(context.Process, "start", remember)
    monkeypatch.setattr(tuning, "validate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(search)
    (other,) = started
    assert other.exitcode == -signal.SIGKILL
    assert search.rows() == []


def test_a_trial_that_diverges_is_the_worst_and_the_search_goes_on(
    prepared_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = make_search(prepared_mnist, {"trials": 6})
    monkeypatch.chdir(tmp_path)

    def train_network(search: Any, train: Any, *_: Any) -> Any:
        if train.model["learning_rate"] > 0.003:
            raise Diverged("the term cross_entropy of the loss became NaN")
        return None, HISTORY

    monkeypatch.setattr(tuning, "train_network", train_network)
    rows = run(search)
    for row in rows:
        assert row["val_loss"] == (math.inf if row["learning_rate"] > 0.003 else 1.0)
    assert search.best()["learning_rate"] <= 0.003
    assert search.importance() == dict.fromkeys(SPACE, 0.0)  # the finite losses are equal
    assert not any(file.is_dir() for file in Path(".cache/training").iterdir())


def test_trials_at_one_time_keep_their_files_apart(
    prepared_mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = make_search(prepared_mnist)
    used: list[str] = []

    def train_network(*arguments: Any) -> Any:
        used.append(arguments[-1])
        return None, HISTORY

    monkeypatch.setattr(tuning, "train_network", train_network)
    assert [tuning.validate(search, {}, DEVICE, worker) for worker in (0, 1)] == [1.0, 1.0]
    assert len(set(used)) == 2


def test_where_every_trial_diverges_there_is_no_best(
    prepared_mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "validate", lambda *_: math.inf)
    search = make_search(prepared_mnist)
    run(search)
    with pytest.raises(BadInput, match="tune.sequential: the loss became NaN or infinite in every"):
        search.best()


def test_a_name_identifies_what_a_trial_is(prepared_mnist: Path, tmp_path: Path) -> None:
    usual = make_search(prepared_mnist).name
    same = [
        make_search(prepared_mnist, {"trials": 50}),
        make_search(prepared_mnist, {"workers": 4}),
        make_search(prepared_mnist, epochs=99),  # those of a trial are in tune
        make_search(prepared_mnist, model={"width": 2, "learning_rate": 0.01}),  # --apply
    ]
    assert {search.name for search in same} == {usual}
    other = tmp_path / "other"
    other.mkdir()
    (other / "mnist.npz").write_bytes((prepared_mnist / "mnist.npz").read_bytes() + b"!")
    threads = Runtime(determinism=True, threads=7, xla="auto")
    different = [
        make_search(prepared_mnist, {"seed": 2}),
        make_search(prepared_mnist, {"epochs": 2}),
        make_search(prepared_mnist, {"train_count": 64}),
        make_search(prepared_mnist, {"space": {**SPACE, "width": {"choices": [2, 3]}}}),
        make_search(prepared_mnist, {"space": {"width": SPACE["width"]}}),
        make_search(prepared_mnist, batch_size=16),
        make_search(prepared_mnist, seed=2),
        make_search(prepared_mnist, model={"dropout": 0.1}),
        make_search(other),
        replace(make_search(prepared_mnist), runtime=threads),
    ]
    names = [search.name for search in different]
    assert len({usual, *names}) == 1 + len(names)
    assert all(name.startswith("sequential-") for name in names)


@pytest.mark.parametrize(
    ("file", "decides"),
    [
        ("core/runtime.py", True),
        ("training/fit.py", True),
        ("training/losses.py", True),
        ("training/optimizers.py", True),
        ("datasets/base/arrays.py", True),
        ("datasets/mnist.py", True),
        ("classifiers/base/losses.py", True),
        ("classifiers/sequential.py", True),
        ("classifiers/residual.py", False),
        ("classifiers/metrics.py", False),
        ("datasets/shakespeare.py", False),
        ("tracking/live.py", False),
        ("vae/base/losses.py", False),
    ],
)
def test_a_name_follows_the_code_that_a_trial_runs(
    file: str,
    decides: bool,
    prepared_mnist: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copy = tmp_path / "generative"
    shutil.copytree(PROJECT / "src" / "generative", copy)
    monkeypatch.setattr(members, "PACKAGE", copy)
    usual = make_search(prepared_mnist).name
    with (copy / file).open("a") as opened:
        opened.write("# changed")
    assert (make_search(prepared_mnist).name != usual) is decides


def test_suggestions_lie_in_their_ranges() -> None:
    space: dict[str, Any] = {
        "rate": {"low": 0.00123456, "high": 0.0314159, "scale": "log"},
        "share": {"low": 0.99994, "high": 0.99999},  # with four digits it would leave its range
        "count": {"low": 3, "high": 5},
        "many": {"low": 1, "high": 1000, "scale": "log"},
        "choice": {"choices": ["none", "cosine"]},
    }
    tune = Tune.model_validate({**TUNE, "space": space})
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    tried = [tuning.suggest(study.ask(), tune) for _ in range(400)]
    assert {each["count"] for each in tried} == {3, 4, 5}
    assert {each["choice"] for each in tried} == {"none", "cosine"}
    for each in tried:
        assert list(each) == sorted(space)
        assert type(each["count"]) is type(each["many"]) is int
        assert 1 <= each["many"] <= 1000
        assert 0.00123456 <= each["rate"] <= 0.0314159
        assert 0.99994 <= each["share"] <= 0.99999
        for name in ("rate", "share"):
            rounded = float(f"{each[name]:.4g}")
            assert each[name] in (rounded, space[name]["low"], space[name]["high"])
