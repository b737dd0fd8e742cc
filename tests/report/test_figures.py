"""Figures that the page draws of the tables that stages wrote."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from generative.classifiers.render import Render
from generative.classifiers.render import draw as draw_classifier
from generative.core.folders import write_json
from generative.gan import divergences
from generative.report import contents, page
from generative.report.figures import FIGURES, figures, rounded
from tests.support.report import DOCUMENT


def of(folder: Path, name: str) -> dict[str, Any]:
    (found,) = (figure for figure in figures(folder) if figure["name"] == name)
    return found


def test_what_is_no_number_is_a_hole() -> None:
    assert rounded([1.23456789, np.nan, np.inf, "a", 3]) == [1.2346, None, None, None, 3.0]


def test_codes_are_points_a_digit(tmp_path: Path) -> None:
    table = pd.DataFrame({"code_1": [0.5, -1.0, 0.25], "code_2": [1, 2, 3], "digit": [7, 7, 0]})
    table.to_csv(tmp_path / "latent_scatter.csv", index=False)
    (chart,) = of(tmp_path, "latent_scatter")["charts"]
    assert (chart["across"], chart["up"]) == ("code_1", "code_2")
    found = {one["name"]: (one["x"], one["y"]) for one in chart["series"]}
    assert found == {"0": ([0.25], [3.0]), "7": ([-1.0, 0.5], [2.0, 1.0])}


def test_reliability_is_of_the_bins_that_have_examples(tmp_path: Path) -> None:
    """As `draw` writes it: two of ten digits taken for others, all with 0.82."""
    labels = np.arange(10)
    probabilities = np.full((10, 10), 0.02)
    probabilities[labels, labels] = 0.82
    probabilities[3:5] = np.roll(probabilities[3:5], 1, axis=1)
    images = np.zeros((10, 28, 28, 1), np.float32)
    draw_classifier(images, labels, probabilities, Render(mistakes=2, columns=2, bins=5), tmp_path)
    upper, lower = of(tmp_path, "reliability")["charts"]
    _, accuracy = upper["series"]
    assert (accuracy["x"], accuracy["y"]) == ([0.82], [0.8])
    (counts,) = lower["series"]
    assert counts["x"] == [0.1, 0.3, 0.5, 0.7, 0.9]
    assert counts["y"] == [None, None, None, None, 10.0]
    assert lower["logarithmic"]


def test_digits_are_a_row_each(tmp_path: Path) -> None:
    table = pd.DataFrame({"epoch": [0, 1], "digit_0": [3, 1], "digit_1": [0, 2]})
    table.to_csv(tmp_path / "digits_by_epoch.csv", index=False)
    assert of(tmp_path, "digits_by_epoch")["map"] == {
        "across": [0, 1],
        "rows": [{"name": "0", "values": [3, 1]}, {"name": "1", "values": [0, 2]}],
        "most": 3,
    }


def test_densities_are_those_of_the_fits(tmp_path: Path) -> None:
    table = divergences.densities(divergences.fitted())
    table.to_csv(tmp_path / "densities.csv", index=False)
    (chart,) = of(tmp_path, "divergences")["charts"]
    data, forward, reverse = chart["series"]
    assert [one["name"] for one in (data, forward, reverse)] == list(table.columns[1:])
    for one in (data, forward, reverse):  # the tails of the widest reach beyond 6
        assert np.trapezoid(one["y"], one["x"]) > 0.99
    # The reverse divergence keeps one mode, the higher one; the forward one covers both.
    assert reverse["x"][int(np.argmax(reverse["y"]))] == data["x"][int(np.argmax(data["y"]))]
    assert max(forward["y"]) < max(data["y"]) < max(reverse["y"])


def test_a_search_has_its_trials_and_what_matters(tmp_path: Path) -> None:
    pd.DataFrame({"val_loss": [0.5, np.nan, 0.2, 0.3]}).to_csv(tmp_path / "trials.csv", index=False)
    write_json(tmp_path / "importance.json", {"width": 0.2, "learning_rate": 0.8})
    trials, lowest = of(tmp_path, "history")["charts"][0]["series"]
    assert trials["y"] == [0.5, None, 0.2, 0.3]
    assert lowest["y"] == [0.5, None, 0.2, 0.2]
    names = [bar["name"] for bar in of(tmp_path, "importance")["bars"]]
    assert names == ["learning_rate", "width"]


def test_a_figure_takes_the_place_of_its_picture(data: Path) -> None:
    folder = data / "image_quality" / "one"
    text = "epoch,digit_0,digit_1\n0,5,1\n1,2,4\n"
    (folder / "digits_by_epoch.csv").write_text(text)
    (folder / "digits_by_epoch.png").write_bytes((data / "samples/one/samples.png").read_bytes())
    found = contents.collect(data, DOCUMENT)
    (model,) = (m for f in found["families"] for m in f["models"] if m["key"] == "one")
    assert "digits_by_epoch" not in {picture["name"] for picture in model["pictures"]}
    assert [figure["name"] for figure in model["figures"]] == ["digits_by_epoch"]
    html = page.build(found)
    assert '<td style="--share:0.80" title="1: 4"><span class="unseen">4</span></td>' in html


def test_all_that_is_drawn_has_a_name_in_both_languages() -> None:
    words = yaml.safe_load(page.text("words.yaml"))
    assert set(FIGURES) <= words["pictures"].keys()
    for entry in words["axes"].values():
        assert set(entry) == {"en", "zh"}
