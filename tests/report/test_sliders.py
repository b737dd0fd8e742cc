"""The sliders of the report, in a real browser: what they show, by keyboard and on a phone."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from generative.report import page
from tests.support.report import DOCUMENT, write_model, write_sliders

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(not BROWSER, reason="no Chromium on this machine")

AXES = {
    "infogan": [
        {"name": "digit", "values": [0, 1, 2]},
        {"name": "thickness", "values": [-2.0, 0.0, 2.0]},
        {"name": "code 2", "values": [-2.0, -1.0, 0.0, 1.0, 2.0]},
    ],
    "cvae": [
        {"name": "code 2", "values": [1.0, -1.0]},
        {"name": "code 1", "values": [-1.5, 0.0, 1.5]},
    ],
}
# Writes into the page's text what a visitor finds.
PROBE = """
<pre id="probe"></pre>
<script>
  const label = (place) => document.querySelectorAll(".sprite")[place].getAttribute("aria-label");
  const found = {first: [label(0), label(1)], width: document.documentElement.scrollWidth};
  const [digit, thickness] = document.querySelectorAll("input");
  found.focusable = [digit.tabIndex, digit.type];
  digit.value = 2;
  digit.dispatchEvent(new Event("input", {bubbles: true}));
  thickness.value = 0;
  thickness.dispatchEvent(new Event("input", {bubbles: true}));
  found.moved = label(0);
  const plane = document.querySelector(".plane"), box = plane.getBoundingClientRect();
  plane.dispatchEvent(new PointerEvent("pointermove", {
    clientX: box.left + 0.9 * box.width, clientY: box.top + 0.9 * box.height, bubbles: true}));
  found.pointed = label(1);
  const grey_of = (sprite) => {
    const style = getComputedStyle(sprite), image = new Image();
    image.src = style.backgroundImage.slice(5, -2);
    return image.decode().then(() => {
      const side = sprite.clientWidth, canvas = document.createElement("canvas");
      const [wide, high] = style.backgroundSize.split(" ").map((x) => parseFloat(x) / 100 * side);
      const [x, y] = style.backgroundPosition.split(" ").map((p) => parseFloat(p) / 100);
      const context = canvas.getContext("2d");
      canvas.width = canvas.height = side;
      context.imageSmoothingEnabled = false;
      context.drawImage(image, x * (side - wide), y * (side - high), wide, high);
      return context.getImageData(side / 2, side / 2, 1, 1).data[0];
    });
  };
  Promise.all([...document.querySelectorAll(".sprite")].map(grey_of)).then((grey) => {
    found.grey = grey;
    document.getElementById("probe").textContent = JSON.stringify(found);
  });
</script>
</body>"""


def sheet(axes: list[dict[str, Any]]) -> Image.Image:
    """Pictures of 4 x 4 whose grey is twice their place."""
    shape = [len(axis["values"]) for axis in axes]
    places = 2 * np.arange(np.prod(shape), dtype=np.uint8).reshape(-1, shape[-1])
    return Image.fromarray(places.repeat(4, axis=0).repeat(4, axis=1))


@pytest.fixture
def probed(data: Path, tmp_path: Path) -> dict[str, Any]:
    """What the probe found in a window as wide as a phone."""
    sections = {key: {"family": "gan"} for key in AXES}
    for key, axes in AXES.items():
        write_model(data, key)
        write_sliders(data / "samples" / key, axes, sheet(axes))
    html = page.build(data, {**DOCUMENT, "train": sections, "generators": {}})
    file = tmp_path / "page.html"
    file.write_text(html.replace("</body>", PROBE), encoding="utf-8")
    assert BROWSER
    quiet = ("background-networking", "component-update", "sync", "quic", "gpu")
    command = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--no-first-run",
        *(f"--disable-{name}" for name in quiet),
        f"--user-data-dir={tmp_path / 'browser'}",
        "--window-size=375,800",
        "--virtual-time-budget=5000",
        "--dump-dom",
        file.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    found = re.search(r'<pre id="probe">(.+?)</pre>', done.stdout)
    assert found, done.stderr
    content: dict[str, Any] = json.loads(found.group(1))
    return content


def test_the_sliders(probed: dict[str, Any]) -> None:
    assert probed["first"] == ["digit 1, thickness 0, code 2 0", "code 2 -1, code 1 0"]
    assert probed["focusable"] == [0, "range"]
    assert probed["moved"] == "digit 2, thickness -2, code 2 0"
    assert probed["pointed"] == "code 2 -1, code 1 1.5"
    # Place 2 * 15 + 0 * 5 + 2 of the first sheet, and 1 * 3 + 2 of the second.
    assert probed["grey"] == [64, 10]
    assert probed["width"] <= 500  # the narrowest window that Chromium opens
