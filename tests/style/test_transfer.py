from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from generative.core.errors import BadInput
from generative.style import pictures
from generative.style.transfer import Row, Transfer
from tests.support.operations import census
from tests.support.style import make_options, waves

CONTENT, STYLE = waves(48, 64, seed=1), waves(50, 40, seed=2)


def make_transfer(network: keras.Model, **changes: Any) -> Transfer:
    return Transfer(network, CONTENT, [(STYLE, 1.0)], make_options(**changes))


@pytest.fixture(scope="module")
def finished(network: keras.Model) -> Transfer:
    transfer = make_transfer(network)
    transfer.run()
    return transfer


def test_the_style_loss_falls(finished: Transfer) -> None:
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
    _, objective = finished.objective(finished.options.scales[-1], finished.options, network)
    assert finished.picture is not None
    last = [row["total"] for row in finished.history if row["longest_side"] == 40]
    found = objective.measure(finished.picture)["total"]
    assert found == pytest.approx(min(last), rel=1e-4)


def test_a_frame_a_round(network: keras.Model) -> None:
    """The best so far when it ended; the last round of the second scale is cut short."""
    shown: list[tuple[int, bytes]] = []

    def keep(row: Row, frame: Image.Image | None) -> None:
        if frame:
            shown.append((int(row["evaluation"]), frame.tobytes()))

    scales = [{"longest_side": 32, "evaluations": 99}, {"longest_side": 40, "evaluations": 5}]
    transfer = make_transfer(network, restart_every=2, rounds=2, frame_every=0, scales=scales)
    transfer.run(keep)
    assert [frame.size for frame in transfer.frames] == [(32, 32)] * 2 + [(40, 32)]
    assert [content for _, content in shown] == [f.tobytes() for f in transfer.frames]
    ends = [number for number, _ in shown]
    assert ends == sorted(set(ends))
    assert len(transfer.history) == ends[1] + 5


def test_a_style_of_the_contents_size(network: keras.Model) -> None:
    def loss(style: Image.Image, size: str) -> float:
        transfer = Transfer(network, CONTENT, [(style, 1.0)], make_options(style_size=size))
        options = transfer.options
        content, objective = transfer.objective(options.scales[-1], options, network)
        assert content.shape == (1, 32, 40, 3)
        return objective.measure(content)["style"]

    resized = STYLE.resize((40, 32), Image.Resampling.LANCZOS)
    assert loss(STYLE, "content") == pytest.approx(loss(resized, "own"), rel=1e-5)
    assert loss(STYLE, "content") != pytest.approx(loss(STYLE, "own"), rel=1e-3)


class Killed(Exception):
    pass


@pytest.mark.parametrize(
    ("options", "when"),
    [
        ({}, 4),
        ({}, 10),
        ({"optimizer": "adam"}, 6),
        ({"restart_every": 2, "bounds": "none"}, 5),
        ({"restart_every": 2, "bounds": "none"}, 12),
    ],
)
def test_a_killed_run_comes_to_the_same_result(
    network: keras.Model, tmp_path: Path, options: dict[str, Any], when: int
) -> None:
    complete = make_transfer(network, **options)
    complete.run()

    def kill(row: Row, frame: Image.Image | None) -> None:
        if row["evaluation"] == when:
            raise Killed

    with pytest.raises(Killed):
        make_transfer(network, **options).run(kill, tmp_path)
    again = make_transfer(network, **options)
    again.run(workspace=tmp_path)
    # The first of each scale is computed to check that nothing changed.
    assert again.replayed == when - (2 if when > 6 else 1)
    assert again.history == complete.history
    assert again.picture is not None and complete.picture is not None
    assert again.picture.tobytes() == complete.picture.tobytes()
    assert [f.tobytes() for f in again.frames] == [f.tobytes() for f in complete.frames]


def test_without_bounds_the_picture_that_is_shown_is_clipped(network: keras.Model) -> None:
    transfer = make_transfer(network, bounds="none", content_weight=0.0)
    transfer.run()
    assert transfer.picture is not None
    assert transfer.picture.min() < 0 or transfer.picture.max() > 1
    shown = pictures.to_array(pictures.to_picture(transfer.result()))
    np.testing.assert_allclose(shown, np.clip(transfer.picture, 0, 1), atol=0.5 / 255 + 1e-6)


def test_other_parameters_use_nothing_of_the_workspace(
    network: keras.Model, tmp_path: Path
) -> None:
    make_transfer(network).run(workspace=tmp_path)
    other = make_transfer(network, style_weight=50.0)
    other.run(workspace=tmp_path)
    assert other.replayed == 0


def test_an_interrupted_run_has_a_picture(network: keras.Model) -> None:
    def stop(row: Row, frame: Image.Image | None) -> None:
        if row["evaluation"] == 5:
            raise KeyboardInterrupt

    transfer = make_transfer(network)
    with pytest.raises(KeyboardInterrupt):
        transfer.run(stop)
    assert transfer.picture is not None
    assert transfer.picture.shape == (1, 32, 32, 3)
    assert len(transfer.history) == 5


def test_the_initial_picture_can_be_noise(network: keras.Model) -> None:
    one, other = (make_transfer(network, initialization="noise", seed=seed) for seed in (1, 2))
    for transfer in (one, other):
        transfer.run()
    assert one.history[0]["content"] > 0.01
    assert one.history[0] != other.history[0]
    assert one.history[-1]["total"] < one.history[0]["total"]


def test_the_content_keeps_its_colours(network: keras.Model) -> None:
    transfer = make_transfer(network, colours="content")
    transfer.run()
    result = transfer.result()
    weights = np.array(pictures.LUMINANCE)
    inside = ((result > 0) & (result < 1)).all(axis=-1)
    assert inside.mean() > 0.5
    assert transfer.picture is not None
    luminance = (transfer.picture @ weights)[inside]
    np.testing.assert_allclose((result @ weights)[inside], luminance, atol=1e-5)
    changes = (result - transfer.content)[inside]
    np.testing.assert_allclose(changes, changes[:, :1].repeat(3, axis=1), atol=1e-5)


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_no_operation_is_forbidden_on_a_gpu(network: keras.Model, optimizer: str) -> None:
    """Under op determinism: see tests/training/test_determinism.py."""
    with census() as found:
        make_transfer(network, optimizer=optimizer, variation_weight=1.0).run()
    assert "Conv2DBackpropInput" in {one.name for one in found}
    assert [one.name for one in found if one.raises] == []


def test_equal_pictures_are_refused(network: keras.Model) -> None:
    with pytest.raises(BadInput, match="content and style are the same picture; choose another"):
        Transfer(network, CONTENT, [(STYLE, 1.0), (CONTENT.copy(), 1.0)], make_options())
