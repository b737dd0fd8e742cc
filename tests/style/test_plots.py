from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from generative.style import plots
from tests.support.style import waves


def test_a_run_is_plotted_from_its_first_frame_to_its_last(tmp_path: Path) -> None:
    sources = [waves(60, 90, seed=1), waves(40, 40, seed=2)]
    frames = [waves(30, 45, seed=3), waves(60, 90, seed=4), waves(60, 90, seed=5)]
    history = pd.DataFrame(
        {
            "evaluation": [1, 2, 3, 4],
            "longest_side": [45, 45, 90, 90],
            "total": [9.0, 9000.0, 5.0, 4.0],
            "content": [0.0, 1.0, 2.0, 2.0],
            "style_block1_conv1": [8.0, 7.0, 3.0, 2.0],
        }
    )
    plots.write(sources, frames, history, 5, tmp_path)
    with Image.open(tmp_path / "comparison.png") as comparison:
        assert comparison.size == (360 + 4 + 240 + 4 + 360, 240)
        shown = np.asarray(comparison.crop((608, 0, 968, 240)).resize((90, 60)), float)
        assert np.abs(shown - np.asarray(frames[-1], float)).mean() < 10
    with Image.open(tmp_path / "steps.png") as steps:
        assert steps.size == (3 * 360 + 2 * 4, 240)
    with Image.open(tmp_path / "animation.gif") as animation:
        assert (getattr(animation, "n_frames", 1), animation.size) == (3, (90, 60))
    totals, layers = plots.loss_curves(history).axes
    assert layers.get_lines()[0].get_label() == "block1_conv1"
    # The step that was a thousand times too long does not hide the others.
    assert 9 < totals.get_ylim()[1] < 100
