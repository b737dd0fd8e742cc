"""From a content and styles to a picture, coarse to fine.

Gatys, Ecker, Bethge, Hertzmann and Shechtman, 2017, arXiv:1611.07865, show that what is begun in a
small picture comes out better, and sooner, in a large one.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from generative.style.schema import Scale
from generative.style.schema import Style
from generative.core.errors import BadInput
from generative.style import pictures
from generative.style.checkpoint import Journal
from generative.style.objective import Objective
from generative.style.optimizers import OPTIMIZERS
from generative.style.optimizers import Spent

Array = np.ndarray
Row = dict[str, float]
# Called after each evaluation with its row of the history and, now and then, the best picture.
Watch = Callable[[Row, Image.Image | None], object]


class Transfer:
    """A picture on its way. Raises `BadInput` for content and style that are the same picture.

    content, start, picture: float32 [1, height, width, 3] in [0, 1], of the scale that was reached:
    the content, what a run of this scale alone begins with, and the best that was evaluated so far
    (None before the first).
    history: a row for each evaluation. frames: the best so far, now and then, of any size.
    replayed: how many evaluations were not computed but found on disk.
    """

    def __init__(
        self,
        network: keras.Model,
        content: Image.Image,
        styles: Sequence[tuple[Image.Image, float]],
        block: Style,
    ) -> None:
        for style, _ in styles:
            if style.size == content.size and style.tobytes() == content.tobytes():
                raise BadInput("content and style are the same picture; choose another style")
        self.network, self.block = network, block
        self.whole_content, self.whole_styles = content, styles
        self.content: Array = np.empty(0)
        self.start: Array = np.empty(0)
        self.picture: Array | None = None
        self.history: list[Row] = []
        self.frames: list[Image.Image] = []
        self.replayed = 0

    def run(self, watch: Watch = lambda row, frame: None, scratch: Path | None = None) -> None:
        """Make the picture; interrupted, `picture` is the best so far.

        scratch: a folder for what a run that was killed goes on from.
        """
        for number, scale in enumerate(self.block.scales):
            content, objective = self.objective(scale, self.block, self.network)
            start = self._beginning(content)
            begin = start
            if self.picture is not None:
                begin = pictures.resized(self.picture, *content.shape[1:3])
            journal: Any = nullcontext(objective.evaluate)
            if scratch:
                file = scratch / f"scale_{number}.journal"
                journal = Journal(file, objective.evaluate, len(objective.names), content.size)
            with journal as evaluate:
                self.content, self.start, self.picture = content, start, begin
                self._descend(evaluate, objective.names, scale, watch)
                self.replayed += getattr(evaluate, "replayed", 0)

    def objective(
        self, scale: Scale, block: Style, network: keras.Model
    ) -> tuple[Array, Objective]:
        """The content of this scale and the objective, with the options of `block`."""
        side = scale.longest_side
        content = pictures.to_array(pictures.fitted(self.whole_content, side))
        styles = [
            (pictures.to_array(pictures.fitted(style, side)), share)
            for style, share in self.whole_styles
        ]
        return content, Objective(network, content, styles, block)

    def finished(self) -> Array:
        """The picture as it is shown: in its own colours or in those of the content."""
        assert self.picture is not None, "nothing was evaluated"
        if self.block.colours == "content":
            return pictures.with_colours_of(self.content, self.picture)
        return self.picture

    def _beginning(self, content: Array) -> Array:
        if self.block.initialization == "content":
            return content
        generator = np.random.default_rng(self.block.seed)
        return generator.random(content.shape, dtype=np.float32)

    def _descend(self, ask: Any, names: list[str], scale: Scale, watch: Watch) -> None:
        """Lower the loss from `picture`, and leave the best there."""
        assert self.picture is not None
        shape, begin = self.picture.shape, self.picture.ravel().astype(np.float64)
        lowest, evaluations = np.inf, 0

        def evaluate(flat: Array) -> tuple[float, Array]:
            nonlocal lowest, evaluations
            if evaluations == scale.evaluations:
                raise Spent
            terms, gradient = ask(flat)
            if terms[0] < lowest:
                lowest, self.picture = terms[0], flat.reshape(shape).astype(np.float32)
            evaluations += 1
            values = dict(zip(names, map(float, terms), strict=True))
            row = {"evaluation": len(self.history) + 1, "longest_side": scale.longest_side}
            self.history.append({**row, **values})
            frame = None
            if (evaluations - 1) % self.block.frame_every == 0 or evaluations == scale.evaluations:
                frame = pictures.to_picture(self.finished())
                self.frames.append(frame)
            watch(self.history[-1], frame)
            return float(terms[0]), gradient.astype(np.float64)

        with suppress(Spent):
            OPTIMIZERS[self.block.optimizer](evaluate, begin, self.block.learning_rate)
