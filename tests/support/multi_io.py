"""Small models with several inputs or outputs, by the data set of each network."""

from pathlib import Path
from typing import Any

import keras

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
        "story_units": 6,
        "question_units": 4,
        "units": 8,
    },
    "passage": {
        "embedding_size": 4,
        "width": 4,
        "pooling": "average",
        "shortcut": "words",
        "dropout": 0.5,
        "year_weight": 0.02,
        "genre_weight": 1.0,
        "edition_weight": 1.0,
    },
    "siamese": {"embedding_size": 4, "units": 6, "dropout": 0.0},
    "stereo": {"width": 4, "blocks": 1, "dropout": 0.2},
}


def prepared(name: str, folder: Path) -> Prepared:
    """The data of the network `name`, which lie in `folder`."""
    return Prepared(DATASETS[name], {}, folder)


def arguments(name: str, data: Prepared) -> dict[str, Any]:
    """What the network `name` is built from."""
    return {**data.facts(), **ARGUMENTS[name], **OPTIONS}


def build(name: str, data: Prepared) -> MultiIOModel:
    """The network `name`, the same in each process."""
    keras.utils.set_random_seed(1)
    model: MultiIOModel = members.network(f"multi_io/{name}")(**arguments(name, data))
    return model
