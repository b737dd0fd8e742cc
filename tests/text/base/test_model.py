"""The contract of text models, for each network."""

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generative.core import members, saving
from generative.core.errors import BadInput
from generative.text.base import model as base
from generative.text.base.model import START, TextModel
from tests.support.text import NETWORKS, OPTIONS, VOCABULARY, build

RANDOM = np.random.default_rng(0)


@pytest.fixture(params=NETWORKS, scope="module")
def model(request: pytest.FixtureRequest) -> TextModel:
    return build(request.param)


def random_ids(rows: int = 3, length: int = 40) -> np.ndarray:
    ids = RANDOM.integers(1, len(VOCABULARY) + 1, (rows, length)).astype(np.int32)
    ids[:, 0] = START
    return ids


def test_all_networks_are_here() -> None:
    networks = {network for network in members.networks() if network.startswith("text/")}
    assert networks == {network for network, _ in NETWORKS.values()}


def test_no_output_depends_on_later_inputs(model: TextModel) -> None:
    ids = random_ids()
    before = model(ids).numpy()
    for place in (1, 17, 39):
        changed = ids.copy()
        changed[:, place] = changed[:, place] % len(VOCABULARY) + 1
        after = model(changed).numpy()
        np.testing.assert_array_equal(after[:, :place], before[:, :place])
        assert (np.abs(after[:, place] - before[:, place]).max(axis=-1) > 1e-6).all()


def test_segments_do_not_change_the_outputs(
    model: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever their length, and with or without a state before the first."""
    ids = random_ids()
    whole, _ = model.advance(tf.constant(ids), None, False)
    for length in (1, 7):
        monkeypatch.setattr(base, "SEGMENT_LENGTH", length)
        np.testing.assert_allclose(model(ids), whole, atol=1e-5)


@pytest.mark.parametrize("name", ["conv", "transformer"])
def test_outputs_depend_on_the_context_only(name: str) -> None:
    """Of one block: several reach as far each."""
    one_block: dict[str, Any] = {"blocks": 1} if name == "conv" else {"depth": 1}
    model = build(name, **one_block)
    assert model.context
    back = model.context - (name == "conv")  # its context counts the character itself
    ids = random_ids()
    changed = ids.copy()
    changed[:, 10] = changed[:, 10] % len(VOCABULARY) + 1
    changes = np.abs(model(ids) - model(changed)).max(axis=(0, 2)) > 0
    assert np.flatnonzero(changes).tolist() == list(range(10, 10 + back + 1))


def test_training_carries_the_state_until_a_text_begins(model: TextModel) -> None:
    ids = random_ids(length=12)
    model.carry(len(ids))
    whole = model(ids).numpy()
    for _ in range(2):  # the second starts from zero again
        first = model(ids[:, :6], training=True)
        second = model(ids[:, 6:], training=True)
        np.testing.assert_allclose(np.concatenate([first, second], 1), whole, atol=1e-5)


@pytest.mark.slow
def test_training_learns_what_repeats() -> None:
    """abcabc...: close to 0 bits, from log2(26) = 4.7."""
    for name in NETWORKS:
        model = build(name, learning_rate=0.03)
        model.compile()
        targets = np.tile([1, 2, 3], 40).reshape(1, -1).repeat(4, axis=0)
        inputs = np.roll(targets, 1, axis=1)
        inputs[:, 0] = START
        data = tf.data.Dataset.from_tensors((inputs, targets)).repeat(240)
        history = model.fit(data, verbose=0, shuffle=False).history
        assert history["cross_entropy"][0] < 2, name
        measured = model.evaluate(inputs, targets, verbose=0, return_dict=True)
        assert measured["bits_per_character"] < 0.5, name
        assert model.generate(1, 1, "abcab", 7, temperature=0) == ["cabcabc"], name


def test_places_without_a_target_count_for_nothing() -> None:
    model = build("gru")
    model.compile()
    inputs, targets = random_ids(), random_ids()
    targets[:, :-1] = 0
    measured = model.evaluate(inputs, targets, verbose=0, return_dict=True)
    shares = tf.nn.log_softmax(model(inputs)[:, -1]).numpy()
    expected = -np.mean(
        [row[target - 1] for row, target in zip(shares, targets[:, -1], strict=True)]
    )
    assert measured["cross_entropy"] == pytest.approx(expected, rel=1e-5)
    assert measured["bits_per_character"] == pytest.approx(expected / np.log(2), rel=1e-5)


def test_generation_equals_that_from_the_whole_text(model: TextModel) -> None:
    """Greedy, against the outputs for all of the text before each character."""
    (generated,) = model.generate(1, 1, "abc", 20, temperature=0)
    so_far = "abc"
    for character in generated:
        ids = np.concatenate([[START], model.encode(so_far)])[np.newaxis]
        logits = model(ids)[0, -1].numpy()
        # Of two that are equally likely but for rounding, either may be chosen.
        assert logits[model.vocabulary.index(character)] >= logits.max() - 1e-5
        so_far += character


def test_pieces_make_the_same_text(model: TextModel) -> None:
    texts = model.generate(2, 5, "abc", 30, temperature=0.8, top_k=9, top_p=0.9)
    pieces = list(
        model.stream(2, 5, "abc", 30, temperature=0.8, top_k=9, top_p=0.9, piece_length=7)
    )
    assert ["".join(parts) for parts in zip(*pieces, strict=True)] == texts
    assert [len(piece[0]) for piece in pieces] == [7, 7, 7, 7, 2]


def test_snapshot_shows_four_temperatures(model: TextModel) -> None:
    frame = model.snapshot(random_ids(rows=2, length=61))
    assert [line.partition("\n")[0] for line in frame] == [
        f"temperature {t}" for t in ("0.2", "0.2", "0.5", "0.5", "1", "1", "1.2", "1.2")
    ]
    prompt, _, generated = frame[0].partition("\n")[2].partition("|")
    assert (len(prompt), len(generated)) == (60, 400)


def test_a_random_prompt_follows_from_the_steps() -> None:
    ids = random_ids(rows=2, length=100)
    model, again = (build("gru", snapshot_prompt="random") for _ in range(2))
    prompts = set()
    for steps in (0, 7, 8):
        for one in (model, again):
            one.compile()
            one.optimizer.iterations.assign(steps)
        frame = model.snapshot(ids)
        assert frame.tolist() == again.snapshot(ids).tolist()
        prompt = frame[0].partition("\n")[2].partition("|")[0]
        assert len(prompt) == 60
        assert prompt in model.decode(ids[0, 1:])
        # A text goes on from where that of the last temperature ended.
        pairs = [text.partition("\n")[2].partition("|")[::2] for text in frame[::2]]
        for (_, ended), (begun, _) in itertools.pairwise(pairs):
            assert begun == ended[-60:]
        prompts.add(prompt)
    assert len(prompts) == 3


PROGRAM = """
import sys
from pathlib import Path
from generative.core import saving
print(saving.load(Path(sys.argv[1])).generate(2, 7, "abc", 50, temperature=0.9))
"""


@pytest.mark.slow
def test_the_same_seed_generates_the_same_in_another_process(tmp_path: Path) -> None:
    model = build("lstm")
    network, arguments = NETWORKS["lstm"]
    arguments = {"vocabulary": VOCABULARY, **arguments, **OPTIONS}
    saving.save(model, saving.Description(network, arguments, "shakespeare", {}), tmp_path)
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
def test_controls_out_of_range(controls: dict[str, Any], message: str) -> None:
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
        model.fit(random_ids(), random_ids(), verbose=0)
