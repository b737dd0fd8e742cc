"""The contract of multi-input/-output models, for each network."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image

from generative.core import members, saving
from generative.core.errors import BadInput
from generative.datasets.base.dataset import Prepared
from generative.multi_io.base.model import Head, MultiIOModel
from generative.multi_io.render import describe_predictions
from generative.plots import architecture
from tests.support import multi_io
from tests.support.saving import check_signature

INPUTS: dict[str, dict[str, Any]] = {
    "question_answering": {"story": "Mary went to the garden.", "question": "Where is Mary?"},
    "passage": {"text": "The king is dead, long live our queen!"},
    "siamese": {"line": "The king is dead", "other": "long live our queen"},
}


class Trained(NamedTuple):
    """A model after an epoch, what it is, its trainable weights before, its data, its validation
    examples and its history."""

    model: Any
    variant: multi_io.Variant
    before: list[np.ndarray]
    data: Prepared
    validation: tuple[dict[str, np.ndarray], dict[str, np.ndarray]]
    history: dict[str, list[float]]


@pytest.fixture(scope="module")
def train(request: pytest.FixtureRequest) -> Callable[[str], Trained]:
    """Trains a variant of a network for an epoch; each once."""
    known: dict[str, Trained] = {}

    def trained(name: str) -> Trained:
        if name not in known:
            variant = multi_io.VARIANTS[name]
            folder = request.getfixturevalue(f"prepared_{multi_io.DATASETS[variant.network]}")
            data = multi_io.prepared(variant.network, folder)
            model = multi_io.build(variant.network, data, **variant.changes)
            before = [weight.numpy() for weight in model.trainable_variables]
            validation = data.load("validation")
            batches = data.batches(20, 1).epoch(0)
            model.compile(len(batches))
            history = model.fit(
                batches,
                validation_data=tf.data.Dataset.from_tensor_slices(validation).batch(1000),
                shuffle=False,
                verbose=0,
            ).history
            known[name] = Trained(model, variant, before, data, validation, history)
        return known[name]

    return trained


@pytest.fixture(params=multi_io.VARIANTS, scope="module")
def trained(request: pytest.FixtureRequest, train: Callable[[str], Trained]) -> Trained:
    return train(request.param)


def test_all_networks_are_here() -> None:
    networks = {network for network in members.networks() if network.startswith("multi_io/")}
    assert networks == {f"multi_io/{name}" for name in multi_io.ARGUMENTS}


def test_training_moves_every_weight(trained: Trained) -> None:
    for weight, old in zip(trained.model.trainable_variables, trained.before, strict=True):
        assert not np.array_equal(weight.numpy(), old), weight.path
    names = set(trained.history)
    assert {f"val_{name}" for name in names if not name.startswith("val_")} <= names
    assert np.isfinite(list(trained.history.values())).all()


def test_outputs_have_names_and_losses_of_their_own(train: Callable[[str], Trained]) -> None:
    trained = train("passage")
    assert set(trained.history) >= {
        *(f"{name}_loss" for name in ("year", "genre", "edition")),
        "year_mean_absolute_error",
        "genre_accuracy",
        "edition_accuracy",
    }
    last = trained.model.evaluate(*trained.validation, 1000, verbose=0, return_dict=True)
    arguments = multi_io.ARGUMENTS["passage"]
    weights = {n: arguments[f"{n}_weight"] for n in ("year", "genre", "edition")}
    total = sum(weight * last[f"{name}_loss"] for name, weight in weights.items())
    assert last["loss"] == pytest.approx(total, rel=1e-3)


def test_the_folder_gives_it_back(trained: Trained, tmp_path: Path) -> None:
    name, changes = trained.variant
    arguments = {**multi_io.arguments(name, trained.data), **changes}
    description = saving.Description(f"multi_io/{name}", arguments, trained.data.key, {})
    saving.save(trained.model, description, tmp_path)
    check_signature(tmp_path)
    expected = trained.model.predictions(trained.validation[0])
    loaded = saving.load(tmp_path)
    assert all(map(np.array_equal, loaded.get_weights(), trained.model.get_weights()))
    for name, found in loaded.predictions(trained.validation[0]).items():
        np.testing.assert_allclose(found, expected[name], rtol=1e-6, atol=1e-5)


@pytest.mark.slow
def test_what_is_exported_gives_the_same(trained: Trained, tmp_path: Path) -> None:
    served = trained.model.inference_model()
    served.export(tmp_path, verbose=False)
    inputs = [tf.constant(array[:3]) for array in trained.validation[0].values()]
    given = inputs if len(inputs) > 1 else inputs[0]
    exported = tf.saved_model.load(tmp_path)
    np.testing.assert_allclose(exported.serve(given), served(given), rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_lists_and_dictionaries_are_the_same(trained: Trained) -> None:
    model = trained.model
    inputs, targets = trained.validation
    input_list = [inputs[tensor.name] for tensor in model.inputs]
    target_list = [targets[name] for name in model.kinds]
    expected = model.evaluate(inputs, targets, verbose=0, return_dict=True)
    # Keras sorts the names of dictionaries: in the wrong order these would differ.
    for x, y in ((input_list, target_list), (input_list, targets), (inputs, target_list)):
        found = model.evaluate(x, y, verbose=0, return_dict=True)
        assert found == pytest.approx(expected, rel=1e-5)
    for name, found in model.predictions(input_list).items():
        np.testing.assert_array_equal(found, model.predictions(inputs)[name])
    weights = model.get_weights()
    for x, y in ((input_list, target_list), (inputs, targets)):
        model.fit(x, y, batch_size=10, verbose=0)
    model.set_weights(weights)


def test_predictions_are_numbers_and_probabilities(trained: Trained) -> None:
    model, (inputs, targets) = trained.model, trained.validation
    count = len(next(iter(targets.values())))
    predictions = model.predictions(inputs)
    for name, found in predictions.items():
        kind = model.kinds[name]
        classes = (len(model.class_names[name]),) if kind == "categorical" else ()
        assert found.shape == (count, *classes)
        if kind == "categorical":
            np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
        elif kind == "binary":
            assert ((found >= 0) & (found <= 1)).all()
    served = list(inputs.values())
    exported = model.inference_model().predict(served if len(served) > 1 else served[0], verbose=0)
    columns = np.hstack([found.reshape(count, -1) for found in predictions.values()])
    np.testing.assert_allclose(exported, columns, atol=1e-5)


def test_inputs_that_do_not_match_are_named(train: Callable[[str], Trained]) -> None:
    trained = train("question_answering")
    model, (inputs, _) = trained.model, trained.validation
    story, question = inputs["story"], inputs["question"]
    for wrong in ([story], story, [story, question, story]):
        with pytest.raises(BadInput, match="the inputs are story, question"):
            model.predictions(wrong)
    with pytest.raises(BadInput, match="received the inputs story; the model takes story, questio"):
        model.predictions({"story": story})
    with pytest.raises(BadInput, match=f"story has {len(story)}, question has 3"):
        model.predictions([story, question[:3]])


def model_of(connected: str) -> MultiIOModel:
    one, two, stranger = (keras.Input((3,), name=name) for name in ("one", "two", "stranger"))
    ends = {"both": [one, two], "one": [one, one], "stranger": [one, stranger]}
    output = layers.Dense(1)(layers.Concatenate()(ends[connected]))
    heads = {"sum": Head(output, "numeric")}
    return MultiIOModel({"one": one, "two": two}, heads, **multi_io.OPTIONS)


def test_unconnected_inputs_and_outputs_are_named() -> None:
    assert model_of("both").predictions([np.ones((2, 3)), np.ones((2, 3))])["sum"].shape == (2,)
    with pytest.raises(BadInput, match="inputs: two is connected to none of the outputs sum"):
        model_of("one")
    with pytest.raises(BadInput, match="outputs: sum is not connected to the inputs one, two"):
        model_of("stranger")


@pytest.mark.parametrize("name", ["siamese", "stereo"])
def test_pairs_are_symmetric(name: str, train: Callable[[str], Trained]) -> None:
    model, (inputs, _) = train(name).model, train(name).validation
    first, second = inputs.values()
    forth, back = (model.predictions(list(p))["same"] for p in ((first, second), (second, first)))
    np.testing.assert_allclose(forth, back, atol=1e-5)
    assert np.ptp(forth) > 0


@pytest.mark.parametrize("name", ["siamese_concatenation", "stereo_concatenation"])
def test_a_concatenation_is_not_symmetric(name: str, train: Callable[[str], Trained]) -> None:
    model, (inputs, _) = train(name).model, train(name).validation
    first, second = inputs.values()
    forth, back = (model.predictions(list(p))["same"] for p in ((first, second), (second, first)))
    assert np.abs(forth - back).max() > 1e-3


@pytest.mark.parametrize(("name", "shared"), [("siamese", "encoder"), ("stereo", "base")])
def test_shared_weights_are_there_once(
    name: str, shared: str, train: Callable[[str], Trained], tmp_path: Path
) -> None:
    model = train(name).model
    assert [layer.name for layer in model.layers].count(shared) == 1
    assert model.count_params() == sum(layer.count_params() for layer in model.layers)
    assert len(model.get_layer(shared)._inbound_nodes) >= 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architecture.shutil, "which", lambda _: None)
        architecture.plot_architecture(model, tmp_path)
    text = (tmp_path / "architecture.txt").read_text()
    assert shared in text
    trainable = sum(weight.numpy().size for weight in model.trainable_variables)
    assert f"Trainable params: {trainable:,}" in text


def test_question_before_and_after(train: Callable[[str], Trained]) -> None:
    arguments = multi_io.arguments("question_answering", train("question_answering").data)
    network = members.network("multi_io/question_answering")
    names = {
        question: {layer.name for layer in network(**{**arguments, "question": question}).layers}
        for question in ("before", "after")
    }
    only_before = {"query", "query_at_each_word", "word_times_query", "word_and_product"}
    assert names["before"] - names["after"] >= only_before


@pytest.mark.parametrize("name", INPUTS)
def test_parsed_inputs_are_described_and_displayed(
    name: str, train: Callable[[str], Trained]
) -> None:
    model = train(name).model
    inputs = model.parse_inputs(**INPUTS[name])
    assert inputs.keys() == {tensor.name for tensor in model.inputs}
    (text,) = describe_predictions(model, model.predictions(inputs))
    assert len(text.splitlines()) == len(model.kinds)
    (example,) = model.display(inputs)
    assert example.lower()[:4] in ("mary", "the ")


def test_two_images(train: Callable[[str], Trained], tmp_path: Path) -> None:
    model = train("stereo").model
    Image.new("L", (40, 30), 200).save(tmp_path / "a.png")
    inputs = model.parse_inputs(left=tmp_path / "a.png", right=tmp_path / "a.png")
    assert inputs["left"].shape == (1, 8, 8, 3)
    (text,) = describe_predictions(model, model.predictions(inputs), {"same": np.array([1])})
    assert text.endswith("; it is the same place")
    assert model.display(inputs).shape == (1, 8, 16, 3)
    (tmp_path / "b.png").write_text("no picture")
    with pytest.raises(BadInput, match="right: .*b.png: not a picture"):
        model.parse_inputs(left=tmp_path / "a.png", right=tmp_path / "b.png")


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("question_answering", {"question": " ?"}, "the question is empty"),
        ("question_answering", {"story": "A dragon went."}, "the story holds 'a', 'dragon'"),
        ("question_answering", {"question": "where " * 9}, "the question has 9 words, the model"),
        ("passage", {"text": "xyzzy 1605"}, "text: received 'xyzzy 1605', which has no word"),
        ("siamese", {"other": "\u00a7"}, "other: received '\u00a7', which has no character"),
    ],
)
def test_inputs_that_cannot_be_parsed(
    name: str, changes: dict[str, str], message: str, train: Callable[[str], Trained]
) -> None:
    with pytest.raises(BadInput, match=message.replace("?", r"\?")):
        train(name).model.parse_inputs(**{**INPUTS[name], **changes})
