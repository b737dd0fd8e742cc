"""The order of batches: a function of the seed and of the number of the pass, nothing else."""

from itertools import islice

import pytest
import tensorflow as tf

from generative.datasets.base.batches import Batches, gathered

Numbers = list[tuple[list[int], int]]


def batches(seed: int = 1) -> Batches:
    """Eleven numbers in three batches a pass; each with its random number."""
    return gathered(11, 3, seed, lambda index, batch_seed: (index, batch_seed))


def read(data: tf.data.Dataset, count: int = 100) -> Numbers:
    return [(index.numpy().tolist(), int(number)) for index, number in islice(data, count)]


def test_a_pass_has_each_example_at_most_once() -> None:
    found = read(batches().epoch(0))
    assert len(found) == batches().steps == int(batches().epoch(0).cardinality()) == 3
    numbers = sorted(number for index, _ in found for number in index)
    assert len(set(numbers)) == len(numbers) == 9
    assert set(numbers) <= set(range(11))


def test_passes_and_seeds_differ_and_each_comes_again() -> None:
    passes = [read(batches(seed).epoch(number)) for seed in (1, 2) for number in range(4)]
    assert len({str([index for index, _ in one]) for one in passes}) == 8
    assert len({number for one in passes for _, number in one}) == 8 * 3
    assert read(batches(seed=2).epoch(3)) == passes[-1]


def test_a_variable_chooses_the_pass_when_an_iteration_begins() -> None:
    number = tf.Variable(0, dtype=tf.int64)
    data = batches().epoch(number)
    for value in (0, 3, 3, 1):
        number.assign(value)
        assert read(data) == read(batches().epoch(value))


@pytest.mark.parametrize("first", [0, 2, 3, 7])
def test_endless_batches_begin_anywhere(first: int) -> None:
    passes = [batch for number in range(5) for batch in read(batches().epoch(number))]
    assert read(batches().endless(first), 6) == passes[first : first + 6]


def test_fewer_batches_of_each_pass() -> None:
    fewer = batches().take(2)
    assert fewer.steps == 2
    for number in range(2):
        assert read(fewer.epoch(number)) == read(batches().epoch(number))[:2]
    assert read(fewer.endless(), 3)[2] == read(batches().epoch(1))[0]
    assert read(batches().take(-1).epoch(1)) == read(batches().epoch(1))
    assert batches().take(9).steps == 3


def test_stacked_batches_are_taken_apart() -> None:
    stacked = gathered(4, 2, 1, lambda index, seed: tf.stack([index, index + 100]))
    apart = stacked.unbatch(2)
    assert apart.steps == int(apart.epoch(0).cardinality()) == 4
    found = [index.numpy().tolist() for index in apart.epoch(0)]
    assert [[n + 100 for n in index] for index in found[::2]] == found[1::2]
