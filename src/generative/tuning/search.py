"""Search for the arguments of a network: train, validate, repeat. The test digits stay untouched.

The trials live in a journal file that outlasts the process: a search that was killed goes on from
there, and several processes may work on one journal at once.
"""

import hashlib
import json
import math
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import optuna
import tensorflow as tf
from filelock import FileLock
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from generative.core import errors
from generative.core import runtime
from generative.tracking import mlflow_view as tracking
from generative.training import fit as training
from generative.core.runtime import Runtime
from generative.training.schema import Train
from generative.tuning.schema import Tune
from generative.core.errors import BadInput
from generative.core.runtime import Device
from generative.core import members

JOURNALS = Path(".cache/tuning")
RANDOM_TRIALS = 4  # before the sampler has something to learn from
DIGITS = 4  # of a suggested number
SEEDS_OF_A_WORKER = 100_000  # two workers that begin at once must not try the same

OnTrial = Callable[[], None]


@dataclass(frozen=True)
class Search:
    """One search: where its trials are kept, and the blocks that say what a trial is."""

    key: str
    prepared: Path
    tune: Tune
    train: Train
    runtime: Runtime

    @cached_property
    def name(self) -> str:
        """Names what makes the loss of a trial: the blocks, the data and the code.

        More trials, other workers, or the best values applied to `train` are the same search.
        """
        if not self.prepared.is_dir():
            raise BadInput(f"{self.prepared} is missing; run dvc pull, then dvc repro")
        tune = self.tune.model_dump(exclude={"trials", "workers"})
        train = self.short.model_dump()
        train["model"] = {n: v for n, v in train["model"].items() if n not in self.tune.space}
        files = [*self.code(), *sorted(self.prepared.iterdir())]
        hashes = [hashlib.md5(file.read_bytes()).hexdigest() for file in files]
        text = json.dumps([tune, train, self.runtime.model_dump(), hashes], sort_keys=True)
        return f"{self.key}-{hashlib.md5(text.encode()).hexdigest()[:12]}"

    @property
    def short(self) -> Train:
        """The training of a trial."""
        return self.train.model_copy(update={"epochs": self.tune.epochs})

    def code(self) -> list[Path]:
        """The files that a trained network follows from."""
        network = members.network(self.train.network)
        names = [
            base.__module__ for base in network.__mro__ if base.__module__.startswith("generative.")
        ]
        names += [members.dataset(self.train.dataset).__name__, training.__name__]
        names += [
            "generative.arrays",
            "generative.losses",
            f"generative.losses.{self.train.family}",
        ]
        names += ["generative.optimizers", runtime.__name__]
        return [Path(sys.modules[name].__file__ or "") for name in names]

    def configure(self) -> Device:
        """Set up the process for trials, once."""
        return runtime.configure(self.runtime, self.train.seed, self.train.precision)

    def study(self) -> optuna.Study:
        JOURNALS.mkdir(parents=True, exist_ok=True)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        journal = JOURNALS / f"{self.name}.journal"
        lock = Lock(journal)
        mend(journal, lock)
        storage = optuna.storages.JournalStorage(JournalFileBackend(str(journal), lock))
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
        if not math.isfinite(best["val_loss"]):
            raise BadInput(
                f"tune.{self.key}: the loss became NaN or infinite in every trial; lower the "
                f"learning rates in tune.{self.key}.space or train.{self.key}.model"
            )
        return {name: best[name] for name in self.tune.space}

    def importance(self) -> dict[str, float]:
        """Each argument's share of the variance of the loss (Hutter et al., 2014, fANOVA)."""
        study = self.study()
        counted = optuna.create_study()
        counted.add_trials(finished(study)[: self.tune.trials])
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=self.tune.seed)
        return dict(optuna.importance.get_param_importances(counted, evaluator=evaluator))


class Lock(JournalFileOpenLock):
    """The system lets go of it when its process dies; optuna's own would stay for ever."""

    def __init__(self, journal: Path) -> None:
        super().__init__(str(journal))
        self.held = FileLock(journal.with_suffix(".lock"))

    def acquire(self) -> bool:
        self.held.acquire()
        return True

    def release(self) -> None:
        self.held.release()


def mend(journal: Path, lock: Lock) -> None:
    """Cut off a last line that a full disk or a killed process left unfinished."""
    with lock.held:
        content = journal.read_bytes() if journal.exists() else b""
        length = content.rfind(b"\n") + 1
        if length < len(content):
            os.truncate(journal, length)


@contextmanager
def followed(search: Search) -> Iterator[tuple[Device, Any]]:
    """Finish `search` in a run of MLflow, and give what comes after it the device and the run."""
    stage, study = f"tune@{search.key}", search.name
    device = search.configure()
    recorded = {
        "tune": {search.key: search.tune.written()},
        "train": {search.key: search.train.written()},
        "runtime": search.runtime.written(),
    }
    with tracking.live_run(stage, recorded, search.prepared, device.tags(), study) as live:
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
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)  # they inherit it: Ctrl-C is for this one
    for other in others:
        other.start()
    signal.signal(signal.SIGINT, heard)
    try:
        take_part(search, device, on_trial)
    finally:
        # Whatever they still do is not asked for, or the user has had enough.
        for other in others:
            other.terminate()
        for other in others:
            other.join()


def work(search: Search, number: int) -> None:
    """What another worker process does."""
    first = multiprocessing.parent_process()

    def stop_alone() -> None:
        if first and not first.is_alive():
            sys.exit()

    errors.run(lambda: take_part(search, search.configure(), stop_alone, number))


def take_part(search: Search, device: Device, on_trial: OnTrial, worker: int = 0) -> None:
    study = search.study()
    while (done := len(finished(study))) < search.tune.trials:
        # The seed follows from how many trials there are, not from how often the search was begun.
        study.sampler = optuna.samplers.TPESampler(
            seed=search.tune.seed + done + SEEDS_OF_A_WORKER * worker,
            n_startup_trials=RANDOM_TRIALS,
            # Keeps workers apart, but a trial that was killed looks as if it still ran.
            constant_liar=search.tune.workers > 1,
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
            value = float(f"{trial.suggest_float(name, low, high, log=log):.{DIGITS}g}")
            arguments[name] = min(max(value, low), high)
    return arguments


def validate(search: Search, arguments: dict[str, Any], device: Device) -> float:
    """The lowest validation loss of a short training with `arguments`; infinite if it diverged."""
    batches = search.tune.train_count // search.train.batch_size
    # A folder of its own, because other workers keep their best weights at the same time.
    with tempfile.TemporaryDirectory(prefix="generative-tune-") as scratch:
        try:
            _, course = fit(search, search.short, arguments, device, batches, Path(scratch))
        except training.Diverged:
            return math.inf
    return float(course.history["val_loss"].min())


def fit(
    search: Search,
    train: Train,
    arguments: dict[str, Any],
    device: Device,
    batches: int,
    scratch: Path,
) -> tuple[Any, training.Course]:
    """A network of these `arguments`, trained as `train` says on `batches` batches an epoch."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(train.seed)
    dataset = members.dataset(train.dataset)
    stream: tf.data.Dataset = dataset.batches(
        search.prepared, train.batch_size, train.seed, **train.data
    )
    validation = dataset.load(search.prepared, "validation", **train.data)
    with device.strategy.scope():
        model = members.network(train.network)(**{**train.model, **arguments})
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
