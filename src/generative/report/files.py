"""Files of the results, ready to be put in a page: pictures, texts, sliders and md5 sums."""

import base64
import hashlib
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from generative.core.errors import BadInput
from generative.core.folders import read_json

# Of animations in the page, in percent: a quarter of the bytes of the .gif beside it.
ANIMATION_QUALITY = 80
# A picture of more is unreadable beside another.
WIDE_PIXELS = 1000
SLIDERS = "sliders.png"


def existing(folder: Path) -> Path:
    """`folder`; `BadInput` where there is none."""
    if not folder.is_dir():
        raise BadInput(f"{folder} is missing; run dvc repro")
    return folder


def hashes(folders: Iterable[Path]) -> dict[str, str]:
    """The md5 of every file in these folders and in folders below, by its path."""
    files = [f for folder in folders for f in sorted(folder.rglob("*")) if f.is_file()]
    return {str(file): hashlib.md5(file.read_bytes()).hexdigest() for file in files}


def pictures(folder: Path) -> list[dict[str, Any]]:
    """All pictures and texts of a folder but its sliders."""
    kinds = (".png", ".gif", ".txt")
    files = (file for file in sorted(folder.iterdir()) if file.suffix in kinds)
    return [picture(file) for file in files if file.name != SLIDERS]


def picture(file: Path) -> dict[str, Any]:
    """A picture as a data URL, an animation as WebP; a text file as its text."""
    content = file.read_bytes()
    found: dict[str, Any] = {
        "caption": file.stem.replace("_", " "),
        "md5": hashlib.md5(content).hexdigest(),
    }
    if file.suffix == ".txt":
        return {**found, "text": content.decode("utf-8")}
    with Image.open(file) as opened:
        found["wide"] = opened.width > WIDE_PIXELS
        if file.suffix == ".gif":
            animation = BytesIO()
            opened.save(animation, "webp", save_all=True, quality=ANIMATION_QUALITY)
            content = animation.getvalue()
    kind = "png" if file.suffix == ".png" else "webp"
    encoded = base64.b64encode(content).decode()
    return {**found, "source": f"data:image/{kind};base64,{encoded}"}


def sliders(folder: Path) -> list[dict[str, Any]]:
    """The sheet of images that the sliders choose from, with their axes; none where it is not."""
    file = folder / SLIDERS
    if not file.exists():
        return []
    return [{"axes": read_json(file.with_suffix(".json")), **picture(file)}]
