"""Small data of the real formats, and a copy of the project in which the real pipeline runs."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import yaml

from generative.core import params
from generative.pipeline import workspace as scratch
from generative.tracking import mlflow_view as tracking
from tests.support import data

# No test asserts a time: a machine may be busy.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

PROJECT = Path(__file__).parent.parent
TINY = PROJECT / "tests" / "tiny.yaml"
# What a workspace does without: of each kind another is left.
SIBLINGS = re.compile(
    r"\b(acgan|astronaut_hubble|cgan|char_conv|char_transformer|coffee_retina|colour_gan|editions"
    r"|functional|gan_maximum_likelihood|gan_minimax|inception|interactive|lines|passages?|sequential"
    r"|siamese|(evaluate_)?stackedgan|stereo|vae|views)\b"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The story first: it takes as long as all others, which another process runs meanwhile."""
    items.sort(key=lambda item: item.path.name != "test_pipeline.py")


@pytest.fixture(autouse=True)
def project_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("GENERATIVE_TRACKING", raising=False)
    monkeypatch.delenv("GENERATIVE_MIRROR", raising=False)


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
    from generative.style.vgg import network as vgg

    folder = tmp_path_factory.mktemp("networks") / "vgg16"
    data.write_raw_vgg16(folder)
    vgg.convert_pickle(folder / "vgg16.ckpt", folder)
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
        tracking.Store()
    return (folder / "mlflow.db").read_bytes()


@pytest.fixture
def database(tmp_path: Path, migrated: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store of the test's own, which tracking uses."""
    file = tmp_path / "mlruns" / "mlflow.db"
    file.parent.mkdir()
    file.write_bytes(migrated)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{file}")
    return file


def query(database: Path, sql: str) -> list[Any]:
    """The rows that `sql` finds in a store."""
    with sqlite3.connect(database) as connection:
        return connection.execute(sql).fetchall()


class Workspace:
    """A copy of the project in a git and DVC repository of its own, with tiny data and budgets."""

    def __init__(self, folder: Path, mirror: Path) -> None:
        self.folder = folder
        self.mirror = mirror
        self.reads = folder.parent / f"{folder.name}.reads"

    @property
    def environment(self) -> dict[str, str]:
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("DVC_", "MLFLOW_"))}
        path = [PROJECT / "tests" / "recorder", self.folder / "src"]
        return {
            **kept,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            "GENERATIVE_MIRROR": str(self.mirror),
            "RECORD_READS": str(self.reads),
            # Waiting, numpy's threads spin: beside another process of tests they are much slower.
            "OPENBLAS_NUM_THREADS": "1",
        }

    def run(self, *command: str, **variables: str) -> str:
        """Run a command here; its output. Fails the test if the command fails."""
        done = self.attempt(*command, **variables)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def attempt(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command here that may fail."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def repro(self, *targets: str, **variables: str) -> set[str]:
        """`dvc repro`; the stages that ran (not those taken from the run cache)."""
        lines = self.run(sys.executable, "-m", "dvc", "repro", *targets, **variables).splitlines()
        return {line.split("'")[1] for line in lines if line.startswith("Running stage")}

    def set(self, name: str, value: object) -> None:
        """Write one parameter, as a user would."""
        file = self.folder / "params.yaml"
        document = block = params.read_document(file)
        *outer, last = name.split(".")
        for key in outer:
            block = block[key]
        block[last] = value
        file.write_text(yaml.safe_dump(document))

    def hashes(self) -> dict[str, str]:
        """The md5 of every output in dvc.lock."""
        stages = yaml.safe_load((self.folder / "dvc.lock").read_text())["stages"]
        return {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}


def without(node: Any, names: re.Pattern[str]) -> Any:
    """What was read from a YAML file, without every entry that has one of `names` in it."""
    match node:
        case dict():
            return {k: without(v, names) for k, v in node.items() if not names.search(k)}
        case list():
            return [without(v, names) for v in node if not names.search(str(v))]
        case str():
            return names.sub("", node)
    return node


def make_workspace(folder: Path, mirror: Path) -> Workspace:
    scratch.copy(PROJECT, folder)
    shutil.rmtree(folder / ".cache")
    params.use(TINY, folder / "params.yaml")
    for file in (folder / "params.yaml", folder / "dvc.yaml"):
        document = without(yaml.safe_load(file.read_text()), SIBLINGS)
        file.write_text(yaml.safe_dump(document))
    # The pinned hashes are those of the real files; these are pinned just as strictly.
    data.pin(folder / "src" / "generative" / "datasets" / "sources", mirror)
    (folder / ".gitignore").write_text("/data/\n/mlruns/\n/.cache/\n__pycache__/\n")
    workspace = Workspace(folder, mirror)
    identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    workspace.run("git", "init", "--quiet")
    workspace.run(sys.executable, "-m", "dvc", "init", "--quiet")
    workspace.run("git", "add", "--all")
    workspace.run("git", *identity, "commit", "--quiet", "--message", "start")
    return workspace
