from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from generative.core.errors import BadInput
from generative.image_quality.lpips import LPIPS
from generative.style import metrics as measuring
from generative.style import pictures
from generative.style.transfer import Row
from generative.style.transfer import Transfer
from tests.conftest import write_raw_alexnet
from tests.style.conftest import options, waves

CONTENT, STYLE = waves(48, 64, seed=1), waves(50, 40, seed=2)


def transfer(network: keras.Model, **changed: Any) -> Transfer:
    return Transfer(network, CONTENT, [(STYLE, 1.0)], options(**changed))


@pytest.fixture(scope="module")
def finished(network: keras.Model) -> Transfer:
    made = transfer(network)
    made.run()
    return made


def test_the_picture_comes_near_the_style(finished: Transfer) -> None:
    assert finished.picture is not None
    assert finished.picture.shape == finished.content.shape == (1, 32, 40, 3)
    last = [row for row in finished.history if row["longest_side"] == 40]
    assert min(row["total"] for row in last) < 0.7 * last[0]["total"]
    first = finished.history[0]["style"]
    assert last[-1]["style"] < 0.5 * first


def test_the_history_has_every_evaluation(finished: Transfer) -> None:
    assert [row["evaluation"] for row in finished.history] == list(range(1, 14))
    assert [row["longest_side"] for row in finished.history] == [32] * 6 + [40] * 7
    names = {"total", "content", "style", "variation", "style_block1_conv1", "style_block2_conv1"}
    assert set(finished.history[0]) == {"evaluation", "longest_side", *names}
    assert [frame.size for frame in finished.frames] == [(32, 32)] * 3 + [(40, 32)] * 3


def test_the_best_is_kept_and_not_the_last(finished: Transfer, network: keras.Model) -> None:
    _, objective = finished.objective(finished.block.scales[-1], finished.block, network)
    assert finished.picture is not None
    last = [row["total"] for row in finished.history if row["longest_side"] == 40]
    found = objective.measure(finished.picture)["total"]
    assert found == pytest.approx(min(last), rel=1e-4)


class Killed(Exception):
    pass


@pytest.mark.parametrize(("optimizer", "when"), [("lbfgs", 4), ("lbfgs", 10), ("adam", 6)])
def test_killed_in_the_middle_it_comes_to_the_same(
    network: keras.Model, finished: Transfer, tmp_path: Path, optimizer: str, when: int
) -> None:
    whole = finished
    if optimizer == "adam":
        whole = transfer(network, optimizer=optimizer)
        whole.run()

    def kill(row: Row, frame: Image.Image | None) -> None:
        if row["evaluation"] == when:
            raise Killed

    with pytest.raises(Killed):
        transfer(network, optimizer=optimizer).run(kill, tmp_path)
    again = transfer(network, optimizer=optimizer)
    again.run(scratch=tmp_path)
    # The first of each scale is computed to see that all is as it was.
    assert again.replayed == when - (2 if when > 6 else 1)
    assert again.history == whole.history
    assert again.picture is not None and whole.picture is not None
    assert again.picture.tobytes() == whole.picture.tobytes()
    assert [f.tobytes() for f in again.frames] == [f.tobytes() for f in whole.frames]


def test_other_parameters_do_not_go_on_from_it(network: keras.Model, tmp_path: Path) -> None:
    transfer(network).run(scratch=tmp_path)
    other = transfer(network, style_weight=50.0)
    other.run(scratch=tmp_path)
    assert other.replayed == 0


def test_interrupted_there_is_a_picture(network: keras.Model) -> None:
    def stop(row: Row, frame: Image.Image | None) -> None:
        if row["evaluation"] == 5:
            raise KeyboardInterrupt

    made = transfer(network)
    with pytest.raises(KeyboardInterrupt):
        made.run(stop)
    assert made.picture is not None
    assert made.picture.shape == (1, 32, 32, 3)
    assert len(made.history) == 5


def test_it_can_begin_with_noise(network: keras.Model) -> None:
    one, other = (transfer(network, initialization="noise", seed=seed) for seed in (1, 2))
    for made in (one, other):
        made.run()
    assert one.history[0]["content"] > 0.01
    assert one.history[0] != other.history[0]
    assert one.history[-1]["total"] < one.history[0]["total"]


def test_the_content_keeps_its_colours(network: keras.Model) -> None:
    made = transfer(network, colours="content")
    made.run()
    shown = made.finished()
    light = np.array(pictures.LUMINANCE)
    inside = ((shown > 0) & (shown < 1)).all(axis=-1)
    assert inside.mean() > 0.5
    assert made.picture is not None
    np.testing.assert_allclose((shown @ light)[inside], (made.picture @ light)[inside], atol=1e-5)
    changes = (shown - made.content)[inside]
    np.testing.assert_allclose(changes, changes[:, :1].repeat(3, axis=1), atol=1e-5)


def test_equal_pictures_are_refused(network: keras.Model) -> None:
    with pytest.raises(BadInput, match="content and style are the same picture; choose another"):
        Transfer(network, CONTENT, [(STYLE, 1.0), (CONTENT.copy(), 1.0)], options())


def test_what_is_reported(finished: Transfer, network: keras.Model, tmp_path: Path) -> None:
    write_raw_alexnet(tmp_path)
    metrics = measuring.measure(finished, network, LPIPS(tmp_path / "alexnet.ckpt"))
    assert metrics["evaluations"] == 13
    ratio = metrics["style_end"] / metrics["style_start"]
    assert metrics["style_loss_ratio"] == pytest.approx(ratio)
    assert 0 < ratio < 0.7
    assert metrics["content_start"] == pytest.approx(0, abs=1e-9)
    assert metrics["content_end"] > 0
    assert metrics["held_out_style_start"] > 0
    assert metrics["lpips_to_content"] > 0
