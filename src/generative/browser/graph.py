"""A network as a list of operations, for a page that has neither Python nor TensorFlow.

Only what a page can compute: built-in layers of one example. `network.js` of the report is the
other half: it knows each operation that is listed here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from generative.core.errors import BadInput

Array = np.ndarray
# An operation, and which of its outputs.
Place = tuple[int, int]
ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh")


@dataclass(frozen=True)
class Weight:
    """An array of an operation.

    channels: the axis whose indices have a scale each when it is quantised; None where it stays
    float32.
    """

    value: Array
    channels: int | None
    variable: keras.Variable | None = None


@dataclass(frozen=True)
class Operation:
    """kind: what `network.js` calls it. options: of its kind. weights: by their names there."""

    kind: str
    options: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, Weight] = field(default_factory=dict)


@dataclass
class Graph:
    """operations: each with the places that its inputs come from, inputs first; outputs: places."""

    operations: list[tuple[Operation, list[Place]]] = field(default_factory=list)
    outputs: list[Place] = field(default_factory=list)

    def add(self, operation: Operation, inputs: list[Place], outputs: int = 1) -> list[Place]:
        self.operations.append((operation, inputs))
        return [(len(self.operations) - 1, i) for i in range(outputs)]


def graph_of(network: keras.Model) -> Graph:
    """The operations of a functional or a Sequential network, batch axis aside.

    Raises `BadInput` for a layer that a page cannot compute.
    """
    graph = Graph()
    inputs = [
        graph.add(Operation("input", {"shape": list(tensor.shape[1:])}), [])[0]
        for tensor in network.inputs
    ]
    graph.outputs = follow(network, inputs, graph)
    return graph


def follow(network: keras.Model, inputs: list[Place], graph: Graph) -> list[Place]:
    """Add the operations that `network` makes its outputs with to `graph`; where they are."""
    places = {id(tensor): place for tensor, place in zip(network.inputs, inputs, strict=True)}

    def place(tensor: Any) -> Place:
        if id(tensor) not in places:
            layer, index, _ = tensor._keras_history
            node = layer._inbound_nodes[index]
            sources = [place(source) for source in node.input_tensors]
            if isinstance(layer, keras.Model):
                made = follow(layer, sources, graph)
            elif type(layer).__name__ in IDENTITIES:
                made = sources
            else:
                made = graph.add(operation(layer, node), sources, len(node.output_tensors))
            places.update(zip(map(id, node.output_tensors), made, strict=True))
        return places[id(tensor)]

    return [place(tensor) for tensor in network.outputs]


def operation(layer: Any, node: Any) -> Operation:
    """What `layer` does at this node."""
    kind = type(layer)
    if kind.__name__ not in OPERATIONS or not kind.__module__.startswith("keras."):
        raise BadInput(
            f"{layer.name}: a page computes no {kind.__name__}; it knows "
            f"{', '.join(sorted({*OPERATIONS, *IDENTITIES}))}"
        )
    return OPERATIONS[kind.__name__](layer, node)


def activation(layer: Any) -> str:
    """The name of what follows a layer's weights."""
    name = keras.activations.serialize(layer.activation)
    if name not in ACTIVATIONS:
        raise BadInput(f"{layer.name}: a page computes no activation {name!r}")
    return str(name)


def refuse(layer: Any, **needed: Any) -> None:
    """Raise `BadInput` where an option of `layer` is not as a page needs it."""
    for name, value in needed.items():
        if (found := getattr(layer, name)) != value:
            raise BadInput(f"{layer.name}: {name} is {found!r}; a page computes {value!r} only")


def variables(layer: Any, **channels: int | None) -> dict[str, Weight]:
    """Those of the named variables of `layer` that it has."""
    found = {name: getattr(layer, name) for name in channels}
    return {
        name: Weight(np.asarray(variable, np.float32), channels[name], variable)
        for name, variable in found.items()
        if variable is not None
    }


def dense(layer: Any, node: Any) -> Operation:
    return Operation(
        "dense", {"activation": activation(layer)}, variables(layer, kernel=-1, bias=None)
    )


def convolution(kind: str, channels: int) -> Callable[[Any, Any], Operation]:
    def of(layer: Any, node: Any) -> Operation:
        refuse(layer, dilation_rate=(1, 1), data_format="channels_last", padding="same")
        if kind == "convolution":
            refuse(layer, groups=1)
        options = {"activation": activation(layer), "strides": list(layer.strides)}
        return Operation(kind, options, variables(layer, kernel=channels, bias=None))

    return of


def normalization(layer: Any, node: Any) -> Operation:
    """In use, a factor and an offset for each channel."""
    last = len(node.input_tensors[0].shape) - 1
    refuse(layer, axis=last if layer.axis >= 0 else -1)
    mean, variance = (np.asarray(x) for x in (layer.moving_mean, layer.moving_variance))
    scale = 1 / np.sqrt(variance + layer.epsilon)
    scale = scale * np.asarray(layer.gamma) if layer.scale else scale
    offset = -mean * scale + (np.asarray(layer.beta) if layer.center else 0)
    return Operation("affine", {}, {"scale": Weight(scale, None), "offset": Weight(offset, None)})


def rescaling(layer: Any, node: Any) -> Operation:
    values = {"scale": layer.scale, "offset": layer.offset}
    weights = {name: Weight(np.asarray([value]), None) for name, value in values.items()}
    return Operation("affine", {}, weights)


def rectifier(layer: Any, node: Any) -> Operation:
    if type(layer).__name__ == "ReLU":
        refuse(layer, max_value=None, threshold=0)
    return Operation("rectifier", {"slope": float(layer.negative_slope)})


def piece(layer: Any, node: Any) -> Operation:
    """`tensor[:, start:stop]` of rows."""
    key = node.arguments.args[1]
    rows = len(node.input_tensors[0].shape) == 2
    if not (rows and len(key) == 2 and key[0] == slice(None) and key[1].step in (None, 1)):
        raise BadInput(f"{layer.name}: a page cuts [:, start:stop] only")
    start, stop, _ = key[1].indices(node.input_tensors[0].shape[1])
    return Operation("piece", {"start": start, "stop": stop})


def concatenation(layer: Any, node: Any) -> Operation:
    last = len(node.input_tensors[0].shape) - 1
    refuse(layer, axis=last if layer.axis >= 0 else -1)
    return Operation("concatenation")


def upsampling(layer: Any, node: Any) -> Operation:
    refuse(layer, interpolation="nearest", data_format="channels_last")
    return Operation("upsampling", {"size": list(layer.size)})


def reshape(layer: Any, node: Any) -> Operation:
    return Operation("reshape", {"shape": list(node.output_tensors[0].shape[1:])})


def embedding(layer: Any, node: Any) -> Operation:
    refuse(layer, mask_zero=False)
    return Operation("embedding", {}, variables(layer, embeddings=0))


def recurrence(kind: str) -> Callable[[Any, Any], Operation]:
    def of(layer: Any, node: Any) -> Operation:
        refuse(layer, go_backwards=False, return_sequences=True, return_state=True)
        cell = layer.cell
        refuse(cell, activation=keras.activations.tanh)
        refuse(cell, recurrent_activation=keras.activations.sigmoid)
        if kind == "gru":
            refuse(cell, reset_after=True)
        return Operation(kind, {}, variables(cell, kernel=-1, recurrent_kernel=-1, bias=None))

    return of


OPERATIONS: dict[str, Callable[[Any, Any], Operation]] = {
    "Activation": lambda layer, _: Operation("activation", {"activation": activation(layer)}),
    "BatchNormalization": normalization,
    "Concatenate": concatenation,
    "Conv2D": convolution("convolution", -1),
    "Conv2DTranspose": convolution("transposed_convolution", -2),
    "Dense": dense,
    "Embedding": embedding,
    "Flatten": reshape,
    "GRU": recurrence("gru"),
    "GetItem": piece,
    "LSTM": recurrence("lstm"),
    "LeakyReLU": rectifier,
    "ReLU": rectifier,
    "Rescaling": rescaling,
    "Reshape": reshape,
    "UpSampling2D": upsampling,
}
# Of one example and after training they do nothing.
IDENTITIES = ("Dropout", "GaussianNoise")
