"""Autoregressive character models: the probability of each character given all before it, computed
segment by segment with a state."""

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, TypedDict, Unpack

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from pydantic import Field

from generative.core.errors import BadInput, shown
from generative.text.base import losses, sampling, windows
from generative.training import devices
from generative.training.losses import Term, objective
from generative.training.optimizers import Decay, LearningRate, Optimizer, build

# As an input: a text begins here. As a target: none. Characters are counted from 1.
START = 0
# Longer texts are read in segments, so that memory does not grow with their length.
SEGMENT_LENGTH = 128
# What a snapshot shows of each example.
SNAPSHOT_TEMPERATURES = (0.2, 0.5, 1.0, 1.2)
SNAPSHOT_PROMPT_LENGTH, SNAPSHOT_LENGTH = 60, 400
# Characters that an error names.
MOST_NAMED = 20

Tensor = Any
State = list[Tensor]


class Options(TypedDict):
    """The arguments of every text model beside its network's.

    dropout: share of the features that are dropped in training.
    optimizer: in Keras' serialised form.
    learning_rate, learning_rate_decay: constant, falling to 0 along a cosine, or one of Keras'
        schedules, without a decay beside it.
    snapshot_prompt: what the texts in `snapshot` begin with: the beginning of its examples, at each
        temperature; or a random place of them after each epoch, and then the end of the text at the
        last temperature, as in Chollet (2017).
    """

    dropout: Annotated[float, Field(ge=0, lt=1)]
    optimizer: Optimizer
    learning_rate: LearningRate
    learning_rate_decay: Decay
    snapshot_prompt: Literal["fixed", "random"]


class TextModel(keras.Model):
    """Inputs ids [batch, length], outputs logits [batch, length, characters] of the next ones.

    A subclass is a network: it builds its layers, calls `build_state` and defines `advance`.

    vocabulary: the characters by id, the first of them with the id 1.
    window: how many characters before it a character is predicted from, where the network was
        trained so (`windows.py`); None where it is from all.
    context: the most characters that a prompt may have; None where there is no limit.
    """

    context: int | None = None
    # Rows of held-out text in a batch.
    validation_batch = 32

    def __init__(
        self, vocabulary: str, window: int | None = None, **options: Unpack[Options]
    ) -> None:
        super().__init__()
        self.vocabulary, self.window = vocabulary, window
        self.options = options
        names = ("cross_entropy", "bits_per_character", "accuracy")
        self.trackers = {name: keras.metrics.Mean(name) for name in names}

    @abstractmethod
    def advance(self, ids: Tensor, state: State | None, training: bool) -> tuple[Tensor, State]:
        """Logits of the character after each of `ids` [batch, length], and the state after them.

        state: that after the characters before `ids`; None where the text begins with them.

        Built-in layers and `keras.ops` only: symbolic ids give a functional model.
        """

    def build_state(self, shapes: Sequence[tuple[int, ...]]) -> None:
        """Build the weights; a state is arrays [batch, *shape]."""
        self.advance(keras.Input((2,), dtype="int32"), None, training=False)
        self.state_shapes = [tuple(shape) for shape in shapes]
        self.training_state: list[tf.Variable] = []
        self.sample_steps = tf.function(self._sample_steps, reduce_retracing=True)
        self.built = True

    def initial_state(self, batch_size: Tensor) -> State:
        """The state at the beginning of a text: zeros [batch_size, *shape]."""
        return [tf.zeros((batch_size, *shape), self.compute_dtype) for shape in self.state_shapes]

    def carry(self, rows: int) -> None:
        """Make variables for the state that a training batch of so many rows leaves to the next,
        unless each row is a window."""
        if self.window:
            return
        with tf.init_scope():
            # TensorFlow's, not Keras': no part of the weights.
            self.training_state = [
                tf.Variable(
                    state, trainable=False, synchronization=tf.VariableSynchronization.ON_READ
                )
                for state in self.initial_state(rows)
            ]

    def compile(self, total_steps: int | None = None) -> None:
        """A cosine needs the number of steps that training will take."""
        options = self.options
        rate, decay = options["learning_rate"], options["learning_rate_decay"]
        super().compile(optimizer=build(options["optimizer"], rate, decay, total_steps))

    def call(self, ids: Tensor, training: bool = False) -> Tensor:
        """Logits [batch, length, characters] of the character after each of `ids`.

        In training, once there are variables to `carry` a state, a batch continues the last one,
        unless its first ids are `START`: truncated backpropagation through time. Otherwise each row
        is a text of its own.
        """
        ids = tf.cast(ids, tf.int32)
        if training:
            begins = tf.reduce_all(ids[:, 0] == START)
            carried = [tf.where(begins, tf.zeros_like(v), v) for v in self.training_state]
            logits, state = self.advance(ids, carried or None, training=True)
            if carried:
                for variable, array in zip(self.training_state, state, strict=True):
                    variable.assign(tf.stop_gradient(array))
            return logits
        return windows.read(self.advance, ids, self.window) if self.window else self.read(ids)

    def read(self, ids: Tensor) -> Tensor:
        """Logits [batch, length, characters] of whole texts."""
        batch_size, length = tf.shape(ids)[0], ids.shape[1]
        segment = min(length, SEGMENT_LENGTH)
        count = -(-length // segment)
        padded = tf.pad(ids, [[0, 0], [0, count * segment - length]])
        segments = tf.transpose(tf.reshape(padded, (-1, count, segment)), (1, 0, 2))
        logits = tf.TensorArray(tf.float32, size=count)

        def step(i: Tensor, state: State, logits: Any) -> tuple[Any, ...]:
            following, state = self.advance(segments[i], state, training=False)
            return i + 1, state, logits.write(i, following)

        state = self.initial_state(batch_size)
        *_, logits = tf.while_loop(lambda i, *_: i < count, step, (0, state, logits))
        rows = tf.transpose(logits.stack(), (1, 0, 2, 3))
        return tf.reshape(rows, (batch_size, count * segment, -1))[:, :length]

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Any = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        nats, mask = losses.cross_entropy(y, y_pred)
        correct = tf.equal(tf.argmax(y_pred, axis=-1) + 1, tf.cast(y, tf.int64))
        # The mean over all characters of a batch, whichever device has most of them.
        count = devices.whole_sum(tf.reduce_sum(mask)) / devices.count()
        entropy = tf.reduce_sum(nats) / count
        metrics = {
            "bits_per_character": entropy / math.log(2),
            "accuracy": tf.reduce_sum(tf.cast(correct, tf.float32) * mask) / count,
        }
        return objective({"cross_entropy": Term(entropy)}, metrics, self.trackers, count)

    def encode(self, text: str) -> np.ndarray:
        """`text` as ids, int32 [N]; `BadInput` names the characters outside the vocabulary."""
        ids = {character: number for number, character in enumerate(self.vocabulary, start=1)}
        missing = sorted(set(text) - ids.keys())
        if missing:
            listed = ", ".join(map(repr, missing[:MOST_NAMED]))
            raise BadInput(
                f"the prompt holds {listed}, which the model never saw; its "
                f"{len(self.vocabulary):,} characters are {shown(self.vocabulary)}"
            )
        return np.array([ids[character] for character in text], np.int32)

    def decode(self, ids: np.ndarray) -> str:
        """The text of ids [N], from 1."""
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
        top_k, top_p: see `sampling.top_k_top_p_filter`.

        A network of windows reads no more than the end of a long prompt.

        Raises `BadInput` for an argument out of range, for characters outside the vocabulary and
        for a prompt that is longer than the context.
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
        piece_length: int | None = None,
    ) -> Iterator[list[str]]:
        """The texts of `generate` in pieces of `piece_length` characters: each `count` str.

        The texts are the same whatever the length of a piece; None for one piece.
        """
        sampling.check_controls(temperature, top_k, top_p)
        if self.context and not self.window and len(prompt) > self.context:
            raise BadInput(
                f"the prompt has {len(prompt):,} characters, this model looks back at "
                f"{self.context:,}; give it the last {self.context:,}"
            )
        prompts = np.tile(np.concatenate([[START], self.encode(prompt)]), (count, 1))
        temperatures = np.full(count, temperature, np.float32)
        return self._continue(
            prompts, seed, characters, temperatures, top_k, top_p, piece_length or characters
        )

    def _continue(
        self,
        prompts: np.ndarray,
        seed: int,
        characters: int,
        temperatures: np.ndarray,
        top_k: int,
        top_p: float,
        piece_length: int,
    ) -> Iterator[list[str]]:
        """Texts that follow ids `prompts` [count, length], each at a temperature of its own."""
        logits, state = self._begin(tf.constant(prompts, tf.int32))
        for start in range(0, characters, piece_length):
            piece = tf.constant([start, min(piece_length, characters - start)])
            sampled, logits, state = self.sample_steps(
                logits, state, piece, tf.constant(seed), tf.constant(temperatures), top_k, top_p
            )
            yield [self.decode(row) for row in sampled.numpy()]

    def _begin(self, ids: Tensor) -> tuple[Tensor, State]:
        """Logits [count, characters] of the character after texts `ids` [count, length], and what
        `_go_on` takes."""
        if self.window:
            return self._read_window(windows.last(ids, self.window))
        state = self.initial_state(len(ids))
        for start in range(0, ids.shape[1], SEGMENT_LENGTH):
            segment = ids[:, start : start + SEGMENT_LENGTH]
            following, state = self.advance(segment, state, training=False)
        return following[:, -1], state

    def _go_on(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """The same after one more character, `ids` [count]."""
        if self.window:
            return self._read_window(windows.append(state, ids))
        following, state = self.advance(ids[:, tf.newaxis], state, training=False)
        return following[:, 0], state

    def _read_window(self, state: State) -> tuple[Tensor, State]:
        window, count = state
        following, _ = self.advance(window, None, training=False)
        return tf.gather(following, count - 1, axis=1), state

    def _sample_steps(
        self,
        logits: Tensor,
        state: State,
        piece: Tensor,
        seed: Tensor,
        temperatures: Tensor,
        top_k: int,
        top_p: float,
    ) -> tuple[Tensor, Tensor, State]:
        """Sample a piece of the texts: ids [count, length], and the logits and state after it.

        logits: of the next character [count, characters]. piece: where in the texts it begins,
        which seeds each step, and its length.
        """
        start, length = piece[0], piece[1]
        sampled = tf.TensorArray(tf.int32, size=length, element_shape=(logits.shape[0],))

        def step(i: Tensor, logits: Tensor, state: State, sampled: Any) -> tuple[Any, ...]:
            filtered = sampling.top_k_top_p_filter(logits, top_k, top_p)
            ids = sampling.sample(filtered, temperatures, tf.stack([seed, start + i]))
            logits, state = self._go_on(ids, state)
            return i + 1, logits, state, sampled.write(i, ids)

        _, logits, state, sampled = tf.while_loop(
            lambda i, *_: i < length, step, (0, logits, state, sampled)
        )
        return tf.transpose(sampled.stack()), logits, state

    def snapshot(self, ids: np.ndarray) -> np.ndarray:
        """Texts that follow 60 characters of each row, at four temperatures: str [4 N].

        ids: inputs [N, length], the first of each `START`. The seed is fixed, so that epochs differ
        by the weights only. A random prompt, and the seed with it, follows from the number of
        training steps so far; a text then goes on where that of the last temperature ended.
        """
        random = self.options["snapshot_prompt"] == "random"
        seed = int(self.optimizer.iterations) if random else 0
        places = max(1, ids.shape[1] - SNAPSHOT_PROMPT_LENGTH)
        start = np.random.default_rng(seed).integers(places) if random else 0
        prompts = ids[:, start : start + SNAPSHOT_PROMPT_LENGTH + 1].astype(np.int32)
        prompts[:, 0] = START
        temperatures = np.repeat(np.array(SNAPSHOT_TEMPERATURES, np.float32), len(ids))
        if not random:
            prompts = np.tile(prompts, (len(SNAPSHOT_TEMPERATURES), 1))
            return np.array(self._snapshot(prompts, seed, temperatures)[0])
        found: list[str] = []
        for alike in np.split(temperatures, len(SNAPSHOT_TEMPERATURES)):
            shown, texts = self._snapshot(prompts, seed, alike)
            found += shown
            prompts[:, 1:] = np.stack([self.encode(text) for text in texts])[
                :, 1 - prompts.shape[1] :
            ]
        return np.array(found)

    def _snapshot(
        self, prompts: np.ndarray, seed: int, temperatures: np.ndarray
    ) -> tuple[list[str], list[str]]:
        """Texts that follow ids `prompts` [count, length]: as they are shown, and by themselves."""
        length = SNAPSHOT_LENGTH
        (texts,) = self._continue(prompts, seed, length, temperatures, 0, 1.0, length)
        return [
            f"temperature {temperature:g}\n{self.decode(prompt[1:])}|{text}"
            for temperature, prompt, text in zip(temperatures, prompts, texts, strict=True)
        ], texts

    def inference_model(self) -> keras.Model:
        """A functional model of built-in layers: ids [batch, length] to the probabilities of each
        next character [batch, length, characters], the first for the id 1.

        The length is free, or the context, or a window.
        """
        length = self.window or self.context
        ids = keras.Input((length,), dtype="int32")
        logits, _ = self.advance(ids, None, training=False)
        return keras.Model(ids, ops.softmax(logits))
