from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generative.core.errors import BadInput
from generative.datasets.base import arrays


@pytest.fixture
def numbered(tmp_path: Path) -> Path:
    """Ten images a split whose pixels are all their label."""
    content: dict[str, Any] = {}
    for split in arrays.SPLITS:
        labels = np.arange(10, dtype=np.uint8)
        content[f"{split}_labels"] = labels
        content[f"{split}_images"] = np.tile(labels[:, None, None, None], (1, 2, 3, 1))
    arrays.save(tmp_path, "numbered", content)
    return tmp_path


def test_load(numbered: Path) -> None:
    images, labels = arrays.load_images(numbered, "numbered", "validation")
    assert (images.dtype, images.shape, labels.dtype) == (np.float32, (10, 2, 3, 1), np.uint8)
    np.testing.assert_array_equal(images[:, 1, 2, 0], labels.astype(np.float32) / 255)


def test_batches_keep_images_and_labels_together(numbered: Path) -> None:
    batches = arrays.image_batches(numbered, "numbered", 4, seed=1)
    assert batches.steps == 2
    for images, labels in batches.epoch(0):
        assert images.shape == (4, 2, 3, 1)
        np.testing.assert_allclose(images[:, 0, 0, 0] * 255, labels, atol=1e-5)


def test_an_epoch_has_each_image_at_most_once(numbered: Path) -> None:
    batches = arrays.image_batches(numbered, "numbered", 5, seed=1)
    epochs = [[n for _, labels in batches.epoch(i) for n in labels.numpy()] for i in range(2)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert epochs[0] != epochs[1]


def test_transform_gets_another_number_for_each_batch(numbered: Path) -> None:
    def mark(images: Any, batch_seed: Any) -> Any:
        return tf.fill(tf.shape(images), batch_seed)

    def numbers(seed: int) -> list[list[float]]:
        batches = arrays.image_batches(numbered, "numbered", 5, seed, mark)
        assert batches.epoch(0).element_spec[0].dtype == tf.float32
        return [[float(images[0, 0, 0, 0]) for images, _ in batches.epoch(i)] for i in range(2)]

    first = numbers(seed=1)
    assert len({number for epoch in first for number in epoch}) == 4
    assert numbers(seed=1) == first
    assert numbers(seed=2) != first


@pytest.fixture
def doubled(tmp_path: Path) -> Path:
    """Ten numbers a split, and their doubles."""
    content: dict[str, Any] = {}
    for split in arrays.SPLITS:
        content[f"{split}_number"] = np.arange(10)
        content[f"{split}_double"] = 2 * np.arange(10)
    arrays.save(tmp_path, "doubled", {**content, "words": ["one", "two"]})
    return tmp_path


def test_what_is_saved_is_read(tmp_path: Path) -> None:
    columns = arrays.divide(np.arange(6, dtype=np.uint8), (3, 2, 1))
    assert [column.tolist() for column in columns.values()] == [[0, 1, 2], [3, 4], [5]]
    content: dict[str, Any] = {f"{split}_number": own for split, own in columns.items()}
    arrays.save(tmp_path, "small", {**content, "words": ["one", "two"]})
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "md5.json",
        "small.npz",
        "words.json",
    ]
    for split, own in columns.items():
        found = arrays.read(tmp_path, "small", split)
        np.testing.assert_array_equal(found["number"], own)
        assert found["number"].dtype == np.uint8
    assert arrays.read_list(tmp_path, "small", "words") == ["one", "two"]


def test_columns_and_lists(doubled: Path) -> None:
    assert set(arrays.read(doubled, "doubled", "test")) == {"number", "double"}
    assert arrays.read_list(doubled, "doubled", "words") == ["one", "two"]


def test_columns_are_shuffled_together(doubled: Path) -> None:
    columns = arrays.read(doubled, "doubled", "train")
    examples = ({"number": columns["number"]}, {"double": columns["double"]})
    batches = arrays.shuffled_batches(examples, 4, seed=1)
    epochs = []
    for number in range(2):
        numbers: list[int] = []
        for inputs, targets in batches.epoch(number):
            np.testing.assert_array_equal(2 * inputs["number"], targets["double"])
            numbers += inputs["number"].numpy().tolist()
        assert len(numbers) == len(set(numbers)) == 8
        epochs.append(numbers)
    assert epochs[0] != epochs[1]
    same = arrays.shuffled_batches(examples, 4, seed=1).epoch(0)
    again = [inputs["number"].numpy() for inputs, _ in same]
    assert np.concatenate(again).tolist() == epochs[0]


def test_not_prepared(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="pictures.npz is missing; run dvc repro prepare@pictures"):
        arrays.load_images(tmp_path, "pictures", "train")
    with pytest.raises(BadInput, match="words.json is missing; run dvc repro prepare@stories"):
        arrays.read_list(tmp_path, "stories", "words")


def test_unknown_split(numbered: Path) -> None:
    with pytest.raises(BadInput, match="unknown split 'tset'; did you mean test"):
        arrays.load_images(numbered, "numbered", "tset")


@pytest.mark.parametrize("checksums", ["", "[]", "{}", "\xff", '{"doubled.npz": 1}', None])
def test_other_checksums(doubled: Path, checksums: str | None) -> None:
    file = doubled / "md5.json"
    file.unlink() if checksums is None else file.write_text(checksums, encoding="latin-1")
    with pytest.raises(BadInput, match=r"doubled.npz is damaged, or of another version"):
        arrays.read(doubled, "doubled", "train")


@pytest.mark.parametrize("name", ["doubled.npz", "words.json"])
def test_what_is_not_what_was_prepared_is_refused(doubled: Path, name: str) -> None:
    """Whatever it is: cut, flipped, or another data set of arrays that fit nothing."""
    whole = (doubled / name).read_bytes()
    generator = np.random.default_rng(1)
    for place in generator.integers(len(whole), size=50):
        flipped = bytes([whole[place] ^ 1 << int(generator.integers(8))])
        for damaged in (whole[:place], whole[:place] + flipped + whole[place + 1 :]):
            (doubled / name).write_bytes(damaged)
            with pytest.raises(BadInput, match=f"{name} is damaged, or of another"):
                if name == "words.json":
                    arrays.read_list(doubled, "doubled", "words")
                else:
                    arrays.read(doubled, "doubled", "train")
