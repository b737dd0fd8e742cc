"""Make one picture: the content of one in the style of others, measured, with its history."""

import shutil
import sys
from pathlib import Path

import keras
import pandas as pd
from PIL import Image

from generative.core import errors, params, runtime
from generative.core.folders import atomic_folder, write_json
from generative.core.runtime import Runtime
from generative.image_quality.lpips import LPIPS
from generative.style import memory, pictures
from generative.style import metrics as measuring
from generative.style import plots as drawing
from generative.style.schema import Style
from generative.style.transfer import Row, Transfer
from generative.style.vgg import network as vgg
from generative.tracking import mlflow_view as tracking

SCRATCH = Path(".cache/style")


def main(arguments: list[str]) -> None:
    key, *paths = arguments
    content, style, network, weights, out = map(Path, paths)
    block = params.read(f"style.{key}", Style)
    device_block = params.read("runtime", Runtime)
    device = runtime.configure(device_block, block.seed, block.precision)
    # Only the convolutions that are descended through are in another precision.
    keras.mixed_precision.set_global_policy("float32")
    lpips = LPIPS(weights / "alexnet.ckpt")
    whole_content, styles = pictures.read(content), pictures.read_styles(style, block.blend)
    sources = [whole_content, *(source for source, _ in styles)]
    memory.check(f"style.{key}.scales", sources, block.scales[-1].longest_side)
    transfer = Transfer(vgg.load(network, device.precision), whole_content, styles, block)

    recorded = {"style": {key: block.written()}, "runtime": device_block.written()}
    with tracking.live_run(f"style@{key}", recorded, content, device.tags()) as run:
        sent = 0

        def watch(row: Row, frame: Image.Image | None) -> None:
            nonlocal sent
            if frame:
                run.evaluations(transfer.history[sent:], frame)
                sent = len(transfer.history)
                print(f"evaluation {sent}, {frame.width} x {frame.height}: {row['total']:.4g}")

        transfer.run(watch, SCRATCH / key)
        if transfer.replayed:
            print(f"went on from evaluation {transfer.replayed} of a run that was killed")
        picture, history = pictures.to_picture(transfer.finished()), pd.DataFrame(transfer.history)
        with atomic_folder(out) as folder:
            picture.save(folder / "picture.png")
            history.to_csv(folder / "history.csv", index=False)
            write_json(
                folder / "metrics.json", measuring.measure(transfer, vgg.load(network), lpips)
            )
            frames = [*transfer.frames, picture]
            drawing.draw(sources, frames, history, block.frames_per_second, folder)
        run.finish(out / "picture.png")
    shutil.rmtree(SCRATCH / key)


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
