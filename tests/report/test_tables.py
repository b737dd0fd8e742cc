from typing import Any

import pytest

from generative.report.tables import margins, number


def test_margins_have_an_interval_by_example_and_by_group() -> None:
    metrics = {"auc": 0.75, "auc_baseline": 0.5, "auc_margin": 0.25, "parameters": 9}
    metrics |= {"auc_margin_low": 0.125, "auc_margin_high": 0.375}
    alone = [*("one", "auc", 0.75, 0.5, 0.25), "0.125 to 0.375", ""]
    grouped = {**metrics, "auc_margin_low_by_play": -0.5, "auc_margin_high_by_play": 0.875}
    models = [{"key": "one", "metrics": metrics}, {"key": "two", "metrics": grouped}]
    assert margins(models)["rows"] == [
        alone,
        ["two", *alone[1:-1], "-0.5 to 0.875 by play"],
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(-151.23456, "-151.2"), (2, "2"), (3.0, "3"), ("", ""), (0.00012345, "0.0001234")],
)
def test_number(value: Any, text: str) -> None:
    assert number(value) == text
