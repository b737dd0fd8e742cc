"""Small trainings of every network, with the sections of params.yaml and made-up data."""

from pathlib import Path
from typing import Any

import keras
import pytest
import tensorflow as tf

from generative.core import members, params, runtime
from generative.core.history import History
from generative.datasets.base.dataset import Prepared
from generative.training import fit
from generative.training.callbacks import OnEpoch
from generative.training.schema import Train
from tests.support.workspace import TINY

# A network that params.yaml has no section of has one in tiny.yaml.
DOCUMENT = params.read_document()
DOCUMENT["train"] |= {
    key: own for key, own in params.read_document(TINY)["train"].items() if "network" in own
}
SECTIONS = {key: params.section(f"train.{key}", DOCUMENT) for key in DOCUMENT["train"]}
# One section a network: sections that share one differ in their numbers only.
KEYS = list({section["network"]: key for key, section in SECTIONS.items()}.values())
CPU = runtime.Device("CPU", "float32", False, "statistical", tf.distribute.get_strategy())


def ignore(epoch: int, values: dict[str, float], snapshot: Any) -> None:
    """Nothing follows the training."""


def stopping_after(last: int) -> OnEpoch:
    """Stops the training after the epoch `last`; 0 lets it end."""

    def on_epoch(epoch: int, values: dict[str, float], snapshot: Any) -> None:
        if epoch == last:
            raise KeyboardInterrupt

    return on_epoch


class Small:
    """The training of a section, shrunk: `file` has its parameters."""

    def __init__(self, key: str, file: Path, request: pytest.FixtureRequest, **changes: Any):
        train = params.read(f"train.{key}", Train, file)
        self.train = train.model_copy(update={"precision": "float32", **changes})
        self.key = key
        folder = request.getfixturevalue(f"prepared_{train.dataset}")
        self.data = Prepared(train.dataset, train.data, folder)

    @property
    def arguments(self) -> dict[str, Any]:
        """What the model is built from."""
        return {**self.data.facts(), **self.train.model}

    def build(self) -> Any:
        """The model, with the weights of its seed."""
        keras.utils.set_random_seed(self.train.seed)
        return members.network(self.train.network)(**self.arguments)

    def fit(
        self,
        model: Any,
        workspace: Path,
        on_epoch: OnEpoch = ignore,
        device: runtime.Device = CPU,
    ) -> History:
        """Train it."""
        return fit.fit(
            f"train.{self.key}",
            model,
            self.train,
            device,
            self.data.batches(self.train.batch_size, self.train.seed),
            self.data.load("validation"),
            on_epoch,
            workspace,
        )

    def batch(self) -> Any:
        """The first batch of the training."""
        number = tf.Variable(0, dtype=tf.int64)
        batches = self.data.batches(self.train.batch_size, self.train.seed)
        return next(iter(batches.epoch(number)))
