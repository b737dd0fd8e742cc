"""Inputs that were once refused, mangled or choked on. Each stands for a kind."""

import gzip
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from typer.testing import CliRunner

from generative.cli.main import app
from generative.core import inputs
from generative.core.errors import BadInput
from generative.datasets import mnist, shakespeare, stories
from generative.datasets.readers import digits, pictures, texts
from generative.datasets.readers.pickled import read_arrays
from generative.style.pictures import read_styles
from generative.text.render import line_of

CASES = Path(__file__).parent / "cases"


def test_a_picture_with_broken_words_of_the_camera() -> None:
    assert pictures.read(CASES / "exif6_bad_rational.jpg").size == (90, 120)


def test_a_picture_with_a_long_text() -> None:
    assert pictures.read(CASES / "png_big_text_chunk.png").size == (120, 90)


@pytest.mark.parametrize("orientation", range(10))
def test_every_orientation(tmp_path: Path, orientation: int) -> None:
    pixels = np.random.default_rng(1).integers(256, size=(5, 7, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as opened:
        expected = np.asarray(ImageOps.exif_transpose(opened))
    np.testing.assert_array_equal(np.asarray(pictures.read(tmp_path / "a.png")), expected)


def test_what_systems_leave_among_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(read_styles(CASES / "styles_with_DS_Store", {})) == 1
    assert ".DS_Store" not in capsys.readouterr().out


def test_what_is_no_picture_is_skipped_with_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(CASES / "styles_with_brackets", tmp_path / "styles")
    (tmp_path / "styles" / "notes.txt").write_text("of whom they are")
    found = read_styles(tmp_path / "styles", {"a (1).jpg": 2.0})
    assert sorted(share for _, share in found) == [1.0, 2.0]
    assert "notes.txt: not a picture of a known format" in capsys.readouterr().out


def test_texts_of_any_system() -> None:
    assert texts.read(CASES / "text_from_mac").strip()
    assert texts.read(CASES / "text_upper_suffix").strip()


def test_a_text_of_other_characters_has_a_prompt() -> None:
    """Of which none is outside its vocabulary."""
    file = CASES / "zh_utf8_350_characters.txt"
    shares = {"validation_share": 0.05, "test_share": 0.05}
    prepared = shakespeare.prepare(file, case="lower", **shares)
    vocabulary = list(prepared["vocabulary"])
    assert len(vocabulary) > 300
    prompt = line_of("".join(vocabulary[i - 1] for i in np.asarray(prepared["test_ids"])))
    assert prompt.strip()
    assert set(prompt) <= set(vocabulary)


def test_a_text_that_is_no_utf8() -> None:
    with pytest.raises(BadInput, match=r"zh_gb18030.txt: line 1, column \d+: .* save the file as"):
        texts.read(CASES / "zh_gb18030.txt")


@pytest.mark.parametrize("name", ["prompt_crlf.txt", "prompt_bom.txt"])
def test_prompts_are_read_as_texts_are(name: str) -> None:
    prompt = inputs.decoded((CASES / name).read_bytes(), "--prompt")
    assert not {"\r", "\ufeff"} & set(prompt)
    assert prompt


@pytest.mark.parametrize(("dots", "packed"), [(True, False), (False, True), (True, True)])
def test_digits_as_archives_have_them(
    raw_mnist: Path, tmp_path: Path, dots: bool, packed: bool
) -> None:
    """With a dot in their names, packed, packed without saying so."""
    counts = {"train_count": 100, "validation_count": 10, "test_count": 10}
    expected = mnist.prepare(raw_mnist, **counts)
    for file in raw_mnist.iterdir():
        name = file.name.replace("-idx", ".idx") if dots else file.name
        content = gzip.compress(file.read_bytes()) if packed else file.read_bytes()
        (tmp_path / f"{name}{'.gz' if packed and dots else ''}").write_bytes(content)
    for name, array in mnist.prepare(tmp_path, **counts).items():
        np.testing.assert_array_equal(array, expected[name])


@pytest.mark.parametrize("damage", [lambda b: b[:-9], lambda b: b[:50] + b"?" + b[51:]])
def test_packed_digits_that_are_damaged(raw_mnist: Path, tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    name = "train-images-idx3-ubyte"
    file = tmp_path / name
    file.write_bytes(damage(gzip.compress((raw_mnist / name).read_bytes())))
    with pytest.raises(BadInput, match="is packed by gzip and damaged"):
        digits.read_idx(file, 3)


def test_sizes_beyond_all_memory() -> None:
    with pytest.raises(BadInput, match="16 bytes, but its header says .* which makes"):
        digits.read_idx(CASES / "idx_ValueError_x-idx3", 3)


@pytest.mark.parametrize("name", ["stories_300_people.yaml", "stories_400_places.yaml"])
def test_more_words_than_a_byte_has(name: str) -> None:
    options = {"sentences": 6, "train_count": 800, "validation_count": 100, "test_count": 100}
    prepared = stories.prepare(CASES / name, two_fact_share=0.5, seed=1, **options)
    words = list(prepared["words"])
    ids = np.asarray(prepared["train_story"])
    assert len(words) > 255
    assert ids.max() > 255
    assert ids.max() <= len(words)


def test_parameters_in_another_encoding() -> None:
    with pytest.raises(BadInput, match=r"gbk.yaml: line 1, column \d+: .* save the file as UTF-8"):
        inputs.yaml(CASES / "params_head_in_gbk.yaml")


@pytest.mark.parametrize("arguments", ["publish", "ui", "register cvae"])
def test_stages_of_the_users_own_in_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: str
) -> None:
    own = (CASES / "dvc_lock_own_stages.yaml").read_text()
    (tmp_path / "dvc.lock").write_text(f"schema: '2.0'\nstages:\n{own}")
    (tmp_path / "params.yaml").write_text("profile: test\ntrain: {summary: {}}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.setenv("MLFLOW_BACKEND_STORE_URI", "")
    monkeypatch.setattr(os, "execv", lambda *_: None)
    done = CliRunner().invoke(app, arguments.split())
    assert done.exception is None or isinstance(done.exception, BadInput)


@pytest.mark.parametrize("file", sorted(CASES.glob("pickle_*")), ids=lambda file: file.stem)
def test_pickles_without_end(file: Path) -> None:
    with pytest.raises(BadInput) as refused:
        read_arrays(file)
    assert str(file) in str(refused.value)
    assert "\n" not in str(refused.value)
