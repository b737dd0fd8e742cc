"""Write the page that shows every model: numbers and pictures to one HTML file."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from generative.core import params, stage
from generative.core.folders import atomic_folder
from generative.report import page


def main(arguments: list[str]) -> None:
    html = page.build(Path("data"), params.read_document())
    with atomic_folder(Path("data/report")) as folder:
        (folder / "index.html").write_text(html, encoding="utf-8")


if __name__ == "__main__":
    stage.run(main)
