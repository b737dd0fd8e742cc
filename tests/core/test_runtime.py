"""The device policy, in processes of its own: most of it can be set only once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from generative.core import params, runtime
from generative.core.errors import BadInput
from generative.core.runtime import Runtime
from tests.support.params import set_parameter

TWO_DEVICES = """
import json, sys
from pathlib import Path
import keras
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from generative.core import params, runtime
from generative.datasets import mnist
from generative.training import fit
from generative.training.schema import Train
from generative.vae.cvae import CVAE
data = Path(sys.argv[1])
train = params.read("train.cvae", Train).model_copy(update={"epochs": 3, "batch_size": 32})
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
device = runtime.Device("two", "float32", False, "statistical", strategy)
def run(workspace, stop_after=0):
    def on_epoch(epoch, *_):
        if epoch == stop_after:
            raise KeyboardInterrupt
    keras.utils.set_random_seed(1)
    with strategy.scope():
        model = CVAE(**train.model)
    history = fit.fit(
        "train.cvae", model, train, device, mnist.batches(data, 32, 1, **train.data),
        mnist.load(data, "validation", **train.data), on_epoch, Path(sys.argv[2], workspace),
    )
    return list(history.table["loss"])
losses = run("undisturbed")
try:
    run("stopped", stop_after=2)
except KeyboardInterrupt:
    print(json.dumps([strategy.num_replicas_in_sync, losses, run("stopped")]))
"""

CONFIGURE = """
import sys
import tensorflow as tf
from generative.core import runtime
from generative.core.runtime import Runtime
runtime.has_bfloat16 = lambda gpus: True  # it computes with it anywhere, if slowly
options = Runtime(determinism=sys.argv[4] == "bitwise", threads=int(sys.argv[1]), xla=sys.argv[2])
device = runtime.configure(options, 7, sys.argv[3])
import keras
policy = keras.config.dtype_policy().name
print(runtime.threads(), device.xla, device.precision, device.determinism, policy)
print(tf.random.normal((2,)).numpy())
print(device.tags()["tf32"])
"""


def run(program: str, *arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_two_devices_share_a_batch(prepared_mnist: Path, tmp_path: Path) -> None:
    program = run(TWO_DEVICES, str(prepared_mnist), str(tmp_path))
    replicas, losses, resumed = json.loads(program[-1])
    assert replicas == 2
    assert losses[-1] < losses[0]
    assert resumed == pytest.approx(losses, rel=1e-3)
    assert "goes on after epoch 1 of 3" in program


def test_configure_sets_what_was_asked() -> None:
    first = run(CONFIGURE, "1", "on", "bfloat16", "statistical")
    assert first[0] == "1 True bfloat16 statistical mixed_bfloat16"
    second = run(CONFIGURE, "0", "on", "float32", "bitwise")
    # Keras compiles nothing under op determinism: what a run is tagged with is what it got.
    assert second[0] == f"{os.cpu_count() or 1} False float32 bitwise float32"
    assert first[1] == second[1]  # the seed
    assert first[2] == second[2] == "False"


def test_xla_and_determinism_are_refused_together(params_file: Path) -> None:
    set_parameter(params_file, "runtime.xla", "on")
    with pytest.raises(BadInput) as refused:
        params.read("runtime", Runtime, params_file)
    assert "runtime.xla: received 'on' while runtime.determinism is true" in str(refused.value)


def test_bfloat16_that_the_hardware_lacks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "has_bfloat16", lambda gpus: False)
    # What comes before can be set only once.
    monkeypatch.setattr(runtime.tf.config, "threading", mock.MagicMock())
    options = Runtime(determinism=False, threads=0, xla="auto")
    with pytest.raises(
        BadInput, match="precision: received 'bfloat16', for which this processor has"
    ):
        runtime.configure(options, 1, "bfloat16")


def test_threads_cannot_change_in_a_running_process() -> None:
    options = Runtime(determinism=False, threads=3, xla="auto")
    import tensorflow as tf

    tf.zeros(1)
    with pytest.raises(BadInput, match="configure a fresh process"):
        runtime.configure(options, 1)


GRADIENT_SUM = """
import sys
import tensorflow as tf
from tensorflow.python.eager import context
from generative.core import runtime
from generative.core.runtime import Runtime
runtime.configure(Runtime(determinism=sys.argv[1] == "on", threads=1, xla="off"), 1)

@tf.function
def total(x):
    return tf.reduce_sum(tf.add_n([tf.exp(x), tf.sin(x), tf.cos(x)]))

context.enable_graph_collection()
total(tf.ones((25, 1000, 1000)))
graph = context.export_run_metadata().function_graphs[-1].post_optimization_graph
print({node.op for node in graph.node})
"""


@pytest.mark.slow
def test_gradients_are_summed_in_one_order() -> None:
    """Three times 100 MB are enough for the memory optimizer to add them up as they come."""
    assert "TemporaryVariable" in run(GRADIENT_SUM, "off")[0]
    assert "AddN" in run(GRADIENT_SUM, "on")[0]
