"""Functional models with several inputs or several outputs, each with a name."""

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
from generative.training.optimizers import Decay, LearningRate, Optimizer, build

PREDICTION_BATCH = 500

Tensor = Any
Array = np.ndarray
Share = Annotated[float, Field(ge=0, lt=1)]
Weight = Annotated[float, Field(gt=0, le=1e12)]


class Options(TypedDict):
    """The arguments of every multi-input/-output model beside its network's.

    optimizer: in Keras' serialised form.
    learning_rate, learning_rate_decay: constant, falling to 0 along a cosine, or one of Keras'
        schedules, without a decay beside it.
    """

    optimizer: Optimizer
    learning_rate: LearningRate
    learning_rate_decay: Decay


@dataclass(frozen=True)
class Head:
    """One output: a tensor [batch, width], its kind, and the weight of its loss.

    The tensor holds a logit for each class, one logit of a binary output, or the number.
    """

    tensor: Tensor
    kind: losses.Kind
    weight: float = 1.0


class MultiIOModel(keras.Model):
    """A functional model whose inputs and outputs have names, and whose outputs have a loss each.

    `fit`, `evaluate` and `predict` take lists, in the order of the names, or dictionaries. The
    loss is the weighted sum of the heads' losses.

    A subclass is a network, and offers
        class_names: of each categorical output its classes; of each binary one "no" and "yes";
        parse_inputs(*, ...): texts or files as arrays [1, ...] by the name of the input;
        display(inputs): the inputs of each example as a text, or as images.
    """

    class_names: dict[str, tuple[str, ...]]

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
        self.head_weights = {name: head.weight for name, head in heads.items()}

    def compile(self, total_steps: int | None = None) -> None:
        """A cosine needs the number of steps that training will take."""
        options = self.options
        rate, decay = options["learning_rate"], options["learning_rate_decay"]
        super().compile(
            optimizer=build(options["optimizer"], rate, decay, total_steps),
            loss={name: losses.loss_of(kind) for name, kind in self.kinds.items()},
            loss_weights=dict(self.head_weights),
            metrics={name: [losses.metric_of(kind)] for name, kind in self.kinds.items()},
        )

    def predictions(self, inputs: Mapping[str, Array] | Sequence[Array]) -> dict[str, Array]:
        """Predictions by the name of the output.

        Numeric: float32 [N]. Binary: p(yes) [N]. Categorical: probabilities [N, classes]. Raises
        `BadInput`, which names the inputs, if `inputs` are not all of them with as many examples
        each.
        """
        found = self.predict(self.inputs_by_name(inputs), batch_size=PREDICTION_BATCH, verbose=0)
        outputs = found if isinstance(found, list) else found.values()
        convert = {"numeric": lambda x: x[:, 0], "categorical": softmax, "binary": sigmoid}
        return {
            name: convert[kind](output)
            for (name, kind), output in zip(self.kinds.items(), outputs, strict=True)
        }

    def inputs_by_name(self, inputs: Mapping[str, Array] | Sequence[Array]) -> dict[str, Array]:
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
        """A functional model of built-in layers, from the inputs to numbers and probabilities.

        One array [batch, columns] has all outputs side by side: MLflow serves nothing else.
        """
        last = {"categorical": layers.Softmax, "binary": lambda: layers.Activation("sigmoid")}
        outputs = [
            last[kind]()(output) if kind in last else output
            for kind, output in zip(self.kinds.values(), self.outputs, strict=True)
        ]
        # A single input is not a list of one: whoever serves it gives it by itself.
        inputs = self.inputs if len(self.inputs) > 1 else self.inputs[0]
        if len(outputs) == 1:
            return keras.Model(inputs, outputs[0])
        return keras.Model(inputs, layers.Concatenate(name="_".join(self.kinds))(outputs))


def softmax(logits: Array) -> Array:
    return np.asarray(special.softmax(logits, axis=-1))


def sigmoid(logits: Array) -> Array:
    return np.asarray(special.expit(logits[:, 0]))


def check_connected(inputs: dict[str, Tensor], outputs: dict[str, Tensor]) -> None:
    """Raise `BadInput` for an output that needs more than `inputs`, and for an input that no output
    needs: Keras drops such an input in silence."""
    listed = ", ".join(inputs)
    for name, output in outputs.items():
        if not depends_only_on(list(inputs.values()), output):
            raise BadInput(f"outputs: {name} is not connected to the inputs {listed}")
    for name in inputs:
        others = [tensor for other, tensor in inputs.items() if other != name]
        if others and all(depends_only_on(others, output) for output in outputs.values()):
            raise BadInput(
                f"inputs: {name} is connected to none of the outputs {', '.join(outputs)}"
            )


def depends_only_on(inputs: list[Tensor], output: Tensor) -> bool:
    """Whether `output` can be computed from `inputs` alone."""
    try:
        keras.Function(inputs, output)
    except ValueError:
        return False
    return True
