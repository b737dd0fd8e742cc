"""What every graph of several inputs or outputs promises, and what each of them is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image

from generative.core import members, params, runtime, saving
from generative.core.errors import BadInput
from generative.multi_io import examples
from generative.multi_io.base.model import Graph, Head, Options
from generative.plots import topology as drawing
from generative.training import fit as training
from generative.training.schema import Train
from tests.conftest import TINY

KEYS = [k for k, b in params.raw("train").items() if b["family"] == "graphs"]
DEVICE = runtime.Device("CPU", "float32", False, "statistical", tf.distribute.get_strategy())
OPTIONS: Options = {"learning_rate": 0.01, "learning_rate_decay": "none", "clip_norm": 1.0}
GIVEN: dict[str, dict[str, Any]] = {
    "question_answering": {"story": "Mary went to the garden.", "question": "Where is Mary?"},
    "passage": {"text": "The king is dead, long live our queen!"},
    "siamese": {"line": "The king is dead", "other": "long live our queen"},
}


class Made(NamedTuple):
    """A model after an epoch, its weights before, its block, what it was built from, its validation
    examples and its course."""

    model: Any
    before: list[np.ndarray]
    block: Train
    arguments: dict[str, Any]
    validation: tuple[dict[str, np.ndarray], dict[str, np.ndarray]]
    course: training.Course


@pytest.fixture(scope="module")
def make(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Made]:
    """Trains the model of a block of params.yaml, shrunk; each once."""
    file = tmp_path_factory.mktemp("params") / "params.yaml"
    file.write_text(params.PATH.read_text())
    params.use(TINY, file)
    known: dict[str, Made] = {}

    def made(key: str) -> Made:
        if key not in known:
            float32 = {"precision": "float32"}
            block = params.read(f"train.{key}", Train, file).model_copy(update=float32)
            prepared = request.getfixturevalue(f"prepared_{block.dataset}")
            dataset = members.dataset(block.dataset)
            arguments = {**dataset.facts(prepared), **block.model}
            keras.utils.set_random_seed(block.seed)
            model = members.network(block.network)(**arguments)
            before = [weight.numpy() for weight in model.trainable_variables]
            validation = dataset.load(prepared, "validation")
            course = training.fit(
                f"train.{key}",
                model,
                block,
                DEVICE,
                dataset.batches(prepared, block.batch_size, block.seed),
                validation,
                lambda *_: None,
                tmp_path_factory.mktemp("scratch"),
            )
            known[key] = Made(model, before, block, arguments, validation, course)
        return known[key]

    return made


@pytest.fixture(params=KEYS, scope="module")
def made(request: pytest.FixtureRequest, make: Callable[[str], Made]) -> Made:
    return make(request.param)


def test_training_moves_every_weight(made: Made) -> None:
    for weight, old in zip(made.model.trainable_variables, made.before, strict=True):
        assert not np.array_equal(weight.numpy(), old), weight.path
    names = {str(name) for name in made.course.history if name != "epoch"}
    assert {f"val_{name}" for name in names if not name.startswith("val_")} <= names
    assert np.isfinite(made.course.history.to_numpy()).all()


def test_outputs_have_names_and_losses_of_their_own(make: Callable[[str], Made]) -> None:
    assert set(make("passage").course.history) >= {
        *(f"{name}_loss" for name in ("year", "genre", "edition")),
        "year_mean_absolute_error",
        "genre_accuracy",
        "edition_accuracy",
    }
    made = make("passage")
    last = made.model.evaluate(*made.validation, 1000, verbose=0, return_dict=True)
    weights = {n: made.block.model[f"{n}_weight"] for n in ("year", "genre", "edition")}
    total = sum(weight * last[f"{name}_loss"] for name, weight in weights.items())
    assert last["loss"] == pytest.approx(total, rel=1e-3)


def test_the_folder_gives_it_back(made: Made, tmp_path: Path) -> None:
    card = saving.Description(made.block.network, made.arguments, made.block.dataset, {})
    saving.save(made.model, card, tmp_path)
    expected = made.model.predictions(made.validation[0])
    for name, found in saving.load(tmp_path).predictions(made.validation[0]).items():
        np.testing.assert_array_equal(found, expected[name])


def test_lists_and_dictionaries_are_the_same(made: Made) -> None:
    model = made.model
    inputs, targets = made.validation
    ordered = [inputs[tensor.name] for tensor in model.inputs]
    truth = [targets[name] for name in model.kinds]
    expected = model.evaluate(inputs, targets, verbose=0, return_dict=True)
    # Keras sorts the names of dictionaries: in the wrong order these would differ.
    for x, y in ((ordered, truth), (ordered, targets), (inputs, truth)):
        assert model.evaluate(x, y, verbose=0, return_dict=True) == pytest.approx(expected)
    for name, found in model.predictions(ordered).items():
        np.testing.assert_array_equal(found, model.predictions(inputs)[name])
    kept = model.get_weights()
    for x, y in ((ordered, truth), (inputs, targets)):
        model.fit(x, y, batch_size=10, verbose=0)
    model.set_weights(kept)


def test_predictions_are_numbers_and_probabilities(made: Made) -> None:
    count = len(next(iter(made.validation[1].values())))
    predictions = made.model.predictions(made.validation[0])
    for name, found in predictions.items():
        kind = made.model.kinds[name]
        assert found.shape == (
            (count, len(made.model.answers[name])) if kind == "class" else (count,)
        )
        if kind == "class":
            np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
        elif kind == "verdict":
            assert ((found >= 0) & (found <= 1)).all()
    exported = made.model.inference_model().predict(made.validation[0], verbose=0)
    columns = np.hstack([found.reshape(count, -1) for found in predictions.values()])
    np.testing.assert_allclose(exported, columns, atol=1e-5)


def test_inputs_that_do_not_match_are_named(make: Callable[[str], Made]) -> None:
    model, inputs = make("question_answering").model, make("question_answering").validation[0]
    story, question = inputs["story"], inputs["question"]
    for given in ([story], story, [story, question, story]):
        with pytest.raises(BadInput, match="the inputs are story, question"):
            model.predictions(given)
    with pytest.raises(BadInput, match="received the inputs story; the model takes story, questio"):
        model.predictions({"story": story})
    with pytest.raises(BadInput, match=f"story has {len(story)}, question has 3"):
        model.predictions([story, question[:3]])


def graph(connected: str) -> Graph:
    one, two, stranger = (keras.Input((3,), name=name) for name in ("one", "two", "stranger"))
    ends = {"both": [one, two], "one": [one, one], "stranger": [one, stranger]}
    output = layers.Dense(1)(layers.Concatenate()(ends[connected]))
    return Graph({"one": one, "two": two}, {"sum": Head(output, "number")}, **OPTIONS)


def test_unconnected_inputs_and_outputs_are_named() -> None:
    assert graph("both").predictions([np.ones((2, 3)), np.ones((2, 3))])["sum"].shape == (2,)
    with pytest.raises(BadInput, match="inputs: two is connected to none of the outputs sum"):
        graph("one")
    with pytest.raises(BadInput, match="outputs: sum is not connected to the inputs one, two"):
        graph("stranger")


@pytest.mark.parametrize("key", ["siamese", "stereo"])
def test_pairs_are_symmetric(key: str, make: Callable[[str], Made]) -> None:
    model, inputs = make(key).model, make(key).validation[0]
    first, second = inputs.values()
    forth, back = (model.predictions(list(p))["same"] for p in ((first, second), (second, first)))
    np.testing.assert_array_equal(forth, back)
    assert np.ptp(forth) > 0


@pytest.mark.parametrize(("key", "shared"), [("siamese", "reader"), ("stereo", "base")])
def test_shared_weights_are_there_once(
    key: str, shared: str, make: Callable[[str], Made], tmp_path: Path
) -> None:
    model = make(key).model
    assert [layer.name for layer in model.layers].count(shared) == 1
    assert model.count_params() == sum(layer.count_params() for layer in model.layers)
    assert len(model.get_layer(shared)._inbound_nodes) >= 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing.shutil, "which", lambda _: None)
        drawing.topology(model, tmp_path)
    text = (tmp_path / "topology.txt").read_text()
    assert shared in text
    trained = sum(weight.numpy().size for weight in model.trainable_variables)
    assert f"Trainable params: {trained:,}" in text


def test_question_before_and_after(make: Callable[[str], Made]) -> None:
    arguments = make("question_answering").arguments
    network = members.network("topologies/question_answering")
    names = {
        question: {layer.name for layer in network(**{**arguments, "question": question}).layers}
        for question in ("before", "after")
    }
    assert names["before"] - names["after"] >= {"wanted", "at_each_word", "alike"}


@pytest.mark.parametrize("key", GIVEN)
def test_what_people_give(key: str, make: Callable[[str], Made]) -> None:
    model = make(key).model
    inputs = model.read(**GIVEN[key])
    assert inputs.keys() == {tensor.name for tensor in model.inputs}
    (text,) = examples.said(model, model.predictions(inputs))
    assert len(text.splitlines()) == len(model.kinds)
    (shown,) = model.shown(inputs)
    assert shown.lower()[:4] in ("mary", "the ")


def test_two_pictures(make: Callable[[str], Made], tmp_path: Path) -> None:
    model = make("stereo").model
    Image.new("L", (40, 30), 200).save(tmp_path / "a.png")
    inputs = model.read(left=tmp_path / "a.png", right=tmp_path / "a.png")
    assert inputs["left"].shape == (1, 8, 8, 3)
    (text,) = examples.said(model, model.predictions(inputs), {"same": np.array([1])})
    assert text.endswith("; it is the same place")
    assert model.shown(inputs).shape == (1, 8, 16, 3)
    (tmp_path / "b.png").write_text("no picture")
    with pytest.raises(BadInput, match="right: .*b.png: not a picture"):
        model.read(left=tmp_path / "a.png", right=tmp_path / "b.png")


@pytest.mark.parametrize(
    ("key", "given", "message"),
    [
        ("question_answering", {"question": " ?"}, "the question is empty"),
        ("question_answering", {"story": "A dragon went."}, "the story holds 'a', 'dragon'"),
        ("question_answering", {"question": "where " * 9}, "the question has 9 words, the model"),
        ("passage", {"text": "xyzzy 1605"}, "text: received 'xyzzy 1605', which has no word"),
        ("siamese", {"other": "\u00a7"}, "other: received '\u00a7', which has no character"),
    ],
)
def test_what_nobody_can_read(
    key: str, given: dict[str, str], message: str, make: Callable[[str], Made]
) -> None:
    with pytest.raises(BadInput, match=message.replace("?", r"\?")):
        make(key).model.read(**{**GIVEN[key], **given})
