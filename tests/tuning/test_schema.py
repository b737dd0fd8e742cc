"""The section `tune.<key>`: ranges that contradict themselves or the network, and the like."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from generative.core import params
from generative.core.errors import BadInput
from generative.tuning.schema import Tune
from tests.support.params import set_parameter
from tests.support.tuning import TUNE


def mistake(params_file: Path, change: dict[str, Any]) -> str:
    """The message about `tune.separable` with these changes."""
    document = yaml.safe_load(params_file.read_text())
    document["tune"]["separable"] |= change
    params_file.write_text(yaml.safe_dump(document))
    with pytest.raises(BadInput) as failure:
        params.read("tune.separable", Tune, params_file)
    message = str(failure.value)
    assert "\n" not in message
    return message.replace(str(params_file), "params.yaml")


@pytest.mark.parametrize(
    ("argument", "values", "expected"),
    [
        ("width", {"choices": [8, 16], "low": 8}, "has choices and a range, keep one of them"),
        ("width", {}, "needs choices, or low and high"),
        ("width", {"low": 8}, "needs choices, or low and high"),
        ("width", {"low": 8, "high": 8}, "low 8 must be below high 8"),
        ("dropout", {"low": 0.0, "high": 0.5, "scale": "log"}, "low 0.0 must be above 0 on a log"),
        ("dropuot", {"low": 0.0, "high": 0.5}, "unknown argument 'dropuot'; did you mean dropout?"),
        ("width", {"low": 0, "high": 8}, "received 0, must be greater than or equal to 1"),
        ("width", {"low": 8.0, "high": 16.0}, "received 8.0, must be a valid integer"),
        ("width", {"choices": [8, "wide"]}, "received 'wide', must be a valid integer"),
        ("width", {"choices": []}, ".choices: received [], must"),
        ("width", {"low": 1, "high": 8, "step": 2}, ".step: unknown parameter 'step'"),
        ("dropout", {"low": 0.0, "high": 1.0}, "received 1.0, must be less than 1"),
        ("learning_rate", {"low": 0.1, "high": 0.2, "scale": "lin"}, "must be 'linear' or 'log'"),
    ],
)
def test_a_range_that_contradicts_itself_or_the_network(
    params_file: Path, argument: str, values: dict[str, Any], expected: str
) -> None:
    message = mistake(params_file, {"space": {argument: values}})
    assert message.startswith(f"params.yaml: tune.separable.space.{argument}")
    assert expected in message
    assert message.count(argument) <= 2


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"train_count": 127}, ".train_count: received 127, less than one batch"),
        ({"trials": 1}, ".trials: received 1, must be greater than or equal to 2"),
        ({"workers": 0}, ".workers: received 0, must be greater than or equal to 1"),
        ({"space": {}}, ".space: received {}, must"),
        (
            {"network": "classifiers/residual"},
            ".network: received classifiers/residual, must be that of train.separable, which is "
            "classifiers/separable",
        ),
        ({"trails": 5}, ".trails: unknown parameter 'trails'; did you mean trials?"),
    ],
)
def test_a_search_that_cannot_be(params_file: Path, change: dict[str, Any], expected: str) -> None:
    message = mistake(params_file, change)
    assert message.startswith("params.yaml: tune.separable")
    assert expected in message


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1, 4, "tune.cvae.space.beta: 1 to 4 are whole numbers; write .0"),
        (1.0, 4.0, "tune.cvae: searches are for classifiers, train.cvae is of vae"),
    ],
)
def test_a_search_for_a_model_that_is_no_classifier(
    params_file: Path, low: float, high: float, expected: str
) -> None:
    document = yaml.safe_load(params_file.read_text())
    space = {"beta": {"low": low, "high": high}}
    document["tune"]["cvae"] = {**TUNE, "network": "vae/cvae", "train_count": 500, "space": space}
    params_file.write_text(yaml.safe_dump(document))
    with pytest.raises(BadInput, match=expected):
        params.read("tune.cvae", Tune, params_file)


def test_a_search_for_nothing_that_is_trained(params_file: Path) -> None:
    document = yaml.safe_load(params_file.read_text())
    document["tune"]["seperable"] = document["tune"].pop("separable")
    params_file.write_text(yaml.safe_dump(document))
    with pytest.raises(BadInput, match="tune.seperable: unknown section of train 'seperable'; did"):
        params.read("tune.seperable", Tune, params_file)
    with pytest.raises(BadInput, match="'tune.separable'; did you mean tune.seperable?"):
        params.read("tune.separable", Tune, params_file)


def test_the_order_of_the_arguments_is_in_no_result(params_file: Path) -> None:
    first = params.read("tune.separable", Tune, params_file)
    set_parameter(
        params_file, "tune.separable.space", dict(reversed(first.written()["space"].items()))
    )
    assert list(params.read("tune.separable", Tune, params_file).space) == list(first.space)
