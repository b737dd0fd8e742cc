"""Tables of records whose numbers are known."""

import pytest

from generative.results import tables
from tests.support.results import HERE, record


def test_medians_and_ranges() -> None:
    assert tables.cell([2.0, 1.0, 4.0]) == "2 (1 to 4)"
    assert tables.cell([0.5]) == tables.cell([0.5, 0.5]) == "0.5"
    assert tables.cell([]) == tables.cell(None) == ""
    assert tables.cell([0.99251], ".2%") == "99.25%"


def test_seeds_of_the_default_profile_in_float32_are_pooled() -> None:
    other = record(3, {**HERE, "precision": "bfloat16"}, loss=9.0)
    smoke = record(4, loss=9.0).model_copy(update={"profile": "smoke"})
    there = record(1, {**HERE, "processor": "another"}, loss=3.0)
    records = [record(1, loss=1.0), record(2, loss=2.0), there, other, smoke]
    assert tables.values_of(records) == {"cvae": {"loss": [1.0, 2.0, 3.0]}}


def test_rows_without_numbers_are_left_out() -> None:
    assert (
        tables.table(["a", "b"], [["x", ""], ["y", "1"]]) == "| a | b |\n| --- | --- |\n| y | 1 |"
    )


def test_a_table_of_models_and_known_cases() -> None:
    records = [
        record(
            0, model="references_mnist", numbers={"floor.recall": 0.95, "pure_noise.recall": 0.0}
        ),
        record(1, model="cgan", numbers={"samples/recall": 0.9, "samples/label_accuracy": 0.99}),
        record(2, model="cgan", numbers={"samples/recall": 0.8, "samples/label_accuracy": 0.97}),
    ]
    lines = tables.digits(tables.values_of(records)).splitlines()
    head = [cell.strip() for cell in lines[0].split("|")]
    found = {line.split("|")[1].strip(): [c.strip() for c in line.split("|")] for line in lines}
    assert found["recall"][head.index("floor")] == "0.95"
    assert found["recall"][head.index("`cgan`")] == "0.85 (0.8 to 0.9)"
    assert found["label accuracy"][head.index("floor")] == ""
    assert set(found) == {"metric", "---", "recall", "label accuracy"}


def test_a_table_of_precisions() -> None:
    lower = {**HERE, "precision": "bfloat16"}
    records = [
        *(record(seed, model="vae", numbers={"test/elbo_nats": -150.0 - seed}) for seed in (1, 3)),
        record(1, lower, model="vae", numbers={"test/elbo_nats": -155.0}),
        record(1, model="siamese", numbers={"test/auc": 0.9}),
    ]
    lines = tables.precisions(records).splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert rows == [
        ["model", "metric", "float32", "bfloat16"],
        ["---"] * 4,
        ["`vae`", "elbo nats", "-152 (-153 to -151)", "-155"],
        ["`siamese`", "auc", "0.9", ""],
    ]


@pytest.mark.parametrize("name", tables.TABLES)
def test_without_results_there_is_an_empty_table(name: str) -> None:
    assert tables.TABLES[name]([]).startswith("| ")
