import keras
import numpy as np
import pytest

from generative.core.errors import BadInput
from generative.style import pictures
from generative.style.objective import Objective
from tests.support.style import make_options, waves

Array = np.ndarray


@pytest.fixture(scope="module")
def content() -> Array:
    return pictures.to_array(waves(32, 40, seed=1))


@pytest.fixture(scope="module")
def style() -> Array:
    return pictures.to_array(waves(36, 34, seed=2))


def test_each_target_has_no_loss(network: keras.Model, content: Array, style: Array) -> None:
    objective = Objective(network, content, [(style, 1.0)], make_options())
    assert objective.measure(content)["content"] == pytest.approx(0, abs=1e-9)
    assert objective.measure(content)["style"] > 1e-4
    reached = Objective(network, style, [(style, 1.0)], make_options()).measure(style)
    assert reached["style"] == pytest.approx(0, abs=1e-9)


def test_total_is_the_weighted_sum(network: keras.Model, content: Array, style: Array) -> None:
    options = make_options(content_weight=3.0, style_weight=20.0, variation_weight=0.7)
    terms = Objective(network, content, [(style, 1.0)], options).measure(content[:, ::-1])
    layers = 0.5 * terms["style_block1_conv1"] + 0.5 * terms["style_block2_conv1"]
    assert terms["style"] == pytest.approx(layers, rel=1e-5)
    expected = 3 * terms["content"] + 20 * terms["style"] + 0.7 * terms["variation"]
    assert terms["total"] == pytest.approx(expected, rel=1e-5)


def test_the_gradient_is_that_of_finite_differences(
    network: keras.Model, content: Array, style: Array
) -> None:
    for normalization in ("gatys", "mean", "source"):
        # The terms of "source" are sums: with these weights none dominates.
        weights = {"style_weight": 1.0, "content_weight": 1e-3, "variation_weight": 1e-9}
        changed = weights if normalization == "source" else {}
        options = make_options(normalization=normalization, **changed)
        objective = Objective(network, content, [(style, 1.0)], options)
        generator = np.random.default_rng(3)
        picture = np.clip(content + generator.normal(0, 0.1, content.shape), 0.05, 0.95).ravel()
        terms, gradient = objective.evaluate(picture)
        direction = gradient / np.linalg.norm(gradient)
        step = 1e-2
        above, below = (objective.evaluate(picture + s * direction)[0][0] for s in (step, -step))
        assert (above - below) / (2 * step) == pytest.approx(gradient @ direction, rel=0.02)
        measured = objective.measure(picture.reshape(content.shape))["total"]
        assert terms[0] == pytest.approx(measured, rel=1e-5)


def test_styles_are_blended_by_their_shares(network: keras.Model, content: Array) -> None:
    one, other = (pictures.to_array(waves(32, 32, seed)) for seed in (4, 5))
    both = Objective(network, content, [(one, 1.0), (other, 3.0)], make_options()).grams
    alone = [Objective(network, content, [(x, 1.0)], make_options()).grams for x in (one, other)]
    for name, gram in both.items():
        expected = 0.25 * alone[0][name] + 0.75 * alone[1][name]
        np.testing.assert_allclose(gram, expected, rtol=1e-5, atol=1e-7)


def test_an_unknown_layer_is_refused(network: keras.Model, content: Array, style: Array) -> None:
    options = make_options(style_layers={"block3_conv4": 1.0})
    with pytest.raises(BadInput, match="unknown layer of vgg16 'block3_conv4'; did you mean"):
        Objective(network, content, [(style, 1.0)], options)


def test_a_loss_that_overflows(network: keras.Model, content: Array, style: Array) -> None:
    objective = Objective(network, content, [(style, 1.0)], make_options(style_weight=1e12))
    with pytest.raises(BadInput, match="NaN or infinite; lower content_weight, style_weight"):
        objective.evaluate(np.random.default_rng(0).random(content.size) * 1e12)
