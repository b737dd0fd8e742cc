"""Searches: what is tried, what is kept, and what happens when one is killed."""

import json
import math
import os
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
import tensorflow as tf
import yaml
from typer.testing import CliRunner

from generative.datasets.base import arrays
from generative.training import losses
from generative.training import optimizers
from generative.core import params
from generative.core import runtime
from generative.training import fit as training
from generative.tuning import search as tuning
from generative.core.runtime import Runtime
from generative.training.schema import Train
from generative.tuning.schema import Tune
from generative.cli.main import app
from generative.core.errors import BadInput
from generative.classifiers.base import losses as classification
from tests.conftest import PROJECT, TINY

SPACE: dict[str, Any] = {
    "learning_rate": {"low": 0.001, "high": 0.03, "scale": "log"},
    "width": {"choices": [2, 4]},
    "units": {"low": 4, "high": 8},
}
TUNE: dict[str, Any] = {
    "trials": 3,
    "workers": 1,
    "epochs": 1,
    "train_count": 96,
    "seed": 1,
    "space": SPACE,
}
DEVICE = runtime.Device("CPU", "float32", False, "statistical", tf.distribute.get_strategy())
COURSE = training.Course(pd.DataFrame({"val_loss": [2.0, 1.0, 3.0]}), np.zeros(0), [], [])


def make_search(prepared: Path, tune: dict[str, Any] | None = None, **train: Any) -> tuning.Search:
    """A search among the smallest networks; `tune` and `train` are changes of its blocks."""
    committed = params.read("train.sequential", Train)
    model = {**committed.model, "width": 4, "units": 8, **train.pop("model", {})}
    small = {"batch_size": 32, "steps_per_call": 3, "precision": "float32", "model": model}
    block = Train.model_validate({**committed.model_dump(), **small, **train})
    searched = Tune.model_validate({**TUNE, **(tune or {})})
    return tuning.Search("sequential", prepared, searched, block, params.read("runtime", Runtime))


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tuning, "JOURNALS", tmp_path / "journals")
    return tmp_path / "journals"


def loss_of(arguments: dict[str, Any]) -> float:
    """Made up, with its minimum inside the space."""
    rate = abs(math.log(arguments["learning_rate"] / 0.01))
    return rate + arguments["units"] / 10 + arguments["width"] / 100


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Trials without training; the arguments of each, in order."""
    arguments: list[dict[str, Any]] = []

    def validate(search: tuning.Search, chosen: dict[str, Any], device: runtime.Device) -> float:
        arguments.append(chosen)
        return loss_of(chosen)

    monkeypatch.setattr(tuning, "validate", validate)
    return arguments


def run(search: tuning.Search) -> list[dict[str, Any]]:
    tuning.run(search, DEVICE, lambda: None)
    return search.rows()


def uninterrupted(
    search: tuning.Search, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> list[dict[str, Any]]:
    """The rows of the same search, done elsewhere in one go."""
    with monkeypatch.context() as patch:
        patch.setattr(tuning, "JOURNALS", folder / "elsewhere")
        return run(search)


def test_a_search_trains_and_never_sees_the_test_digits(
    prepared_mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = arrays.read

    def checked(folder: Path, key: str, split: str) -> arrays.Arrays:
        assert split != "test"
        return read(folder, key, split)

    monkeypatch.setattr(arrays, "read", checked)
    search = make_search(prepared_mnist)
    seen: list[int] = []
    tuning.run(search, DEVICE, lambda: seen.append(len(search.rows())))
    assert seen == [1, 2, 3]
    rows = search.rows()
    assert [row["trial"] for row in rows] == [1, 2, 3]
    assert all(list(row) == ["trial", *SPACE, "val_loss"] for row in rows)
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


# In a process of its own: in the folder argv[1] the search of argv[2] goes on until its end, or
# until training has ended argv[3] epochs.
ALONE = """
import json, os, signal, sys
from pathlib import Path
from generative import params, runtime, training, tuning
from tests.test_tuning import make_search

tuning.JOURNALS = Path(sys.argv[1])
left, ended = [int(sys.argv[3])], training.LastGood.on_epoch_end

def on_epoch_end(*arguments):
    ended(*arguments)
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)

training.LastGood.on_epoch_end = on_epoch_end
search = make_search(Path(sys.argv[2]))
device = search.configure()
tuning.run(search, device, lambda: None)
print(json.dumps(search.rows()))
tuning.JOURNALS = Path(sys.argv[1]) / "elsewhere"
left[0] = -1
tuning.run(search, device, lambda: None)
print(json.dumps(search.rows()))
"""


def python(*arguments: Any, folder: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(PROJECT / "src"), str(PROJECT)])
    environment = {**os.environ, "PYTHONPATH": path, "GENERATIVE_TRACKING": "off"}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=240,
    )


def test_a_killed_search_goes_on_as_if_it_had_not_been(
    prepared_mnist: Path, journals: Path
) -> None:
    killed = python("-c", ALONE, journals, prepared_mnist, 3)
    assert killed.returncode == -signal.SIGKILL, killed.stdout
    assert len(make_search(prepared_mnist).rows()) == 2
    resumed = python("-c", ALONE, journals, prepared_mnist, -1)
    assert resumed.returncode == 0, resumed.stdout
    assert resumed.stdout.count("trial 3/3") == 2
    assert resumed.stdout.count("trial 1/3") == 1
    rows, in_one_go = [line for line in resumed.stdout.splitlines() if line.startswith("[{")]
    assert rows == in_one_go
    assert len(json.loads(rows)) == 3


def test_a_process_that_dies_with_the_lock_holds_nobody_up(
    prepared_mnist: Path, journals: Path, tried: list[Any]
) -> None:
    search = make_search(prepared_mnist, {"trials": 4})
    journals.mkdir()
    lock = journals / f"{search.name}.lock"
    program = (
        "import os, sys\n"
        "from filelock import FileLock\n"
        "lock = FileLock(sys.argv[1])\n"
        "lock.acquire()\n"
        "os._exit(7)"
    )
    assert python("-c", program, lock).returncode == 7
    assert len(run(search)) == 4


def test_a_line_that_was_cut_off_is_forgotten(
    prepared_mnist: Path, journals: Path, tried: list[Any]
) -> None:
    first = run(make_search(prepared_mnist))
    (journal,) = journals.glob("*.journal")
    with journal.open("ab") as file:
        file.write(b'{"op_code":4,"worker')
    assert run(make_search(prepared_mnist, {"trials": 5}))[:3] == first
    assert len(tried) == 5


# In a process of its own, whose worker process runs this file too: the first trial of each begins
# when the other's does.
TOGETHER = """
import json, sys
from pathlib import Path
from generative import params, runtime, tuning

validate, met = tuning.validate, []

def meet(*arguments):
    if not met:
        met.append(open("gate", "r" if __name__ == "__main__" else "w"))
    return validate(*arguments)

tuning.validate = meet

if __name__ == "__main__":
    from tests.test_tuning import make_search
    search = make_search(Path(sys.argv[1]), {"trials": 4, "workers": 2})
    device = search.configure()
    tuning.run(search, device, lambda: None)
    print(json.dumps(search.rows()))
"""


def test_two_workers_at_once(prepared_mnist: Path, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(params.PATH.read_text())
    params.use(TINY, tmp_path / "params.yaml")
    (tmp_path / "program.py").write_text(TOGETHER)
    os.mkfifo(tmp_path / "gate")
    done = python("program.py", prepared_mnist, folder=tmp_path)
    assert done.returncode == 0, done.stdout
    rows = json.loads(done.stdout.splitlines()[-1])
    assert [row["trial"] for row in rows] == [1, 2, 3, 4]
    (journal,) = (tmp_path / ".cache/tuning").glob("*.journal")
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    begun = [line["worker_id"] for line in lines if "datetime_start" in line]
    assert len(set(begun)) == 2
    assert len(begun) <= 5
    # They began with the same knowledge, and yet not with the same guess.
    tried = [line["user_attr"]["arguments"] for line in lines if "user_attr" in line]
    assert tried[0] != tried[1]


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
    assert other.exitcode == -signal.SIGTERM
    assert search.rows() == []


def test_a_trial_that_diverges_is_the_worst_and_the_search_goes_on(
    prepared_mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(search: Any, train: Any, arguments: dict[str, Any], *_: Any) -> Any:
        if arguments["learning_rate"] > 0.003:
            raise training.Diverged("the term cross_entropy of the loss became NaN")
        return None, COURSE

    monkeypatch.setattr(tuning, "fit", fit)
    search = make_search(prepared_mnist, {"trials": 6})
    rows = run(search)
    for row in rows:
        assert row["val_loss"] == (math.inf if row["learning_rate"] > 0.003 else 1.0)
    assert search.best()["learning_rate"] <= 0.003
    assert sum(search.importance().values()) == pytest.approx(1)


def test_trials_at_one_time_keep_their_files_apart(
    prepared_mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = make_search(prepared_mnist)
    used: list[Path] = []

    def fit(*arguments: Any) -> Any:
        used.append(arguments[-1])
        if len(used) == 1:
            tuning.validate(search, {}, DEVICE)
        assert arguments[-1].is_dir()
        return None, COURSE

    monkeypatch.setattr(tuning, "fit", fit)
    assert tuning.validate(search, {}, DEVICE) == 1.0
    assert len(set(used)) == 2
    assert not any(scratch.exists() for scratch in used)


def test_where_every_trial_diverges_there_is_no_best(
    prepared_mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "validate", lambda *_: math.inf)
    search = make_search(prepared_mnist)
    run(search)
    with pytest.raises(BadInput, match="tune.sequential: the loss became NaN or infinite in every"):
        search.best()


def test_a_name_says_what_a_trial_is(
    prepared_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    ]
    names = [search.name for search in different]
    changed = tmp_path / "training.py"
    changed.write_text("other code")
    for module in (arrays, training, losses, classification, optimizers, runtime):
        with monkeypatch.context() as patch:
            patch.setattr(module, "__file__", str(changed))
            names.append(make_search(prepared_mnist).name)
    threads = Runtime(determinism=True, threads=7, xla="auto")
    names.append(replace(make_search(prepared_mnist), runtime=threads).name)
    assert len({usual, *names}) == 1 + len(names)
    assert all(name.startswith("sequential-") for name in names)


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
        assert list(each) == list(space)
        assert type(each["count"]) is type(each["many"]) is int
        assert 1 <= each["many"] <= 1000
        assert 0.00123456 <= each["rate"] <= 0.0314159
        assert 0.99994 <= each["share"] <= 0.99999
        for name in ("rate", "share"):
            rounded = float(f"{each[name]:.4g}")
            assert each[name] in (rounded, space[name]["low"], space[name]["high"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    copy = tmp_path / "params.yaml"
    copy.write_text(params.PATH.read_text())
    return copy


def mistake(file: Path, change: dict[str, Any]) -> str:
    """What is said of `tune.separable` with these changes."""
    document = yaml.safe_load(file.read_text())
    document["tune"]["separable"] |= change
    file.write_text(yaml.safe_dump(document))
    with pytest.raises(BadInput) as failure:
        params.check_all(file)
    message = str(failure.value)
    assert "\n" not in message
    return message.replace(str(file), "params.yaml")


@pytest.mark.parametrize(
    ("argument", "values", "expected"),
    [
        ("width", {"choices": [8, 16], "low": 8}, "has choices and a range, keep one of them"),
        ("width", {}, "needs choices, or low and high"),
        ("width", {"low": 8}, "needs choices, or low and high"),
        ("width", {"low": 8, "high": 8}, "low 8 must be below high 8"),
        ("dropout", {"low": 0.0, "high": 0.5, "scale": "log"}, "low 0.0 must be above 0 on a log"),
        ("dropuot", {"low": 0.0, "high": 0.5}, "unknown argument 'dropuot'; did you mean dropout?"),
        ("width", {"low": 0, "high": 8}, "received 0, must be greater than or equal to 1"),
        ("width", {"low": 8.0, "high": 16.0}, "received 8.0, must be a valid integer"),
        ("width", {"choices": [8, "wide"]}, "received 'wide', must be a valid integer"),
        ("width", {"choices": []}, ".choices: received [], must"),
        ("width", {"low": 1, "high": 8, "step": 2}, ".step: unknown parameter 'step'"),
        ("dropout", {"low": 0.0, "high": 1.0}, "received 1.0, must be less than 1"),
        ("learning_rate", {"low": 0.1, "high": 0.2, "scale": "lin"}, "must be 'linear' or 'log'"),
    ],
)
def test_a_range_that_contradicts_itself_or_the_network(
    file: Path, argument: str, values: dict[str, Any], expected: str
) -> None:
    message = mistake(file, {"space": {argument: values}})
    assert message.startswith(f"params.yaml: tune.separable.space.{argument}")
    assert expected in message
    assert message.count(argument) <= 2


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"train_count": 127}, ".train_count: received 127, less than one batch"),
        ({"trials": 1}, ".trials: received 1, must be greater than or equal to 2"),
        ({"workers": 0}, ".workers: received 0, must be greater than or equal to 1"),
        ({"space": {}}, ".space: received {}, must"),
        ({"trails": 5}, ".trails: unknown parameter 'trails'; did you mean trials?"),
    ],
)
def test_a_search_that_cannot_be(file: Path, change: dict[str, Any], expected: str) -> None:
    message = mistake(file, change)
    assert message.startswith("params.yaml: tune.separable")
    assert expected in message


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1, 4, "tune.cvae.space.beta: 1 to 4 are whole numbers; write .0"),
        (1.0, 4.0, "tune.cvae: searches are for classifiers, train.cvae is likelihood"),
    ],
)
def test_a_search_for_a_model_that_is_no_classifier(
    file: Path, low: float, high: float, expected: str
) -> None:
    document = yaml.safe_load(file.read_text())
    space = {"beta": {"low": low, "high": high}}
    document["tune"]["cvae"] = {**TUNE, "train_count": 500, "space": space}
    file.write_text(yaml.safe_dump(document))
    with pytest.raises(BadInput, match=expected):
        params.read("tune.cvae", Tune, file)


def test_a_search_for_nothing_that_is_trained(file: Path) -> None:
    document = yaml.safe_load(file.read_text())
    document["tune"]["seperable"] = document["tune"].pop("separable")
    file.write_text(yaml.safe_dump(document))
    with pytest.raises(BadInput, match="tune.seperable: unknown block of train 'seperable'; did"):
        params.check_all(file)
    with pytest.raises(BadInput, match="'tune.separable'; did you mean tune.seperable?"):
        params.read("tune.separable", Tune, file)


def test_small_numbers_are_written_so_that_they_can_be_read(file: Path) -> None:
    overlay = {"train": {"separable": {"model": {"learning_rate": 0.00003}}}}
    changed = params.change(overlay, Path("generative tune"), file)
    assert changed == ["train.separable.model.learning_rate"]
    assert params.read("train.separable", Train, file).model["learning_rate"] == 0.00003


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--trials", "1"], "tune.separable.trials: received 1, must be greater than or equal"),
        (["--trials", "0"], "tune.separable.trials: received 0, must be greater than or equal"),
        (["--workers", "0"], "tune.separable.workers: received 0, must be greater than or equal"),
        ([], "data/prepared/mnist is missing; run dvc pull, then dvc repro"),
    ],
)
def test_a_command_that_cannot_be(
    arguments: list[str],
    expected: str,
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match=expected) as failure:
        CliRunner().invoke(app, ["tune", "separable", *arguments], catch_exceptions=False)
    assert "\n" not in str(failure.value)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_command_applies_the_best(file: Path, tmp_path: Path, prepared_mnist: Path) -> None:
    params.use(TINY, file)
    document = yaml.safe_load(file.read_text())
    before = file.read_text().splitlines()
    prepared = tmp_path / "data/prepared/mnist"
    prepared.mkdir(parents=True)
    (prepared / "mnist.npz").write_bytes((prepared_mnist / "mnist.npz").read_bytes())
    data = contents(tmp_path / "data")

    command = Path(sys.executable).with_name("generative")
    done = python(command, "tune", "separable", "--trials", 3, "--apply", folder=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "best of 3 trials: {" in done.stdout
    for name in document["tune"]["separable"]["space"]:
        assert f"importance of {name}: 0." in done.stdout
        assert f"changed train.separable.model.{name}" in done.stdout

    assert contents(tmp_path / "data") == data
    after = file.read_text().splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 3
    (line,) = [text for text in done.stdout.splitlines() if text.startswith("best of")]
    best = yaml.safe_load(line.partition(": ")[2])
    model = document["train"]["separable"]["model"]
    assert params.read("train.separable", Train, file).model == {**model, **best}
