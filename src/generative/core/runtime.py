"""How the device is used: seeds, determinism, threads, precision, XLA, several GPUs."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

from generative.core import environment, processor  # before TensorFlow
from generative.core.errors import BadInput
from generative.core.params import Schema

# isort: split
import keras
import tensorflow as tf
import threadpoolctl
from pydantic import Field
from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig
from tensorflow.python.eager import context


class Runtime(Schema):
    """How the device is used: the section `runtime`. Each of these changes the last bits of a
    result.

    threads: that TensorFlow computes with, whatever the number of cores; 0 takes one a core.
    """

    determinism: bool
    threads: Annotated[int, Field(ge=0)]
    xla: Literal["auto", "on", "off"]

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        if self.determinism and self.xla == "on":
            yield (
                f"{name}.xla: received 'on' while {name}.determinism is true, under which Keras "
                f"compiles nothing; write {name}.determinism: false, or {name}.xla: auto"
            )


@dataclass(frozen=True)
class Device:
    """What a run got: recorded with it, because each of these changes its last bits."""

    name: str
    precision: str
    xla: bool
    determinism: str
    strategy: tf.distribute.Strategy

    def tags(self) -> dict[str, object]:
        """What a run is tagged with."""
        return {
            "device": self.name,
            "precision": self.precision,
            "determinism": self.determinism,
            "threads": threads(),
            "onednn": os.environ["TF_ENABLE_ONEDNN_OPTS"] == "1",
            "xla": self.xla,
            "tf32": tf.config.experimental.tensor_float_32_execution_enabled(),
        }

    def machine(self) -> dict[str, object]:
        """What decides the last bits of a result beside code, data and parameters."""
        packages = {name: version(name) for name in ("tensorflow", "keras", "numpy")}
        own = {"processor": processor.model(), "instructions": processor.instructions()}
        return {**self.tags(), **own, **packages}


def configure(runtime: Runtime, seed: int, precision: str = "float32") -> Device:
    """Set up the process, once and before TensorFlow computes anything.

    `precision` is "float32", "bfloat16" or "auto": bfloat16 where the hardware has it. float32 is
    that on every device: products of matrices are not rounded to TensorFloat-32. Several GPUs
    share each batch (`MirroredStrategy`). XLA, "auto", compiles on one GPU, without determinism.
    Raises `BadInput` for bfloat16 without instructions for it, and for XLA on several GPUs.
    """
    keras.utils.set_random_seed(seed)
    try:
        tf.config.threading.set_intra_op_parallelism_threads(runtime.threads)
        tf.config.threading.set_inter_op_parallelism_threads(runtime.threads)
    except RuntimeError:
        raise BadInput(
            "runtime.threads cannot change after TensorFlow has started; configure a fresh process"
        ) from None
    # Sums of matrix products, and with them eigenvalues, come in other orders too.
    threadpoolctl.threadpool_limits(runtime.threads or os.cpu_count(), user_api="blas")
    with environment.without_noise():
        gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    if runtime.determinism:
        tf.config.experimental.enable_op_determinism()
        disable_memory_optimizer()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    if precision == "auto":
        precision = "bfloat16" if has_bfloat16(gpus) else "float32"
    elif precision == "bfloat16" and not has_bfloat16(gpus):
        kind = "GPU" if gpus else "processor"
        raise BadInput(
            f"precision: received 'bfloat16', for which this {kind} has no instructions: it would "
            "take hours for minutes; write float32, or auto, which takes what there is"
        )
    if runtime.xla == "on" and len(gpus) > 1:
        raise BadInput(
            f"runtime.xla: received 'on' with {len(gpus)} GPUs, for which Keras compiles nothing; "
            "write auto, or hide all but one: CUDA_VISIBLE_DEVICES=0"
        )
    keras.mixed_precision.set_global_policy(
        "mixed_bfloat16" if precision == "bfloat16" else "float32"
    )
    names = [
        tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus
    ]
    return Device(
        name=" + ".join(names) or "CPU",
        precision=precision,
        # On a CPU XLA bypasses oneDNN: convolutions take up to ten times as long. Under op
        # determinism Keras compiles nothing.
        xla=not runtime.determinism
        and (runtime.xla == "on" or (runtime.xla == "auto" and len(gpus) == 1)),
        determinism="bitwise" if runtime.determinism else "statistical",
        strategy=tf.distribute.MirroredStrategy()
        if len(gpus) > 1
        else tf.distribute.get_strategy(),
    )


def disable_memory_optimizer() -> None:
    """Let every gradient be summed in one order.

    Where a step needs more than 205 MB by its estimate, TensorFlow's memory optimizer adds three
    gradients or more to a temporary variable, each when it is ready: R1 with 256 images had other
    last bits in every process. `tf.config.optimizer` has no switch for it.
    """
    options = tf.compat.v1.ConfigProto()
    options.graph_options.rewrite_options.memory_optimization = RewriterConfig.NO_MEM_OPT
    context.context()._config = options


def has_bfloat16(gpus: list[tf.config.PhysicalDevice]) -> bool:
    """Whether the hardware multiplies bfloat16: GPUs from Ampere on, CPUs with AMX or AVX-512."""
    if gpus:
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        return all(d.get("compute_capability", (0, 0)) >= (8, 0) for d in details)
    return not {"amx_bf16", "avx512_bf16"}.isdisjoint(processor.flags())


def threads() -> int:
    """The number of threads TensorFlow computes with."""
    return tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count() or 1
