"""What the documents' programs, written for Keras 1 and 2, do in Keras 3: each idiom as it stands
there, and what takes its place."""

import importlib
import warnings
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

X, Y = np.ones((8, 4), np.float32), np.ones((8, 1), np.float32)


def dense(*units: int) -> keras.Model:
    return keras.Sequential([layers.Input((4,)), *(layers.Dense(n) for n in units)])


def test_lr_is_learning_rate() -> None:
    with pytest.raises(ValueError, match="lr"):
        keras.optimizers.RMSprop(lr=0.01)
    assert float(keras.optimizers.RMSprop(learning_rate=0.01).learning_rate) == pytest.approx(0.01)


def test_decay_is_ignored_and_a_schedule_takes_its_place() -> None:
    with pytest.warns(UserWarning, match="decay"):
        optimizer = keras.optimizers.RMSprop(0.1, decay=1.0)
    optimizer.iterations.assign(9)
    assert float(optimizer.learning_rate) == pytest.approx(0.1)
    decayed = keras.optimizers.schedules.InverseTimeDecay(0.1, decay_steps=1, decay_rate=1.0)
    assert float(decayed(9)) == pytest.approx(0.1 / 10)


def test_a_discriminator_that_is_frozen_after_compile_learns_nothing() -> None:
    """The recipe of Keras 2: compile, freeze, put into a stack. Keras 2 kept what was trainable
    when it compiled; Keras 3 looks when it traces the step, which is after the freezing."""
    discriminator = dense(1)
    discriminator.compile("sgd", "mse")
    discriminator.trainable = False
    stack = keras.Sequential([dense(4), discriminator])
    stack.compile("sgd", "mse")
    before = [w.copy() for w in discriminator.get_weights()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that there is nothing to train
        discriminator.train_on_batch(X, Y)
    for old, new in zip(before, discriminator.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_freezing_after_the_first_step_does_nothing() -> None:
    network = dense(1)
    network.compile("sgd", "mse")
    network.train_on_batch(X, Y)
    network.trainable = False
    before = network.get_weights()[0].copy()
    network.train_on_batch(X, Y)
    assert not np.array_equal(before, network.get_weights()[0])


def test_one_accuracy_for_several_outputs() -> None:
    inputs = layers.Input((4,))
    model = keras.Model(inputs, [layers.Dense(1)(inputs), layers.Dense(1)(inputs)])
    model.compile("sgd", ["mse", "mse"], metrics=["accuracy"])
    with pytest.raises(ValueError, match="metrics"):
        model.train_on_batch(X, [Y, Y])
    model.compile("sgd", ["mse", "mse"], metrics=[["accuracy"], ["accuracy"]])
    model.train_on_batch(X, [Y, Y])


def test_three_integers_of_a_convolution() -> None:
    """`Convolution2D(100, 3, 3)` was a kernel of 3 x 3; it is one of 3 and a stride of 3."""
    layer = layers.Convolution2D(100, 3, 3, padding="same")
    assert (layer.kernel_size, layer.strides) == ((3, 3), (3, 3))
    assert layer.compute_output_shape((1, 28, 28, 1)) == (1, 10, 10, 100)


@pytest.mark.parametrize("name", ["border_mode", "init", "subsample"])
def test_names_of_keras_1(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        layers.Conv2D(3, 3, **{name: "same"})


@pytest.mark.parametrize(
    "module",
    [
        "keras.layers.core",
        "keras.layers.convolutional",
        "keras.layers.advanced_activations",
        "keras.layers.noise",
        "keras.utils.np_utils",
    ],
)
def test_modules_that_are_gone(module: str) -> None:
    with pytest.raises(ImportError):
        importlib.import_module(module)


@pytest.mark.parametrize("name", ["log", "mean", "sum", "flatten", "int_shape", "random_normal"])
def test_functions_of_the_backend_are_in_ops(name: str) -> None:
    assert not hasattr(keras.backend, name)


@pytest.mark.parametrize("name", ["MaxoutDense", "merge"])
def test_layers_that_are_gone(name: str) -> None:
    assert not hasattr(layers, name)


def test_the_model_of_a_callback_is_set_by_keras() -> None:
    class ActivationLogger(keras.callbacks.Callback):
        def set_model(self, model: keras.Model) -> None:
            self.model = model

    network = dense(1)
    network.compile("sgd", "mse")
    with pytest.raises(AttributeError):
        network.fit(X, Y, verbose=0, callbacks=[ActivationLogger()])


def test_a_callback_has_no_validation_data() -> None:
    seen: list[bool] = []

    class Logger(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append(hasattr(self, "validation_data"))

    network = dense(1)
    network.compile("sgd", "mse")
    network.fit(X, Y, validation_data=(X, Y), verbose=0, callbacks=[Logger()])
    assert seen == [False]


def test_add_loss_takes_no_inputs() -> None:
    class Loss(layers.Layer):
        def call(self, inputs: Any) -> Any:
            self.add_loss(keras.ops.mean(inputs), inputs=inputs)
            return inputs

    with pytest.raises(TypeError, match="inputs"):
        Loss()(X)


def test_unrelated_inputs_and_outputs() -> None:
    """The book has a RuntimeError; it is a ValueError; an input too many is taken in silence."""
    one, other = layers.Input((4,)), layers.Input((4,))
    output = layers.Dense(1)(one)
    with pytest.raises(ValueError, match="not connected"):
        keras.Model(other, output)
    keras.Model([one, other], output)
