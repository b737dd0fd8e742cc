from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from generative.style.checkpoint import EvaluationCheckpoint

Array = np.ndarray
PICTURES = [np.random.default_rng(i).random(6) for i in range(5)]


class CountedEvaluation:
    def __init__(self, factor: float = 1) -> None:
        self.factor, self.count = factor, 0

    def __call__(self, picture: Array) -> tuple[Array, Array]:
        self.count += 1
        terms = np.array([picture.sum(), picture.max() / 3]) * self.factor
        return terms, (2 * picture).astype(np.float32)


def evaluate_all(
    file: Path, evaluate: Callable[[Array], tuple[Array, Array]], count: int
) -> list[bytes]:
    with EvaluationCheckpoint(file, evaluate, terms=2, size=6) as checkpoint:
        results = [checkpoint(picture) for picture in PICTURES[:count]]
        assert all(gradient.dtype == np.float32 for _, gradient in results)
        return [terms.tobytes() + gradient.tobytes() for terms, gradient in results]


def test_stored_evaluations_are_not_computed_again(tmp_path: Path) -> None:
    file = tmp_path / "new" / "evaluations"
    first, second = CountedEvaluation(), CountedEvaluation()
    stored = evaluate_all(file, first, 3)
    assert first.count == 3
    complete = evaluate_all(file, second, 5)
    assert complete[:3] == stored
    assert second.count == 1 + 2  # the first, to check that nothing changed, and the new ones
    assert complete == evaluate_all(tmp_path / "another", CountedEvaluation(), 5)


def test_a_truncated_record_is_computed_again(tmp_path: Path) -> None:
    file = tmp_path / "evaluations"
    complete = evaluate_all(file, CountedEvaluation(), 3)
    file.write_bytes(file.read_bytes()[:-5])
    again = CountedEvaluation()
    assert evaluate_all(file, again, 3) == complete
    assert again.count == 2
    assert len(file.read_bytes()) == 3 * (32 + 2 * 8 + 6 * 4)


def test_nothing_of_another_run_is_used(tmp_path: Path) -> None:
    file = tmp_path / "evaluations"
    evaluate_all(file, CountedEvaluation(), 5)
    other = CountedEvaluation(factor=2)
    expected = evaluate_all(tmp_path / "another", CountedEvaluation(factor=2), 4)
    assert evaluate_all(file, other, 4) == expected
    assert other.count == 4


def test_other_pictures_are_evaluated_anew(tmp_path: Path) -> None:
    """The optimizer was changed: it begins with the same picture and goes on with others."""
    file, again = tmp_path / "evaluations", CountedEvaluation()
    evaluate_all(file, CountedEvaluation(), 4)
    with EvaluationCheckpoint(file, again, terms=2, size=6) as checkpoint:
        for picture in (PICTURES[0], PICTURES[3], PICTURES[1]):
            terms, _ = checkpoint(picture)
            assert terms[0] == pytest.approx(picture.sum())
        assert checkpoint.replayed == 0
    assert again.count == 3
