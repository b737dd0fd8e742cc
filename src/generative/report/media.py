"""Pictures for the page: small data URLs of what the stages drew, and sheets of frames in the place
of animations."""

import base64
import hashlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageSequence

from generative.core.folders import read_json

# Of photographs and noise, in percent; what has flat colours is stored without loss.
QUALITY = 60
# Lossy only where it saves that much: it blurs lines and letters.
SAVES = 0.6
MOST_FRAMES = 12
# Of grids of small images, a quarter of each frame says as much: pixels before they are enlarged.
LARGE_FRAME = 250
SLIDERS = "sliders.png"
# Pixels along the longer side, before they are enlarged, beyond which a picture is made smaller.
LONGEST_SIDE = 1600

Picture = dict[str, Any]


def encoded(image: Image.Image) -> str:
    """A data URL of `image` as WebP, with or without loss, whichever is small enough."""
    image = image.convert("RGB")
    kept, lossy = BytesIO(), BytesIO()
    image.save(kept, "webp", lossless=True, method=6)
    image.save(lossy, "webp", quality=QUALITY, method=6)
    small = len(lossy.getvalue()) < SAVES * len(kept.getvalue())
    content = (lossy if small else kept).getvalue()
    return f"data:image/webp;base64,{base64.b64encode(content).decode()}"


def halved(image: Image.Image) -> tuple[Image.Image, int]:
    """`image` with one pixel for each block of equal ones, of 4, 3 or 2 pixels a side, and that
    side: grids of small images are drawn enlarged."""
    pixels = np.asarray(image.convert("RGB"))
    for side in (4, 3, 2):
        height, width = (n // side * side for n in pixels.shape[:2])
        if (height, width) != pixels.shape[:2] or not height or not width:
            continue
        small = pixels[::side, ::side]
        if np.array_equal(small.repeat(side, axis=0).repeat(side, axis=1), pixels):
            return Image.fromarray(small), side
    return image, 1


def picture(file: Path) -> Picture:
    """A picture file: its name, md5, data URL and size on the page in pixels; `pixelated` where
    each pixel is enlarged. Of an animation, a sheet of frames, too."""
    content = file.read_bytes()
    found: Picture = {"name": file.stem, "md5": hashlib.md5(content).hexdigest()}
    with Image.open(BytesIO(content)) as opened:
        if getattr(opened, "n_frames", 1) > 1:
            frames = [frame.convert("RGB") for frame in ImageSequence.Iterator(opened)]
            return {**found, **sheet(frames)}
        small, side = halved(opened)
        small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        return {
            **found,
            "source": encoded(small),
            "width": side * small.width,
            "height": side * small.height,
            "pixelated": side > 1,
        }


def sheet(frames: Sequence[Image.Image]) -> Picture:
    """Frames side by side, evenly chosen, the first and the last among them; of large ones that are
    grids of small images the upper left."""
    count = min(MOST_FRAMES, len(frames))
    chosen = [round(i * (len(frames) - 1) / max(1, count - 1)) for i in range(count)]
    small = [halved(frames[i]) for i in chosen]
    side = min(side for _, side in small)
    shown = [
        image if found == side else frames[i]
        for i, (image, found) in zip(chosen, small, strict=True)
    ]
    shown = [quarter(image) if side > 1 else image for image in shown]
    width, height = shown[0].size
    columns = int(np.ceil(np.sqrt(count)))
    canvas = Image.new("RGB", (columns * width, -(-count // columns) * height))
    for place, frame in enumerate(shown):
        canvas.paste(frame, (place % columns * width, place // columns * height))
    return {
        "source": encoded(canvas),
        "width": width * side,
        "height": height * side,
        "pixelated": side > 1,
        "frames": chosen,
        "columns": columns,
        "rows": -(-count // columns),
    }


def quarter(frame: Image.Image) -> Image.Image:
    """The upper left of a large frame."""
    if min(frame.size) < LARGE_FRAME:
        return frame
    return frame.crop((0, 0, -(-frame.width // 2), -(-frame.height // 2)))


def sliders(folder: Path) -> Picture | None:
    """The sheet of images that sliders choose from, with their axes; None where there is none."""
    file = folder / SLIDERS
    if not file.exists():
        return None
    axes = read_json(file.with_suffix(".json"))
    with Image.open(file) as opened:
        columns = len(axes[-1]["values"])
        rows = int(np.prod([len(axis["values"]) for axis in axes[:-1]]))
        size = {"width": opened.width // columns, "height": opened.height // rows}
        return {"source": encoded(opened), "axes": axes, "columns": columns, "rows": rows, **size}


def hashes(folders: Sequence[Path]) -> dict[str, str]:
    """The md5 of every file in these folders and in folders below, by its path."""
    files = [f for folder in folders for f in sorted(folder.rglob("*")) if f.is_file()]
    return {str(file): hashlib.md5(file.read_bytes()).hexdigest() for file in files}
