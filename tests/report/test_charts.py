import pytest

from generative.report.charts import strips, ticks_of


def model(key: str, value: float, dataset: str = "mnist", **row: object) -> dict[str, object]:
    own = {"name": "samples/frechet_distance", "value": value, "floor": None, "baseline": None}
    metrics = [{**own, "seeds": None, **row}]
    return {"key": key, "family": "gan", "dataset": dataset, "data": {}, "metrics": metrics}


def test_each_data_set_has_a_chart_of_its_own() -> None:
    charts = strips("gan", [model("a", 1.0), model("b", 4.0), model("c", 9.0, "pictures")])
    assert [chart["group"] for chart in charts] == ["mnist", "pictures"]
    assert [row["model"] for row in charts[0]["rows"]] == ["a", "b"]


def test_distances_are_drawn_by_their_logarithm() -> None:
    values = (1.0, 10.0, 100.0)
    (chart,) = strips("gan", [model(str(x), x) for x in values])
    at = [row["at"] for row in chart["rows"]]
    assert at[1] - at[0] == pytest.approx(at[2] - at[1], abs=0.02)
    assert [tick["value"] for tick in chart["ticks"]] == [1.0, 10.0, 100.0]


def test_floors_and_ranges_are_on_the_scale() -> None:
    (chart,) = strips("gan", [model("a", 5.0, floor=0.5, seeds=[4.0, 50.0, 5])])
    (row,) = chart["rows"]
    assert 0 < row["reference_at"] < row["range"][0] < row["at"] < row["range"][1] < 100


def test_a_distance_of_none_is_not_on_the_scale() -> None:
    (chart,) = strips("gan", [model("a", 0.0), model("b", 2.0)])
    assert all(0 <= row["at"] <= 100 for row in chart["rows"])


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-151.2, -149.0), (3.0, 1e6), (1e-9, 3e-9)])
def test_ticks_are_few_and_within(low: float, high: float) -> None:
    for logarithmic in (False, low > 0):
        ticks = ticks_of(low, high, logarithmic)
        assert len(ticks) <= 6
        assert all(low <= tick <= high + 1e-9 * abs(high) for tick in ticks)
