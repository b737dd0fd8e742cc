"""Write the page that shows every model: numbers and pictures to one HTML file."""

import sys
from pathlib import Path

from generative.core import errors, params
from generative.core.folders import atomic_folder
from generative.report import page


def main(arguments: list[str]) -> None:
    data, out = map(Path, arguments)
    document = {name: params.raw(name) for name in params.SECTIONS}
    html = page.build(data, document)
    with atomic_folder(out) as folder:
        (folder / "index.html").write_text(html, encoding="utf-8")


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
