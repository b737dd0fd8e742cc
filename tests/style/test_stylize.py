"""The options of `generative stylize`; the command itself is in tests/cli."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from generative.core.errors import BadInput
from generative.style import stylize
from generative.style.schema import Style
from tests.support.style import VALUES

SHARED = {name: value for name, value in VALUES.items() if name not in ("content", "style")}


def write_params(folder: Path, **changes: Any) -> None:
    document = {"defaults": {"style": {**SHARED, **changes}}}
    (folder / "params.yaml").write_text(yaml.safe_dump(document))


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_params(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make_options(size: int = 100, preset: str = "fine", **given: Any) -> Style:
    return stylize.make_options(Path("a.png"), Path("b"), size=size, preset=preset, **given)


def test_what_is_not_given_is_that_of_params() -> None:
    options = make_options(size=40)
    expected = {**VALUES, "content": "a.png", "style": "b"}
    assert options.model_dump() == expected


def test_what_is_given_comes_first(project: Path) -> None:
    write_params(project, blend={"one.png": 2.0})
    options = make_options(network=Path("mine"), style_weight=7.0, original_colours=True)
    given = (options.network, options.style_weight, options.colours, options.blend)
    assert given == ("mine", 7.0, "content", {})


def sides(options: Style) -> list[tuple[int, int]]:
    return [(scale.longest_side, scale.evaluations) for scale in options.scales]


def test_scales_fit_the_size() -> None:
    assert sides(make_options(100)) == [(80, 6), (100, 7)]
    fast = make_options(100, "fast")
    assert (fast.optimizer, sides(fast)) == ("adam", [(50, 60), (100, 20)])
    assert sides(make_options(32, "fast")) == [(32, 60)]


def test_params_that_are_wrong_are_one_line(project: Path) -> None:
    write_params(project, optimizer="adan")
    with pytest.raises(BadInput, match="params.yaml: defaults.style.optimizer: received 'adan'"):
        make_options()
    (project / "params.yaml").write_text("defaults: {gan: {}}\n")
    with pytest.raises(BadInput, match="unknown section of params.yaml 'defaults.style'"):
        make_options()
    (project / "params.yaml").unlink()
    with pytest.raises(BadInput, match="params.yaml is missing; run this in the project's folder"):
        make_options()
