"""Small models with several inputs or outputs, by the data set of each network."""

from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from generative.core import members
from generative.datasets.base.dataset import Prepared
from generative.multi_io.base.model import MultiIOModel, Options

OPTIONS: Options = {
    "optimizer": {"class_name": "Adam", "config": {"global_clipnorm": 1.0}},
    "learning_rate": 0.01,
    "learning_rate_decay": "none",
}
DATASETS = {
    "question_answering": "stories",
    "passage": "passages",
    "siamese": "lines",
    "stereo": "views",
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "question_answering": {
        "question": "before",
        "embedding_size": 4,
        "question_embedding_size": 0,
        "story_units": 6,
        "question_units": 4,
        "units": 8,
    },
    "passage": {
        "embedding_size": 4,
        "width": 4,
        "architecture": "words",
        "dropout": 0.5,
        "year_weight": 0.02,
        "genre_weight": 1.0,
        "edition_weight": 1.0,
    },
    "siamese": {"embedding_size": 4, "units": 6, "comparison": "symmetric", "dropout": 0.0},
    "stereo": {
        "base": "small",
        "width": 4,
        "blocks": 1,
        "comparison": "symmetric",
        "dropout": 0.2,
    },
}


class Variant(NamedTuple):
    """A network, and the arguments that are not those of `ARGUMENTS`."""

    network: str
    changes: dict[str, Any]


# What the options make of the networks besides. Those that need larger data than the tests' are in
# the networks' own tests.
VARIANTS = {
    **{name: Variant(name, {}) for name in ARGUMENTS},
    "two_embeddings": Variant(
        "question_answering", {"question": "after", "question_embedding_size": 3, "units": 0}
    ),
    "siamese_concatenation": Variant("siamese", {"comparison": "concatenation"}),
    "siamese_one_hot": Variant("siamese", {"embedding_size": 0}),
    "stereo_concatenation": Variant("stereo", {"comparison": "concatenation"}),
}


def prepared(name: str, folder: Path) -> Prepared:
    """The data of the network `name`, which lie in `folder`."""
    return Prepared(DATASETS[name], {}, folder)


def arguments(name: str, data: Prepared) -> dict[str, Any]:
    """What the network `name` is built from."""
    return {**data.facts(), **ARGUMENTS[name], **OPTIONS}


def build(name: str, data: Prepared, **changes: Any) -> MultiIOModel:
    """The network `name`, the same in each process."""
    return construct(name, **{**arguments(name, data), **changes})


def construct(name: str, **built: Any) -> MultiIOModel:
    """The network `name` of these arguments alone."""
    keras.utils.set_random_seed(1)
    model: MultiIOModel = members.network(f"multi_io/{name}")(**built)
    return model


def check_a_step(model: MultiIOModel, inputs: list[Any], targets: list[Any]) -> None:
    """A step of training of these arrays is finite, and what is served afterwards is as many rows
    of finite numbers."""
    model.compile()
    losses = model.train_on_batch(inputs, targets)
    assert np.isfinite(losses).all()
    served = model.inference_model()(inputs if len(inputs) > 1 else inputs[0])
    assert len(served) == len(inputs[0])
    assert np.isfinite(served).all()
