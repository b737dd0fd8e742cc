"""Write the page that shows every model, and all that it shows as data."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from generative.core import params, stage
from generative.core.folders import atomic_folder, write_json
from generative.report import contents, page


def main(arguments: list[str]) -> None:
    found = contents.collect(Path("data"), params.read_document())
    with atomic_folder(Path("data/report")) as folder:
        write_json(folder / "report.json", found)
        (folder / "index.html").write_text(page.build(found), encoding="utf-8")


if __name__ == "__main__":
    stage.run(main)
