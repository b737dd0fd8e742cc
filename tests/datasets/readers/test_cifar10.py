"""Frogs, out of a small archive of CIFAR-10's binary format."""

import io
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from generative.core.errors import BadInput
from generative.datasets import download
from generative.datasets.readers import cifar10
from generative.datasets.sources.schema import SOURCES
from tests.support import data


def record(label: int, pixels: np.ndarray) -> bytes:
    """One byte, then the reds, the greens and the blues of [32, 32, 3]."""
    return bytes([label]) + pixels.transpose(2, 0, 1).tobytes()


def write_archive(file: Path, batches: dict[str, bytes]) -> None:
    with tarfile.open(file, "w:gz") as archive:
        folder = tarfile.TarInfo("cifar-10-batches-bin")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in {**batches, "batches.meta.txt": b"airplane\nfrog\n"}.items():
            entry = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


@pytest.fixture
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)


def test_fetching_leaves_a_folder_of_frogs(
    pictures: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    archive = mirror / "cifar-10-binary.tar.gz"
    labels = (6, 0, 6, 9, 6)
    records = [record(label, picture) for label, picture in zip(labels, pictures, strict=True)]
    write_archive(
        archive,
        {"data_batch_1.bin": b"".join(records[:4]), "test_batch.bin": records[4]},
    )
    shutil.copytree(SOURCES, tmp_path / "sources")
    data.pin(tmp_path / "sources", mirror)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENERATIVE_MIRROR", str(mirror))
    converters = {"cifar10_frogs": cifar10.extract_frogs}
    download.fetch("frogs", tmp_path / "frogs", converters, tmp_path / "sources")
    found = {file.name: np.asarray(Image.open(file)) for file in (tmp_path / "frogs").iterdir()}
    assert set(found) == {
        "data_batch_1_0000.png",
        "data_batch_1_0001.png",
        "test_batch_0000.png",
    }
    np.testing.assert_array_equal(found["data_batch_1_0001.png"], pictures[2])
    np.testing.assert_array_equal(found["test_batch_0000.png"], pictures[4])


def test_a_batch_of_another_length(tmp_path: Path) -> None:
    write_archive(tmp_path / "a.tar.gz", {"data_batch_1.bin": bytes(3074)})
    with pytest.raises(BadInput, match="data_batch_1.bin: 3,074 bytes are no whole number of rec"):
        cifar10.extract_frogs(tmp_path / "a.tar.gz", tmp_path)


def test_no_frogs(pictures: np.ndarray, tmp_path: Path) -> None:
    write_archive(tmp_path / "a.tar.gz", {"data_batch_1.bin": record(5, pictures[0])})
    with pytest.raises(BadInput, match="holds no frog; delete it and fetch it again"):
        cifar10.extract_frogs(tmp_path / "a.tar.gz", tmp_path)
