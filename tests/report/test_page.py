"""The page of an empty, a partial, a full and a hostile set of results; in a browser where there is
one."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from generative.report import contents, page
from generative.results.logs import log_of
from tests.support import browser
from tests.support.report import DOCUMENT, draw, write, write_image_network, write_sliders

in_a_browser = pytest.mark.skipif(not browser.CHROMIUM, reason="no Chromium on this machine")
HOSTILE = "</script><script>alert('a')</script>{{ 7 * 7 }}\"'`${1}"


def html_of(data: Path, document: dict[str, Any] = DOCUMENT) -> str:
    return page.build(contents.collect(data, document))


def test_the_page_holds_everything_and_needs_nothing(data: Path) -> None:
    html = html_of(data)
    for part in ("-151.2", "12.35", "98.77 %", "layers &lt;of&gt; the judge", "99.50 %"):
        assert part in html
    for key in ("one", "drawn", "judge"):
        assert html.count(f'id="model-{key}"') == 1
    assert "<b>" not in html
    assert not re.search(r"\b(src|href)=\"(?!data:|#)", html)
    assert html == html_of(data)


def test_every_sentence_is_in_both_languages(data: Path) -> None:
    html = html_of(data)
    assert html.count('class="en"') == html.count('class="zh"') > 30
    for sentence in words(yaml.safe_load(page.text("words.yaml"))):
        assert set(sentence) - {"term"} == {"en", "zh"}
        named = [set(re.findall(r"\{\w+", sentence[language])) for language in ("en", "zh")]
        assert named[0] == named[1]


def words(values: Any) -> list[dict[str, str]]:
    """Each sentence in a part of `words.yaml`."""
    if isinstance(values, list):
        return [one for value in values for one in words(value)]
    if isinstance(values, dict):
        return [values] if "en" in values else words(list(values.values()))
    return []


def test_what_is_missing_is_said_with_its_reason(data: Path) -> None:
    title = '<span class="en" lang="en">What is missing</span>'
    assert title not in html_of(data)
    shutil.rmtree(data / "metrics" / "one")
    write(data.parent / log_of("evaluate@one"), "error: no <space> left\n")
    html = html_of(data)
    assert title in html
    assert "<code>evaluate@one</code>: no &lt;space&gt; left" in html
    assert 'id="model-one"' in html


def test_of_nothing_there_is_a_page(tmp_path: Path) -> None:
    assert "train@one" in html_of(tmp_path / "data")
    assert "<main>" in html_of(tmp_path / "data", {"train": {}})


def test_warnings_are_in_sight(data: Path) -> None:
    html = html_of(data)
    (warning,) = re.findall(r'<div class="warning">.*?</div>', html, re.DOTALL)
    lines = ["epoch 2: &lt;it&gt; dominates", "epoch 3: again"]
    assert re.findall("<li>(.*?)</li>", warning) == lines


def test_two_results_side_by_side(data: Path) -> None:
    found = contents.collect(data, DOCUMENT)
    row = {"model": "one", "metric": "test/elbo_nats", "here": -151.0, "there": -140.0}
    picture = found["families"][0]["models"][0]["pictures"][0]
    alone = page.build(found).count(picture["source"])
    found["against"] = {
        "here": "default",
        "there": "<other>",
        "only_here": [],
        "only_there": ["two"],
        "differs": {"epochs: 1, compared with 2": ["one"]},
        "rows": [{**row, "low": -141.0, "high": -139.0, "status": "off", "reason": "3 seeds"}],
        "pictures": [{"model": "one", "name": "samples", "here": picture, "there": picture}],
    }
    html = page.build(found)
    assert '<tr class="off"><th scope="row">one</th>' in re.sub(r"\s*\n\s*", "", html)
    assert "&lt;other&gt;" in html
    assert html.count(picture["source"]) == alone + 2


def hostile(data: Path) -> dict[str, Any]:
    """Results whose texts, names and numbers are meant to break the page."""
    write(data / "history" / "drawn" / "warnings.txt", f"{HOSTILE}\n")
    write(data / "samples" / "drawn" / f"{'x' * 100}.txt", HOSTILE * 50)
    write(data / "metrics" / "one" / "metrics.json", {HOSTILE: 1e308, "elbo_nats": -1e-300})
    table = "epoch,loss,val_loss,</script>\n1,inf,nan,1\n2,-inf,,2\n"
    write(data / "history" / "one" / "history.csv", table)
    draw(data / "samples" / "one" / "a'b\" onload=x.png")
    element = "<img src=x onerror=errors.push(1)>"
    write_image_network(data / "browser" / "one", [element, element])
    return {**DOCUMENT, "profile": HOSTILE}


def open_page(data: Path, probe: str, document: dict[str, Any] = DOCUMENT) -> Any:
    """What the script `probe` returns in the page, and its errors."""
    script = f"""<pre id="probe"></pre><script>
    const found = (() => {{ {probe} }})();
    document.querySelector("#probe").textContent = JSON.stringify(found);
    </script></body>"""
    listen = """<head><script>
    window.errors = [];
    onerror = (e) => errors.push(String(e));
    requestAnimationFrame = (draw) => draw();
    </script>"""
    html = html_of(data, document).replace("</body>", script).replace("<head>", listen, 1)
    file = data.parent / "page.html"
    file.write_text(html, encoding="utf-8")
    (shown,) = re.findall(r'<pre id="probe">(.*?)</pre>', browser.page(file.as_uri()))
    return json.loads(shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


@in_a_browser
@pytest.mark.parametrize("make", [lambda data: DOCUMENT, hostile], ids=["full", "hostile"])
def test_no_script_fails(make: Callable[[Path], dict[str, Any]], data: Path) -> None:
    probe = """document.querySelectorAll(".curves, .alive").forEach((node) => node.begin());
    const count = (what) => document.querySelectorAll(what).length;
    return [errors, count(".uplot"), count("img:not([src^=data])"), count("script:not([type])")];"""
    errors, charts, foreign, scripts = open_page(data, probe, make(data))
    assert errors == []
    assert charts >= 2
    assert foreign == 0
    assert scripts == 6  # those of the page, and two of this test


@in_a_browser
def test_charts_are_drawn_and_named_in_both_languages(data: Path) -> None:
    write(data / "samples" / "one" / "latent_scatter.csv", "code_1,code_2,digit\n1,2,3\n0,1,4\n")
    table = "middle,confidence,accuracy,examples\n0.25,,,0\n0.75,0.8,0.7,10\n"
    write(data / "metrics" / "judge" / "reliability.csv", table)
    table = "x,data,least_forward_kl\n0,1,2\n1,2,1\n"
    write(data / "objectives" / "gan" / "densities.csv", table)
    probe = """const nodes = [...document.querySelectorAll(".charts")];
    nodes.forEach((node) => node.begin());
    const shown = () => nodes.map((node) => [...node.querySelectorAll(".uplot")].map((chart) =>
      [...chart.querySelectorAll(".u-legend .u-label")].map((name) => name.textContent)));
    const first = shown();
    document.querySelector("#language").click();
    const names = nodes.map((node) => node.firstElementChild.getAttribute("aria-label"));
    return [errors, first, shown(), names];"""
    errors, english, chinese, names = open_page(data, probe)
    assert errors == []
    accuracy = ["Confidence", "As confident as right", "Accuracy"]
    assert english == [
        [["Code 1", "3", "4"]],
        [accuracy, ["Confidence", "Examples"]],
        [["x", "Data", "Least forward KL"]],
        [["Trial", "Validation loss", "Lowest so far"]],
    ]
    assert chinese[1] == [["置信度", "置信度等于准确率", "准确率"], ["置信度", "例子数"]]
    assert names[:3] == ["one: 编码 2", "judge: 准确率", "gan: 密度"]


@in_a_browser
def test_languages_change_by_the_button(data: Path) -> None:
    probe = """const shown = () => [document.documentElement.lang, document.title,
      getComputedStyle(document.querySelector("h1 .zh")).display];
    const first = shown();
    document.querySelector("#language").click();
    return [first, shown()];"""
    first, second = open_page(data, probe)
    assert first == ["en", "Generative models", "none"]
    assert second == ["zh", "生成模型", "inline"]


@in_a_browser
def test_a_model_draws_what_its_sliders_say(data: Path) -> None:
    probe = """const node = document.querySelector("[data-key=one].alive");
    node.begin();
    const canvas = node.querySelector("canvas"), [code, category] = node.querySelectorAll("input");
    const shown = () => Array.from(canvas.getContext("2d").getImageData(0, 0, 2, 2).data)
      .filter((_, i) => i % 4 === 0);
    const first = shown();
    code.value = 1; category.value = 1;
    for (const slider of [code, category]) slider.dispatchEvent(new Event("input"));
    const names = [...node.querySelectorAll("label span")].map((name) => name.textContent);
    return [first, shown(), names, node.querySelector(".speed").value];"""
    first, second, names, milliseconds = open_page(data, probe)
    assert first == [0, 0, 0, 255]
    assert second == [255, 0, 255, 0]
    assert names == ["code", "category"]
    assert int(milliseconds) >= 1


@in_a_browser
def test_a_model_writes_what_it_is_asked_to(data: Path) -> None:
    probe = """const node = document.querySelector("[data-key=written].alive");
    node.begin();
    const prompt = node.querySelector("input[type=text]"), button = node.querySelector("button");
    const write = (text) => { prompt.value = text; button.click(); };
    write("x");
    const refused = node.querySelector("[role=status] .en").nextSibling.nextSibling.textContent;
    write("ba");
    return [refused, node.querySelector(".written").textContent];"""
    refused, written = open_page(data, probe)
    assert refused == " x"
    assert written == "ba" * 751


@in_a_browser
def test_on_paper_there_are_all_charts_and_numbers(data: Path) -> None:
    probe = """dispatchEvent(new Event("beforeprint"));
    const open = document.querySelectorAll("details.printed[open]").length;
    const empty = document.querySelectorAll(".curves:empty, .charts:empty").length;
    dispatchEvent(new Event("afterprint"));
    return [open, empty, document.querySelectorAll("details.printed[open]").length];"""
    opened, empty, left = open_page(data, probe)
    assert opened >= 3
    assert (empty, left) == (0, 0)


@in_a_browser
def test_sliders_choose_an_image_of_the_sheet(data: Path) -> None:
    axes = [{"name": "code 2", "values": [1.0, -1.0]}, {"name": "code 1", "values": [-1.5, 0, 1.5]}]
    greys = np.arange(6, dtype=np.uint8).reshape(2, 3).repeat(28, axis=0).repeat(28, axis=1) * 40
    write_sliders(data / "samples" / "drawn", axes, Image.fromarray(greys))
    probe = """const sheet = document.querySelector(".sheet");
    const frame = sheet.querySelector(".frame");
    const [down, across] = sheet.querySelectorAll("input");
    down.value = 0; across.value = 2;
    across.dispatchEvent(new Event("input", {bubbles: true}));
    const shown = [...sheet.querySelectorAll("output")].map((output) => output.value);
    return [frame.style.backgroundPosition, shown,
      across.getAttribute("aria-valuetext")];"""
    assert open_page(data, probe) == ["100% 0%", ["1", "1.5"], "1.5"]
