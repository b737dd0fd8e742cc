"""The metrics of a finished picture, in float32 whatever precision it was made in."""

from typing import Any

import keras

from generative.image_quality.lpips import LPIPS
from generative.style import pictures
from generative.style.transfer import Transfer


def measure(transfer: Transfer, network: keras.Model, lpips: LPIPS) -> dict[str, Any]:
    """The terms of the loss where the last scale began and of the picture as it is written, in
    8 bits: `<term>_start`, `<term>_end`.

    style_loss_ratio: the style term's end over its start. held_out_style: the style term in a layer
    that is no part of the loss. lpips_to_content: the perceptual distance from the content.
    network: of `vgg.network.load`, in float32.
    """
    options, scale = transfer.options, transfer.options.scales[-1]
    content, objective = transfer.objective(scale, options, network)
    held_out = options.model_copy(update={"style_layers": {options.held_out_layer: 1.0}})
    _, held_out_objective = transfer.objective(scale, held_out, network)
    result = pictures.to_array(pictures.to_picture(transfer.result()))
    measured = {}
    for name, picture in (("start", transfer.start), ("end", result)):
        terms = objective.measure(picture)
        for term in ("total", "content", "style", "variation"):
            measured[f"{term}_{name}"] = terms[term]
        measured[f"held_out_style_{name}"] = held_out_objective.measure(picture)["style"]
    return {
        "style_loss_ratio": measured["style_end"] / measured["style_start"],
        "held_out_style_ratio": measured["held_out_style_end"] / measured["held_out_style_start"],
        "lpips_to_content": lpips(result, content),
        "evaluations": len(transfer.history),
        **measured,
    }
