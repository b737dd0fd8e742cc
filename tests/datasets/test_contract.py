"""What every data set promises."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from generative.core import members, params
from generative.core.errors import BadInput
from generative.datasets import (
    coloured_digits,
    lines,
    mnist,
    passages,
    pictures,
    shakespeare,
    stories,
    views,
)
from generative.datasets.base.arrays import SPLITS
from generative.datasets.base.dataset import DataSet, Prepared
from generative.datasets.base.schema import Prepare
from tests.support import data

# mypy holds each module against the protocol.
DATASETS: dict[str, DataSet] = {
    "coloured_digits": coloured_digits,
    "lines": lines,
    "mnist": mnist,
    "passages": passages,
    "pictures": pictures,
    "shakespeare": shakespeare,
    "stories": stories,
    "views": views,
}
# `train.<key>.data` of the data sets that take options.
OPTIONS: dict[str, dict[str, Any]] = {
    "mnist": {"binarization": "stochastic", "binarization_seed": 1},
    "pictures": {"flips": "both"},
    "shakespeare": {"windows": "chunks", "length": 16, "carried": 3, "step": 3},
}
BATCH = 16

keys = pytest.mark.parametrize("key", DATASETS)


@pytest.fixture
def prepared(key: str, request: pytest.FixtureRequest) -> Prepared:
    return Prepared(key, OPTIONS.get(key, {}), request.getfixturevalue(f"prepared_{key}"))


def leaves(nested: Any) -> list[np.ndarray]:
    """The arrays of inputs and targets, in the order of their names."""
    return [np.asarray(leaf) for leaf in keras.tree.flatten(nested)]


def epochs(prepared: Prepared, seed: int) -> list[list[list[np.ndarray]]]:
    """The arrays of each batch of two epochs."""
    batches = prepared.batches(BATCH, seed)
    return [[leaves(b) for b in batches.epoch(i).as_numpy_iterator()] for i in range(2)]


def equal(one: Any, other: Any) -> bool:
    arrays = [keras.tree.flatten(nested) for nested in (one, other)]
    return all(np.array_equal(a, b) for a, b in zip(*arrays, strict=True))


def test_every_data_set_is_held_to_it() -> None:
    assert sorted(DATASETS) == members.datasets()
    for key, dataset in DATASETS.items():
        assert key == dataset.KEY
        assert members.dataset(key) is dataset


@keys
def test_options_are_the_arguments_of_its_functions(key: str) -> None:
    name, values = f"prepare.{key}", {"raw": "folder", **data.OPTIONS[key]}
    params.check(name, Prepare.schema_of(name, {}), values)
    for option in data.OPTIONS[key]:
        missing = {known: value for known, value in values.items() if known != option}
        with pytest.raises(BadInput, match=f"prepare.{key}.{option} is missing"):
            params.check(name, Prepare.schema_of(name, {}), missing)
    schema = params.signature(DATASETS[key].batches)
    params.check(f"train.{key}.data", schema, OPTIONS.get(key, {}))


@keys
def test_preparing_gives_arrays_by_split_and_lists(key: str, tmp_path: Path) -> None:
    raw = data.write_raw(key, tmp_path)
    first, again = (DATASETS[key].prepare(raw, **data.OPTIONS[key]) for _ in range(2))
    assert list(first) == list(again)
    names: dict[str, set[str]] = {split: set() for split in SPLITS}
    for name, value in first.items():
        assert type(value) is type(again[name])
        if isinstance(value, list):
            assert value and all(type(entry) is str for entry in value)
            assert value == again[name]
        else:
            split, _, column = name.partition("_")
            names[split].add(column)
            assert value.dtype.kind in "iu"
            np.testing.assert_array_equal(value, again[name])
    # What is known of the test split alone is beside what all have.
    assert set() != names["train"] == names["validation"] <= names["test"]


@keys
@pytest.mark.parametrize("split", SPLITS)
def test_a_split_is_always_the_same(key: str, split: str, prepared: Prepared) -> None:
    first, again = prepared.load(split), prepared.load(split)
    assert equal(first, again)
    assert len({len(leaf) for leaf in leaves(first)}) == 1
    for leaf in leaves(first):
        assert leaf.dtype in (np.float32, np.int32, np.uint8)
        assert np.isfinite(leaf).all()
        if leaf.ndim > 3:  # pictures
            assert leaf.dtype == np.float32
            assert leaf.shape[-1] in (1, 3)
            assert 0 <= leaf.min() < leaf.max() <= 1


@keys
def test_batches_are_full_and_like_what_is_loaded(key: str, prepared: Prepared) -> None:
    loaded, batches = prepared.load("train"), prepared.batches(BATCH, seed=1).epoch(0)
    assert keras.tree.flatten(batches.element_spec)
    keras.tree.assert_same_structure(loaded, batches.element_spec)
    specs = keras.tree.flatten(batches.element_spec)
    for leaf, spec in zip(leaves(loaded), specs, strict=True):
        assert spec.dtype == leaf.dtype
        if key != "shakespeare":  # held-out text is in longer rows
            assert spec.shape[1:] == leaf.shape[1:]
    if key != "shakespeare":
        assert batches.cardinality() == len(leaves(loaded)[0]) // BATCH
    first, _ = epochs(prepared, seed=1)
    assert len(first) == batches.cardinality()
    assert all(len(leaf) == BATCH for batch in first for leaf in batch)
    for column, leaf in enumerate(leaves(loaded)):
        values = np.concatenate([batch[column].ravel() for batch in first])
        assert leaf.min() <= values.min() <= values.max() <= leaf.max()


@keys
def test_the_seed_decides_the_batches(key: str, prepared: Prepared) -> None:
    first, second = epochs(prepared, seed=1)
    assert not equal(first, second)
    assert equal([first, second], epochs(prepared, seed=1))
    assert not equal(first, epochs(prepared, seed=2)[0])


@keys
def test_facts_are_plain_values(key: str, prepared: Prepared) -> None:
    facts = prepared.facts()
    assert json.loads(json.dumps(facts)) == facts
    assert facts == prepared.facts()
    assert bool(facts) == hasattr(DATASETS[key], "facts")


@keys
def test_no_group_is_in_two_splits(key: str, prepared: Prepared) -> None:
    assert bool(prepared.groups("test")) == hasattr(DATASETS[key], "groups")
    for name in prepared.groups("test"):
        splits = [prepared.groups(split)[name] for split in SPLITS]
        for split, numbers in zip(SPLITS, splits, strict=True):
            assert numbers.shape == (len(leaves(prepared.load(split))[0]),)
        assert sum(len(set(numbers)) for numbers in splits) == len(set(np.concatenate(splits)))


@keys
def test_subsets_are_of_all_examples(key: str, prepared: Prepared) -> None:
    assert bool(prepared.subsets("test")) == hasattr(DATASETS[key], "subsets")
    for chosen in prepared.subsets("test").values():
        assert chosen.dtype == bool
        assert chosen.shape == (len(leaves(prepared.load("test"))[0]),)
        assert chosen.any()


@keys
def test_similarity_is_higher_where_both_are_the_same(key: str, prepared: Prepared) -> None:
    inputs, targets = prepared.load("test")
    similarity = prepared.similarity(inputs)
    assert (similarity is not None) == hasattr(DATASETS[key], "similarity")
    if similarity is not None:
        same = targets["same"] == 1
        assert similarity.shape == same.shape
        assert similarity[same].mean() > similarity[~same].mean()


@keys
def test_what_is_not_there_is_named(key: str, prepared: Prepared, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="unknown split 'tset'; did you mean test"):
        prepared.load("tset")
    missing = Prepared(key, prepared.options, tmp_path)
    for call in (lambda: missing.load("test"), lambda: missing.batches(BATCH, seed=1)):
        with pytest.raises(BadInput, match=f"run dvc repro prepare@{key}"):
            call()


def test_options_and_changes(prepared_mnist: Path) -> None:
    prepared = Prepared("mnist", OPTIONS["mnist"], prepared_mnist)
    grey, _ = prepared.load("test", binarization="none")
    assert set(np.unique(prepared.load("test")[0])) == {0, 1}
    assert len(np.unique(grey)) > 2
    assert Prepared.of("mnist", {}).folder == Path("data/prepared/mnist")
    with pytest.raises(BadInput, match="unknown data set 'mnits'; did you mean mnist"):
        Prepared("mnits", {}, prepared_mnist).load("test")
