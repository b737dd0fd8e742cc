"""What TensorFlow and Keras read when they are imported, and what TensorFlow prints. Import this
module before them.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

# On in every processor: by default TensorFlow leaves it off where AVX-512 VNNI is missing.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# Not what its graph optimizer gives up on, nor that there is no GPU. Errors are exceptions.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Keras reads its backend, the order of axes and the default type from a file of the user's, which
# may be of other projects: here it is this one.
os.environ["KERAS_BACKEND"] = "tensorflow"
for limit in ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH"):  # it would train less, and go on
    os.environ.pop(limit, None)
os.environ["KERAS_HOME"] = str(Path(__file__).with_name("keras"))
# Lines of its C++ code, some of which it prints before it reads that level.
NOISE = re.compile(rb"[IWE]\d{4} |WARNING: All log messages before absl|To enable the following")


@contextmanager
def without_noise() -> Iterator[None]:
    """Keep TensorFlow's log lines from the standard error; what else is written there follows."""
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)
            file.seek(0)
            for line in file:
                if not NOISE.match(line):
                    os.write(2, line)


class QuietImport(importlib.abc.MetaPathFinder):
    """Imports TensorFlow `without_noise`, whichever module asks for it first."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec and spec.loader:
            loader: Any = spec.loader
            load = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                with without_noise():
                    load(module)

            loader.exec_module = exec_module
        return spec


if "tensorflow" not in sys.modules:
    sys.meta_path.insert(0, QuietImport())
