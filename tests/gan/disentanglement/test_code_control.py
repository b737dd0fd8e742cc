"""Which code controls what, on codes that are known to."""

import numpy as np
import pytest

from generative.gan.disentanglement import code_control

GENERATOR = np.random.default_rng(0)


def test_categories_are_matched_whatever_their_names() -> None:
    labels = GENERATOR.integers(0, 10, 2000)
    renamed = GENERATOR.permutation(10)
    wrong = np.arange(2000) < 100
    categories = np.where(wrong, (renamed[labels] + 1) % 10, renamed[labels])
    matched = code_control.match_categories(categories, labels)
    assert (matched[renamed] == np.arange(10)).all()
    assert code_control.category_error(categories, labels, matched) == pytest.approx(0.05)


def test_every_category_has_a_digit_of_its_own() -> None:
    """Two categories of one digit leave one digit to the other, however few there are."""
    matched = code_control.match_categories(
        np.array([0, 0, 1, 1, 1, 2]), np.array([0, 0, 0, 0, 0, 1]), 3
    )
    assert sorted(matched) == [0, 1, 2]
    assert matched[1] == 0


def test_random_categories_are_wrong_nine_times_of_ten() -> None:
    categories, labels = GENERATOR.integers(0, 10, (2, 100_000))
    matched = code_control.match_categories(*GENERATOR.integers(0, 10, (2, 100_000)))
    assert code_control.category_error(categories, labels, matched) == pytest.approx(0.9, abs=0.01)


def test_codes_are_assigned_to_what_they_control() -> None:
    codes = GENERATOR.uniform(-1, 1, (3000, 2))
    measured = {
        "thickness": np.exp(codes[:, 1]) + GENERATOR.normal(0, 0.1, 3000),
        "slant": -codes[:, 0] + 0.3 * codes[:, 1],
    }
    measured["slant"][:10] = np.nan
    correlations = code_control.code_correlations(codes, measured)
    assigned = code_control.assign_codes(correlations, least=0.5)
    assert (assigned["thickness"]["code"], assigned["thickness"]["sign"]) == ("code2", 1)
    assert (assigned["slant"]["code"], assigned["slant"]["sign"]) == ("code1", -1)
    assert assigned["thickness"]["spearman"] > 0.95
    assert assigned["thickness"]["leakage"] == abs(correlations["slant"][1])


def test_no_code_serves_two_and_weak_ones_none() -> None:
    assigned = code_control.assign_codes({"thickness": [0.9, 0.1], "slant": [0.8, 0.2]}, least=0.3)
    assert assigned["thickness"]["code"] == "code1"
    assert assigned["slant"] is None
    assert code_control.assign_codes({"slant": [0.1, 0.2]}, least=0.3) == {"slant": None}


def test_what_never_varies_is_controlled_by_nothing() -> None:
    codes = np.stack([np.zeros(50), np.arange(50.0)], axis=1)
    found = code_control.code_correlations(
        codes, {"slant": np.arange(50.0), "thickness": np.ones(50)}
    )
    assert found["slant"] == pytest.approx([0, 1])
    assert found["thickness"] == [0, 0]


def test_labels_that_are_consistent_along_a_sweep() -> None:
    sweeps = np.zeros((4, 5, 1, 1, 1))
    sweeps[0, 4] = sweeps[1, 0] = 1
    predict = lambda images: images[:, 0, 0, 0].astype(int)  # noqa: E731
    assert code_control.label_consistency(predict, sweeps) == pytest.approx(18 / 20)
