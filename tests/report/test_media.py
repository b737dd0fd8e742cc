import base64
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from generative.report import media


def decoded(picture: dict[str, Any]) -> np.ndarray:
    head, _, content = picture["source"].partition(";base64,")
    assert head == "data:image/webp"
    return np.asarray(Image.open(BytesIO(base64.b64decode(content))))


def noise(size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2, (size, size), np.uint8) * 255


def test_an_enlarged_picture_is_stored_at_its_own_size(tmp_path: Path) -> None:
    small = noise(20)
    Image.fromarray(small.repeat(3, axis=0).repeat(3, axis=1)).save(tmp_path / "samples.png")
    found = media.picture(tmp_path / "samples.png")
    assert (found["width"], found["height"], found["pixelated"]) == (60, 60, True)
    np.testing.assert_array_equal(decoded(found)[..., 0], small)


def test_a_picture_that_is_not_enlarged_stays(tmp_path: Path) -> None:
    Image.fromarray(noise(21)).save(tmp_path / "samples.png")
    found = media.picture(tmp_path / "samples.png")
    assert decoded(found).shape == (21, 21, 3)
    assert not found["pixelated"]


@pytest.mark.parametrize("count", [2, 5, 60])
def test_an_animation_becomes_a_sheet_of_its_frames(count: int, tmp_path: Path) -> None:
    frames = [Image.new("L", (16, 12), 4 * i) for i in range(count)]
    frames[0].save(tmp_path / "t.gif", save_all=True, append_images=frames[1:], duration=100)
    found = media.picture(tmp_path / "t.gif")
    assert found["frames"][0] == 0
    assert found["frames"][-1] == count - 1
    assert len(found["frames"]) == min(count, media.MOST_FRAMES)
    sheet = decoded(found)
    high, wide = sheet.shape[0] // found["rows"], sheet.shape[1] // found["columns"]
    for place, frame in enumerate(found["frames"]):
        row, column = divmod(place, found["columns"])
        grey = sheet[row * high + high // 2, column * wide + wide // 2, 0]
        assert abs(int(grey) - 4 * frame) <= 2
