"""Make one picture: the content of one in the style of another, measured, with its history."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from generative.core import params, stage
from generative.core.folders import atomic_folder
from generative.core.runtime import Runtime
from generative.core.workspace import workspace
from generative.image_quality.lpips import LPIPS
from generative.style import inputs, outputs
from generative.style.schema import Style
from generative.tracking.live import live_run


def main(arguments: list[str]) -> None:
    (key,) = arguments
    options = params.read(f"style.{key}", Style)
    runtime_options = params.read("runtime", Runtime)
    device = inputs.configure(runtime_options, options)
    lpips = LPIPS(Path("data/raw/alexnet/alexnet.ckpt"))
    transfer = inputs.load(options, device.precision, f"style.{key}.scales")
    recorded = {"style": {key: options.written()}, "runtime": runtime_options.written()}
    decisive = [options.model_dump(), runtime_options.model_dump(), device.tags()]
    with (
        workspace("style", key, decisive, inputs.files(options)) as kept,
        live_run(f"style@{key}", recorded, Path(options.content), device.tags(), kept.name) as run,
    ):
        outputs.run_with_log(transfer, run.evaluations, kept)
        with atomic_folder(Path("data/style") / key) as folder:
            outputs.write(transfer, lpips, folder)
        run.finish(Path("data/style") / key / "picture.png")


if __name__ == "__main__":
    stage.run(main)
