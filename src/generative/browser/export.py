"""A trained model as the files that a page computes with: `model.json` and `weights.bin`, little
endian, and what eight bits cost it: `metrics.json`."""

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np

from generative.browser.controls import parts
from generative.browser.graph import Graph, graph_of
from generative.browser.quantization import dequantize, quantize
from generative.browser.schema import Browser
from generative.core.errors import BadInput
from generative.core.folders import write_json

Array = np.ndarray
MODEL, WEIGHTS, METRICS = "model.json", "weights.bin", "metrics.json"
# Of a network over characters: what it is asked at a time.
SEGMENT = 1


def export(model: Any, options: Browser, folder: Path) -> None:
    """Write the three files of a VAE, a GAN or a text model into `folder`.

    The weights of `model` are those in eight bits afterwards. Raises `BadInput` for a network that
    a page cannot compute.
    """
    network = step_network(model) if options.family == "text" else model.inference_model()
    graph = graph_of(network)
    if options.family == "text":
        controls: dict[str, Any] = {"kind": "text", "vocabulary": model.vocabulary}
        ids = own_text(model, options)
        before = log_likelihood(model, ids)
        use_eight_bits(graph)
        metrics = {"extra_bits_per_character": (before - log_likelihood(model, ids)) / math.log(2)}
    else:
        inputs = model_inputs(model, options)
        found = parts(model, inputs.shape[1])
        controls = {"kind": "image", "parts": [part.model_dump() for part in found]}
        before = network.predict(inputs, verbose=0)
        use_eight_bits(graph)
        errors = np.abs(network.predict(inputs, verbose=0) - before)
        metrics = {"mean_error": float(errors.mean()), "largest_error": float(errors.max())}
    described, weights = packed(graph)
    (folder / WEIGHTS).write_bytes(weights)
    write_json(folder / MODEL, {"controls": controls, **described})
    sizes = {"bytes": len(weights), "parameters": network.count_params()}
    write_json(folder / METRICS, {**metrics, **sizes})


def step_network(model: Any) -> keras.Model:
    """Of a text model: a character and the state before it, to the logits of the next one and the
    state after it. Raises `BadInput` where the state is not that of recurrent layers."""
    if not getattr(model, "recurrent", None):
        raise BadInput("a page writes with recurrent networks only (text/char_lstm)")
    ids = keras.Input((SEGMENT,), dtype="int32")
    state = [keras.Input(shape) for shape in model.state_shapes]
    logits, after = model.advance(ids, state, training=False)
    return keras.Model([ids, *state], [logits, *after])


def model_inputs(model: Any, options: Browser) -> Array:
    """Random inputs of the network, [samples, numbers]."""
    noise, *labels = model.latents(options.samples, options.seed)
    if labels:
        noise = model.concat_labels(noise, labels[0])
    return np.asarray(noise)


def own_text(model: Any, options: Browser) -> Array:
    """Ids [1, samples] of what the model itself writes."""
    (text,) = model.generate(1, options.seed, "", options.samples, temperature=1.0)
    return np.asarray([[model.vocabulary.index(character) + 1 for character in text]])


def log_likelihood(model: Any, ids: Array) -> float:
    """The mean of log p, in nats, of each character after the first, given those before it."""
    logits = np.asarray(model(ids[:, :-1]), np.float64)
    log_sums = np.logaddexp.reduce(logits, axis=-1)
    chosen = np.take_along_axis(logits, ids[:, 1:, None] - 1, axis=-1)[..., 0]
    return float(np.mean(chosen - log_sums))


def use_eight_bits(graph: Graph) -> None:
    """Give the network of `graph` the weights that the page has."""
    for operation, _ in graph.operations:
        for weight in operation.weights.values():
            if weight.channels is not None and weight.variable is not None:
                weight.variable.assign(dequantize(quantize(weight.value, weight.channels)))


def packed(graph: Graph) -> tuple[dict[str, Any], bytes]:
    """The operations and outputs of `graph` for `model.json`, and the bytes of `weights.bin`:
    float32 first, then eight bits. A weight says where its parts begin, in bytes."""
    floats, numbers = bytearray(), bytearray()

    def put(values: Array, kind: str, into: bytearray) -> int:
        start = len(into)
        into.extend(np.ascontiguousarray(values, kind).tobytes())
        return start

    operations = []
    for operation, inputs in graph.operations:
        weights: dict[str, Any] = {}
        for name, weight in operation.weights.items():
            described: dict[str, Any] = {"shape": list(weight.value.shape)}
            if weight.channels is None:
                described["floats"] = put(weight.value, "<f4", floats)
            else:
                quantized = quantize(weight.value, weight.channels)
                described["axis"] = quantized.axis
                described["scales"] = put(quantized.scales, "<f4", floats)
                described["numbers"] = put(quantized.numbers, "<i1", numbers)
            weights[name] = described
        own = {"kind": operation.kind, **operation.options, "inputs": inputs}
        operations.append({**own, "weights": weights} if weights else own)
    described = {"operations": operations, "outputs": graph.outputs, "floats": len(floats)}
    return described, bytes(floats + numbers)
