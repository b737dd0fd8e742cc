"""What a data set offers, and a prepared data set as one model sees it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from generative.core import members

if TYPE_CHECKING:
    import tensorflow as tf

PREPARED = Path("data/prepared")


class DataSet(Protocol):
    """A module of `datasets/`. The keyword-only arguments of its functions are the sections
    `prepare.<key>` and `train.<key>.data` of params.yaml, with their ranges.

    It may also offer
        facts(folder): what a network's constructor is told of the data, such as a vocabulary;
        groups(folder, split): numbers [N] by name, equal for examples that have something in common;
        subsets(folder, split): which examples are measured by themselves, bool [N] by prefix;
        similarity(inputs): a comparison of two inputs without a model, float [N].
    """

    KEY: str

    def prepare(self, raw: Path, **options: Any) -> dict[str, np.ndarray | list[str]]:
        """Raw files to arrays `{split}_{name}` and lists; `BadInput` for what cannot be used."""

    def load(self, folder: Path, split: str, **options: Any) -> tuple[Any, Any]:
        """One split, always the same: inputs and targets [N, ...], arrays or arrays by name."""

    def batches(
        self, folder: Path, batch_size: int, seed: int, **options: Any
    ) -> "tf.data.Dataset":
        """The training split for `fit`: shuffled each epoch, full batches."""


@dataclass(frozen=True)
class Prepared:
    """A prepared data set as one model sees it.

    key: of the data set. options: `train.<key>.data`. folder: where its arrays are.
    """

    key: str
    options: dict[str, Any]
    folder: Path

    @classmethod
    def of(cls, key: str, options: dict[str, Any], root: Path = PREPARED) -> "Prepared":
        """The data set `key` in its own folder of `root`."""
        return cls(key, options, root / key)

    @property
    def dataset(self) -> Any:
        """The module of the data set."""
        return members.dataset(self.key)

    def load(self, split: str, **changes: Any) -> tuple[Any, Any]:
        """Inputs and targets of one split; `changes` go over the options."""
        return self.dataset.load(self.folder, split, **{**self.options, **changes})

    def batches(self, batch_size: int, seed: int) -> "tf.data.Dataset":
        """The training split for `fit`."""
        return self.dataset.batches(self.folder, batch_size, seed, **self.options)

    def facts(self) -> dict[str, Any]:
        """What the network's constructor is told of the data; nothing where it needs nothing."""
        facts = getattr(self.dataset, "facts", None)
        return facts(self.folder) if facts else {}
