"""Evaluations on disk, so that a run that was killed goes on to the result it would have had.

An optimizer is a function of the losses and gradients that it was given: given them again, it comes
to where it was killed within seconds, whatever state it keeps.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import numpy as np

Array = np.ndarray
Evaluation = Callable[[Array], tuple[Array, Array]]


class Journal:
    """`evaluate`, whose answers are appended to `file` and taken from there next time.

    evaluate: float64 [size] to terms, float64 [terms], and a gradient, float32 [size].

    Each answer is kept with the md5 of what was asked. The first is computed again: if it is not
    the recorded one, bit for bit, then the pictures, the parameters, the code or the machine are
    others, and nothing of the file is used.
    """

    def __init__(self, file: Path, evaluate: Evaluation, terms: int, size: int) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        self.file = file.open("r+b")
        self.evaluate, self.terms, self.size = evaluate, terms, size
        self.replayed = 0

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.file.close()

    def __call__(self, asked: Array) -> tuple[Array, Array]:
        place = self.file.tell()
        length = 16 + 8 * self.terms + 4 * self.size
        record, key = self.file.read(length), hashlib.md5(asked.tobytes()).digest()
        known = len(record) == length and record[:16] == key
        if known and place:
            self.replayed += 1
            return self._unpack(record)
        terms, gradient = self.evaluate(asked)
        answer = key + terms.astype(np.float64).tobytes() + gradient.astype(np.float32).tobytes()
        if not (known and answer == record):
            self.file.seek(place)
            self.file.truncate()
            self.file.write(answer)
            self.file.flush()
        return self._unpack(answer)

    def _unpack(self, record: bytes) -> tuple[Array, Array]:
        terms = np.frombuffer(record, np.float64, self.terms, offset=16)
        return terms, np.frombuffer(record, np.float32, offset=16 + 8 * self.terms)
