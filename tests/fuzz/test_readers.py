"""Every reader of a user's file, given thousands that are almost right."""

import io
import json
import math
import pickle
import random
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from generative.core import inputs, params, saving
from generative.core.folders import write_checksums
from generative.core.runtime import Runtime
from generative.datasets import views
from generative.datasets.base import arrays
from generative.datasets.readers import digits, pictures, stories, texts
from generative.datasets.readers.pickled import read_arrays
from generative.pipeline.check import check_all
from generative.style.schema import Style
from generative.training.schema import Train
from tests.support.data import write_raw_alexnet
from tests.support.fuzz import COUNTS, HOSTILE, disturbed, mutated, survives

pytestmark = pytest.mark.parametrize("count", COUNTS)


def test_parameters(count: int, params_file: Path) -> None:
    document = params.read_document(params_file)
    generator = random.Random(1)
    keys: list[tuple[str, type[params.Schema]]] = [("runtime", Runtime)]
    keys += [(f"train.{key}", Train) for key in document["train"]]
    keys += [(f"style.{key}", Style) for key in document["style"]]
    for _ in range(count):
        name, schema = generator.choice(keys)
        top, _, key = name.partition(".")
        shared = params.defaults_of(name, document)
        kept = {top: {key: document[top][key]} if key else document[top]}
        if shared:
            family = shared.partition(".")[2]
            kept["defaults"] = {family: document["defaults"][family]}
        changed = disturbed(kept, generator)
        params_file.write_text(yaml.safe_dump(changed, allow_unicode=True))
        survives(partial(read_soundly, name, schema, params_file), changed)


def test_all_parameters(count: int, params_file: Path) -> None:
    """As `generative params check` reads them, which knows what belongs together."""
    document = params.read_document(params_file)
    generator = random.Random(10)
    for _ in range(count // 4):
        changed = disturbed(document, generator)
        if generator.random() < 0.5:
            changed = {**document, generator.choice(list(document)): generator.choice(HOSTILE)}
        params_file.write_text(yaml.safe_dump(changed, allow_unicode=True))
        survives(partial(check_all, params_file), changed)


def read_soundly(name: str, schema: type[params.Schema], file: Path) -> None:
    sound(params.read(name, schema, file).model_dump())


def sound(value: Any) -> None:
    """What was taken is what numbers can be."""
    if isinstance(value, dict | list):
        assert all(isinstance(key, str) for key in value) or isinstance(value, list)
        for inner in value.values() if isinstance(value, dict) else value:
            sound(inner)
    elif isinstance(value, int | float):
        assert math.isfinite(value)
        assert abs(value) < 2**63


# Values as they may stand in a file.
WRITTEN = [
    "[" * 20_000,
    "[" * 30 + "]" * 30,
    "[" * 3000 + "]" * 3000,
    "{a: " * 1000,
    ".inf",
    ".NaN",
    f"1{'0' * 30}",
    f"0x{'f' * 5000}",
    f"1{'0' * 5000}",
    "1e400",
    "2001-02-30",
    "&a [*a]",
    "[&a [1, 1], *a, *a, {<<: *a}]",
    "!!python/object/apply:os.getcwd []",
    "!!binary aGk=",
    "!!set {a}",
    "{1: 2, ~: 3, [a]: 4}",
    "'",
    "|",
    "%",
    "\t",
    "\u2028",
]


def test_yaml(count: int, params_file: Path) -> None:
    whole, generator = params_file.read_bytes(), random.Random(2)
    lines = [line for line in whole.splitlines(keepends=True) if b": " in line]
    for _ in range(count):
        start = generator.randrange(len(whole))
        changed = mutated(whole[start : start + 2000], generator)
        if generator.random() < 0.5:
            start = generator.randrange(len(lines))
            name = lines[start].partition(b": ")[0]
            value = generator.choice(WRITTEN).encode()
            changed = name + b": " + value + b"\n" + b"".join(lines[start + 1 : start + 10])
        params_file.write_bytes(changed)
        survives(lambda: sound(inputs.yaml(params_file)), changed)


def test_stories(count: int, tmp_path: Path) -> None:
    document = inputs.yaml(Path(params.read_document()["prepare"]["stories"]["raw"]))
    generator, file = random.Random(3), tmp_path / "words.yaml"
    for _ in range(count):
        changed = disturbed(document, generator)
        file.write_text(yaml.safe_dump(changed, allow_unicode=True))

        def read() -> None:
            words = stories.read(file)
            stories.generate(words, generator.choice((1, 2)), 6, generator)

        survives(read, changed)


def test_idx(count: int, tmp_path: Path) -> None:
    whole = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4]) + bytes(24)
    generator, file = random.Random(4), tmp_path / "idx"
    for _ in range(count):
        changed = mutated(whole, generator)
        file.write_bytes(changed)
        survives(lambda: digits.read_idx(file, 3), changed)


def npz(**content: Any) -> bytes:
    written = io.BytesIO()
    np.savez_compressed(written, allow_pickle=True, **content)
    return written.getvalue()


def test_disparities(count: int, raw_views: Path, tmp_path: Path) -> None:
    raw = Path(shutil.copytree(raw_views, tmp_path / "views"))  # which other tests use
    whole = (raw / views.DISPARITY).read_bytes()
    odd = [
        npz(a=value)
        for value in (
            np.array([None, {}], object),
            np.zeros((0, 3)),
            np.zeros((70, 100), complex),
            np.full((70, 100), "a"),
            np.full((70, 100), np.nan),
            np.full((70, 100), 1e30),
            np.zeros((70, 100), "datetime64[s]"),
            np.zeros(3, [("x", "f4")]),
        )
    ]
    generator = random.Random(5)
    for number in range(count):
        changed = odd[number] if number < len(odd) else mutated(whole, generator)
        (raw / views.DISPARITY).write_bytes(changed)
        survives(lambda: prepare_views(raw), changed)


def prepare_views(raw: Path) -> None:
    counts = {"train_count": 4, "validation_count": 2, "test_count": 2}
    views.prepare(raw, side=8, band_rows=12, shift_pixels=1, seed=1, **counts)


def test_prepared_data(count: int, prepared_mnist: Path, tmp_path: Path) -> None:
    whole, generator = (prepared_mnist / "mnist.npz").read_bytes(), random.Random(6)
    (tmp_path / "md5.json").write_bytes((prepared_mnist / "md5.json").read_bytes())
    for _ in range(count):
        changed = mutated(whole, generator)
        (tmp_path / "mnist.npz").write_bytes(changed)
        taken = survives(lambda: arrays.read(tmp_path, "mnist", "train"), changed)
        assert taken == (changed == whole)


def test_model_folders(count: int, tmp_path: Path) -> None:
    """With checksums that fit: somebody made them, on purpose."""
    from generative.classifiers.sequential import Sequential

    arguments = {**params.read("train.sequential", Train).model, "width": 4, "units": 8}
    described = saving.Description("classifiers/sequential", arguments, "mnist", {})
    saving.save(Sequential(**arguments), described, tmp_path)
    document, generator = json.loads((tmp_path / "model.json").read_text()), random.Random(7)
    for _ in range(count):
        changed = disturbed(document, generator)
        (tmp_path / "model.json").write_text(json.dumps(changed))
        (tmp_path / "md5.json").unlink()
        write_checksums(tmp_path)
        survives(lambda: saving.load(tmp_path), changed)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "PPM", "TGA"])
def test_pictures(count: int, kind: str, tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(256, size=(24, 32, 3), dtype=np.uint8)
    written, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    options = {"exif": exif} if kind in ("PNG", "JPEG", "TIFF", "WEBP") else {}
    Image.fromarray(pixels).save(written, kind, **options)
    generator, file = random.Random(kind), tmp_path / "picture"
    for _ in range(count):
        changed = mutated(written.getvalue(), generator)
        file.write_bytes(changed)
        survives(lambda: pictures.read(file), changed, pictures.Unusable)


def test_texts(count: int, tmp_path: Path) -> None:
    whole, generator = "\ufeffTo be, 或者\r\nnot to be\n".encode() * 9, random.Random(8)
    for _ in range(count):
        changed = mutated(whole, generator)
        (tmp_path / "text.txt").write_bytes(changed)
        survives(lambda: texts.read(tmp_path), changed)


# A place far away, much of nothing, what contains itself, what would run.
OPCODES = [
    b"r\xff\xff\xff\x7f",
    b"p999999999\n",
    b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"B\xff\xff\xff\x7f",
    b"}0" * 200_000,
    b"(" * 200_000,
    b"}q\x63h\x63h\x63\x86",
    b"cos\nsystem\n(S'true'\ntR",
]


def test_pickles(count: int, tmp_path: Path) -> None:
    write_raw_alexnet(tmp_path)
    file, generator = tmp_path / "alexnet.ckpt", random.Random(9)
    tree = pickle.loads(file.read_bytes())
    small = {"a": tree["AlexNet_0"]["Conv_0"]["bias"], "b": {"c": np.ones(3, np.float32)}}
    written = [pickle.dumps(small, protocol) for protocol in range(5)]
    # numpy 2 names its modules otherwise; the pinned files are of numpy 1.
    written = [w.replace(b"numpy._core.multiarray", b"numpy.core.multiarray") for w in written[:4]]
    for _ in range(count):
        changed = mutated(generator.choice(written), generator)
        if generator.random() < 0.2:
            start = generator.randrange(len(changed) + 1)
            changed = changed[:start] + generator.choice(OPCODES) + changed[start:]
        file.write_bytes(changed)
        survives(lambda: read_arrays(file), changed)
