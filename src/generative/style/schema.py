"""The schema of a section `style.<key>`: how one picture is made in the style of others."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from generative.core.params import Count, NonNegative, Schema, Seed, Weight

# Five halvings leave a pixel of 16; AlexNet, which LPIPS is made of, needs 31.
SMALLEST_SIDE = 32

Layer = Annotated[str, Field(pattern="^block[1-5]_conv[1-4]$")]
Share = Annotated[float, Field(gt=0)]


class Scale(Schema):
    """One size of the picture, in pixels, and how often its loss is evaluated there."""

    longest_side: Annotated[int, Field(ge=SMALLEST_SIDE)]
    evaluations: Count


class Style(Schema):
    """The options of one picture.

    content: a picture. style: a picture, or a folder of them, which are blended.
    blend: shares of the pictures of that folder by name; the others count 1.
    network: a folder with a VGG, as the stage `vgg` or `generative fetch vgg19` writes it.
    content_layers, style_layers: the share of each layer. held_out_layer: its style term is
        measured and no part of the loss.
    normalization: of the loss's terms, see `losses`. "gatys" is the paper's, "mean" that of
        TensorFlow's tutorial, "source" that of Keras' example and of Chollet, 2017, *Deep Learning
        with Python*.
    initialization: what the first scale begins with. colours: those of the result.
    memory: steps that L-BFGS estimates the curvature from; the paper's authors and most programs
        take 10 to 100.
    restart_every: evaluations after which L-BFGS begins anew from where it is, without that memory,
        as Keras' example and Chollet, 2017, do every 20; 0: never. A line search is ended first.
    rounds: how often it begins at a scale, whose evaluations then are the most there may be; 0: as
        often as these allow.
    white: of the variables of L-BFGS: 1, or 255 as where the network's own pixels are varied
        (Keras' example; Chollet, 2017).
    bounds: "unit" keeps pixels in [0, 1] while the loss is lowered; with "none", as in Keras'
        example, only pictures that are shown are clipped.
    learning_rate: of Adam, in units of the pixels' range [0, 1].
    scales: from coarse to fine; each begins with the result of the one before.
    seed: of the noise. precision: of the convolutions; losses are float32.
    style_size: a style is shrunk to the longest side of a scale, and keeps its "own" shape; or it
        has the size of the "content" (Keras' example; Chollet, 2017).
    frame_every: evaluations from one frame of the animation to the next; 0: one after each round.
    frames: what they are written as: the animation, or also a PNG each.
    """

    content: Annotated[str, Field(min_length=1)]
    style: Annotated[str, Field(min_length=1)]
    blend: dict[str, Share]
    network: Annotated[str, Field(min_length=1)]
    content_layers: Annotated[dict[Layer, Share], Field(min_length=1)]
    style_layers: Annotated[dict[Layer, Share], Field(min_length=1)]
    held_out_layer: Layer
    content_weight: Weight
    style_weight: Weight
    variation_weight: Weight
    normalization: Literal["gatys", "mean", "source"]
    initialization: Literal["content", "noise"]
    colours: Literal["style", "content"]
    optimizer: Literal["lbfgs", "adam"]
    memory: Count
    restart_every: NonNegative
    rounds: NonNegative
    white: Annotated[float, Field(gt=0, le=1e6)]
    bounds: Literal["unit", "none"]
    learning_rate: Annotated[float, Field(gt=0, le=1e6)]
    scales: Annotated[list[Scale], Field(min_length=1)]
    seed: Seed
    precision: Literal["auto", "float32", "bfloat16"]
    style_size: Literal["own", "content"]
    frame_every: NonNegative
    frames: Literal["animation", "files"]
    frames_per_second: Annotated[int, Field(ge=1, le=50)]

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        if self.restart_every and self.optimizer != "lbfgs":
            yield (
                f"{name}.restart_every: received {self.restart_every}, is of lbfgs, not of "
                f"{self.optimizer}; set it to 0"
            )
        if not self.restart_every and (self.rounds or not self.frame_every):
            yield (
                f"{name}: rounds {self.rounds} and frame_every {self.frame_every} count runs of "
                "lbfgs, of which there is one; set restart_every above 0, or rounds to 0 and "
                "frame_every above 0"
            )
        sides = [scale.longest_side for scale in self.scales]
        if sides != sorted(set(sides)):
            yield f"{name}.scales: received the sides {sides}, each must be larger than the last"
        if self.held_out_layer in self.style_layers:
            yield (
                f"{name}.held_out_layer: {self.held_out_layer} is one of "
                f"{name}.style_layers; name another"
            )
