import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from generative.core.errors import BadInput
from generative.style.vgg import check
from generative.style.vgg.network import ARCHITECTURES, build, load

Array = np.ndarray


def test_another_order_or_scale_of_the_colours_is_noticed(
    network_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = load(network_folder)
    known = tuple(check.distances(right, check.photographs()))
    check.check_features(right, known, network_folder)
    weights = right.get_weights()

    def wrong(kernel: Array, **changes: Any) -> keras.Model:
        architecture = replace(ARCHITECTURES["vgg16"], **changes)
        monkeypatch.setitem(ARCHITECTURES, "vgg16", architecture)
        channels = [len(bias) for bias in weights[1::2]]
        network = build("vgg16", channels)
        network.set_weights([kernel, *weights[1:]])
        monkeypatch.undo()
        return network

    kernel = weights[0]
    faults = {
        "blue, green, red": wrong(kernel[:, :, ::-1]),
        "no normalisation": wrong(kernel, mean=(0.0, 0.0, 0.0), deviation=(1.0, 1.0, 1.0)),
        "no mean": wrong(kernel, mean=(0.0, 0.0, 0.0)),
        "no deviation": wrong(kernel, deviation=(1.0, 1.0, 1.0)),
        "pixels to 255": wrong(kernel * 255),
    }
    for fault, network in faults.items():
        with pytest.raises(BadInput, match="the order of its colours, their scale or") as refused:
            check.check_features(network, known, network_folder)
        assert "\n" not in str(refused.value), fault
    check.check_features(wrong(kernel), known, network_folder)


def test_published_weights_are_checked_on_loading(
    network_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the md5 of the file that they came in."""
    description = (network_folder / "network.json").read_text()
    md5 = re.search(r"[0-9a-f]{32}", description)
    assert md5
    right = tuple(check.distances(load(network_folder), check.photographs()))
    monkeypatch.setitem(check.KNOWN_DISTANCES, md5[0], right)
    load(network_folder)
    monkeypatch.setitem(check.KNOWN_DISTANCES, md5[0], (right[0] * 1.03, *right[1:]))
    with pytest.raises(BadInput, match="has astronaut.png, chelsea.png, coffee.png at the"):
        load(network_folder)


def test_weights_that_tell_nothing_apart_are_refused(network_folder: Path) -> None:
    network = load(network_folder)
    network.set_weights([np.zeros_like(weight) for weight in network.get_weights()])
    with pytest.raises(BadInput, match="does not tell astronaut.png, .* apart"):
        check.check_features(network, (), network_folder)


def test_the_distances_of_equal_pictures_are_zero(network_folder: Path) -> None:
    """But for rounding: the rows of a batch may be summed in different orders."""
    twice = np.repeat(check.photographs()[:1], 2, axis=0)
    apart, mean = check.distances(load(network_folder), twice)
    assert apart == pytest.approx(0, abs=1e-6)
    assert mean > 0
