"""What all text models share, asked of each network."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.core import saving
from generative.core.errors import BadInput
from generative.text.base import model as text
from generative.text.base.model import TextModel
from generative.text.char_conv import CharConv
from generative.text.char_lstm import CharLSTM
from generative.text.char_transformer import CharTransformer

VOCABULARY = "abcdefghijklmnopqrstuvwxyz"
OPTIONS: dict[str, Any] = {
    "dropout": 0.0,
    "learning_rate": 0.01,
    "learning_rate_decay": "none",
    "clip_norm": 1.0,
}
NETWORKS: dict[str, tuple[type[TextModel], dict[str, Any]]] = {
    "lstm": (CharLSTM, {"cell": "lstm", "embedding_size": 4, "units": 8, "depth": 2}),
    "gru": (CharLSTM, {"cell": "gru", "embedding_size": 4, "units": 8, "depth": 1}),
    "conv": (CharConv, {"width": 8, "kernel_size": 3, "blocks": 3}),
    "transformer": (CharTransformer, {"width": 8, "heads": 2, "depth": 2, "context": 6}),
}
RANDOM = np.random.default_rng(0)


def build(name: str, **changes: Any) -> TextModel:
    keras.utils.set_random_seed(1)
    network, arguments = NETWORKS[name]
    return network(VOCABULARY, **{**arguments, **OPTIONS, **changes})


@pytest.fixture(params=NETWORKS, scope="module")
def model(request: pytest.FixtureRequest) -> TextModel:
    return build(request.param)


def some_ids(rows: int = 3, length: int = 40) -> np.ndarray:
    ids = RANDOM.integers(1, len(VOCABULARY) + 1, (rows, length)).astype(np.int32)
    ids[:, 0] = text.START
    return ids


def test_nothing_sees_what_follows(model: TextModel) -> None:
    ids = some_ids()
    before = model(ids).numpy()
    for place in (1, 17, 39):
        changed = ids.copy()
        changed[:, place] = changed[:, place] % len(VOCABULARY) + 1
        after = model(changed).numpy()
        np.testing.assert_array_equal(after[:, :place], before[:, :place])
        assert (np.abs(after[:, place] - before[:, place]).max(axis=-1) > 1e-6).all()


def test_the_state_is_all_that_counts(model: TextModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """However a text is cut, and whether or not there is a state before it."""
    ids = some_ids()
    whole, _ = model.advance(tf.constant(ids), None, False)
    for piece in (1, 7):
        monkeypatch.setattr(text, "PIECE", piece)
        np.testing.assert_allclose(model(ids), whole, atol=1e-5)


@pytest.mark.parametrize("name", ["conv", "transformer"])
def test_the_context_is_all_that_is_seen(name: str) -> None:
    """Of one block: those of several see that far each."""
    model = build(name, **({"blocks": 1} if name == "conv" else {"depth": 1}))
    assert model.context
    reach = model.context - (name == "conv")  # the first counts itself
    ids = some_ids()
    changed = ids.copy()
    changed[:, 10] = changed[:, 10] % len(VOCABULARY) + 1
    moved = np.abs(model(ids) - model(changed)).max(axis=(0, 2)) > 0
    assert np.flatnonzero(moved).tolist() == list(range(10, 10 + reach + 1))


def test_training_carries_the_state_until_a_text_begins(model: TextModel) -> None:
    ids = some_ids(length=12)
    whole = model(ids).numpy()
    for _ in range(2):  # the second begins anew
        first = model(ids[:, :6], training=True)
        second = model(ids[:, 6:], training=True)
        np.testing.assert_allclose(np.concatenate([first, second], 1), whole, atol=1e-5)


def test_training_learns_what_repeats() -> None:
    """abcabc...: close to 0 bits, from log2(26) = 4.7."""
    for name in NETWORKS:
        model = build(name, learning_rate=0.03)
        model.compile()
        targets = np.tile([1, 2, 3], 40).reshape(1, -1).repeat(4, axis=0)
        inputs = np.roll(targets, 1, axis=1)
        inputs[:, 0] = text.START
        data = tf.data.Dataset.from_tensors((inputs, targets)).repeat(240)
        history = model.fit(data, verbose=0, shuffle=False).history
        assert history["cross_entropy"][0] < 2, name
        measured = model.evaluate(inputs, targets, verbose=0, return_dict=True)
        assert measured["bits_per_character"] < 0.5, name
        assert model.generate(1, 1, "abcab", 7, temperature=0) == ["cabcabc"], name


def test_places_without_a_target_count_for_nothing() -> None:
    model = build("gru")
    model.compile()
    inputs, targets = some_ids(), some_ids()
    targets[:, :-1] = 0
    measured = model.evaluate(inputs, targets, verbose=0, return_dict=True)
    shares = tf.nn.log_softmax(model(inputs)[:, -1]).numpy()
    wanted = -np.mean([row[target - 1] for row, target in zip(shares, targets[:, -1], strict=True)])
    assert measured["cross_entropy"] == pytest.approx(wanted, rel=1e-5)
    assert measured["bits_per_character"] == pytest.approx(wanted / np.log(2), rel=1e-5)


def test_generation_is_that_of_whole_texts(model: TextModel) -> None:
    """Greedy, against reading all of the text again for each character."""
    (written,) = model.generate(1, 1, "abc", 20, temperature=0)
    so_far = "abc"
    for character in written:
        ids = np.concatenate([[text.START], model.ids_of(so_far)])[np.newaxis]
        assert model.vocabulary[int(np.argmax(model(ids)[0, -1]))] == character
        so_far += character


def test_pieces_make_the_same_text(model: TextModel) -> None:
    texts = model.generate(2, 5, "abc", 30, temperature=0.8, top_k=9, top_p=0.9)
    pieces = list(model.stream(2, 5, "abc", 30, temperature=0.8, top_k=9, top_p=0.9, piece=7))
    assert ["".join(parts) for parts in zip(*pieces, strict=True)] == texts
    assert [len(piece[0]) for piece in pieces] == [7, 7, 7, 7, 2]


def test_snapshot_shows_four_temperatures(model: TextModel) -> None:
    frame = model.snapshot(some_ids(rows=2, length=61))
    assert [line.partition("\n")[0] for line in frame] == [
        f"temperature {t}" for t in ("0.2", "0.2", "0.5", "0.5", "1", "1", "1.2", "1.2")
    ]
    prompt, _, written = frame[0].partition("\n")[2].partition("|")
    assert (len(prompt), len(written)) == (60, 400)


PROGRAM = """
import sys
import generative
print(generative.load(sys.argv[1]).generate(2, 7, "abc", 50, temperature=0.9))
"""


def test_the_same_seed_writes_the_same_in_another_process(tmp_path: Path) -> None:
    model = build("lstm")
    arguments = {"vocabulary": VOCABULARY, **NETWORKS["lstm"][1], **OPTIONS}
    saving.save(
        model, saving.Description("models/char_lstm", arguments, "shakespeare", {}), tmp_path
    )
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == str(model.generate(2, 7, "abc", 50, temperature=0.9))


@pytest.mark.parametrize(
    ("controls", "message"),
    [
        ({"temperature": -0.1}, "temperature: received -0.1, must be 0"),
        ({"temperature": float("nan")}, "temperature: received nan"),
        ({"top_p": 0.0}, "top_p: received 0.0, must be above 0"),
        ({"top_p": 1.1}, "top_p: received 1.1"),
        ({"top_k": -1}, "top_k: received -1"),
        ({"prompt": "aB c"}, "the prompt holds ' ', 'B', which the model never saw"),
        ({"prompt": "a" * 7}, "the prompt has 7 characters, this model looks back at 6"),
    ],
)
def test_what_cannot_be_written(controls: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        build("transformer").generate(1, 1, **controls)


def test_heads_divide_the_width() -> None:
    with pytest.raises(BadInput, match="width: received 8, must be a multiple of heads, 3"):
        build("transformer", heads=3)


def test_a_loss_that_is_no_number_is_named() -> None:
    model = build("gru")
    model.compile()
    model.readout.kernel.assign(tf.fill(model.readout.kernel.shape, float("nan")))
    with pytest.raises(tf.errors.InvalidArgumentError, match="cross_entropy : Tensor had NaN"):
        model.fit(some_ids(), some_ids(), verbose=0)
