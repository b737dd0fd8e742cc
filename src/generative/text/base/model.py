"""Text models: the probability of each character given all before it, read and written piece by
piece with a state that is carried along."""

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, TypedDict, Unpack

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from pydantic import Field

from generative.core.errors import BadInput
from generative.training.losses import objective
from generative.text.base import losses
from generative.training.optimizers import Decay
from generative.training.optimizers import LearningRate
from generative.training.optimizers import schedule

# As an input: a text begins here. As a target: nothing to predict. Characters are counted from 1.
START = 0
# Longer texts are read in pieces, so that memory does not grow with their length.
PIECE = 512
# What a snapshot shows of each temperature.
TEMPERATURES = (0.2, 0.5, 1.0, 1.2)
PROMPT_CHARACTERS, SNAPSHOT_CHARACTERS = 60, 400

Tensor = Any
State = list[Tensor]


class Options(TypedDict):
    """What every text model is given besides its network.

    dropout: share of the features that are dropped in training.
    learning_rate, learning_rate_decay: Adam's, constant or falling to 0 along a cosine.
    clip_norm: the longest gradient, over all weights together.
    """

    dropout: Annotated[float, Field(ge=0, lt=1)]
    learning_rate: LearningRate
    learning_rate_decay: Decay
    clip_norm: Annotated[float, Field(gt=0)]


class TextModel(keras.Model):
    """Inputs ids [batch, length], outputs logits [batch, length, characters] of the next ones.

    A model adds its network: it builds its layers, calls `build_state` and defines `advance`.

    vocabulary: the characters by id, the first of them with the id 1.
    context: the most characters that a prompt may have; nothing where there is no limit.
    """

    context: int | None = None
    # Rows of held-out text that are read at once.
    validation_batch = 32

    def __init__(self, vocabulary: str, **options: Unpack[Options]) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.options = options
        names = ("cross_entropy", "bits_per_character", "accuracy")
        self.trackers = {name: keras.metrics.Mean(name) for name in names}

    @abstractmethod
    def advance(self, ids: Tensor, state: State | None, training: bool) -> tuple[Tensor, State]:
        """Read ids [batch, length] behind what made `state`: logits of the characters that follow
        each of them, and the new state. None is the state of a text that begins here.

        All in terms of stock layers and `keras.ops`: called on symbolic ids it makes a graph.
        """

    def build_state(self, shapes: Sequence[tuple[int, ...]]) -> None:
        """Build the weights, and room for a state of arrays [batch, *shape], all 0 at a start."""
        self.advance(keras.Input((2,), dtype="int32"), None, training=False)
        self.state_shapes = [tuple(shape) for shape in shapes]
        # TensorFlow's variables, not Keras': no part of the weights, and free in the batch.
        self.carried = [
            tf.Variable(state, shape=(None, *state.shape[1:]), trainable=False)
            for state in self.beginning(0)
        ]
        self.generation = tf.function(self._generation, reduce_retracing=True)
        self.built = True

    def beginning(self, count: Tensor) -> State:
        """The state of `count` texts that begin."""
        return [tf.zeros((count, *shape), self.compute_dtype) for shape in self.state_shapes]

    def compile(self, steps: int | None = None) -> None:
        """Adam; a cosine needs the number of `steps` that training will take."""
        rate = schedule(self.options["learning_rate"], self.options["learning_rate_decay"], steps)
        clip = self.options["clip_norm"]
        super().compile(optimizer=keras.optimizers.Adam(rate, global_clipnorm=clip))

    def call(self, ids: Tensor, training: bool = False) -> Tensor:
        """In training a batch goes on where the last one stopped, unless its first ids are `START`:
        truncated backpropagation through time. Otherwise each row is a text of its own."""
        ids = tf.cast(ids, tf.int32)
        if training:
            begins = tf.reduce_all(ids[:, 0] == START)
            batch = tf.shape(ids)[0]
            state = tf.cond(
                begins, lambda: self.beginning(batch), lambda: [v.value() for v in self.carried]
            )
            for array, shape in zip(state, self.state_shapes, strict=True):
                array.set_shape((ids.shape[0], *shape))
            logits, state = self.advance(ids, state, training=True)
            for variable, array in zip(self.carried, state, strict=True):
                variable.assign(tf.stop_gradient(array))
            return logits
        state, pieces = self.beginning(tf.shape(ids)[0]), []
        for start in range(0, ids.shape[1], PIECE):
            logits, state = self.advance(ids[:, start : start + PIECE], state, training=False)
            pieces.append(logits)
        return tf.concat(pieces, axis=1)

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Any = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        nats, predicted = losses.cross_entropy(y, y_pred)
        right = tf.equal(tf.argmax(y_pred, axis=-1) + 1, tf.cast(y, tf.int64))
        count = tf.reduce_sum(predicted)
        terms = {"cross_entropy": tf.reduce_sum(nats) / count}
        beside = {
            "bits_per_character": terms["cross_entropy"] / math.log(2),
            "accuracy": tf.reduce_sum(tf.cast(right, tf.float32) * predicted) / count,
        }
        return objective(terms, beside, self.trackers, count)

    def ids_of(self, text: str) -> np.ndarray:
        """`text` as ids, int32 [N]; `BadInput` names the characters that the model never saw."""
        places = {character: place for place, character in enumerate(self.vocabulary, start=1)}
        unseen = sorted(set(text) - places.keys())
        if unseen:
            raise BadInput(
                f"the prompt holds {', '.join(map(repr, unseen))}, which the model never saw; its "
                f"characters are {self.vocabulary!r}"
            )
        return np.array([places[character] for character in text], np.int32)

    def text_of(self, ids: np.ndarray) -> str:
        """The text that ids [N], from 1, stand for."""
        return "".join(self.vocabulary[number - 1] for number in ids)

    def generate(
        self,
        count: int,
        seed: int,
        prompt: str = "",
        characters: int = 400,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
    ) -> list[str]:
        """`count` texts of `characters` that follow `prompt`, which is not repeated.

        temperature: below 1 prefers what is probable, 0 takes the most probable character.
        top_k, top_p: see `losses.text.restricted`.

        Raises `BadInput` for what is out of range, for characters that the model never saw and for
        a prompt that is longer than its context.
        """
        pieces = self.stream(count, seed, prompt, characters, temperature, top_k, top_p)
        return ["".join(parts) for parts in zip(*pieces, strict=True)]

    def stream(
        self,
        count: int,
        seed: int,
        prompt: str = "",
        characters: int = 400,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        piece: int | None = None,
    ) -> Iterator[list[str]]:
        """The texts of `generate`, the same whatever the `piece`, in pieces of so many characters:
        each `count` str long."""
        check_controls(temperature, top_k, top_p)
        if self.context and len(prompt) > self.context:
            raise BadInput(
                f"the prompt has {len(prompt):,} characters, this model looks back at "
                f"{self.context:,}; give it the last {self.context:,}"
            )
        read = np.tile(np.concatenate([[START], self.ids_of(prompt)]), (count, 1))
        heat = np.full(count, temperature, np.float32)
        return self._written(read, seed, characters, heat, top_k, top_p, piece or characters)

    def _written(
        self,
        read: np.ndarray,
        seed: int,
        characters: int,
        temperatures: np.ndarray,
        top_k: int,
        top_p: float,
        piece: int,
    ) -> Iterator[list[str]]:
        """Texts behind the ids `read` [count, length], each at a temperature of its own."""
        ids, state = tf.constant(read, tf.int32), self.beginning(len(read))
        for start in range(0, ids.shape[1], PIECE):
            behind, state = self.advance(ids[:, start : start + PIECE], state, training=False)
        logits = behind[:, -1]
        for start in range(0, characters, piece):
            place = tf.constant([start, min(piece, characters - start)])
            written, logits, state = self.generation(
                logits, state, place, tf.constant(seed), tf.constant(temperatures), top_k, top_p
            )
            yield [self.text_of(row) for row in written.numpy()]

    def _generation(
        self,
        logits: Tensor,
        state: State,
        place: Tensor,
        seed: Tensor,
        temperatures: Tensor,
        top_k: int,
        top_p: float,
    ) -> tuple[Tensor, Tensor, State]:
        """Write on from `logits` [count, characters] and `state`: ids [count, length], and both
        again. place: where in the text this begins, which seeds each draw, and the length."""
        start, length = place[0], place[1]
        written = tf.TensorArray(tf.int32, size=length, element_shape=(logits.shape[0],))

        def step(i: Tensor, logits: Tensor, state: State, written: Any) -> tuple[Any, ...]:
            kept = losses.restricted(logits, top_k, top_p)
            ids = losses.drawn(kept, temperatures, tf.stack([seed, start + i]))
            following, state = self.advance(ids[:, tf.newaxis], state, training=False)
            return i + 1, following[:, 0], state, written.write(i, ids)

        _, logits, state, written = tf.while_loop(
            lambda i, *_: i < length, step, (0, logits, state, written)
        )
        return tf.transpose(written.stack()), logits, state

    def snapshot(self, ids: np.ndarray) -> np.ndarray:
        """Texts that follow the first 60 characters of each row, at four temperatures: str [4 N].

        ids: inputs [N, length], the first of each `START`. The seed is fixed, so that epochs differ
        by the weights only.
        """
        read = np.tile(ids[:, : PROMPT_CHARACTERS + 1].astype(np.int32), (len(TEMPERATURES), 1))
        heat = np.repeat(np.array(TEMPERATURES, np.float32), len(ids))
        (written,) = self._written(
            read, 0, SNAPSHOT_CHARACTERS, heat, top_k=0, top_p=1.0, piece=SNAPSHOT_CHARACTERS
        )
        return np.array(
            [
                f"temperature {temperature:g}\n{self.text_of(before[1:])}|{text}"
                for temperature, before, text in zip(heat, read, written, strict=True)
            ]
        )

    def inference_model(self) -> keras.Model:
        """A graph of stock layers: ids [batch, length] to the probabilities of each next character
        [batch, length, characters], the first for the id 1. The length is free, or the context."""
        ids = keras.Input((self.context,), dtype="int32")
        logits, _ = self.advance(ids, None, training=False)
        return keras.Model(ids, ops.softmax(logits))


def check_controls(temperature: float, top_k: int, top_p: float) -> None:
    """Raise `BadInput` for a control of sampling that is out of range."""
    if not (temperature >= 0 and math.isfinite(temperature)):
        raise BadInput(f"temperature: received {temperature}, must be 0 (greedy) or more")
    if top_k < 0:
        raise BadInput(f"top_k: received {top_k}, must be 1 or more, or 0 for all characters")
    if not 0 < top_p <= 1:
        raise BadInput(f"top_p: received {top_p}, must be above 0 and at most 1")
