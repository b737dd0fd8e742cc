"""What a visitor sets is the input of the network, part by part."""

from typing import Any

import numpy as np
import pytest

from generative.browser.controls import parts
from generative.browser.export import model_inputs
from generative.browser.schema import Browser
from generative.core.errors import BadInput
from generative.gan.infogan import InfoGAN
from generative.gan.stackedgan import StackedGAN
from tests.support import gan, vae

MODELS: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "vae": (vae.build_cvae, [("code1", "number"), ("code2", "number")]),
    "infogan": (
        lambda: InfoGAN(**gan.INFOGAN),
        [("noise", "noise"), ("category", "choice"), ("code1", "number"), ("code2", "number")],
    ),
    "stackedgan": (
        lambda: StackedGAN(**gan.STACKEDGAN),
        [("z1", "noise"), ("z0", "noise"), ("digit", "choice")],
    ),
    "conditional": (lambda: gan.build(classes=3), [("noise", "noise"), ("digit", "choice")]),
}


@pytest.mark.parametrize("name", MODELS)
def test_parts_are_those_of_the_input(name: str) -> None:
    build, expected = MODELS[name]
    model = build()
    options = Browser(family="gan", network="", samples=500, seed=1)
    inputs = model_inputs(model, options)
    found = parts(model, inputs.shape[1])
    assert [(part.name, part.kind) for part in found] == expected
    start = 0
    for part in found:
        own = inputs[:, start : start + part.size]
        start += part.size
        if part.kind == "choice":
            assert set(np.unique(own)) == {0.0, 1.0}
            assert (own.sum(axis=1) == 1).all()
        else:  # as many below the middle of the distribution as above
            middle = 0.5 if part.distribution == "uniform" and part.kind == "noise" else 0.0
            assert 0.35 < (own < middle).mean() < 0.65
            if part.kind == "noise" and part.distribution != "normal":
                assert own.max() <= 1.0


def test_an_input_of_other_parts_is_refused() -> None:
    with pytest.raises(BadInput, match=r"the network takes 9 numbers, its controls are for 1 of c"):
        parts(vae.build_cvae(), 9)
