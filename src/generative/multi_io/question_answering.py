"""A story and a question, each read by an LSTM of its own; what both made is concatenated (after
Chollet, 2017, section 7.1.2)."""

from typing import Literal, Unpack

import keras
import numpy as np
from keras import layers

from generative.datasets.stories import encoded
from generative.core.errors import BadInput
from generative.multi_io.base.model import Count
from generative.multi_io.base.model import Graph
from generative.multi_io.base.model import Head
from generative.multi_io.base.model import Options

Array = np.ndarray


class QuestionAnswering(Graph):
    """Two inputs; one output, a softmax over the answers.

    words: those that have an id, the first of them 1. answers: what the classes mean.
    story_length, question_length: in words, the rest 0.
    question: `after` joins it to the story when that is read (the source's); `before` also shows
        the LSTM of the story each word times the question, so that it knows what to look for.
    embedding_size: of a word, the same for both. story_units, question_units: of the LSTMs.
    units: of the layer that reads both.
    """

    def __init__(
        self,
        words: list[str],
        answers: list[str],
        story_length: int,
        question_length: int,
        *,
        question: Literal["after", "before"],
        embedding_size: Count,
        story_units: Count,
        question_units: Count,
        units: Count,
        **options: Unpack[Options],
    ) -> None:
        lengths = {"story": story_length, "question": question_length}
        inputs = {
            name: keras.Input((length,), dtype="int32", name=name)
            for name, length in lengths.items()
        }
        # Keras' own beginning, within 0.05 of 0, makes products that nothing is learned from.
        embedding = layers.Embedding(
            len(words) + 1,
            embedding_size,
            embeddings_initializer=keras.initializers.RandomNormal(stddev=1.0),
            mask_zero=True,
            name="embedding",
        )
        asked = layers.LSTM(question_units, name="question_reader")(embedding(inputs["question"]))
        x = embedding(inputs["story"])
        if question == "before":
            wanted = layers.Dense(embedding_size, name="wanted")(asked)
            wanted = layers.RepeatVector(story_length, name="at_each_word")(wanted)
            alike = layers.Multiply(name="alike")([x, wanted])
            x = layers.Concatenate(name="word_and_likeness")([x, alike])
        x = layers.LSTM(story_units, name="story_reader")(x)
        x = layers.Concatenate(name="both")([x, asked])
        x = layers.Dense(units, activation="relu", name="dense")(x)
        x = layers.Dense(len(answers), name="logits")(x)
        super().__init__(inputs, {"answer": Head(x, "class")}, **options)
        self.words, self.lengths = list(words), lengths
        self.answers = {"answer": tuple(answers)}

    def read(self, *, story: str, question: str) -> dict[str, Array]:
        """Both as ids [1, length]; `BadInput` for one without words, with too many or with a word
        that the model never saw."""
        read = {}
        for name, text in (("story", story), ("question", question)):
            try:
                read[name] = encoded([text], self.words, self.lengths[name])
            except BadInput as error:
                raise BadInput(f"the {name} {error}") from None
        return read

    def shown(self, inputs: dict[str, Array]) -> list[str]:
        """Story and question of each example, a line each."""
        known = ["", *self.words]
        texts = [
            [" ".join(known[number] for number in row if number) for row in inputs[name]]
            for name in self.lengths
        ]
        return [f"{story}\n{question}?" for story, question in zip(*texts, strict=True)]
