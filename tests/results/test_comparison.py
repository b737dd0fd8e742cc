"""Equal, within, off, missing: one function, on numbers whose answer is known."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from generative.results.comparison import compare, differences, prediction_interval, verdicts
from generative.results.records import Record
from tests.support.results import HERE, THERE, record


def statuses(found: list[Record], known: list[Record]) -> dict[str, str]:
    return {one.metric: one.status for one in compare(found, known)}


KNOWN = [record(n, bound=-150 + n / 10, accuracy=0.9) for n in range(1, 6)]


def test_the_interval_holds_the_next_number_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    drawn = generator.normal(3, 2, (4000, 6))
    inside = [
        low <= next_one <= high
        for *five, next_one in drawn
        for low, high in [prediction_interval(five, 0.9)]
    ]
    assert np.mean(inside) == pytest.approx(0.9, abs=0.015)
    low, high = prediction_interval([1.0, 3.0], 0.95)
    half = stats.t.ppf(0.975, 1) * np.sqrt(2) * np.sqrt(1.5)
    assert (low, high) == pytest.approx((2 - half, 2 + half))


def test_one_machine_must_have_the_same_numbers() -> None:
    same = record(2, bound=-149.8, accuracy=0.9)
    assert statuses([same], KNOWN) == {"bound": "equal", "accuracy": "equal"}
    # Within the seeds' range, but a machine that does not repeat itself.
    other = record(2, bound=-149.79, accuracy=0.9)
    assert statuses([other], KNOWN) == {"bound": "off", "accuracy": "equal"}
    assert verdicts(compare([other], KNOWN)) == {"cvae": "off"}


def test_another_machine_is_within_the_seeds() -> None:
    found = record(2, THERE, bound=-149.93, accuracy=0.9)
    assert statuses([found], KNOWN) == {"bound": "within", "accuracy": "equal"}
    assert verdicts(compare([found], KNOWN)) == {"cvae": "within"}
    # Five seeds that all have 0.9 expect nothing else.
    found = record(9, THERE, bound=-160.0, accuracy=0.91)
    assert statuses([found], KNOWN) == {"bound": "off", "accuracy": "off"}
    assert verdicts(compare([found], KNOWN)) == {"cvae": "off"}
    assert differences([found], KNOWN) == {
        "seed: 9, compared with 1": ["cvae"],
        "machine processor: another, compared with one": ["cvae"],
    }


def test_chance_is_forgiven_as_much_as_it_does() -> None:
    """One of a hundred numbers is out of its interval in most runs that are right."""
    generator = np.random.default_rng(1)

    def draw() -> dict[str, Any]:
        return {f"m{i}": value for i, value in enumerate(generator.normal(size=100))}

    seeds = [record(n, **draw()) for n in range(1, 6)]
    right = [record(9, THERE, **draw()) for _ in range(20)]
    offs = [sum(one.status == "off" for one in compare([run], seeds)) for run in right]
    assert np.mean(offs) == pytest.approx(1, abs=0.7)
    assert all(verdicts(compare([run], seeds)) == {"cvae": "within"} for run in right)
    wrong = record(9, THERE, **{**draw(), **dict.fromkeys(draw(), 10.0)})
    assert verdicts(compare([wrong], seeds)) == {"cvae": "off"}


@pytest.mark.parametrize("count", [1, 2, 15, 30])
def test_one_number_that_is_far_out_tells_alone(count: int) -> None:
    generator = np.random.default_rng(2)
    names = [f"m{i}" for i in range(count)]

    def draw() -> dict[str, Any]:
        return dict(zip(names, generator.normal(size=count), strict=True))

    seeds = [record(n, **draw()) for n in range(1, 6)]
    right = record(9, THERE, **draw())
    wrong = record(9, THERE, numbers={**right.metrics, "m0": 1000.0})
    assert verdicts(compare([right], seeds)) == {"cvae": "within"}
    assert verdicts(compare([wrong], seeds)) == {"cvae": "off"}


def test_what_no_seed_varied_in_is_off_but_tells_nothing_alone() -> None:
    """Another number of digits covered is rare; the model is as it was."""
    seeds = [record(n, bound=-150 + n / 10, covered=10.0) for n in range(1, 6)]
    found = record(9, THERE, bound=-149.7, covered=9.0)
    assert statuses([found], seeds) == {"bound": "within", "covered": "off"}
    assert verdicts(compare([found], seeds)) == {"cvae": "within"}


def test_a_seed_on_two_machines_is_one_seed() -> None:
    seeds = [record(n, place, bound=float(n)) for n in (1, 2, 3) for place in (HERE, THERE)]
    (bound,) = compare([record(9, {**THERE, "threads": 2}, bound=2.0)], seeds)
    assert (bound.low, bound.high) == prediction_interval([1.0, 2.0, 3.0])
    assert bound.reason == "3 seeds in float32"


def test_the_interval_has_room_for_the_error_of_the_number_itself() -> None:
    seeds = [record(n, accuracy=0.99) for n in range(1, 6)]
    found = record(9, THERE, accuracy=0.991, accuracy_standard_error=0.001)
    accuracy = next(one for one in compare([found], seeds) if one.metric == "accuracy")
    assert accuracy.status == "within"
    assert (accuracy.low, accuracy.high) == prediction_interval([0.99] * 5, error=0.001)


def test_two_single_seeds_are_compared_by_the_committed_deviation() -> None:
    one, other = record(8, HERE, bound=-149.9), record(9, THERE, bound=-149.8)
    assert verdicts(compare([one], [other])) == {"cvae": "missing"}
    (bound,) = compare([one], [other], KNOWN)
    assert bound.reason == "one seed, and the deviation of 5 committed ones"
    low, high = prediction_interval([r.metrics["bound"] for r in KNOWN], around=-149.8)
    assert (bound.low, bound.high) == (low, high)
    assert bound.status == "within"
    far = record(8, HERE, bound=-140.0)
    assert verdicts(compare([far], [other], KNOWN)) == {"cvae": "off"}
    # The difference of two seeds is as far as the square root of two.
    deviation = np.std([r.metrics["bound"] for r in KNOWN], ddof=1)
    assert (high - low) / 2 == pytest.approx(stats.t.ppf(0.995, 4) * np.sqrt(2) * deviation)


def test_what_was_measured_otherwise_does_not_compare() -> None:
    def measured(split: str) -> Any:
        return record(9, THERE, bound=-149.8, accuracy=0.9).model_copy(
            update={"parameters": {"epochs": 20, "references.split": split}}
        )

    assert {one.reason for one in compare([measured("validation")], [measured("test")])} == {
        "measured with other parameters"
    }


def test_what_is_not_there_is_said() -> None:
    found = record(2, bound=-149.8, new=1.0)
    said = {one.metric: (one.status, one.reason) for one in compare([found], KNOWN)}
    assert said["accuracy"] == ("missing", "it was not measured")
    assert said["new"] == ("missing", "no record has it")
    assert verdicts(compare([found], KNOWN)) == {"cvae": "missing"}
    assert {one.reason for one in compare([], KNOWN)} == {"it was not found"}
    one = record(7, THERE, bound=-149.8)
    assert [f.reason for f in compare([one], KNOWN[:1])] == [
        "one seed has no range",
        "it was not measured",
    ]


def test_precisions_and_profiles_do_not_mix() -> None:
    low = {**HERE, "precision": "bfloat16"}
    found = record(7, low, bound=-149.8, accuracy=0.9)
    assert {one.reason for one in compare([found], KNOWN)} == {"5 seeds in float32"}
    own = [record(seed, low, bound=-140.0 - seed, accuracy=0.9) for seed in (5, 6)]
    (bound, _) = compare([found], [*KNOWN, *own])
    assert (bound.reason, bound.status) == ("2 seeds in bfloat16", "within")
    smoke = found.model_copy(update={"profile": "smoke"})
    assert {(one.status, one.reason) for one in compare([smoke], KNOWN)} == {
        ("missing", "of the profile smoke, there is default")
    }
