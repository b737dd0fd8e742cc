"""What a data set offers, and a prepared data set with the options of one model."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from generative.core import members
from generative.datasets.base.arrays import Arrays, Content

if TYPE_CHECKING:
    from generative.datasets.base.batches import Batches

PREPARED = Path("data/prepared")


class DataSet(Protocol):
    """A module of `datasets/`.

    The keyword-only arguments of `prepare` and of `batches` are the sections `prepare.<key>` and
    `train.<key>.data` of params.yaml, with their ranges; `load` and `facts` take those of
    `batches`. A module imports its readers in `prepare`: what trains on prepared data depends on no
    reader.

    It may also offer, as `Prepared` describes them,
        facts(folder, **options) -> dict[str, Any]
        groups(folder, split) -> Arrays
        subsets(folder, split) -> Arrays
        similarity(inputs) -> np.ndarray

    One that is a text offers read_text(raw, case) -> str, all of the text before it is split.
    """

    KEY: str

    def prepare(self, raw: Path, /, *args: Any, **options: Any) -> Content:
        """Raw files to arrays `{split}_{name}` and lists; `BadInput` for what cannot be used."""

    def load(self, folder: Path, split: str, /, *args: Any, **options: Any) -> tuple[Any, Any]:
        """One split, always the same: inputs and targets [N, ...], arrays or arrays by name."""

    def batches(
        self, folder: Path, batch_size: int, seed: int, /, *args: Any, **options: Any
    ) -> "Batches":
        """The training split for `fit`: shuffled each epoch, full batches of what `load` gives."""


@dataclass(frozen=True)
class Prepared:
    """A prepared data set with the options of one model.

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

    def batches(self, batch_size: int, seed: int) -> "Batches":
        """The training split for `fit`."""
        return self.dataset.batches(self.folder, batch_size, seed, **self.options)

    def facts(self) -> dict[str, Any]:
        """Arguments of a network's constructor that the data decide, such as a vocabulary."""
        return self._offered("facts", self.folder, **self.options) or {}

    def groups(self, split: str) -> Arrays:
        """Numbers [N] by the name of a grouping, equal for examples of one group: a play, ..."""
        return self._offered("groups", self.folder, split) or {}

    def subsets(self, split: str) -> Arrays:
        """Which examples are measured by themselves: bool [N], by the prefix of their metrics."""
        return self._offered("subsets", self.folder, split) or {}

    def similarity(self, inputs: Arrays) -> np.ndarray | None:
        """How similar the two inputs of each example are, without a model: float [N], or None."""
        return self._offered("similarity", inputs)

    def _offered(self, name: str, *arguments: Any, **options: Any) -> Any:
        """What the optional function `name` of the data set returns; None where there is none."""
        function = getattr(self.dataset, name, None)
        return function(*arguments, **options) if function else None
