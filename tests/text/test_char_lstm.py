from typing import Any

import numpy as np
import pytest
from keras import layers

from generative.text.char_lstm import CharLSTM

ARGUMENTS: dict[str, Any] = {
    "vocabulary": "abcd",
    "embedding_size": 3,
    "units": 5,
    "dropout": 0.0,
    "optimizer": {"class_name": "Adam", "config": {"global_clipnorm": 1.0}},
    "learning_rate": 0.01,
    "learning_rate_decay": "none",
    "snapshot_prompt": "fixed",
}


@pytest.mark.parametrize(
    ("cell", "arrays", "kind"), [("lstm", 2, layers.LSTM), ("gru", 1, layers.GRU)]
)
def test_layers_and_their_state(cell: Any, arrays: int, kind: type) -> None:
    model = CharLSTM(cell=cell, depth=3, **ARGUMENTS)
    assert [type(layer) for layer in model.recurrent] == [kind] * 3
    assert model.state_shapes == [(5,)] * arrays * 3
    assert model.context is None  # a prompt may have any length


def test_one_hot_is_the_network_of_chollet2017() -> None:
    """Four gates of 5 units, each of 4 characters, 5 units and a bias; and the readout."""
    model = CharLSTM(cell="lstm", depth=1, **{**ARGUMENTS, "embedding_size": 0})
    assert model.count_params() == 4 * 5 * (4 + 5 + 1) + (5 + 1) * 4
    vectors = np.asarray(model.vectors(np.array([[0, 1, 4]], np.int32)))
    assert vectors.tolist() == [[[0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]]]


def test_dropout_is_for_training_only() -> None:
    model = CharLSTM(cell="lstm", depth=1, **{**ARGUMENTS, "dropout": 0.5})
    ids = np.array([[0, 1, 2, 3]])
    assert np.array_equal(model(ids), model(ids))
    assert not np.array_equal(model(ids, training=True), model(ids, training=True))
