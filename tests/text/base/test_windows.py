"""A network that was trained on windows reads and writes as it was trained."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from generative.core import saving
from generative.text.base import sampling, windows
from generative.text.base.model import START, TextModel
from tests.support.saving import check_signature
from tests.support.text import NETWORKS, OPTIONS, VOCABULARY, build

LENGTH = 5


@pytest.fixture(params=["one_hot", "conv", "transformer"], scope="module")
def model(request: pytest.FixtureRequest) -> TextModel:
    return build(request.param, window=LENGTH)


def logits_after(model: TextModel, texts: np.ndarray) -> np.ndarray:
    """Of the character after ids `texts`, or `START` and few of them, from an empty state."""
    window = np.pad(texts, [[0, 0], [1, 0]], constant_values=START)[:, -LENGTH:]
    following, _ = model.advance(tf.constant(window, tf.int32), None, training=False)
    return following.numpy()[:, -1]


@pytest.mark.parametrize("length", [3, LENGTH, LENGTH + 18])
def test_each_output_is_of_the_window_before_it(model: TextModel, length: int) -> None:
    ids = np.random.default_rng(0).integers(1, 27, (3, length)).astype(np.int32)
    ids[:, 0] = START
    found = model(ids).numpy()
    assert found.shape == (3, length, len(VOCABULARY))
    for place in range(length):
        expected = logits_after(model, ids[:, 1 : place + 1])
        np.testing.assert_allclose(found[:, place], expected, atol=1e-5)


@pytest.mark.parametrize("prompt", ["", "abcdefghijk"])
def test_a_text_is_that_of_reading_each_window_anew(model: TextModel, prompt: str) -> None:
    seed, temperature = 3, 0.8
    generated = model.generate(2, seed, prompt, 12, temperature=temperature)
    text = np.tile(model.encode(prompt), (2, 1))
    for step in range(12):
        logits, numbers = tf.constant(logits_after(model, text)), tf.constant([seed, step])
        ids = sampling.sample(logits, tf.fill(2, temperature), numbers).numpy()
        text = np.concatenate([text, ids[:, np.newaxis]], axis=1)
    assert [prompt + own for own in generated] == [model.decode(row) for row in text]


def test_nothing_before_the_window_is_remembered(model: TextModel) -> None:
    """Of the last five characters, a text is the same whatever stands before."""
    texts = {model.generate(1, 1, begin + "vwxyz", 20)[0] for begin in ("", "a", "mnopqrstu")}
    assert len(texts) == 1
    assert texts != set(build("lstm").generate(1, 1, "avwxyz", 20))


def test_no_window_goes_on_from_the_last_batch(model: TextModel) -> None:
    ids = np.random.default_rng(0).integers(1, 27, (4, LENGTH)).astype(np.int32)
    model.carry(4)
    first, again = (model(ids, training=True) for _ in range(2))
    np.testing.assert_allclose(first, again, atol=1e-6)
    following, _ = model.advance(tf.constant(ids), None, training=False)
    np.testing.assert_allclose(first, following, atol=1e-5)


def test_pieces_make_the_same_text(model: TextModel) -> None:
    (text,) = model.generate(1, 5, "ab", 12)
    assert "".join(piece for (piece,) in model.stream(1, 5, "ab", 12, piece_length=5)) == text


def test_a_window_moves_once_it_is_full() -> None:
    state = windows.last(tf.constant([[START, 7, 8]]), 4)
    found = []
    for number in (9, 10, 11):
        state = windows.append(state, tf.constant([number]))
        found.append((state[0].numpy().tolist(), int(state[1])))
    assert found == [([[START, 7, 8, 9]], 4), ([[7, 8, 9, 10]], 4), ([[8, 9, 10, 11]], 4)]


@pytest.mark.parametrize("xla", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_it_trains_and_is_kept(xla: bool, tmp_path: Path) -> None:
    """On windows as a data set gives them, and measured on whole rows."""
    model = build("one_hot", window=LENGTH)
    model.compile()
    model.jit_compile = xla
    generator = np.random.default_rng(0)
    inputs, targets = (generator.integers(1, 27, (8, LENGTH)) for _ in range(2))
    targets[:, :-1] = 0
    rows = generator.integers(1, 27, (2, 60))
    held_out = np.roll(rows, 1, axis=1)
    held_out[:, 0] = START
    history = model.fit(inputs, targets, validation_data=(held_out, rows), verbose=0).history
    assert np.isfinite([history["loss"], history["val_loss"]]).all()
    shares = tf.nn.log_softmax(model(held_out), axis=-1).numpy()
    nats = -np.take_along_axis(shares, rows[..., np.newaxis] - 1, axis=-1).mean()
    assert history["val_bits_per_character"][0] == pytest.approx(nats / np.log(2), rel=1e-4)

    network, arguments = NETWORKS["one_hot"]
    arguments = {"vocabulary": VOCABULARY, "window": LENGTH, **arguments, **OPTIONS}
    saving.save(model, saving.Description(network, arguments, "shakespeare", {}), tmp_path)
    again = saving.load(tmp_path)
    assert again.generate(2, 1, "abc", 20) == model.generate(2, 1, "abc", 20)
    check_signature(tmp_path)
    assert again.inference_model().input_shape == (None, LENGTH)
