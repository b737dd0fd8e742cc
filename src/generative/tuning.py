"""Search for the arguments of a network: train, validate, repeat. The test digits stay untouched.

The trials live in a journal file that outlasts the process: a search that was killed goes on from
there, and several processes may work on one journal at once.
"""

import hashlib
import json
import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import optuna
import tensorflow as tf
from optuna.storages.journal import JournalFileBackend

from generative import params, runtime, training
from generative.datasets import DATASETS
from generative.params import Train, Tune
from generative.tables import NETWORKS, find

JOURNALS = Path(".cache/tuning")
RANDOM_TRIALS = 4  # before the sampler has something to learn from
DIGITS = 4  # of a suggested number

OnTrial = Callable[[], None]


@dataclass(frozen=True)
class Search:
    """One search: where its trials are kept, and the blocks that say what a trial is."""

    key: str
    prepared: Path
    tune: Tune
    train: Train

    @property
    def name(self) -> str:
        """Names the search and nothing else: more trials or workers are the same search."""
        blocks = [self.tune.model_dump(exclude={"trials", "workers"}), self.train.model_dump()]
        data = [hashlib.md5(f.read_bytes()).hexdigest() for f in sorted(self.prepared.iterdir())]
        identity = hashlib.md5(json.dumps([blocks, data], sort_keys=True).encode()).hexdigest()
        return f"{self.key}-{identity[:12]}"

    def study(self) -> optuna.Study:
        JOURNALS.mkdir(parents=True, exist_ok=True)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        backend = JournalFileBackend(str(JOURNALS / f"{self.name}.journal"))
        storage = optuna.storages.JournalStorage(backend)
        return optuna.create_study(storage=storage, study_name=self.name, load_if_exists=True)

    def rows(self) -> list[dict[str, Any]]:
        """The first `tune.trials` finished trials: `trial` from 1, the arguments, `val_loss`."""
        return [
            {"trial": number, **trial.user_attrs["arguments"], "val_loss": trial.value}
            for number, trial in enumerate(finished(self.study())[: self.tune.trials], start=1)
        ]

    def best(self) -> dict[str, Any]:
        """The arguments of the trial with the lowest validation loss."""
        best = min(self.rows(), key=lambda row: row["val_loss"])
        return {name: best[name] for name in self.tune.space}

    def importance(self) -> dict[str, float]:
        """Each argument's share of the variance of the loss (Hutter et al., 2014, fANOVA)."""
        study = self.study()
        counted = optuna.create_study()
        counted.add_trials(finished(study)[: self.tune.trials])
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=self.tune.seed)
        return dict(optuna.importance.get_param_importances(counted, evaluator=evaluator))


def run(search: Search, device: runtime.Device, on_trial: OnTrial) -> None:
    """Work on `search`, with the other workers that it asks for, until its trials are finished.

    `on_trial` is called after each trial of this process.
    """
    context = multiprocessing.get_context("spawn")
    others = [
        context.Process(target=work, args=(search,), daemon=True)
        for _ in range(search.tune.workers - 1)
    ]
    for other in others:
        other.start()
    try:
        take_part(search, device, on_trial)
    finally:
        for other in others:
            other.join()


def work(search: Search) -> None:
    """What another worker process does."""
    device = runtime.configure(params.read("runtime"), search.train.seed, search.train.precision)
    take_part(search, device, lambda: None)


def take_part(search: Search, device: runtime.Device, on_trial: OnTrial) -> None:
    study = search.study()
    while (done := len(finished(study))) < search.tune.trials:
        # The seed follows from how many trials there are, not from how often the search was begun.
        study.sampler = optuna.samplers.TPESampler(
            seed=search.tune.seed + done, n_startup_trials=RANDOM_TRIALS
        )
        trial = study.ask()
        arguments = suggest(trial, search.tune)
        trial.set_user_attr("arguments", arguments)
        loss = validate(search, arguments, device)
        study.tell(trial, loss)
        print(f"trial {done + 1}/{search.tune.trials}: val_loss {loss:.4f} {arguments}", flush=True)
        on_trial()


def finished(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """Trials in the order of their ends; one that was killed never ends and does not count."""
    trials = study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))
    return sorted(trials, key=lambda trial: (trial.datetime_complete, trial.number))


def suggest(trial: optuna.Trial, tune: Tune) -> dict[str, Any]:
    """One value for each argument of the space."""
    arguments: dict[str, Any] = {}
    for name, range_ in tune.space.items():
        log = range_.scale == "log"
        if range_.choices:
            arguments[name] = trial.suggest_categorical(name, range_.choices)
        elif isinstance(range_.low, int) and isinstance(range_.high, int):
            arguments[name] = trial.suggest_int(name, range_.low, range_.high, log=log)
        else:
            low, high = float(range_.low or 0), float(range_.high or 0)
            value = trial.suggest_float(name, low, high, log=log)
            arguments[name] = float(f"{value:.{DIGITS}g}")
    return arguments


def validate(search: Search, arguments: dict[str, Any], device: runtime.Device) -> float:
    """The validation loss after a short training with `arguments`."""
    short = search.train.model_copy(update={"epochs": search.tune.epochs})
    batches = search.tune.train_count // short.batch_size
    _, course = fit(search, short, arguments, device, batches)
    return float(course.history["val_loss"].min())


def fit(
    search: Search, train: Train, arguments: dict[str, Any], device: runtime.Device, batches: int
) -> tuple[Any, training.Course]:
    """A network of these `arguments`, trained as `train` says on `batches` batches an epoch."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(train.seed)
    dataset = find(DATASETS, "data set", train.dataset)
    stream: tf.data.Dataset = dataset.batches(
        search.prepared, train.batch_size, train.seed, **train.data
    )
    validation = dataset.load(search.prepared, "validation", **train.data)
    with device.strategy.scope():
        model = find(NETWORKS, "network", train.network)(**{**train.model, **arguments})
    scratch = JOURNALS / search.key
    scratch.mkdir(parents=True, exist_ok=True)
    course = training.fit(
        f"train.{search.key}",
        model,
        train,
        device,
        stream.take(batches),
        validation,
        lambda *_: None,
        scratch,
    )
    return model, course
