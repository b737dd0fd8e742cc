from pathlib import Path

from keras import layers

from generative.multi_io.question_answering import QuestionAnswering
from tests.support import multi_io

CHOLLET = {
    "question": "after",
    "embedding_size": 64,
    "question_embedding_size": 32,
    "story_units": 32,
    "question_units": 16,
    "units": 0,
}


def test_the_books_network(prepared_stories: Path) -> None:
    """Two embeddings, two LSTMs and a dense layer (Chollet, 2017, section 7.1.2)."""
    model = multi_io.build(
        "question_answering", multi_io.prepared("question_answering", prepared_stories), **CHOLLET
    )
    assert isinstance(model, QuestionAnswering)
    ids, answers = len(model.words) + 1, len(model.class_names["answer"])
    lstms = 4 * (64 + 32 + 1) * 32 + 4 * (32 + 16 + 1) * 16
    assert model.count_params() == ids * (64 + 32) + lstms + (32 + 16 + 1) * answers
    kinds = [type(layer).__name__ for layer in model.layers if layer.weights]
    assert sorted(kinds) == ["Dense", "Embedding", "Embedding", "LSTM", "LSTM"]
    for name in ("story_embedding", "question_embedding"):
        embedding = model.get_layer(name)
        default = layers.Embedding(2, 2).embeddings_initializer
        assert type(embedding.embeddings_initializer) is type(default)


def test_one_embedding_serves_both(prepared_stories: Path) -> None:
    data = multi_io.prepared("question_answering", prepared_stories)
    model = multi_io.build("question_answering", data)
    (embedding,) = (layer for layer in model.layers if isinstance(layer, layers.Embedding))
    assert len(embedding._inbound_nodes) >= 2
