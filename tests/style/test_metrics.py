from pathlib import Path

import keras
import pytest

from generative.image_quality.lpips import LPIPS
from generative.style import metrics
from generative.style.transfer import Transfer
from tests.support.data import write_raw_alexnet
from tests.support.style import make_options, waves


def test_terms_of_the_loss_and_the_perceptual_distance(
    network: keras.Model, tmp_path: Path
) -> None:
    styles = [(waves(50, 40, seed=2), 1.0)]
    transfer = Transfer(network, waves(48, 64, seed=1), styles, make_options())
    transfer.run()
    write_raw_alexnet(tmp_path)
    found = metrics.measure(transfer, network, LPIPS(tmp_path / "alexnet.ckpt"))
    assert found["evaluations"] == 13
    ratio = found["style_end"] / found["style_start"]
    assert found["style_loss_ratio"] == pytest.approx(ratio)
    assert 0 < ratio < 0.7
    assert found["content_start"] == pytest.approx(0, abs=1e-9)
    assert found["content_end"] > 0
    assert found["held_out_style_start"] > 0
    assert found["lpips_to_content"] > 0
