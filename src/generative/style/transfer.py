"""Style transfer from coarse to fine.

Gatys, Ecker, Bethge, Hertzmann and Shechtman, 2017, arXiv:1611.07865, show that a large picture
comes out better, and sooner, if it begins with a small one.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from generative.core.errors import BadInput
from generative.style import pictures
from generative.style.checkpoint import EvaluationCheckpoint
from generative.style.objective import Objective
from generative.style.optimizers import BudgetExhausted, rounds
from generative.style.schema import Scale, Style

Array = np.ndarray
Row = dict[str, float]
# Called after each evaluation with its row of the history and, now and then, the best picture.
Callback = Callable[[Row, Image.Image | None], object]


class Transfer:
    """The optimization of one picture. Raises `BadInput` for content and style that are the same.

    sources: the content and the styles, of their own sizes.
    content, start, picture: float32 [1, height, width, 3] in [0, 1], of the scale that was reached:
    the content, what a run of this scale alone begins with, and the best that was evaluated so far
    (None before the first), which may leave [0, 1] if nothing bounds it.
    history: a row for each evaluation. frames: the best so far, now and then, of any size.
    replayed: how many evaluations were taken from the workspace.
    """

    def __init__(
        self,
        network: keras.Model,
        content: Image.Image,
        styles: Sequence[tuple[Image.Image, float]],
        options: Style,
    ) -> None:
        for style, _ in styles:
            if style.size == content.size and style.tobytes() == content.tobytes():
                raise BadInput("content and style are the same picture; choose another style")
        self.network, self.options = network, options
        self.sources = [content, *(style for style, _ in styles)]
        self.shares = [share for _, share in styles]
        self.content: Array = np.empty(0)
        self.start: Array = np.empty(0)
        self.picture: Array | None = None
        self.history: list[Row] = []
        self.frames: list[Image.Image] = []
        self.replayed = 0

    def run(
        self, callback: Callback = lambda row, frame: None, workspace: Path | None = None
    ) -> None:
        """Optimize the picture; interrupted, `picture` is the best so far.

        workspace: a folder of evaluations, from which a run that was killed resumes.
        """
        for number, scale in enumerate(self.options.scales):
            content, objective = self.objective(scale, self.options, self.network)
            start = self._initial(content)
            first = start
            if self.picture is not None:
                first = pictures.resize(self.picture, *content.shape[1:3])
            checkpoint: Any = nullcontext(objective.evaluate)
            if workspace:
                file = workspace / f"scale_{number}.evaluations"
                checkpoint = EvaluationCheckpoint(
                    file, objective.evaluate, len(objective.names), content.size
                )
            with checkpoint as evaluate:
                self.content, self.start, self.picture = content, start, first
                self._minimize(evaluate, objective.names, scale, callback)
                self.replayed += getattr(evaluate, "replayed", 0)

    def objective(
        self, scale: Scale, options: Style, network: keras.Model
    ) -> tuple[Array, Objective]:
        """The content at this scale and the objective, with other options or another network."""
        sources = [pictures.shrink(source, scale.longest_side) for source in self.sources]
        if options.style_size == "content":
            size = sources[0].size
            sources[1:] = [one.resize(size, Image.Resampling.LANCZOS) for one in self.sources[1:]]
        content, *styles = map(pictures.to_array, sources)
        shares = list(zip(styles, self.shares, strict=True))
        return content, Objective(network, content, shares, options)

    def result(self) -> Array:
        """The picture in its own colours or in those of the content."""
        assert self.picture is not None, "nothing was evaluated"
        if self.options.colours == "content":
            return pictures.restore_colours(self.content, self.picture)
        return self.picture

    def _initial(self, content: Array) -> Array:
        if self.options.initialization == "content":
            return content
        generator = np.random.default_rng(self.options.seed)
        return generator.random(content.shape, dtype=np.float32)

    def _minimize(
        self, evaluate_terms: Any, names: list[str], scale: Scale, callback: Callback
    ) -> None:
        """Lower the loss from `picture`, and leave the best there."""
        assert self.picture is not None
        shape, start = self.picture.shape, self.picture.ravel().astype(np.float64)
        lowest, evaluations = np.inf, 0

        def evaluate(flat: Array) -> tuple[float, Array]:
            nonlocal lowest, evaluations
            if evaluations == scale.evaluations:
                raise BudgetExhausted
            terms, gradient = evaluate_terms(flat)
            if terms[0] < lowest:
                lowest, self.picture = terms[0], flat.reshape(shape).astype(np.float32)
            evaluations += 1
            values = dict(zip(names, map(float, terms), strict=True))
            row = {"evaluation": len(self.history) + 1, "longest_side": scale.longest_side}
            self.history.append({**row, **values})
            every = self.options.frame_every
            due = every and ((evaluations - 1) % every == 0 or evaluations == scale.evaluations)
            callback(self.history[-1], self._frame() if due else None)
            return float(terms[0]), gradient.astype(np.float64)

        with suppress(BudgetExhausted):
            for _ in rounds(evaluate, start, self.options):
                if not self.options.frame_every:
                    callback(self.history[-1], self._frame())

    def _frame(self) -> Image.Image:
        """The best picture so far, one more of `frames`."""
        self.frames.append(pictures.to_picture(self.result()))
        return self.frames[-1]
