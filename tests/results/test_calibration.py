"""The committed known cases of the default judge: the metrics order them as they should."""

from pathlib import Path

import pytest

from generative.results import records

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def cases() -> dict[str, dict[str, float]]:
    file = PROJECT / records.FOLDER / "references_mnist.json"
    found: dict[str, dict[str, float]] = {}
    for name, value in records.read(file)[0].metrics.items():
        case, _, metric = name.rpartition(".")
        found.setdefault(case, {})[metric] = value
    return found


def test_blur_costs_what_it_should(cases: dict[str, dict[str, float]]) -> None:
    order = ("floor", "blurred_0.5", "blurred_1", "blurred_2")
    distances = [cases[case]["frechet_distance"] for case in order]
    assert distances == sorted(distances)
    assert distances[2] > 50 * distances[0]
    sharpness = [cases[case]["sharpness"] for case in order]
    assert sharpness == sorted(sharpness, reverse=True)
    assert sharpness[0] == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("metric", ["frechet_distance", "kernel_distance"])
def test_worse_is_farther(cases: dict[str, dict[str, float]], metric: str) -> None:
    for better, worse in (
        *(("floor", case) for case in cases if case != "floor"),
        ("noisy", "half_noise"),
        ("half_noise", "pure_noise"),
        ("blurred_2", "pure_noise"),
    ):
        assert cases[better][metric] < cases[worse][metric], (better, worse)


def test_copies_and_what_lacks_are_found(cases: dict[str, dict[str, float]]) -> None:
    assert cases["memorised"]["nearest_train_ratio"] == 0
    assert cases["memorised"]["recall"] < 0.1
    assert cases["missing_digit"]["digits_covered"] == 9
    assert cases["missing_digit"]["digit_total_variation"] == pytest.approx(0.1, abs=0.02)
    assert cases["pure_noise"]["precision"] == 0
    # Half of it is real.
    assert cases["half_noise"]["precision"] == pytest.approx(0.5, abs=0.05)
