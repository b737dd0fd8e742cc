"""What the page computes beside Keras with the same weights in eight bits, in a real browser."""

import base64
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.browser import export
from generative.browser.schema import Browser
from generative.core.folders import read_json
from generative.gan.infogan import InfoGAN
from generative.gan.stackedgan import StackedGAN
from generative.report import page as report
from tests.support import browser, gan, text, vae

pytestmark = pytest.mark.skipif(not browser.CHROMIUM, reason="no Chromium on this machine")

PAGE = """<!doctype html><meta charset="utf-8"><pre></pre><script>{network}
const bytes = Uint8Array.from(atob("{weights}"), (c) => c.charCodeAt(0)).buffer;
const network = new Network({described}, bytes), inputs = {inputs};
const found = {script};
document.querySelector("pre").textContent = JSON.stringify(found);
</script>"""
OUTPUTS = "inputs.map((one) => Array.from(network.run(one)[0].data))"
GREEDY = """(() => {
  let state = network.inputs.slice(1).map(([size]) => new Float32Array(size)), id = 0;
  const ids = [];
  for (let i = 0; i < 60; i++) {
    const [logits, ...after] = network.run([[id], ...state]);
    state = after.map((tensor) => tensor.data);
    id = 1 + logits.data.indexOf(Math.max(...logits.data));
    ids.push(id);
  }
  return ids;
})()"""


def run(folder: Path, script: str, inputs: Any) -> Any:
    """What `script` finds of the exported network in `folder`."""
    html = PAGE.format(
        network=(Path(report.__file__).parent / "network.js").read_text(encoding="utf-8"),
        weights=base64.b64encode((folder / export.WEIGHTS).read_bytes()).decode(),
        described=json.dumps(read_json(folder / export.MODEL)),
        inputs=json.dumps(inputs),
        script=script,
    )
    file = folder / "page.html"
    file.write_text(html, encoding="utf-8")
    found = re.search(r"<pre>(.*)</pre>", browser.page(file.as_uri()), re.DOTALL)
    assert found
    return json.loads(unescape(found[1]))


def options(family: str) -> Browser:
    return Browser(family=family, network="", samples=200, seed=1)


def normalized(model: Any) -> Any:
    """`model` with statistics of its batch normalisations that are none of 0 and 1."""
    generator = np.random.default_rng(0)
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            for variable in (layer.moving_mean, layer.moving_variance, layer.gamma, layer.beta):
                variable.assign(generator.uniform(0.5, 1.5, variable.shape))
    return model


IMAGE_MODELS = {
    "vae": lambda: vae.build_cvae(batch_normalization="convolutions"),
    "infogan": lambda: InfoGAN(**gan.INFOGAN),
    "stackedgan": lambda: StackedGAN(**gan.STACKEDGAN),
    "gan": lambda: gan.build(classes=3),
}


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_images_are_those_of_keras(name: str, tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    model, own = normalized(IMAGE_MODELS[name]()), options("vae" if name == "vae" else "gan")
    export.export(model, own, tmp_path)
    inputs = export.model_inputs(model, own)[:3]
    # The model has the weights in eight bits, but for its copy that was exported.
    graph = export.graph_of(network := model.inference_model())
    export.use_eight_bits(graph)
    expected = network.predict(inputs, verbose=0).reshape(3, -1)
    assert expected.std() > 0.001
    found = run(tmp_path, OUTPUTS, [[x] for x in inputs.tolist()])
    np.testing.assert_allclose(found, expected, atol=1e-4)
    metrics = read_json(tmp_path / export.METRICS)
    assert 0 < metrics["mean_error"] < 0.01


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_text_is_that_of_keras(cell: str, tmp_path: Path) -> None:
    model = text.build(cell)
    for variable in model.trainable_variables:  # so that the text is not one letter
        variable.assign(3 * variable)
    export.export(model, options("text"), tmp_path)
    network = export.step_network(model)
    state: list[Any] = [np.zeros((1, *shape), np.float32) for shape in model.state_shapes]
    ids, expected = np.zeros((1, 1), np.int32), []
    for _ in range(60):
        logits, *state = network([tf.constant(ids), *map(tf.constant, state)])
        ids = np.asarray(logits)[0].argmax(axis=-1)[None] + 1
        expected.append(int(ids[0, 0]))
    assert len(set(expected)) > 3
    assert run(tmp_path, GREEDY, []) == expected
