"""A story and a question, an LSTM for each, and their features concatenated (after Chollet, 2017,
section 7.1.2)."""

from typing import Any, Literal, Unpack

import keras
import numpy as np
from keras import layers

from generative.core.errors import BadInput
from generative.core.params import Count, NonNegative
from generative.datasets.stories import encode
from generative.multi_io.base.model import Head, MultiIOModel, Options

Array = np.ndarray


class QuestionAnswering(MultiIOModel):
    """Two inputs; one output, a softmax over the answers.

    words: those that have an id, the first of them 1. answers: the names of the classes.
    story_length, question_length: in words, the rest 0.
    question: with `after` it joins the features of the story (Chollet, 2017); with `before` the
        LSTM of the story also gets each word times the question.
    embedding_size: of a word. question_embedding_size: of a word of the question, which then has
        an embedding of its own (Chollet: 64 and 32); with 0 that of the story serves both.
    story_units, question_units: of the LSTMs.
    units: of the dense layer over the features of both; with 0 there is none (Chollet).
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
        question_embedding_size: NonNegative,
        story_units: Count,
        question_units: Count,
        units: NonNegative,
        **options: Unpack[Options],
    ) -> None:
        lengths = {"story": story_length, "question": question_length}
        inputs = {
            name: keras.Input((length,), dtype="int32", name=name)
            for name, length in lengths.items()
        }

        def embedding(size: int, name: str, **initializer: Any) -> keras.Layer:
            return layers.Embedding(len(words) + 1, size, mask_zero=True, name=name, **initializer)

        if question_embedding_size:
            of_story = embedding(embedding_size, "story_embedding")
            of_question = embedding(question_embedding_size, "question_embedding")
        else:
            # Keras' default, within 0.05 of 0, makes products too small to learn from.
            normal = keras.initializers.RandomNormal(stddev=1.0)
            of_story = embedding(embedding_size, "embedding", embeddings_initializer=normal)
            of_question = of_story
        question_features = layers.LSTM(question_units, name="question_encoder")(
            of_question(inputs["question"])
        )
        x = of_story(inputs["story"])
        if question == "before":
            query = layers.Dense(embedding_size, name="query")(question_features)
            query = layers.RepeatVector(story_length, name="query_at_each_word")(query)
            product = layers.Multiply(name="word_times_query")([x, query])
            x = layers.Concatenate(name="word_and_product")([x, product])
        x = layers.LSTM(story_units, name="story_encoder")(x)
        x = layers.Concatenate(name="both")([x, question_features])
        if units:
            x = layers.Dense(units, activation="relu", name="dense")(x)
        x = layers.Dense(len(answers), name="logits")(x)
        super().__init__(inputs, {"answer": Head(x, "categorical")}, **options)
        self.words, self.lengths = list(words), lengths
        self.class_names = {"answer": tuple(answers)}

    def parse_inputs(self, *, story: str, question: str) -> dict[str, Array]:
        """Both as ids [1, length]; `BadInput` for one without words, with too many or with one that
        is not in `words`."""
        inputs = {}
        for name, text in (("story", story), ("question", question)):
            try:
                inputs[name] = encode([text], self.words, self.lengths[name])
            except BadInput as error:
                raise BadInput(f"the {name} {error}") from None
        return inputs

    def display(self, inputs: dict[str, Array]) -> list[str]:
        """Story and question of each example, a line each."""
        words = ["", *self.words]
        texts = [
            [" ".join(words[number] for number in row if number) for row in inputs[name]]
            for name in self.lengths
        ]
        return [f"{story}\n{question}?" for story, question in zip(*texts, strict=True)]
