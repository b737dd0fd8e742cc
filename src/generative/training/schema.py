"""How one network is trained: `train.<key>`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from generative.core import members
from generative.core.errors import BadInput
from generative.core.params import Count, NonNegative, Schema, Seed, check, signature
from generative.training.optional_callbacks import CHOOSING, Callback, misplaced

Precision = Literal["auto", "float32", "bfloat16"]
# The order of the names in the file, which DVC does not see, is in no result.
Arguments = Annotated[dict[str, Any], AfterValidator(lambda given: dict(sorted(given.items())))]


class Train(Schema):
    """How one network is trained. `data` and `model` are checked against what takes them.

    steps_per_epoch: where an epoch, after which pictures are made, is not one pass over the data.
    callbacks: in Keras' serialised form, see `optional_callbacks`.
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
    callbacks: list[Callback]
    snapshot_count: NonNegative
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
        chosen = [form["class_name"] for form in self.callbacks]
        chooses = self.keep == "best" or set(chosen) & set(CHOOSING)
        if chooses and not getattr(network, "has_validation_loss", True):
            yield (
                f"{name}: needs keep: last, and neither EarlyStopping nor ReduceLROnPlateau; "
                "no loss of a GAN says which epoch is best"
            )
        decay = self.model.get("learning_rate_decay", "none")
        if "ReduceLROnPlateau" in chosen and decay != "none":
            yield (
                f"{name}.callbacks: ReduceLROnPlateau cannot lower a rate that "
                f"{name}.model.learning_rate_decay, {decay!r}, sets in every step; write none"
            )
        if "StepLog" in chosen and self.steps_per_call != 1:
            yield (
                f"{name}.callbacks: StepLog needs {name}.steps_per_call: 1, received "
                f"{self.steps_per_call}"
            )
        for form in self.callbacks:
            if wrong := misplaced(form, family, self.network):
                yield f"{name}.callbacks: {wrong}"
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
