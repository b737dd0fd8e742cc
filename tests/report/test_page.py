"""The page: what is on it, in which order, and what it refuses."""

import hashlib
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from generative.core.errors import BadInput
from generative.report import page
from tests.support.report import DOCUMENT, draw, write, write_model, write_sliders


def test_the_page_holds_everything_and_needs_nothing(data: Path) -> None:
    html = page.build(data, DOCUMENT)
    for part in ("-151.2", ">2<", "2.125", "latent plane", "data:image/png;base64,"):
        assert part in html
    for part in ("width 24", "98.77 %", "layers &lt;of&gt; the judge", "0.995"):
        assert part in html
    assert hashlib.md5(b"mnist").hexdigest() in html
    assert "<code>runtime.threads</code>" in html
    assert "<b>" not in html
    assert not re.search(r"(src|href)=\"(?!data:|#)", html)
    assert html == page.build(data, DOCUMENT)


def test_parameters_are_those_of_the_training(data: Path) -> None:
    html = page.build(data, DOCUMENT)
    pairs = re.findall(r"<code>([^<]*)</code></th><td><code>([^<]*)</code>", html)
    assert ("epochs", "7") in pairs
    assert ("model.beta", "2.0") in pairs
    assert ("runtime.threads", "3") in pairs
    assert not [name for name, _ in pairs if name.startswith(("train.", "defaults.", "tune."))]
    assert ("judge.mnist.members", "[&#39;two&#39;]") in pairs


def test_a_row_holds_the_known_cases_and_the_models_with_their_deviation(data: Path) -> None:
    html = page.build(data, DOCUMENT)
    row = next(line for line in html.splitlines() if "frechet distance" in line)
    assert re.findall(r"<td[^>]*>([^<]*)</td>", row) == ["1.5", "99", "12.35 ± 0.032"]
    assert html.count("frechet distance") == 1  # in the table of its own, in no other


def test_numbers_of_another_judge_are_refused(data: Path) -> None:
    write(data / "image_quality" / "one" / "metrics.json", {"extractor": "other"})
    with pytest.raises(
        BadInput, match="image_quality/one comes from the extractor other, data/ref"
    ):
        page.build(data, DOCUMENT)


FOLDERS = [
    *(f"{kind}/one" for kind in ("models", "history", "metrics", "image_quality", "samples")),
    *("judge/mnist", "metrics/judge", "references/mnist", "prepared/mnist", "tuning/two"),
]


@pytest.mark.parametrize("folder", FOLDERS)
def test_results_that_are_missing(data: Path, folder: str) -> None:
    shutil.rmtree(data / folder)
    with pytest.raises(BadInput, match=f"{folder} is missing; run dvc repro") as failure:
        page.build(data, DOCUMENT)
    assert "\n" not in str(failure.value)


def test_sections_that_are_gone_are_not_on_the_page(data: Path) -> None:
    html = page.build(data, DOCUMENT)
    write_model(data, "removed")
    for folder in ("tuning/removed", "style/removed", "objectives", "disentanglement/one"):
        write(data / folder / "metrics.json", "{")
    assert page.build(data, DOCUMENT) == html
    smaller: dict[str, Any] = {**{top: {} for top in DOCUMENT}, "train": DOCUMENT["train"]}
    html = page.build(data, smaller)
    for part in ("judge", "Generated digits", "Search", "12.35", ">two<"):
        assert part not in html
    assert "-151.2" in html


GANS: dict[str, Any] = {
    **DOCUMENT,
    "train": {
        **DOCUMENT["train"],
        "conditional": {"family": "gan"},
        "plain": {"family": "gan"},
        "colour": {"family": "gan"},
    },
    "references": {**DOCUMENT["references"], "pictures": {"network": "data/raw/alexnet"}},
    "generators": {
        **DOCUMENT["generators"],
        "conditional": {"dataset": "mnist"},
        "plain": {"dataset": "mnist"},
        "colour": {"dataset": "pictures"},
    },
    "disentanglement": {"conditional": {"rows": 2}},
    "objectives": {"gan": {"rows": 2}},
}


@pytest.fixture
def gans(data: Path) -> Path:
    """Digits of a conditional GAN and of another, and colour pictures."""
    for key, dataset in (("conditional", "mnist"), ("plain", "mnist"), ("colour", "pictures")):
        write_model(data, key, dataset)
    digits = {"extractor": "abc", "frechet_distance": 21.5}
    quality = data / "image_quality"
    write(quality / "plain" / "metrics.json", digits)
    write(quality / "conditional" / "metrics.json", {**digits, "label_accuracy": 0.97125})
    draw(quality / "conditional" / "digits_by_epoch.png")
    write(data / "disentanglement" / "conditional" / "metrics.json", {"category_error": 0.125})
    draw(data / "disentanglement" / "conditional" / "code1_sweep.png")
    pictures = {
        "frechet_distance": 0.03125,
        "frechet_distance_deviation": 0.002,
        "density": 0.875,
        "extractor": "alexnet 0123",
    }
    write(quality / "colour" / "metrics.json", pictures)
    floor = {"frechet_distance": 0.0078125, "density": 1.125}
    real = {"extractor": "alexnet 0123", "floor": floor}
    write(data / "references" / "pictures" / "metrics.json", real)
    warnings = "epoch 2: <it> dominates\nepoch 3: again\n"
    write(data / "history" / "conditional" / "warnings.txt", warnings)
    write(data / "objectives" / "gan" / "gradients.csv", "step\n0\n")
    draw(data / "objectives" / "gan" / "objectives.png")
    return data


def table_after(html: str, heading: str) -> dict[str, list[str]]:
    """The cells of each row of the first table below a heading."""
    below = html[html.index(f">{heading}</h2>") :]
    rows = below[: below.index("</table>")].split("<tr>")[1:]
    cells = [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in rows]
    return {first: rest for first, *rest in cells}


def test_digits_and_pictures_have_tables_of_their_own(gans: Path) -> None:
    html = page.build(gans, GANS)
    digits = table_after(html, "Generated digits")
    assert digits["metric"] == ["floor", "noisy", "one", "conditional", "plain"]
    assert digits["frechet distance"] == ["1.5", "99", "12.35 ± 0.032", "21.5", "21.5"]
    pictures = table_after(html, "Generated pictures")
    assert pictures["metric"] == ["colour", "real pictures"]
    assert pictures["frechet distance"] == ["0.03125 ± 0.002", "0.007812"]
    assert pictures["density"] == ["0.875", "1.125"]
    assert set(pictures) == {"metric", "frechet distance", "density"}
    assert "<code>alexnet 0123</code>" in html
    family = table_after(html, "Generative adversarial networks")
    # Only those that have something of their own there.
    assert family == {
        "metric": ["conditional"],
        "label accuracy": ["0.9712"],
        "category error": ["0.125"],
    }


def test_without_gans_there_is_nothing_of_them(data: Path) -> None:
    html = page.build(data, DOCUMENT)
    for part in ("Generated pictures", "adversarial", "Warnings", "objectives"):
        assert part not in html


def test_warnings_are_in_sight(gans: Path) -> None:
    html = page.build(gans, GANS)
    (warning,) = re.findall(r'<div class="warning">.*?</div>', html, re.DOTALL)
    assert re.findall("<li>(.*?)</li>", warning) == [
        "epoch 2: &lt;it&gt; dominates",
        "epoch 3: again",
    ]
    places = ['<h2 id="conditional">', warning, '<h2 id="plain">']
    assert sorted(places, key=html.index) == places


def test_a_wide_picture_has_a_row_of_its_own(data: Path) -> None:
    assert '<figure class="row">' not in page.build(data, DOCUMENT)
    draw(data / "samples" / "one" / "learning_curves.png", width=1200)
    html = page.build(data, DOCUMENT)
    (row,) = re.findall(r'<figure class="row">.*?</figure>', html, re.DOTALL)
    assert "learning curves" in row


def test_pictures_beside_metrics_are_shown(gans: Path) -> None:
    html = page.build(gans, GANS)
    own = html[html.index('<h2 id="conditional">') : html.index('<h2 id="plain">')]
    for picture in ("digits by epoch", "code1 sweep"):
        assert f'alt="conditional: {picture}"' in own


def test_the_figure_of_several_comes_before_the_first_of_them(gans: Path) -> None:
    html = page.build(gans, GANS)
    places = [html.index(f'<h2 id="{key}">') for key in ("one", "objectives", "conditional")]
    assert places == sorted(places)
    assert 'alt="objectives: objectives"' in html
    assert "gradients.csv" in html
    assert '<a href="#objectives">' in html
    shutil.rmtree(gans / "objectives" / "gan")
    with pytest.raises(BadInput, match="objectives/gan is missing; run dvc repro"):
        page.build(gans, GANS)


def test_numbers_of_another_extractor_are_refused(gans: Path) -> None:
    generators = {**GANS["generators"], "plain": {"dataset": "pictures"}}
    metrics = {"extractor": "alexnet 4567", "density": 0.5}
    write(gans / "image_quality" / "plain" / "metrics.json", metrics)
    expected = "plain comes from the extractor alexnet 4567, .* from alexnet 0123: they do not"
    with pytest.raises(BadInput, match=expected):
        page.build(gans, {**GANS, "generators": generators})


@pytest.mark.parametrize("kind", ["image_quality", "disentanglement"])
def test_results_of_a_gan_that_are_missing(gans: Path, kind: str) -> None:
    shutil.rmtree(gans / kind / "conditional")
    with pytest.raises(BadInput, match=f"{kind}/conditional is missing; run dvc repro"):
        page.build(gans, GANS)


def test_texts_and_their_numbers(data: Path) -> None:
    write_model(data, "three")
    write(data / "metrics" / "three" / "metrics.json", {"bits_per_character": 2.5})
    write(data / "metrics" / "three" / "longest_copies.txt", "held out: 40 characters")
    write(data / "samples" / "three" / "temperature_0.5.txt", "To be <or> not")
    html = page.build(data, {**DOCUMENT, "train": {"three": {"family": "text"}}})
    assert "<h2>Text</h2>" in html
    for part in ("bits per character", "To be &lt;or&gt; not", "held out: 40 characters"):
        assert part in html


def test_sliders_come_from_samples_and_from_disentanglement(gans: Path) -> None:
    axes = [{"name": "code 2", "values": [1.0, -1.0]}, {"name": "code 1", "values": [0.0, 1.0]}]
    assert 'class="explore"' not in page.build(gans, GANS)
    for folder in ("samples/one", "disentanglement/conditional"):
        write_sliders(gans / folder, axes, Image.new("L", (8, 8)))
    html = page.build(gans, GANS)
    below = html[html.index('<h2 id="sliders">') : html.index(">Generated digits</h2>")]
    assert re.findall("<h3>(.*?)</h3>", below) == ["one", "conditional"]
    assert below.count('class="explore"') == 2
    assert "sliders <code>" not in html  # as a picture among others


def test_several_inputs_have_margins(data: Path) -> None:
    write_model(data, "three")
    ends = {"auc_margin": 0.25, "auc_margin_low": 0.125, "auc_margin_high": 0.375}
    metrics = {"auc": 0.75, "auc_baseline": 0.5, **ends}
    write(data / "metrics" / "three" / "metrics.json", metrics)
    html = page.build(data, {**DOCUMENT, "train": {"three": {"family": "multi_io"}}})
    table = table_after(html, "Several inputs or outputs")
    assert table["three"] == ["auc", "0.75", "0.5", "0.25", "0.125 to 0.375", ""]


def test_other_seeds_are_shown_with_their_median(data: Path) -> None:
    folder = data / "repeats" / "one"
    write(folder / "seeds.csv", "seed,category_error\n1,0.125\n2,0.375\n")
    write(folder / "metrics.json", {"category_error": 0.25})
    document = {**DOCUMENT, "repeat": {"one": {"seeds": [2]}}}
    html = page.build(data, document)
    assert "The same training with 2 seeds" in html
    for row in (("1", "0.125"), ("2", "0.375"), ("median", "0.25")):
        assert "".join(f'<td class="number">{value}</td>' for value in row) in html
    write(folder / "seeds.csv", "seed,category_error\n1,0.125\n")
    assert "with other seeds" not in page.build(data, document)


def test_pictures_in_the_style_of_others_are_shown(data: Path) -> None:
    folder = data / "style" / "cat_in_stripes"
    write(folder / "metrics.json", {"style_loss_ratio": 0.01239, "evaluations": 200})
    write(folder / "history.csv", "evaluation,total\n1,77.125\n2,3.5\n")
    for name in ("picture.png", "animation.gif", "comparison.png", "steps.png", "losses.png"):
        draw(folder / name)
    document = {**DOCUMENT, "style": {"cat_in_stripes": {"content": "cat.jpg"}}}
    document["defaults"] = {"style": {"style_weight": 500.0}}
    html = page.build(data, document)
    for part in ("0.01239", ">200<", "77.12", "cat.jpg", "data:image/webp;base64,"):
        assert part in html
    for part in (">comparison <", "<code>style_weight</code></th><td><code>500.0</code>"):
        assert part in html
    assert "style.cat_in_stripes" not in html
    assert "Style transfer" not in page.build(data, DOCUMENT)
