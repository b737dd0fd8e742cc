"""Evaluations of a loss on disk, so that a run that was killed comes to the same result.

An optimizer is a function of the losses and gradients that it receives: given them again, it is
back where it was killed within seconds, whatever state it keeps.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import numpy as np

from generative.core.folders import named

Array = np.ndarray
Evaluation = Callable[[Array], tuple[Array, Array]]


class EvaluationCheckpoint:
    """`evaluate`, whose results are appended to `file` and taken from there the next time.

    evaluate: float64 [size] to terms, float64 [terms], and a gradient, float32 [size].

    Each result is stored with the md5 of its input, and of itself. The first is computed again: if
    it differs from the stored one in any bit, then the pictures, the parameters, the code or the
    machine are others, and nothing of the file is used.

    replayed: how many were taken from the file.
    """

    def __init__(self, file: Path, evaluate: Evaluation, terms: int, size: int) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        self.file = file.open("r+b")
        self.evaluate, self.terms, self.size = evaluate, terms, size
        self.replayed = 0

    def __enter__(self) -> "EvaluationCheckpoint":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.file.close()

    def __call__(self, picture: Array) -> tuple[Array, Array]:
        offset = self.file.tell()
        length = 32 + 8 * self.terms + 4 * self.size
        stored, key = self.file.read(length), hashlib.md5(picture.tobytes()).digest()
        whole = len(stored) == length and hashlib.md5(stored[16:]).digest() == stored[:16]
        known = whole and stored[16:32] == key
        if known and offset:
            self.replayed += 1
            return self._unpack(stored)
        terms, gradient = self.evaluate(picture)
        record = key + terms.astype(np.float64).tobytes() + gradient.astype(np.float32).tobytes()
        record = hashlib.md5(record).digest() + record
        if not (known and record == stored):
            with named(Path(self.file.name)):
                self.file.seek(offset)
                self.file.truncate()
                self.file.write(record)
                self.file.flush()
        return self._unpack(record)

    def _unpack(self, record: bytes) -> tuple[Array, Array]:
        terms = np.frombuffer(record, np.float64, self.terms, offset=32)
        return terms, np.frombuffer(record, np.float32, offset=32 + 8 * self.terms)
