"""The smallest searches, and programs that run one in a process of their own."""

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import tensorflow as tf

from generative.core import params
from generative.core.runtime import Device, Runtime
from generative.datasets.base.dataset import Prepared
from generative.training.schema import Train
from generative.tuning import search as tuning
from generative.tuning.schema import Tune
from generative.tuning.search import Search

PROJECT = Path(__file__).parents[2]
DEVICE = Device("CPU", "float32", False, "statistical", tf.distribute.get_strategy())
SPACE: dict[str, Any] = {
    "learning_rate": {"low": 0.001, "high": 0.03, "scale": "log"},
    "width": {"choices": [2, 4]},
    "units": {"low": 4, "high": 8},
}
TUNE: dict[str, Any] = {
    "network": "classifiers/sequential",
    "trials": 3,
    "workers": 1,
    "epochs": 1,
    "train_count": 96,
    "seed": 1,
    "space": SPACE,
}


def make_search(folder: Path, tune: dict[str, Any] | None = None, **train: Any) -> Search:
    """A search among the smallest networks on the digits in `folder`; `tune` and `train` change its
    sections."""
    committed = params.read("train.sequential", Train)
    model = {**committed.model, "width": 4, "units": 8, **train.pop("model", {})}
    small = {"batch_size": 32, "steps_per_call": 3, "precision": "float32", "model": model}
    section = Train.model_validate({**committed.model_dump(), **small, **train})
    data = Prepared(section.dataset, section.data, folder)
    changed = Tune.model_validate({**TUNE, **(tune or {})})
    return Search("sequential", data, changed, section, params.read("runtime", Runtime))


def loss_of(arguments: dict[str, Any]) -> float:
    """Made up, with its minimum inside the space."""
    rate = abs(math.log(arguments["learning_rate"] / 0.01))
    return rate + arguments["units"] / 10 + arguments["width"] / 100


def run(search: Search) -> list[dict[str, Any]]:
    """Finish `search` in this process; its rows."""
    tuning.run(search, DEVICE, lambda: None)
    return search.rows()


def python(*arguments: Any, folder: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    """A program with the code of this checkout, in a process of its own; its output together."""
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
