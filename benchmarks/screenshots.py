"""The pictures of docs/mlflow.md: MLflow's UI of this checkout's store, in headless Chromium.

generative publish && python benchmarks/screenshots.py
"""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from generative.core.params import read_document
from generative.tracking import store, views
from tests.support import browser, server

DOCS = Path("docs")
MODEL = "functional"  # whose runs are compared, if experiments have made several


def pages(opened: store.Store, address: str, document: dict[str, Any]) -> dict[str, str]:
    """The pages of MLflow's UI at `address` that answer the questions of docs/mlflow.md, by the
    name of their picture."""
    experiment = opened.experiment
    ready = {view.key: view.link(address, experiment) for view in views.views(document)}
    (run, *_) = opened.find(
        {"model": "gan_non_saturating", "dvc.stage": "train@gan_non_saturating"}
    )
    runs = [r.info.run_id for r in opened.find({"family": "gan"}) if "trial" not in r.data.tags]
    listed = quote("[" + ",".join(f'"{run}"' for run in runs) + "]")
    place = f"{address}/#/experiments/{experiment}"
    found = {
        "experiment": views.experiment_link(address, experiment),
        "gan": ready["gan"],
        "trials": ready["trials-separable"],
        "compare": f"{address}/#/compare-runs?runs={listed}&experiments=%5B%22{experiment}%22%5D",
        "run": f"{place}/runs/{run.info.run_id}?workflowType=machine_learning",
        "models": f"{place}/models?workflowType=machine_learning",
    }
    view = views.of_model(MODEL, opened.search)
    if view.parameters:
        opened.keep_views([view])
        found["runs"] = view.link(address, experiment)
    return found


def main() -> None:
    if not browser.CHROMIUM:
        sys.exit("error: Chromium is not installed; on Debian: apt-get install chromium")
    port = server.free_port()
    links = pages(store.Store(), f"http://127.0.0.1:{port}", read_document())
    with TemporaryDirectory() as folder, server.serving(Path(folder), port, store.store_uri()):
        for name, page in links.items():
            file = DOCS / f"mlflow_{name}.png"
            browser.screenshot(page, file.absolute(), 2000, 1200)
            shrink(file)
            print(f"{file}: {file.stat().st_size:,} bytes", flush=True)


def shrink(file: Path) -> None:
    """Fewer colours: a third of the bytes, and as easy to read."""
    from PIL import Image

    part = file.with_suffix(".part.png")
    with Image.open(file) as picture:
        picture.convert("RGB").quantize(128).save(part, optimize=True)
    shutil.move(part, file)


if __name__ == "__main__":
    main()
