"""The sheets behind the report's sliders: each place holds the picture that its axes name."""

from typing import Any

import keras
import numpy as np
import pytest

from generative.gan.disentanglement.schema import RenderInteractive
from generative.vae.cvae import CVAE
from generative.gan.infogan import InfoGAN
from generative.gan.stackedgan import StackedGAN
from stages import interactive
from tests.models.test_cvae import ARGUMENTS
from tests.models.test_infogan import SMALL
from tests.models.test_stackedgan import SMALL as STACKED

BLOCK = RenderInteractive(seed=1, places=3, plane=4)


def at(axes: list[dict[str, Any]], images: np.ndarray, *places: int) -> np.ndarray:
    return images.reshape(*(len(axis["values"]) for axis in axes), *images.shape[1:])[places]


@pytest.mark.parametrize("sign", [1, -1])
def test_infogan(sign: int) -> None:
    keras.utils.set_random_seed(1)
    model = InfoGAN(**SMALL)
    digits = {str(digit): (digit + 1) % 10 for digit in range(10)}
    known = {"digits": digits, "thickness": None, "slant": {"code": "code2", "sign": sign}}
    axes, images = interactive.of_infogan(model, known, BLOCK)
    assert [axis["name"] for axis in axes] == ["digit", "code 1", "slant"]
    assert axes[2]["values"] == [-2.0, 0.0, 2.0]
    codes, labels = model.codes(1, 1, labels=5, code1=0.0, code2=2.0 * sign)
    expected = model.images(codes, labels)[0]
    found = at(axes, images, 4, 1, 2)
    # Codes but not noise differ from place to place.
    noise = model.codes(90, 1)[0][0, : model.noise_size]
    codes[:, : model.noise_size] = noise
    expected = model.images(codes, labels)[0]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_stackedgan() -> None:
    keras.utils.set_random_seed(1)
    model = StackedGAN(**STACKED)
    axes, images = interactive.of_stackedgan(model, BLOCK)
    assert [axis["name"] for axis in axes] == ["digit", "z1", "z0"]
    (first, last), _ = model.codes(2, 1)
    size = model.noise_size
    mixed = np.concatenate([last[:size], first[size:]])[np.newaxis]
    expected = model.images(mixed, np.array([7]))[0]
    np.testing.assert_allclose(at(axes, images, 7, 2, 0), expected, atol=1e-6)


def test_the_plane() -> None:
    keras.utils.set_random_seed(1)
    model = CVAE(**ARGUMENTS)
    axes, images = interactive.of_plane(model, BLOCK)
    code2, code1 = (axis["values"] for axis in axes)
    assert code2[0] > 0 > code1[0]
    expected = model.generate(1, 1, code1=code1[3], code2=code2[1])[0]
    np.testing.assert_allclose(at(axes, images, 1, 3), expected, atol=0.01)
