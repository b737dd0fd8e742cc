"""Pictures of any kind in a folder, read as 8-bit RGB; what cannot be used is skipped and named."""

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import ExifTags, Image, PngImagePlugin, UnidentifiedImageError

from generative.core import inputs
from generative.core.errors import BadInput

# Formats of pixels only: Pillow would run a program for others, such as EPS.
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TGA", "TIFF", "WEBP")
MOST_REASONS = 10
MOST_BYTES = 2**29
# What undoes each orientation of Exif.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Result = TypeVar("Result")


class Unusable(Exception):
    """A file that is skipped. The message is the reason."""


def files_of(folder: Path) -> list[Path]:
    """Every file of `folder` and of the folders in it, sorted by path; prints a line for what is
    left out.

    Raises `BadInput` if there is no such folder, or no file in it.
    """
    files = inputs.files_in(folder)
    if not files:
        raise BadInput(f"the folder of pictures {folder} is empty; put pictures into it")
    return files


def read_usable(
    folder: Path, files: list[Path], convert: Callable[[Image.Image], Result]
) -> list[tuple[Path, Result]]:
    """`convert(picture)` of each picture among `files`, which are those of `folder`.

    Prints a line for each file that is skipped, because it cannot be read or `convert` raises
    `Unusable`. Raises `BadInput` with the reasons if none is left.
    """
    usable: list[tuple[Path, Result]] = []
    reasons = []
    for file in files:
        try:
            usable.append((file, convert(read(file))))
        except Unusable as reason:
            reasons.append(f"{file}: {reason}")
            print(f"skipped {reasons[-1]}")
    if not usable:
        first = reasons[:MOST_REASONS]
        if len(reasons) > len(first):
            first.append(f"and {len(reasons) - len(first):,} more")
        listed = "\n       ".join(first)
        raise BadInput(f"no picture in {folder} can be used:\n       {listed}")
    plural = "" if len(usable) == 1 else "s"
    print(f"read {len(usable):,} picture{plural}, skipped {len(reasons):,}")
    return usable


def read(file: Path) -> Image.Image:
    """The picture in `file` as 8-bit RGB: upright, alpha laid over white, the first frame.

    Colour profiles are not applied. Raises `Unusable` for what is no picture, is damaged, or is
    larger than Pillow's limit, which is then not decoded.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Pillow warns above its limit and refuses above twice that.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            content = io.BytesIO(inputs.content(file, MOST_BYTES))
            with Image.open(content, formats=FORMATS) as opened:
                return to_rgb(upright(opened))
        except Unusable:
            raise
        except BadInput as error:
            raise Unusable(str(error).removeprefix(f"{file} ")) from None
        except UnidentifiedImageError:
            raise Unusable("not a picture of a known format") from None
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            limit = Image.MAX_IMAGE_PIXELS
            raise Unusable(f"too large to be decoded safely, more than {limit:,} pixels") from None
        except Exception as error:  # damaged bytes make decoders raise almost anything
            raise Unusable(f"cannot be read, {str(error) or type(error).__name__}") from None


def upright(picture: Image.Image) -> Image.Image:
    """`picture` as its camera was held. What else a camera writes does not matter, however broken:
    `ImageOps.exif_transpose` writes all of it again."""
    picture.load()  # an error of the pixels is none of the metadata
    try:
        orientation = picture.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # damaged, as any part of a file may be
        return picture
    turn = TURNS.get(orientation) if isinstance(orientation, int) else None
    return picture if turn is None else picture.transpose(turn)


def left_out_if_long(read: Callable[..., bytes]) -> Callable[..., bytes]:
    """`read`, of a part of a PNG that is no pixels, without what Pillow refuses it for."""

    def part(stream: Any, position: int, length: int) -> bytes:
        try:
            return read(stream, position, length)
        except ValueError:
            stream.fp.seek(position)
            return bytes(stream.fp.read(length))  # of which Pillow checks the sum

    return part


# For a text or a colour profile that unpacks to more than 1 MiB Pillow refuses the picture.
for name in ("chunk_tEXt", "chunk_zTXt", "chunk_iTXt", "chunk_iCCP"):
    read_part = getattr(PngImagePlugin.PngStream, name)
    setattr(PngImagePlugin.PngStream, name, left_out_if_long(read_part))


def to_rgb(picture: Image.Image) -> Image.Image:
    """`picture` in 8-bit RGB. 16-bit grey is scaled; alpha is laid over white.

    Raises `Unusable` where the range of the pixels is unknown.
    """
    if picture.mode.startswith("I"):
        levels = np.asarray(picture)
        if levels.min() < 0 or levels.max() > 65535:
            raise Unusable("32-bit pixels beyond 0 to 65,535; save it with 8 or 16 bits a channel")
        return Image.fromarray(np.rint(levels / 257).astype(np.uint8)).convert("RGB")
    if picture.mode == "F":
        raise Unusable("float pixels, of unknown range; save it with 8 or 16 bits a channel")
    if picture.has_transparency_data:
        colours = picture.convert("RGBA")
        white = Image.new("RGBA", colours.size, "white")
        return Image.alpha_composite(white, colours).convert("RGB")
    return picture.convert("RGB")


def check_size(picture: Image.Image, height: int, width: int) -> None:
    """Raise `Unusable` if `picture` is smaller than height x width."""
    if picture.height < height or picture.width < width:
        raise Unusable(
            f"{picture.height} x {picture.width} pixels, smaller than {height} x {width}"
        )
