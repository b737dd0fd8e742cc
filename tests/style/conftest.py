"""A small network."""

from pathlib import Path

import keras
import pytest

from generative.style.vgg.network import load
from tests.support.style import write_network


@pytest.fixture(scope="session")
def network_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_network(tmp_path_factory.mktemp("networks") / "vgg16")


@pytest.fixture(scope="session")
def network(network_folder: Path) -> keras.Model:
    return load(network_folder)
