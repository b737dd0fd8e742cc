"""Graphs of layers with several inputs or several outputs, each with a name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict, Unpack

import keras
import numpy as np
from keras import layers
from pydantic import Field
from scipy import special

from generative.core.errors import BadInput
from generative.multi_io.base import losses
from generative.training.optimizers import Decay
from generative.training.optimizers import LearningRate
from generative.training.optimizers import schedule

BATCH = 500

Tensor = Any
Array = np.ndarray
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
Weight = Annotated[float, Field(gt=0)]


class Options(TypedDict):
    """What every graph is given besides its topology.

    learning_rate, learning_rate_decay: Adam's, constant or falling to 0 along a cosine.
    clip_norm: the longest gradient, over all weights together.
    """

    learning_rate: LearningRate
    learning_rate_decay: Decay
    clip_norm: Annotated[float, Field(gt=0)]


@dataclass(frozen=True)
class Head:
    """One output: a tensor [batch, width], the kind of thing it says, the weight of its loss.

    Of a class it has a logit for each, of a verdict one logit, of a number the number.
    """

    tensor: Tensor
    kind: losses.Kind
    weight: float = 1.0


class Graph(keras.Model):
    """A functional model whose inputs and outputs have names, and whose outputs have a loss each.

    `fit`, `evaluate` and `predict` take lists, in the order of the names, or dictionaries. The
    loss is the weighted sum of the heads' losses.

    A model adds its topology, and offers for what people give it by hand
        read(*, ...): texts or files as arrays [1, ...] by the name of the input;
        shown(inputs): what people see of examples: a text each, or pictures.
        answers: for each head of classes their names, and of a verdict "no" and "yes".
    """

    def __init__(
        self, inputs: dict[str, Tensor], heads: dict[str, Head], **options: Unpack[Options]
    ) -> None:
        outputs = {
            # Float32 whatever came before: the losses need it.
            name: layers.Activation("linear", dtype="float32", name=name)(head.tensor)
            for name, head in heads.items()
        }
        check_connected(inputs, outputs)
        # As lists, which Keras also fills from dictionaries; the other way round it sorts names. Of
        # a list of one output it forgets the name.
        single = len(outputs) == 1
        super().__init__(list(inputs.values()), outputs if single else list(outputs.values()))
        self.options = options
        self.kinds = {name: head.kind for name, head in heads.items()}
        self.shares = {name: head.weight for name, head in heads.items()}

    def compile(self, steps: int | None = None) -> None:
        """Adam; a cosine needs the number of `steps` that training will take."""
        rate = schedule(self.options["learning_rate"], self.options["learning_rate_decay"], steps)
        clip = self.options["clip_norm"]
        super().compile(
            optimizer=keras.optimizers.Adam(rate, global_clipnorm=clip),
            loss={name: losses.loss_of(kind) for name, kind in self.kinds.items()},
            loss_weights=dict(self.shares),
            metrics={name: [losses.watched(kind)] for name, kind in self.kinds.items()},
        )

    def predictions(self, inputs: Mapping[str, Array] | Sequence[Array]) -> dict[str, Array]:
        """What the model says of each example, by the name of the output.

        A number is float32 [N]; of a verdict p(yes) [N]; of classes their probabilities
        [N, classes]. Raises `BadInput`, which names the inputs, if `inputs` are not all of them
        with as many examples each.
        """
        found = self.predict(self.by_name(inputs), batch_size=BATCH, verbose=0)
        outputs = found if isinstance(found, list) else found.values()
        told = {"number": lambda x: x[:, 0], "class": softmax, "verdict": sigmoid}
        return {
            name: told[kind](output)
            for (name, kind), output in zip(self.kinds.items(), outputs, strict=True)
        }

    def by_name(self, inputs: Mapping[str, Array] | Sequence[Array]) -> dict[str, Array]:
        """`inputs` by name, checked: see `predictions`."""
        names = [tensor.name for tensor in self.inputs]
        listed = ", ".join(names)
        if not isinstance(inputs, Mapping):
            if isinstance(inputs, np.ndarray) or len(inputs) != len(names):
                count = 1 if isinstance(inputs, np.ndarray) else len(inputs)
                raise BadInput(
                    f"received a list of {count}, the inputs are {listed}; give one array each, "
                    "in this order or by name"
                )
            inputs = dict(zip(names, inputs, strict=True))
        if set(inputs) != set(names):
            raise BadInput(
                f"received the inputs {', '.join(inputs) or 'none'}; the model takes {listed}"
            )
        lengths = {name: len(inputs[name]) for name in names}
        if len(set(lengths.values())) > 1:
            counted = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            raise BadInput(f"every input must have as many examples as the others: {counted}")
        return {name: inputs[name] for name in names}

    def inference_model(self) -> keras.Model:
        """The graph of stock layers, from the inputs to numbers and probabilities.

        One array [batch, columns] has all outputs side by side: MLflow serves nothing else.
        """
        last = {"class": layers.Softmax, "verdict": lambda: layers.Activation("sigmoid")}
        outputs = [
            last[kind]()(output) if kind in last else output
            for kind, output in zip(self.kinds.values(), self.outputs, strict=True)
        ]
        if len(outputs) == 1:
            return keras.Model(self.inputs, outputs[0])
        return keras.Model(self.inputs, layers.Concatenate(name="_".join(self.kinds))(outputs))


def softmax(logits: Array) -> Array:
    return np.asarray(special.softmax(logits, axis=-1))


def sigmoid(logits: Array) -> Array:
    return np.asarray(special.expit(logits[:, 0]))


def check_connected(inputs: dict[str, Tensor], outputs: dict[str, Tensor]) -> None:
    """Raise `BadInput` for an output that needs more than `inputs`, and for an input that no output
    needs: Keras drops such an input without a word."""
    listed = ", ".join(inputs)
    for name, output in outputs.items():
        if not depends_on_nothing_else(output, list(inputs.values())):
            raise BadInput(f"outputs: {name} is not connected to the inputs {listed}")
    for name in inputs:
        others = [tensor for other, tensor in inputs.items() if other != name]
        if others and all(depends_on_nothing_else(output, others) for output in outputs.values()):
            raise BadInput(
                f"inputs: {name} is connected to none of the outputs {', '.join(outputs)}"
            )


def depends_on_nothing_else(output: Tensor, inputs: list[Tensor]) -> bool:
    try:
        keras.Function(inputs, output)
    except ValueError:
        return False
    return True
