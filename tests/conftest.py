"""Fixtures: small data of the real formats, and an empty MLflow store."""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from generative.core import environment  # before TensorFlow

# isort: split
import tensorflow as tf

from generative.core import params
from generative.pipeline import overlay
from generative.tracking.store import Store
from tests.support import data
from tests.support.workspace import PROJECT, TINY

# Two devices, as a machine with two GPUs has; what asks for none takes the first.
with environment.without_noise():
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], 2 * [tf.config.LogicalDeviceConfiguration()]
    )

# No test asserts a time: a machine may be busy.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The story first: it takes as long as all others, which another process runs meanwhile."""
    items.sort(key=lambda item: item.path.name != "test_story.py")


@pytest.fixture(autouse=True, scope="module")
def memory() -> Iterator[None]:
    """Free what a file leaves behind. Its models refer to themselves, which Python finds late; and
    TensorFlow keeps every graph with a custom gradient, for a gradient of it that may be asked for.
    """
    yield
    if "tensorflow" in sys.modules:
        from tensorflow.python.framework.ops import gradient_registry

        for name in list(gradient_registry.list()):
            if name.startswith("CustomGradient-"):
                del gradient_registry._registry[name]
    gc.collect()


@pytest.fixture(autouse=True)
def project_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("GENERATIVE_TRACKING", raising=False)
    monkeypatch.delenv("GENERATIVE_MIRROR", raising=False)


@pytest.fixture
def params_file(tmp_path: Path) -> Path:
    """A copy of params.yaml, to change."""
    copy = tmp_path / "params.yaml"
    copy.write_text(params.PATH.read_text())
    return copy


@pytest.fixture(scope="session")
def tiny_params(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A params.yaml of small trainings, to read."""
    file = tmp_path_factory.mktemp("params") / "params.yaml"
    file.write_text(params.PATH.read_text())
    overlay.use(TINY, file)
    return file


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder with a small file for every input that the pipeline fetches."""
    folder = tmp_path_factory.mktemp("mirror")
    for write in (
        data.write_raw_mnist,
        data.write_raw_photographs,
        data.write_raw_pictures,
        data.write_raw_alexnet,
        data.write_raw_shakespeare,
        data.write_raw_vgg16,
        data.write_raw_styles,
        data.write_raw_views,
    ):
        write(folder)
    return folder


@pytest.fixture(scope="session")
def network_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network for style transfer, as the stage makes it, of small, made-up weights."""
    from generative.style.vgg import convert

    folder = tmp_path_factory.mktemp("networks") / "vgg16"
    data.write_raw_vgg16(folder)
    convert.from_pickle(folder / "vgg16.ckpt", folder)
    return folder


@pytest.fixture(scope="session")
def raw_mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data.write_raw("mnist", tmp_path_factory.mktemp("raw") / "mnist")


@pytest.fixture(scope="session")
def raw_coloured_digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data.write_raw("coloured_digits", tmp_path_factory.mktemp("raw") / "coloured_digits")


@pytest.fixture(scope="session")
def raw_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data.write_raw("pictures", tmp_path_factory.mktemp("raw") / "pictures")


@pytest.fixture(scope="session")
def raw_editions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data.write_raw("lines", tmp_path_factory.mktemp("raw") / "editions")


@pytest.fixture(scope="session")
def raw_views(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data.write_raw("views", tmp_path_factory.mktemp("raw") / "views")


@pytest.fixture(scope="session")
def prepared_mnist(raw_mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data.prepare("mnist", raw_mnist, tmp_path_factory.mktemp("prepared") / "mnist")


@pytest.fixture(scope="session")
def prepared_coloured_digits(
    raw_coloured_digits: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return data.prepare(
        "coloured_digits",
        raw_coloured_digits,
        tmp_path_factory.mktemp("prepared") / "coloured_digits",
    )


@pytest.fixture(scope="session")
def prepared_pictures(raw_pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Crops of 16 x 24."""
    return data.prepare("pictures", raw_pictures, tmp_path_factory.mktemp("prepared") / "pictures")


@pytest.fixture(scope="session")
def prepared_shakespeare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """7,200 characters to train on, 400 each to validate and test."""
    return data.prepare(
        "shakespeare",
        data.write_raw("shakespeare", tmp_path_factory.mktemp("raw") / "shakespeare"),
        tmp_path_factory.mktemp("prepared") / "shakespeare",
    )


@pytest.fixture(scope="session")
def prepared_stories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data.prepare(
        "stories", data.STORY_WORDS, tmp_path_factory.mktemp("prepared") / "stories"
    )


@pytest.fixture(scope="session")
def prepared_passages(raw_editions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data.prepare("passages", raw_editions, tmp_path_factory.mktemp("prepared") / "passages")


@pytest.fixture(scope="session")
def prepared_lines(raw_editions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data.prepare("lines", raw_editions, tmp_path_factory.mktemp("prepared") / "lines")


@pytest.fixture(scope="session")
def prepared_views(raw_views: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data.prepare("views", raw_views, tmp_path_factory.mktemp("prepared") / "views")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An initialised SQLite store: making one takes seconds."""
    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
        Store()
    return (folder / "mlflow.db").read_bytes()


@pytest.fixture
def database(tmp_path: Path, migrated: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store of the test's own, which tracking uses."""
    file = tmp_path / "mlruns" / "mlflow.db"
    file.parent.mkdir()
    file.write_bytes(migrated)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{file}")
    return file
