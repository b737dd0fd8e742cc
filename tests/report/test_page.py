import base64
import hashlib
import re
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageSequence

from generative.core.errors import BadInput
from generative.report import page
from tests.reporting.conftest import DOCUMENT, write


def test_the_page_holds_everything_and_needs_nothing(data: Path) -> None:
    html = page.build(data, DOCUMENT)
    for part in ("-151.2", ">2<", "2.125", "latent plane", "data:image/png;base64,"):
        assert part in html
    for part in ("width 24", "98.77 %", "layers &lt;of&gt; the ensemble", "0.995"):
        assert part in html
    assert hashlib.md5(b"data").hexdigest() in html
    assert "<code>epochs</code>" in html
    assert "<code>runtime.threads</code>" in html
    assert "<b>" not in html
    assert not re.search(r"(src|href)=\"(?!data:|#)", html)
    assert html == page.build(data, DOCUMENT)


def test_a_row_holds_the_known_cases_and_the_models_with_their_deviation(data: Path) -> None:
    html = page.build(data, DOCUMENT)
    row = next(line for line in html.splitlines() if "frechet distance" in line)
    assert re.findall(r"<td[^>]*>([^<]*)</td>", row) == ["1.5", "99", "12.35 ± 0.032"]
    assert html.count("frechet distance") == 1  # in the table of its own, in no other


def test_numbers_of_another_judge_are_refused(data: Path) -> None:
    file = data / "metrics" / "one" / "metrics.json"
    file.write_text(file.read_text().replace("abc", "other"))
    with pytest.raises(BadInput, match="comes from the judge other, the calibration from abc"):
        page.build(data, DOCUMENT)


@pytest.mark.parametrize("folder", ["metrics/one", "samples/ensemble", "tuning/two"])
def test_results_that_are_missing(data: Path, folder: str) -> None:
    shutil.rmtree(data / folder)
    with pytest.raises(BadInput, match=f"{folder} is missing; run dvc repro"):
        page.build(data, DOCUMENT)


GANS: dict[str, Any] = {
    **DOCUMENT,
    "train": {
        **DOCUMENT["train"],
        "told": {"family": "adversarial", "epochs": 3},
        "untold": {"family": "adversarial", "epochs": 3},
        "colour": {"family": "adversarial", "epochs": 3},
    },
    "render": {"objectives": {"rows": 2}},
}


@pytest.fixture
def gans(data: Path) -> Path:
    """Digits of a GAN that is told the label and of one that is not, and colour pictures."""
    for key, dataset in (("told", "mnist"), ("untold", "mnist"), ("colour", "pictures")):
        write(data / "models" / key / "model.json", {"dataset": dataset, "data": {}})
        write(data / "models" / key / "history.csv", "epoch,generator\n1,0.5\n")
        write(data / "prepared" / dataset / f"{dataset}.npz", dataset)
        (data / "samples" / key).mkdir(parents=True)
    digits = {"judge": "abc", "frechet_distance": 21.5}
    write(data / "metrics" / "untold" / "metrics.json", digits)
    write(data / "metrics" / "told" / "metrics.json", {**digits, "label_accuracy": 0.97125})
    Image.new("L", (4, 4)).save(data / "metrics" / "told" / "digits_by_epoch.png")
    pictures = {
        "frechet_distance": 0.03125,
        "frechet_distance_deviation": 0.002,
        "density": 0.875,
        "floor_frechet_distance": 0.0078125,
        "floor_density": 1.125,
        "features": "alexnet 0123",
    }
    write(data / "metrics" / "colour" / "metrics.json", pictures)
    write(data / "models" / "told" / "concerns.txt", "epoch 2: <it> dominates\nepoch 3: again\n")
    write(data / "samples" / "objectives" / "gradients.csv", "step\n0\n")
    Image.new("L", (4, 4)).save(data / "samples" / "objectives" / "objectives.png")
    return data


def table_after(html: str, heading: str) -> dict[str, list[str]]:
    """The cells of each row of the first table below a heading."""
    below = html[html.index(f">{heading}</h2>") :]
    rows = below[: below.index("</table>")].split("<tr>")[1:]
    cells = [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in rows]
    return {first: rest for first, *rest in cells}


def test_digits_and_pictures_are_told_apart(gans: Path) -> None:
    html = page.build(gans, GANS)
    digits = table_after(html, "Generated digits")
    assert digits["metric"] == ["floor", "noise", "one", "told", "untold"]
    assert digits["frechet distance"] == ["1.5", "99", "12.35 ± 0.032", "21.5", "21.5"]
    pictures = table_after(html, "Generated pictures")
    assert pictures["metric"] == ["colour", "real pictures"]
    assert pictures["frechet distance"] == ["0.03125 ± 0.002", "0.007812"]
    assert pictures["density"] == ["0.875", "1.125"]
    assert set(pictures) == {"metric", "frechet distance", "density"}
    assert "<code>alexnet 0123</code>" in html
    adversarial = table_after(html, "Adversarial")
    # Only what has something to say there.
    assert adversarial == {"metric": ["told"], "label accuracy": ["0.9712"]}


def test_without_gans_there_is_nothing_of_them(data: Path) -> None:
    html = page.build(data, DOCUMENT)
    for part in ("Generated pictures", "Adversarial", "Warnings", "objectives"):
        assert part not in html


def test_warnings_are_in_sight(gans: Path) -> None:
    html = page.build(gans, GANS)
    (warning,) = re.findall(r'<div class="warning">.*?</div>', html, re.DOTALL)
    assert re.findall("<li>(.*?)</li>", warning) == [
        "epoch 2: &lt;it&gt; dominates",
        "epoch 3: again",
    ]
    assert html.index('<h2 id="told">') < html.index(warning) < html.index('<h2 id="untold">')


def test_a_wide_picture_has_a_row_of_its_own(data: Path) -> None:
    assert '<figure class="row">' not in page.build(data, DOCUMENT)
    Image.new("L", (1200, 4)).save(data / "samples" / "one" / "learning_curves.png")
    html = page.build(data, DOCUMENT)
    (row,) = re.findall(r'<figure class="row">.*?</figure>', html, re.DOTALL)
    assert "learning curves" in row


def test_pictures_beside_metrics_are_shown(gans: Path) -> None:
    html = page.build(gans, GANS)
    told = html[html.index('<h2 id="told">') : html.index('<h2 id="untold">')]
    assert 'alt="told: digits by epoch"' in told


def test_the_figure_of_several_comes_before_the_first_of_them(gans: Path) -> None:
    html = page.build(gans, GANS)
    places = [html.index(f'<h2 id="{key}">') for key in ("one", "objectives", "told")]
    assert places == sorted(places)
    assert 'alt="objectives: objectives"' in html
    assert "gradients.csv" in html
    assert '<a href="#objectives">' in html
    shutil.rmtree(gans / "samples" / "objectives")
    with pytest.raises(BadInput, match="samples/objectives is missing; run dvc repro"):
        page.build(gans, GANS)


def test_numbers_of_other_features_are_refused(gans: Path) -> None:
    metrics = {"features": "alexnet 4567", "floor_density": 1.0, "density": 0.5}
    write(gans / "metrics" / "untold" / "metrics.json", metrics)
    with pytest.raises(BadInput, match="features alexnet 4567 and alexnet 0123: they do not"):
        page.build(gans, GANS)


def test_texts_and_their_numbers(data: Path) -> None:
    card = {"dataset": "mnist", "data": {"windows": "chunks"}}
    write(data / "models" / "three" / "model.json", card)
    write(data / "metrics" / "three" / "metrics.json", {"bits_per_character": 2.5})
    write(data / "metrics" / "three" / "longest_copies.txt", "held out: 40 characters")
    write(data / "samples" / "three" / "temperature_0.5.txt", "To be <or> not")
    html = page.build(data, {**DOCUMENT, "train": {"three": {"family": "text"}}})
    assert "<h2>Text</h2>" in html
    for part in ("bits per character", "To be &lt;or&gt; not", "held out: 40 characters"):
        assert part in html


def test_margins_have_an_interval_by_example_and_by_group() -> None:
    metrics = {"auc": 0.75, "auc_baseline": 0.5, "auc_margin": 0.25, "parameters": 9}
    metrics |= {"auc_margin_low": 0.125, "auc_margin_high": 0.375}
    alone = [*("one", "auc", 0.75, 0.5, 0.25), "0.125 to 0.375", ""]
    grouped = {**metrics, "auc_margin_low_by_play": -0.5, "auc_margin_high_by_play": 0.875}
    models = [{"key": "one", "metrics": metrics}, {"key": "two", "metrics": grouped}]
    assert page.margins(models)["rows"] == [
        alone,
        ["two", *alone[1:-1], "-0.5 to 0.875 by play"],
    ]


def test_a_film_has_its_frames_and_fewer_bytes(tmp_path: Path) -> None:
    frames = [Image.effect_noise((64, 64), 50).convert("P") for _ in range(5)]
    film = tmp_path / "film.gif"
    frames[0].save(film, save_all=True, append_images=frames[1:], duration=200)
    head, _, content = page.picture(film)["source"].partition(";base64,")
    assert head == "data:image/webp"
    found = base64.b64decode(content)
    assert len(found) < film.stat().st_size
    with Image.open(BytesIO(found)) as shown:
        milliseconds = []
        for frame in ImageSequence.Iterator(shown):
            frame.load()
            milliseconds.append(frame.info["duration"])
    assert milliseconds == [200] * 5


@pytest.mark.parametrize(
    ("value", "text"),
    [(-151.23456, "-151.2"), (2, "2"), (3.0, "3"), ("", ""), (0.00012345, "0.0001234")],
)
def test_number(value: Any, text: str) -> None:
    assert page.number(value) == text


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
    for name in ("picture.png", "film.gif", "beside.png", "steps.png", "losses.png"):
        Image.new("L", (4, 4)).save(folder / name)
    block = {"content": "cat.jpg", "style_weight": 500.0}
    html = page.build(data, {**DOCUMENT, "style": {"cat_in_stripes": block}})
    for part in ("0.01239", ">200<", "77.12", "cat.jpg", "data:image/webp;base64,", ">beside <"):
        assert part in html
    assert "style.cat_in_stripes" not in html
    assert "Style transfer" not in page.build(data, DOCUMENT)
