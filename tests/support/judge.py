"""A judge of digits on disk, small and exact."""

from pathlib import Path

import keras
import numpy as np
from keras import layers

from generative.core.folders import write_checksums


def write_judge(folder: Path) -> None:
    """Write a judge of the digits of `write_raw_mnist`, whose bars tell the label by their column:
    networks of built-in layers as JSON, and their weights."""
    folder.mkdir(parents=True, exist_ok=True)
    images = keras.Input((28, 28, 1), name="images")
    columns = layers.Flatten(name="columns")(layers.AveragePooling2D((28, 1), name="mean")(images))
    places = np.zeros((28, 10), np.float32)
    for digit in range(10):
        places[4 + 2 * digit : 7 + 2 * digit, digit] = 30
    name_digits = layers.Dense(10, activation="softmax", use_bias=False, name="digits")
    describe = layers.Dense(
        12,
        activation="tanh",
        kernel_initializer=keras.initializers.RandomNormal(stddev=1.0, seed=1),
        name="features",
    )
    for layer in (name_digits, describe):
        network = keras.Model(images, layer(columns), name=layer.name)
        if layer is name_digits:
            layer.set_weights([places])
        (folder / f"{layer.name}.json").write_text(network.to_json(), encoding="utf-8")
        network.save_weights(folder / f"{layer.name}.weights.h5")
    write_checksums(folder)
