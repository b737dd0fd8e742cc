"""The trainer, with a model so small that an epoch takes a moment."""

import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative import losses, params, runtime, training
from generative.errors import BadInput


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
        terms = {"squares": tf.reduce_mean(tf.square(x - y_pred)), "penalty": tf.square(y_pred)}
        if self.spoil >= 0 and training:
            bad = tf.where(self.optimizer.iterations >= self.spoil, np.inf, 0.0)
            terms["penalty"] += tf.cast(bad, tf.float32)
        for name, value in terms.items():
            self.trackers[name].update_state(value)
        return losses.total(terms)

    def snapshot(self, images: np.ndarray) -> np.ndarray:
        return np.full_like(images, float(self.guess))


BLOCK = params.Train(
    network="models/cvae",
    family="likelihood",
    dataset="mnist",
    data={},
    epochs=4,
    batch_size=10,
    seed=1,
    precision="float32",
    steps_per_call=2,
    keep="best",
    callbacks=params.Callbacks(),
    snapshot_count=2,
    model={},
)
EXAMPLES = np.ones((50, 4, 4, 1), np.float32)
LABELS = np.zeros(50, np.uint8)
SCRATCH = Path()


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tests.test_training.SCRATCH", tmp_path, raising=False)
    return tmp_path


def fit(
    model: keras.Model, validation: np.ndarray = EXAMPLES, xla: bool = False, **changes: Any
) -> training.Course:
    block = BLOCK.model_copy(update=changes)
    data = tf.data.Dataset.from_tensor_slices((EXAMPLES, LABELS))
    batches = data.batch(block.batch_size, drop_remainder=True)
    device = runtime.Device("CPU", "float32", xla, "statistical", tf.distribute.get_strategy())
    return training.fit(
        "train.test",
        model,
        block,
        device,
        batches,
        (validation, LABELS),
        lambda *arguments: None,
        SCRATCH,
    )


def test_course() -> None:
    course = fit(Constant())
    assert list(course.history["epoch"]) == [1, 2, 3, 4]
    assert (np.diff(course.history["loss"]) < 0).all()
    assert course.snapshots.shape == (4, 2, 4, 4, 1)
    assert course.snapshots[0].mean() < course.snapshots[3].mean()


def test_the_best_weights_are_kept() -> None:
    """Validation wants 0.2, training pulls past it to 0.5: the best epoch is an early one."""
    low = np.full_like(EXAMPLES, 0.2)
    best, last = Constant(0.05), Constant(0.05)
    course = fit(best, low, keep="best", epochs=6)
    fit(last, low, keep="last", epochs=6)
    index = int(course.history["val_loss"].argmin())
    assert index < 5
    assert float(best.guess) == pytest.approx(course.snapshots[index].mean())
    assert float(last.guess) == pytest.approx(course.snapshots[-1].mean())


def test_early_stopping_stops() -> None:
    low = np.full_like(EXAMPLES, 0.2)
    stopping = params.Callbacks(early_stopping=params.EarlyStopping(patience=2))
    model = Constant(0.05)
    course = fit(model, low, epochs=50, callbacks=stopping)
    best = course.history["val_loss"].argmin()
    assert len(course.history) == best + 1 + 2
    assert float(model.guess) == pytest.approx(course.snapshots[best].mean())


def test_reduce_on_plateau_reduces() -> None:
    low = np.full_like(EXAMPLES, 0.2)
    plateau = params.Callbacks(reduce_on_plateau=params.ReduceOnPlateau(patience=1, factor=0.5))
    course = fit(Constant(0.05), low, epochs=8, callbacks=plateau)
    assert course.history["learning_rate"].iloc[0] == pytest.approx(0.05)
    assert course.history["learning_rate"].iloc[-1] < 0.03


def test_the_best_weights_are_on_disk_while_training_goes_on(scratch: Path) -> None:
    """So that a training that is killed has not been for nothing."""

    class Killed(Constant):
        def snapshot(self, images: np.ndarray) -> np.ndarray:
            if (scratch / "best.weights.h5").exists():
                raise KeyboardInterrupt
            return super().snapshot(images)

    with pytest.raises(KeyboardInterrupt):
        fit(Killed())
    first = Constant()
    fit(first, epochs=1)
    kept = Constant()
    kept.load_weights(scratch / "best.weights.h5")
    assert float(kept.guess) == float(first.guess) > 0


def test_the_weights_of_an_earlier_training_are_not_taken_for_the_best(scratch: Path) -> None:
    stale = Constant()
    stale.guess.assign(9.0)
    stale.save_weights(scratch / "best.weights.h5")
    model = Constant()
    fit(model, epochs=1)
    assert float(model.guess) < 1


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
    wanted = params.Callbacks(activation_log=params.ActivationLog(example=3))
    examples = np.random.default_rng(0).random(EXAMPLES.shape, dtype=np.float32)
    model = Stack()
    course = fit(model, examples, epochs=2, keep="last", callbacks=wanted)
    assert len(course.activations) == 2
    flat, dense = course.activations[-1].values()
    np.testing.assert_allclose(flat, examples[3].reshape(1, -1))
    np.testing.assert_allclose(dense, model.inner(examples[3:4]), rtol=1e-6)
    assert list(course.activations[0])[1] == "01_dense"
    # The layers are as they were.
    assert "call" not in vars(model.inner.layers[-1])
    assert fit(Stack()).activations == []


def test_an_example_that_is_not_there() -> None:
    wanted = params.Callbacks(activation_log=params.ActivationLog(example=50))
    with pytest.raises(BadInput, match=r"activation_log.example: received 50, there are 50"):
        fit(Constant(), callbacks=wanted)


def test_tensorboard_gets_the_curves(scratch: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    fit(Constant(), callbacks=params.Callbacks(tensorboard=params.TensorBoard(histogram_epochs=1)))
    events = EventAccumulator(str(scratch / "tensorboard" / "train")).Reload()
    assert "epoch_loss" in events.Tags()["tensors"]
    assert len(events.Tensors("epoch_loss")) == 4


def test_tensorboard_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "find_spec", lambda _: None)
    wanted = params.Callbacks(tensorboard=params.TensorBoard(histogram_epochs=0))
    with pytest.raises(BadInput, match="pip install tensorboard"):
        fit(Constant(), callbacks=wanted)


def test_no_pictures_are_asked_of_a_model_that_makes_none() -> None:
    course = fit(Constant(), snapshot_count=0)
    assert course.snapshots.shape == (4, 0, 4, 4, 1)


@pytest.mark.parametrize("xla", [False, True])
def test_a_term_that_is_no_number_is_named_and_the_last_good_weights_stay(xla: bool) -> None:
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
    assert float(model.guess) == float(good.guess)


def test_a_batch_larger_than_the_data() -> None:
    with pytest.raises(BadInput, match=r"train.test.batch_size: received 51, more than there are"):
        fit(Constant(), batch_size=51)


def test_steps_per_call_change_nothing() -> None:
    one, five = Constant(), Constant()
    fit(one, steps_per_call=1)
    fit(five, steps_per_call=5)
    assert float(one.guess) == float(five.guess)


def test_a_line_an_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    fit(Constant())
    assert "epoch 4/4" in capsys.readouterr().out


def test_bfloat16_is_asked_of_the_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    for flags, expected in (("fpu amx_bf16", True), ("fpu avx2", False)):
        monkeypatch.setattr(Path, "read_text", lambda *_, flags=flags, **__: flags)
        assert runtime.has_bfloat16([]) is expected
