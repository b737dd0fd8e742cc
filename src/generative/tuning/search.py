"""Search for the arguments of a network: train, validate, repeat. No trial reads the test split."""

import itertools
import math
import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import optuna

from generative.core import errors, members, runtime, stopping
from generative.core.errors import BadInput
from generative.core.history import History
from generative.core.runtime import Device, Runtime
from generative.core.workspace import PATIENCE, claim, name_of
from generative.datasets.base.dataset import Prepared
from generative.tracking.live import LiveRun, NoRun, live_run
from generative.training.fit import Diverged, fit
from generative.training.schema import Train
from generative.training.workspace import files_of, training_workspace
from generative.tuning.journal import finished, open_study
from generative.tuning.schema import Tune

JOURNALS = Path(".cache/tuning")
RANDOM_TRIALS = 4  # before the sampler has something to learn from
SIGNIFICANT_DIGITS = 4  # of a suggested number
SEEDS_OF_A_WORKER = 100_000  # two workers that begin at once must not try the same

OnTrial = Callable[[], None]


@dataclass(frozen=True)
class Search:
    """One search: what a trial is trained on, and the sections of params.yaml that describe it."""

    key: str
    data: Prepared
    tune: Tune
    train: Train
    runtime: Runtime

    @cached_property
    def name(self) -> str:
        """Identifies what decides the loss of a trial: the parameters, the data and the code.

        More trials, other workers, or the best values applied to `train` are the same search.
        """
        if not self.data.folder.is_dir():
            raise BadInput(f"{self.data.folder} is missing; run dvc pull, then dvc repro")
        tune = self.tune.model_dump(exclude={"trials", "workers"})
        train = self.short.model_dump()
        train["model"] = {n: v for n, v in train["model"].items() if n not in self.tune.space}
        decisive = [tune, train, self.runtime.model_dump()]
        return name_of(self.key, decisive, files_of(self.train, self.data.folder))

    @property
    def short(self) -> Train:
        """The training of a trial."""
        return self.train.model_copy(update={"epochs": self.tune.epochs})

    def configure(self) -> Device:
        """Set up the process for trials, once."""
        return runtime.configure(self.runtime, self.train.seed, self.train.precision)

    def study(self) -> optuna.Study:
        """All trials so far, those of other processes included."""
        return open_study(JOURNALS / f"{self.name}.journal", self.name)

    def rows(self) -> list[dict[str, Any]]:
        """The first `tune.trials` finished trials: `trial` from 1, the arguments, `val_loss`."""
        return [
            {"trial": number, **trial.user_attrs["arguments"], "val_loss": trial.value}
            for number, trial in enumerate(finished(self.study())[: self.tune.trials], start=1)
        ]

    def best(self) -> dict[str, Any]:
        """The arguments of the trial with the lowest validation loss."""
        best = min(self.rows(), key=lambda row: row["val_loss"])
        if not math.isfinite(best["val_loss"]):
            raise BadInput(
                f"tune.{self.key}: the loss became NaN or infinite in every trial; lower the "
                f"learning rates in tune.{self.key}.space or train.{self.key}.model"
            )
        return {name: best[name] for name in self.tune.space}

    def importance(self) -> dict[str, float]:
        """Each argument's share of the variance of the loss (Hutter et al., 2014, fANOVA); 0 where
        the finite losses do not differ."""
        losses = {row["val_loss"] for row in self.rows() if math.isfinite(row["val_loss"])}
        if len(losses) < 2:
            return dict.fromkeys(self.tune.space, 0.0)
        study = optuna.create_study()
        study.add_trials(finished(self.study())[: self.tune.trials])
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=self.tune.seed)
        return dict(optuna.importance.get_param_importances(study, evaluator=evaluator))


@contextmanager
def tracked(search: Search) -> Iterator[tuple[Device, LiveRun | NoRun]]:
    """Finish `search` in a run of MLflow; gives the device and the run to what comes after it."""
    name = search.name  # which needs the prepared data, before TensorFlow starts
    device = search.configure()
    params = {
        "tune": {search.key: search.tune.written()},
        "train": {search.key: search.train.written()},
        "runtime": search.runtime.written(),
    }
    folder, tags = search.data.folder, device.tags()
    with live_run(f"tune@{search.key}", params, folder, tags, name) as live:
        run(search, device, lambda: live.trials(search.rows()))
        live.trials(search.rows())
        yield device, live


def run(search: Search, device: Device, on_trial: OnTrial) -> None:
    """Work on `search`, with the other workers that it asks for, until its trials are finished.

    `on_trial` is called after each trial of this process.
    """
    print(
        f"search {search.name}: {len(search.rows())} of {search.tune.trials} trials are there",
        flush=True,
    )
    context = multiprocessing.get_context("spawn")
    others = [
        context.Process(target=work, args=(search, number), daemon=True)
        for number in range(1, search.tune.workers)
    ]
    # They inherit that it is ignored: Ctrl-C is for this process.
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in others:
        other.start()
    signal.signal(signal.SIGINT, handler)
    try:
        run_trials(search, device, on_trial)
    finally:
        # There are trials enough, or the user has had enough.
        for other in others:
            other.kill()
        for other in others:
            other.join()


def work(search: Search, number: int) -> None:
    """What another worker process does: trials, as long as the first process lives."""
    stopping.watch()
    errors.run(lambda: run_trials(search, search.configure(), lambda: None, number))


def run_trials(search: Search, device: Device, on_trial: OnTrial, number: int = 0) -> None:
    """Trial after trial in this process, until those of all workers are enough."""
    with claimed(search.key, number) as worker:
        study = search.study()
        while (done := len(finished(study))) < search.tune.trials:
            # The seed follows from how many trials there are, not from how often it was begun.
            study.sampler = optuna.samplers.TPESampler(
                seed=search.tune.seed + done + SEEDS_OF_A_WORKER * worker,
                n_startup_trials=RANDOM_TRIALS,
                # Keeps workers apart, but a trial that was killed looks as if it still ran.
                constant_liar=search.tune.workers > 1,
            )
            trial = study.ask()
            arguments = suggest(trial, search.tune)
            trial.set_user_attr("arguments", arguments)
            loss = validate(search, arguments, device, worker)
            study.tell(trial, loss)
            print(
                f"trial {done + 1}/{search.tune.trials}: val_loss {loss:.4f} {arguments}",
                flush=True,
            )
            on_trial()


@contextmanager
def claimed(key: str, first: int) -> Iterator[int]:
    """The number of a worker that no other process on `key` has, in this or another terminal:
    `first`, or the next that is free."""
    JOURNALS.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(first):
        # One that was killed may need a moment to end: its trial is to be gone on with.
        lock = claim(JOURNALS / f"{key}.{number}.lock", PATIENCE if number == first else 0)
        if lock:
            with lock:
                yield number
            return


def suggest(trial: optuna.Trial, tune: Tune) -> dict[str, Any]:
    """One value for each argument of the space."""
    arguments: dict[str, Any] = {}
    for name, dimension in tune.space.items():
        log = dimension.scale == "log"
        if dimension.choices:
            arguments[name] = trial.suggest_categorical(name, dimension.choices)
        elif isinstance(dimension.low, int) and isinstance(dimension.high, int):
            arguments[name] = trial.suggest_int(name, dimension.low, dimension.high, log=log)
        else:
            low, high = float(dimension.low or 0), float(dimension.high or 0)
            value = float(f"{trial.suggest_float(name, low, high, log=log):.{SIGNIFICANT_DIGITS}g}")
            arguments[name] = min(max(value, low), high)
    return arguments


def validate(search: Search, arguments: dict[str, Any], device: Device, worker: int) -> float:
    """The lowest validation loss of a short training with `arguments`; infinite if it diverged."""
    batches = search.tune.train_count // search.train.batch_size
    train = with_arguments(search.short, arguments)
    name, data = f"{search.key}.trial_{worker}", search.data.folder
    with training_workspace(name, train, search.runtime, device, data) as workspace:
        try:
            _, history = train_network(search, train, device, batches, workspace)
        except Diverged:
            return math.inf
    return float(history.table["val_loss"].min())


def with_arguments(train: Train, arguments: dict[str, Any]) -> Train:
    """The training of `train` of a network of these arguments."""
    return train.model_copy(update={"model": {**train.model, **arguments}})


def train_network(
    search: Search, train: Train, device: Device, batches: int, workspace: Path
) -> tuple[Any, History]:
    """A network, trained as `train` asks on `batches` batches an epoch (-1: all); one that was
    stopped goes on from what is in `workspace`."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(train.seed)
    training = search.data.batches(train.batch_size, train.seed).take(batches)
    validation = search.data.load("validation")
    with device.strategy.scope():
        model = members.network(train.network)(**train.model)
    name = f"train.{search.key}"
    history = fit(name, model, train, device, training, validation, lambda *_: None, workspace)
    return model, history
