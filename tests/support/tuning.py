"""The smallest searches, and programs that run one in a process of their own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from generative.core import params
from generative.core.runtime import Runtime
from generative.datasets.base.dataset import Prepared
from generative.training.schema import Train
from generative.tuning.schema import Tune
from generative.tuning.search import Search

PROJECT = Path(__file__).parents[2]
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


def make_search(folder: Path, tune: dict[str, Any] | None = None, **train: Any) -> Search:
    """A search among the smallest networks on the digits in `folder`; `tune` and `train` are changes
    of its sections."""
    committed = params.read("train.sequential", Train)
    model = {**committed.model, "width": 4, "units": 8, **train.pop("model", {})}
    small = {"batch_size": 32, "steps_per_call": 3, "precision": "float32", "model": model}
    section = Train.model_validate({**committed.model_dump(), **small, **train})
    data = Prepared(section.dataset, section.data, folder)
    changed = Tune.model_validate({**TUNE, **(tune or {})})
    return Search("sequential", data, changed, section, params.read("runtime", Runtime))


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
