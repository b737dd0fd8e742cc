from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from generative.core.errors import BadInput
from generative.style import pictures
from tests.support.style import waves

WAVES = waves(40, 50, seed=1)


def saved(file: Path, picture: Image.Image, **options: object) -> Path:
    picture.save(file, **options)  # type: ignore[arg-type]
    return file


def test_any_kind_of_picture_becomes_red_green_and_blue(tmp_path: Path) -> None:
    grey16 = Image.fromarray(np.asarray(WAVES.convert("L")).astype(np.uint16) * 257)
    clear = WAVES.copy()
    clear.putalpha(Image.new("L", WAVES.size, 255))
    frames = [WAVES.quantize(), waves(40, 50, seed=2).quantize()]
    files = {
        "cmyk": saved(tmp_path / "cmyk.tif", WAVES.convert("CMYK")),
        "16-bit": saved(tmp_path / "16.png", grey16),
        "transparent": saved(tmp_path / "clear.png", clear),
        "animated": saved(
            tmp_path / "animation.gif", frames[0], save_all=True, append_images=[frames[1]]
        ),
        "palette": saved(tmp_path / "palette.png", WAVES.quantize()),
        "grey": saved(tmp_path / "grey.png", WAVES.convert("L")),
    }
    for kind, file in files.items():
        read = pictures.read(file)
        assert (read.mode, read.size) == ("RGB", (50, 40)), kind
        expected = WAVES.convert("L").convert("RGB") if kind in ("16-bit", "grey") else WAVES
        difference = np.abs(np.asarray(read, float) - np.asarray(expected, float)).mean()
        assert difference < (12 if kind in ("animated", "palette") else 2), kind


def test_a_picture_is_turned_upright_with_its_alpha(tmp_path: Path) -> None:
    clear = WAVES.copy()
    opaque = Image.fromarray(np.tile(np.linspace(0, 255, 50).astype(np.uint8), (40, 1)))
    clear.putalpha(opaque)
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    file = saved(tmp_path / "turned.png", clear, exif=exif)
    assert pictures.read(file).size == (40, 50)
    alpha = pictures.alpha(file)
    assert alpha is not None
    np.testing.assert_array_equal(np.asarray(alpha), np.rot90(np.asarray(opaque), -1))
    assert pictures.alpha(saved(tmp_path / "opaque.png", WAVES)) is None


def test_a_file_that_is_no_picture_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text.png").write_text("no picture")
    whole = saved(tmp_path / "whole.png", WAVES)
    (tmp_path / "half.png").write_bytes(whole.read_bytes()[:200])
    saved(tmp_path / "tiny.png", WAVES.resize((31, 100)))
    saved(tmp_path / "float.tif", Image.fromarray(np.ones((40, 40), np.float32)))
    messages = {
        "none.png": "none.png is missing",
        "text.png": "text.png: not a picture of a known format; choose another",
        "half.png": "half.png: cannot be read, .*; choose another",
        "tiny.png": "tiny.png: 100 x 31 pixels, smaller than 32 x 32; choose another",
        "float.tif": "float.tif: float pixels, .* choose another",
        ".": "is a folder",
    }
    for name, message in messages.items():
        with pytest.raises(BadInput, match=message) as refused:
            pictures.read(tmp_path / name)
        assert "\n" not in str(refused.value)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(BadInput, match="whole.png: too large to be decoded safely"):
        pictures.read(whole)


def test_a_folder_of_styles_is_blended(tmp_path: Path) -> None:
    for seed, name in enumerate(("one.png", "two.png")):
        saved(tmp_path / name, waves(40, 40, seed))
    found = pictures.read_styles(tmp_path, {"two.png": 3.0})
    assert [share for _, share in found] == [1.0, 3.0]
    assert [share for _, share in pictures.read_styles(tmp_path / "one.png", {})] == [1.0]
    with pytest.raises(BadInput, match="'tow.png'; did you mean two.png"):
        pictures.read_styles(tmp_path, {"tow.png": 1.0})


def test_no_picture_is_enlarged_and_no_side_is_too_short() -> None:
    assert pictures.shrink(WAVES, 100).size == (50, 40)
    assert pictures.shrink(WAVES, 45).size == (45, 36)
    assert pictures.shrink(waves(40, 400, seed=1), 100).size == (100, 32)


def test_arrays_and_pictures_are_the_same() -> None:
    array = pictures.to_array(WAVES)
    assert array.shape == (1, 40, 50, 3)
    assert array.dtype == np.float32
    assert 0 <= array.min() < array.max() <= 1
    assert pictures.to_picture(array).tobytes() == WAVES.tobytes()
    np.testing.assert_allclose(pictures.resize(array, 40, 50), array, atol=1e-6)
    larger = pictures.resize(array, 80, 100)
    assert larger.shape == (1, 80, 100, 3)
    assert larger.dtype == np.float32
    assert larger.mean() == pytest.approx(array.mean(), abs=0.01)
