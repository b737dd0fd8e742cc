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
    found = code_control.clustering(categories, labels, matched, resamples=50, seed=0)
    assert found["category_error"] == pytest.approx(0.05)
    assert found["category_error_standard_error"] == pytest.approx(
        np.sqrt(0.05 * 0.95 / 2000), 0.01
    )
    others = code_control.clustering(renamed[categories], labels, matched, resamples=50, seed=0)
    for name in ("category_mutual_information", "category_rand_index"):
        assert 0.8 < found[name] < 1
        assert others[name] == pytest.approx(found[name])
        assert 0 < found[f"{name}_standard_error"] < 0.02


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
    found = code_control.clustering(categories, labels, matched, resamples=5, seed=0)
    assert found["category_error"] == pytest.approx(0.9, abs=0.01)
    assert found["category_mutual_information"] == pytest.approx(0, abs=0.001)
    assert found["category_rand_index"] == pytest.approx(0, abs=0.001)


def test_partitions_of_a_known_table() -> None:
    """Two halves of ten against the rows of [[4, 1], [0, 5]], by the formulas of both papers."""
    labels = np.repeat([0, 1], [5, 5])
    categories = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
    found = code_control.clustering(categories, labels, np.array([0, 1]), resamples=2, seed=0)
    shares = np.array([[0.4, 0.1], [0, 0.5]])
    independent = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    held = shares > 0
    information = (shares[held] * np.log(shares[held] / independent[held])).sum()
    entropy = (np.log(2) - 0.4 * np.log(0.4) - 0.6 * np.log(0.6)) / 2
    assert found["category_mutual_information"] == pytest.approx(information / entropy)
    pairs, rows, columns = 6 + 10, 10 + 10, 6 + 15
    chance = rows * columns / 45
    rand = (pairs - chance) / ((rows + columns) / 2 - chance)
    assert found["category_rand_index"] == pytest.approx(rand)


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
