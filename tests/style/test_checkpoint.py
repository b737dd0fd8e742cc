from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from generative.style.checkpoint import Journal

Array = np.ndarray
QUESTIONS = [np.random.default_rng(i).random(6) for i in range(5)]


class Counted:
    def __init__(self, factor: float = 1) -> None:
        self.factor, self.count = factor, 0

    def __call__(self, asked: Array) -> tuple[Array, Array]:
        self.count += 1
        terms = np.array([asked.sum(), asked.max() / 3]) * self.factor
        return terms, (2 * asked).astype(np.float32)


def answers(
    file: Path, evaluate: Callable[[Array], tuple[Array, Array]], count: int
) -> list[bytes]:
    with Journal(file, evaluate, terms=2, size=6) as journal:
        found = [journal(question) for question in QUESTIONS[:count]]
        assert all(gradient.dtype == np.float32 for _, gradient in found)
        return [terms.tobytes() + gradient.tobytes() for terms, gradient in found]


def test_what_was_answered_is_not_computed_again(tmp_path: Path) -> None:
    file, first, second = tmp_path / "new" / "journal", Counted(), Counted()
    known = answers(file, first, 3)
    assert first.count == 3
    whole = answers(file, second, 5)
    assert whole[:3] == known
    assert second.count == 1 + 2  # the first, to see that all is as it was, and the new ones
    assert whole == answers(tmp_path / "another", Counted(), 5)


def test_a_record_that_was_cut_off_is_computed_again(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    whole = answers(file, Counted(), 3)
    file.write_bytes(file.read_bytes()[:-5])
    again = Counted()
    assert answers(file, again, 3) == whole
    assert again.count == 2
    assert len(file.read_bytes()) == 3 * (16 + 2 * 8 + 6 * 4)


def test_nothing_of_another_run_is_used(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    answers(file, Counted(), 5)
    other = Counted(factor=2)
    expected = answers(tmp_path / "another", Counted(factor=2), 4)
    assert answers(file, other, 4) == expected
    assert other.count == 4


def test_other_questions_are_answered_anew(tmp_path: Path) -> None:
    """The optimizer was changed: it asks the same first, then others."""
    file, again = tmp_path / "journal", Counted()
    answers(file, Counted(), 4)
    with Journal(file, again, terms=2, size=6) as journal:
        for question in (QUESTIONS[0], QUESTIONS[3], QUESTIONS[1]):
            terms, _ = journal(question)
            assert terms[0] == pytest.approx(question.sum())
        assert journal.replayed == 0
    assert again.count == 3
