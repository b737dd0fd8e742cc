"""Pictures for style transfer: from files to arrays and back, at any size, with their alpha."""

from pathlib import Path

import numpy as np
from PIL import Image

from generative.core.errors import BadInput, unknown
from generative.datasets.readers import pictures
from generative.style.schema import SMALLEST_SIDE

Array = np.ndarray

# Of a folder of styles, which are in memory at one time: 3 GB.
MOST_PIXELS = 10**9
# ITU-R BT.601, as in JPEG.
LUMINANCE = (0.299, 0.587, 0.114)


def read(file: Path) -> Image.Image:
    """The picture in `file` as 8-bit RGB: upright, alpha laid over white, the first frame.

    Raises `BadInput` if there is none, or if a side is shorter than `SMALLEST_SIDE`.
    """
    if not file.exists():
        raise BadInput(f"the picture {file} is missing")
    try:
        return large_enough(pictures.read(file))
    except pictures.Unusable as reason:
        raise BadInput(f"{file}: {reason}; choose another picture") from None


def large_enough(picture: Image.Image) -> Image.Image:
    """`picture`; raises `Unusable` for a side shorter than `SMALLEST_SIDE`."""
    pictures.check_size(picture, SMALLEST_SIDE, SMALLEST_SIDE)
    return picture


def read_styles(path: Path, blend: dict[str, float]) -> list[tuple[Image.Image, float]]:
    """The picture `path`, or those of the folder `path`, each with its share; prints a line for
    what is no picture there.

    Raises `BadInput` for a share of a picture that is not there.
    """
    if path.is_dir():
        pixels = 0

        def few_enough(picture: Image.Image) -> Image.Image:
            nonlocal pixels
            pixels += picture.width * picture.height
            if pixels > MOST_PIXELS:
                raise BadInput(
                    f"the pictures of {path} have more than {MOST_PIXELS:,} pixels together; make "
                    "them smaller, or leave some out"
                )
            return large_enough(picture)

        usable = pictures.read_usable(path, pictures.files_of(path), few_enough)
        found = {str(file.relative_to(path)): picture for file, picture in usable}
    else:
        found = {path.name: read(path)}
    for name in blend:
        if name not in found:
            raise unknown(f"picture of {path}", name, found)
    return [(picture, blend.get(name, 1.0)) for name, picture in found.items()]


def alpha(file: Path) -> Image.Image | None:
    """The alpha channel of the picture in `file`, grey and upright; None if it has none."""
    with Image.open(file, formats=pictures.FORMATS) as opened:
        if not opened.has_transparency_data:
            return None
        return pictures.upright(opened).convert("RGBA").getchannel("A")


def shrink(picture: Image.Image, longest_side: int) -> Image.Image:
    """`picture` made smaller, if need be, so that no side is longer; never larger."""
    scale = longest_side / max(picture.size)
    if scale >= 1:
        return picture
    width, height = (max(SMALLEST_SIDE, round(side * scale)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def to_array(picture: Image.Image) -> Array:
    """float32 [1, height, width, 3] in [0, 1]."""
    return np.asarray(picture, np.float32)[np.newaxis] / 255


def to_picture(array: Array) -> Image.Image:
    """8-bit RGB of one picture [1, height, width, 3] in [0, 1]."""
    return Image.fromarray(np.rint(np.clip(array[0], 0, 1) * 255).astype(np.uint8))


def resize(array: Array, height: int, width: int) -> Array:
    """A picture [1, h, w, 3] in [0, 1] at another size, float32 [1, height, width, 3]."""
    bands = [Image.fromarray(array[0, ..., band].astype(np.float32)) for band in range(3)]
    size = (width, height)
    resized = [np.asarray(band.resize(size, Image.Resampling.BICUBIC)) for band in bands]
    return np.clip(np.stack(resized, axis=-1), 0, 1)[np.newaxis]


def restore_colours(content: Array, array: Array) -> Array:
    """The luminance of `array` with the chrominance of `content`, both [1, height, width, 3].

    Gatys, Bethge, Hertzmann and Shechtman, 2016, arXiv:1606.05897.
    """
    difference = (array - content) @ np.asarray(LUMINANCE, np.float32)
    return np.clip(content + difference[..., np.newaxis], 0, 1)
