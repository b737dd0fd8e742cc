"""From a content and styles to a picture, coarse to fine.

Gatys, Ecker, Bethge, Hertzmann and Shechtman, 2017, arXiv:1611.07865, show that what is begun in a
small picture comes out better, and sooner, in a large one.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from generative.blocks.style import Style
from generative.errors import BadInput
from generative.style import pictures
from generative.style.journal import Journal
from generative.style.objective import Objective
from generative.style.optimizers import OPTIMIZERS, Spent

Array = np.ndarray
Row = dict[str, float]
# Called after each evaluation: its row of the history and, every so often, the best picture.
Watch = Callable[[Row, Array | None], object]


@dataclass
class Course:
    """What a run came to, and how.

    start, picture: float32 [1, height, width, 3] in [0, 1]: what the last scale would have begun
    with had it been the only one, and the best that was evaluated there.
    history: a row for each evaluation. frames: the best so far, every so often, of any size.
    """

    start: Array
    picture: Array
    history: list[Row] = field(default_factory=list)
    frames: list[Array] = field(default_factory=list)
    interrupted: bool = False
    replayed: int = 0


def run(
    network: keras.Model,
    content: Image.Image,
    styles: Sequence[tuple[Image.Image, float]],
    block: Style,
    watch: Watch = lambda row, picture: None,
    scratch: Path | None = None,
) -> Course:
    """Make the picture. With `scratch`, a folder, a run that was killed goes on from there.

    Ctrl-C ends it early; the best picture so far is the result then. Raises `BadInput` for content
    and style that are the same picture.
    """
    for style, _ in styles:
        if style.size == content.size and style.tobytes() == content.tobytes():
            raise BadInput("content and style are the same picture; choose another style")
    course = Course(start=np.empty(0), picture=np.empty(0))
    for number, scale in enumerate(block.scales):
        target = pictures.to_array(pictures.fitted(content, scale.longest_side))
        course.start = beginning(target, block)
        if number and not course.interrupted:
            begin = pictures.resized(course.picture, *target.shape[1:3])
        elif course.interrupted:
            course.picture = pictures.resized(course.picture, *target.shape[1:3])
            continue
        else:
            begin = course.start
        textures = [
            (pictures.to_array(pictures.fitted(style, scale.longest_side)), share)
            for style, share in styles
        ]
        objective = Objective(network, target, textures, block)
        journal = scratch / f"{number}.journal" if scratch else None
        descend(objective, begin, block, number, course, watch, journal)
        if block.colours == "content":
            course.picture = pictures.with_colours_of(target, course.picture)
    return course
