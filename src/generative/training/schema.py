"""How one network is trained: `train.<key>`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from generative.core import members
from generative.core.errors import BadInput
from generative.core.params import Count, Schema, Seed, check, signature

Precision = Literal["auto", "float32", "bfloat16"]
# The order of the names in the file, which DVC does not see, is in no result.
Arguments = Annotated[dict[str, Any], AfterValidator(lambda given: dict(sorted(given.items())))]


class EarlyStopping(Schema):
    """Stop after `patience` epochs without a lower validation loss."""

    patience: Count


class ReduceOnPlateau(Schema):
    """Multiply the learning rate by `factor` after `patience` epochs without progress."""

    patience: Count
    factor: Annotated[float, Field(gt=0, lt=1)]


class ActivationLog(Schema):
    """Keep every layer's output for one validation example, `example`, after each epoch."""

    example: Annotated[int, Field(ge=0)]


class TensorBoard(Schema):
    """Write curves, and histograms of the weights every so many epochs (0: none)."""

    histogram_epochs: Annotated[int, Field(ge=0)]


class Callbacks(Schema):
    """What else happens while a model trains; each may be left out."""

    early_stopping: EarlyStopping | None = None
    reduce_on_plateau: ReduceOnPlateau | None = None
    activation_log: ActivationLog | None = None
    tensorboard: TensorBoard | None = None


class Train(Schema):
    """How one network is trained. `data` and `model` are checked against what takes them.

    steps_per_epoch: where an epoch, after which pictures are made, is not one pass over the data.
    """

    network: str
    family: str
    dataset: str
    data: Arguments
    epochs: Count
    steps_per_epoch: Count | None = None
    batch_size: Count
    seed: Seed
    precision: Precision
    steps_per_call: Count
    keep: Literal["best", "last"]
    callbacks: Callbacks
    snapshot_count: Annotated[int, Field(ge=0)]
    model: Arguments

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        try:
            network, dataset = members.network(self.network), members.dataset(self.dataset)
        except BadInput as error:
            yield f"{name}: {error}"
            return
        family = self.network.partition("/")[0]
        if self.family != family:
            yield f"{name}.family: received {self.family!r}, {self.network} is of {family}"
        if not getattr(network, "has_validation_loss", True):
            wanted = self.callbacks
            if self.keep == "best" or wanted.early_stopping or wanted.reduce_on_plateau:
                yield (
                    f"{name}: needs keep: last, and neither early_stopping nor "
                    "reduce_on_plateau; no loss of a GAN says which epoch is best"
                )
        elif self.callbacks.early_stopping and self.keep == "last":
            yield f"{name}.callbacks.early_stopping needs {name}.keep: best, received last"
        decay = self.model.get("learning_rate_decay", "none")
        if self.callbacks.reduce_on_plateau and decay != "none":
            yield (
                f"{name}.callbacks.reduce_on_plateau: cannot lower a rate that "
                f"{name}.model.learning_rate_decay, {decay!r}, sets in every step; write none"
            )
        for option, rate in self.model.items():
            if option.endswith("learning_rate") and isinstance(rate, dict) and decay != "none":
                yield (
                    f"{name}.model.learning_rate_decay: received {decay!r}, but "
                    f"{name}.model.{option} is a schedule already; write none"
                )
        check(f"{name}.data", signature(dataset.batches), self.data, path)
        check(f"{name}.model", signature(network.__init__), self.model, path)
        makes_pictures = hasattr(network, "snapshot")
        if self.snapshot_count and not makes_pictures:
            yield f"{name}.snapshot_count: must be 0, {self.network} makes no pictures"
        if not self.snapshot_count and makes_pictures:
            yield f"{name}.snapshot_count: received 0, the snapshots need 1 or more"
