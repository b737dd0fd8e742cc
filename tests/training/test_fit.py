"""The trainer, with a model so small that an epoch takes a moment."""

import re
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from generative.core import processor, runtime
from generative.core.errors import BadInput
from generative.core.history import History
from generative.datasets.base.batches import Batches
from generative.training import fit as training
from generative.training import losses, optional_callbacks
from generative.training.checkpoint import Checkpoint
from generative.training.schema import Train


class Constant(keras.Model):
    """Learns one number, the mean of what it sees; `spoil` breaks a term at that step."""

    def __init__(self, rate: float = 0.1, spoil: int = -1) -> None:
        super().__init__()
        self.guess = self.add_weight(name="guess", shape=(), initializer="zeros")
        self.rate, self.spoil = rate, spoil
        self.trackers = {name: keras.metrics.Mean(name) for name in ("squares", "penalty")}
        self.built = True

    def compile(self, steps: int | None = None) -> None:
        super().compile(optimizer=keras.optimizers.SGD(self.rate))

    def call(self, images: Any) -> Any:
        return self.guess

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        penalty = tf.square(y_pred)
        if self.spoil >= 0 and training:
            bad = tf.where(self.optimizer.iterations >= self.spoil, np.inf, 0.0)
            penalty += tf.cast(bad, tf.float32)
        squares = tf.reduce_mean(tf.square(x - y_pred))
        terms = {"squares": losses.Term(squares), "penalty": losses.Term(penalty)}
        for name, value in losses.unweighted(terms).items():
            self.trackers[name].update_state(value)
        return losses.total(terms)

    def snapshot(self, images: np.ndarray) -> np.ndarray:
        return np.full_like(images, float(self.guess))


TRAIN = Train(
    network="vae/cvae",
    family="vae",
    dataset="mnist",
    data={},
    epochs=4,
    batch_size=10,
    seed=1,
    precision="float32",
    steps_per_call=2,
    keep="best",
    callbacks=[],
    snapshot_count=2,
    model={"learning_rate": 0.1},
)


def form(class_name: str, **config: Any) -> dict[str, Any]:
    """A callback as params.yaml has it."""
    return {"class_name": class_name, "config": config}


EXAMPLES = np.ones((50, 4, 4, 1), np.float32)
LABELS = np.zeros(50, np.uint8)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path


def fit(
    model: keras.Model,
    /,
    validation: np.ndarray = EXAMPLES,
    xla: bool = False,
    examples: np.ndarray = EXAMPLES,
    **changes: Any,
) -> History:
    workspace = changes.pop("workspace", None) or Path(tempfile.mkdtemp())
    train = TRAIN.model_copy(update=changes)
    data = tf.data.Dataset.from_tensor_slices((examples, LABELS))
    one_pass = data.batch(train.batch_size, drop_remainder=True)
    batches = Batches(lambda number: one_pass, int(one_pass.cardinality()))
    device = runtime.Device("CPU", "float32", xla, "statistical", tf.distribute.get_strategy())
    return training.fit(
        "train.test",
        model,
        train,
        device,
        batches,
        (validation, LABELS),
        lambda *arguments: None,
        workspace,
    )


def test_history() -> None:
    history = fit(Constant())
    assert list(history.table["epoch"]) == [1, 2, 3, 4]
    assert (np.diff(history.table["loss"]) < 0).all()
    # Before the training, and after each epoch.
    assert history.snapshots.shape == (5, 2, 4, 4, 1)
    assert (np.diff(history.snapshots.mean(axis=(1, 2, 3, 4))) > 0).all()


def test_the_best_weights_are_kept() -> None:
    """Validation wants 0.2, training pulls past it to 0.5: the best epoch is an early one."""
    low = np.full_like(EXAMPLES, 0.2)
    best, last = Constant(0.05), Constant(0.05)
    history = fit(best, low, keep="best", epochs=6)
    fit(last, low, keep="last", epochs=6)
    index = int(history.table["val_loss"].argmin())
    assert index < 5
    assert float(best.guess) == pytest.approx(history.snapshots[index + 1].mean())
    assert float(last.guess) == pytest.approx(history.snapshots[-1].mean())


def test_early_stopping_stops() -> None:
    low = np.full_like(EXAMPLES, 0.2)
    stopping = [form("EarlyStopping", patience=2)]
    model = Constant(0.05)
    history = fit(model, low, epochs=50, callbacks=stopping)
    best = history.table["val_loss"].argmin()
    assert len(history.table) == best + 1 + 2
    assert float(model.guess) == pytest.approx(history.snapshots[best + 1].mean())


def test_reduce_on_plateau_reduces() -> None:
    low = np.full_like(EXAMPLES, 0.2)
    plateau = [form("ReduceLROnPlateau", patience=1, factor=0.5)]
    history = fit(Constant(0.05), low, epochs=8, callbacks=plateau)
    assert history.table["learning_rate"].iloc[0] == pytest.approx(0.05)
    assert history.table["learning_rate"].iloc[-1] < 0.03


class Stopped(Constant):
    """Is stopped while it draws the snapshot of the epoch `last`, and of no other."""

    def __init__(self, last: int) -> None:
        super().__init__(0.05)
        self.last = last + 1  # the first is drawn before the training

    def snapshot(self, images: np.ndarray) -> np.ndarray:
        self.last -= 1
        if not self.last:
            raise KeyboardInterrupt
        return super().snapshot(images)


@pytest.mark.parametrize("steps_per_epoch", [None, 3])
@pytest.mark.parametrize("last", [1, 2, 4, 6])
def test_a_stopped_training_goes_on_to_the_same_result(
    workspace: Path, last: int, steps_per_epoch: int | None
) -> None:
    values = np.random.default_rng(0).random(EXAMPLES.shape, dtype=np.float32)
    options: dict[str, Any] = {
        "examples": values,
        "validation": np.full_like(EXAMPLES, 0.2),
        "epochs": 7,
        "steps_per_epoch": steps_per_epoch,
        "callbacks": [
            form("ReduceLROnPlateau", patience=1, factor=0.5),
            form("EarlyStopping", patience=5),
            form("ActivationLog", example=3),
            form("StepLog"),
        ],
        "steps_per_call": 1,
    }
    undisturbed = Constant(0.05)
    history = fit(undisturbed, **options)
    with pytest.raises(KeyboardInterrupt):
        fit(Stopped(last), workspace=workspace, **options)
    resumed = Stopped(-1)
    again = fit(resumed, workspace=workspace, **options)
    pd.testing.assert_frame_equal(again.table, history.table, check_exact=True)
    pd.testing.assert_frame_equal(again.steps, history.steps, check_exact=True)
    np.testing.assert_array_equal(again.snapshots, history.snapshots)
    assert len(again.activations) == len(history.activations)
    assert float(resumed.guess) == float(undisturbed.guess)
    # Once more, when everything is there: nothing is trained.
    twice = Stopped(-1)
    pd.testing.assert_frame_equal(fit(twice, workspace=workspace, **options).table, history.table)
    assert float(twice.guess) == float(undisturbed.guess)


def test_a_damaged_checkpoint_is_not_used(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = fit(Constant(), epochs=2, workspace=workspace)
    file = workspace / "checkpoint.npz"
    whole = file.read_bytes()
    for place in range(100, len(whole), len(whole) // 5):
        flipped = bytes([whole[place] ^ 4])
        for damaged in (whole[:place], whole[:place] + flipped + whole[place + 1 :]):
            file.write_bytes(damaged)
            again = fit(Constant(), epochs=2, workspace=workspace)
            pd.testing.assert_frame_equal(again.table, first.table)
    assert "checkpoint.npz is damaged" in capsys.readouterr().out


def test_no_flipped_bit_is_taken_or_stops_the_training(workspace: Path) -> None:
    """In the archive's own records too: there a bit may say that it is encrypted."""
    fit(Constant(), epochs=2, workspace=workspace)
    file = workspace / "checkpoint.npz"
    whole = file.read_bytes()
    undamaged = Checkpoint(file, [])
    model = Constant()
    model.compile(2)
    undamaged.restore(model)
    guess = float(model.guess)
    for place in range(0, len(whole), max(1, len(whole) // 400)):
        flipped = bytes([whole[place] ^ 1 << place % 8])
        file.write_bytes(whole[:place] + flipped + whole[place + 1 :])
        checkpoint = Checkpoint(file, [])
        model.guess.assign(-1.0)
        checkpoint.restore(model)
        assert checkpoint.rows in ([], undamaged.rows)
        assert float(model.guess) == (guess if checkpoint.rows else -1.0)


class Stack(Constant):
    """The same, with two layers to look into."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = keras.Sequential(
            [keras.layers.Flatten(), keras.layers.Dense(3, name="dense")], name="inner"
        )

    def call(self, images: Any) -> Any:
        return self.guess + 0 * tf.reduce_sum(self.inner(images))


def test_activations_are_those_of_each_epochs_weights() -> None:
    wanted = [form("ActivationLog", example=3)]
    examples = np.random.default_rng(0).random(EXAMPLES.shape, dtype=np.float32)
    model = Stack()
    history = fit(model, examples, epochs=2, keep="last", callbacks=wanted)
    assert len(history.activations) == 2
    flat, dense = history.activations[-1].values()
    np.testing.assert_allclose(flat, examples[3].reshape(1, -1))
    np.testing.assert_allclose(dense, model.inner(examples[3:4]), rtol=1e-5, atol=1e-6)
    assert list(history.activations[0])[1] == "01_dense"
    # The layers are as they were.
    assert "call" not in vars(model.inner.layers[-1])
    assert fit(Stack()).activations == []


def test_metrics_of_every_step() -> None:
    """Plain descent on the distance to 0.5, step by step."""
    model = Constant(0.05)
    wanted = [form("StepLog")]
    history = fit(model, epochs=2, steps_per_call=1, callbacks=wanted, keep="last")
    assert list(history.steps.index) == list(range(10))
    by_epoch = history.steps["squares"].to_numpy().reshape(2, 5).mean(axis=1)
    np.testing.assert_allclose(by_epoch, history.table["squares"], rtol=1e-5)
    assert (np.diff(history.steps["squares"]) < 0).all()
    assert fit(Constant(), epochs=1).steps.empty


def test_an_example_that_is_not_there() -> None:
    wanted = [form("ActivationLog", example=50)]
    with pytest.raises(BadInput, match=r"ActivationLog.* example: received 50, there are 50"):
        fit(Constant(), callbacks=wanted)


def test_tensorboard_gets_the_curves(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.chdir(tmp_path)
    board = [form("TensorBoard", histogram_freq=1)]
    fit(Constant(), callbacks=board, workspace=workspace)
    events = EventAccumulator(str(Path(".cache/tensorboard", workspace.name, "train"))).Reload()
    assert "epoch_loss" in events.Tags()["tensors"]
    assert len(events.Tensors("epoch_loss")) == 4


def test_tensorboard_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optional_callbacks, "find_spec", lambda _: None)
    with pytest.raises(BadInput, match="pip install tensorboard"):
        fit(Constant(), callbacks=[form("TensorBoard")])


def test_no_pictures_are_asked_of_a_model_that_makes_none() -> None:
    history = fit(Constant(), snapshot_count=0)
    assert history.snapshots.shape == (5, 0)


@pytest.mark.parametrize("xla", [False, True])
def test_a_term_that_is_no_number_is_named_and_the_last_finite_weights_stay(xla: bool) -> None:
    model = Constant(spoil=12)  # five steps an epoch: in the third
    with pytest.raises(training.Diverged) as failure:
        fit(model, xla=xla)
    # XLA has no checks inside the graph, so there it is one of the terms that it spread to.
    term = "(penalty|squares)" if xla else "penalty"
    expected = f"the term {term} of the loss became NaN or infinite in epoch 3"
    assert re.search(expected, str(failure.value))
    assert "lower train.test.model.learning_rate" in str(failure.value)
    good = Constant()
    fit(good, epochs=2)
    assert float(model.guess) == pytest.approx(float(good.guess), rel=1e-5)


def test_a_divergence_names_the_rates_of_both_networks() -> None:
    rates = {"latent_size": 2, "generator_learning_rate": 1.0, "discriminator_learning_rate": 1.0}
    expected = (
        r"lower train.test.model.generator_learning_rate or "
        r"train.test.model.discriminator_learning_rate$"
    )
    with pytest.raises(training.Diverged, match=expected):
        fit(Constant(spoil=0), model=rates)


class Huge(Constant):
    """Needs 64 TB a step."""

    def call(self, images: Any) -> Any:
        return self.guess + tf.reduce_sum(tf.random.uniform((2**22, 2**22)))


def test_a_step_that_needs_more_memory_than_there_is() -> None:
    with pytest.raises(BadInput) as refused:
        fit(Huge())
    assert "train.test: CPU has no memory left for train.test.batch_size: 10: " in str(
        refused.value
    )
    assert "a tensor of 67,108,864.0 MB was refused; lower it" in str(refused.value)


class Recording(Constant):
    """Keeps the value of the first image of each batch that it is trained on."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[float] = []

    def call(self, images: Any) -> Any:
        tf.py_function(lambda value: self.values.append(float(value)), [images[0, 0, 0, 0]], [])
        return super().call(images)


@pytest.mark.parametrize("per_call", [1, 2, 3, 100])
def test_an_epoch_of_so_many_steps(per_call: int) -> None:
    """Five batches in 4 epochs of 3 steps: the data goes on where an epoch ended, and repeats."""
    values = np.arange(50, dtype=np.float32)[:, None, None, None] * EXAMPLES / 50
    model = Recording()
    history = fit(
        model, examples=values, keep="last", epochs=4, steps_per_epoch=3, steps_per_call=per_call
    )
    assert list(history.table["epoch"]) == [1, 2, 3, 4]
    assert len(history.snapshots) == 1 + 4
    assert int(model.optimizer.iterations) == 12
    in_training = [round(50 * value) for value in model.values if value < 1]
    assert in_training == [0, 10, 20, 30, 40, 0, 10, 20, 30, 40, 0, 10]


def test_steps_an_epoch_can_be_more_than_the_data_has() -> None:
    model = Constant()
    history = fit(model, keep="last", epochs=2, steps_per_epoch=8, steps_per_call=100)
    assert int(model.optimizer.iterations) == 16
    assert len(history.table) == 2


def test_a_schedule_gets_the_steps_that_there_will_be() -> None:
    class Counting(Constant):
        def compile(self, steps: int | None = None) -> None:
            self.steps = steps
            super().compile(steps)

    full, counted = Counting(), Counting()
    fit(full, epochs=2)
    fit(counted, epochs=2, steps_per_epoch=3)
    assert (full.steps, counted.steps) == (10, 6)


class Warns(Constant):
    def warnings(self, logs: dict[str, float]) -> list[str]:
        return ["it is high", "and wide"] if logs["squares"] > 0.3 else []


def test_warnings_are_printed_and_kept(capsys: pytest.CaptureFixture[str]) -> None:
    history = fit(Warns(0.05))
    epochs = 1 + np.flatnonzero(history.table["squares"] > 0.3)
    assert 0 < len(epochs) < 4
    expected = [f"epoch {epoch}: {line}" for epoch in epochs for line in ("it is high", "and wide")]
    assert history.warnings == expected
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if "warning" in line] == [f"warning: {x}" for x in expected]
    assert fit(Constant()).warnings == []


class Sized(Constant):
    image_shape = (4, 6, 3)


def test_images_of_another_shape() -> None:
    expected = (
        "train.test: data/prepared/mnist holds images of 4 x 4 x 1, this network takes 4 x 6 x 3; "
        "change prepare.mnist or train.test.model"
    )
    with pytest.raises(BadInput, match=f"^{expected}$"):
        fit(Sized())
    images = np.ones((50, 4, 6, 3), np.float32)
    assert len(fit(Sized(), images, examples=images).table) == 4


@pytest.mark.parametrize(
    ("images", "expected"),
    [(EXAMPLES * 255, "from 255 to 255"), (EXAMPLES - 1.5, "from -0.5 to -0.5")],
)
def test_images_of_another_range(images: np.ndarray, expected: str) -> None:
    with pytest.raises(BadInput, match=rf"values {expected}; models take images in \[0, 1\]"):
        fit(Constant(), images)


def test_a_batch_larger_than_the_data() -> None:
    with pytest.raises(BadInput, match=r"train.test.batch_size: received 51, more than there are"):
        fit(Constant(), batch_size=51)


def test_steps_per_call_change_nothing() -> None:
    one, five = Constant(), Constant()
    fit(one, steps_per_call=1)
    fit(five, steps_per_call=5)
    assert float(one.guess) == pytest.approx(float(five.guess), rel=1e-5)


def test_a_line_an_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    fit(Constant())
    assert "epoch 4/4" in capsys.readouterr().out


def test_bfloat16_is_asked_of_the_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    for flags, expected in (("fpu amx_bf16", True), ("fpu avx2", False)):
        monkeypatch.setattr(processor, "flags", lambda flags=flags: frozenset(flags.split()))
        assert runtime.has_bfloat16([]) is expected
