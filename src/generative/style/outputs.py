"""The outputs of the stage `style`: a log of the run and a folder with its result."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from PIL import Image

from generative.core.folders import write_json
from generative.image_quality.lpips import LPIPS
from generative.style import metrics, pictures, plots
from generative.style.transfer import Row, Transfer
from generative.style.vgg import network


def run_with_log(
    transfer: Transfer, send: Callable[[list[Row], Image.Image], object], workspace: Path
) -> None:
    """Run `transfer`, resuming what was killed from `workspace`.

    With each frame, prints a line and calls `send` with the rows of the history since the last
    frame and the best picture so far.
    """
    sent = 0

    def log(row: Row, frame: Image.Image | None) -> None:
        nonlocal sent
        if frame:
            send(transfer.history[sent:], frame)
            sent = len(transfer.history)
            print(f"evaluation {sent}, {frame.width} x {frame.height}: {row['total']:.4g}")

    transfer.run(log, workspace)
    if transfer.replayed:
        print(f"resumed a run that was killed: {transfer.replayed} evaluations were not repeated")


def write(transfer: Transfer, lpips: LPIPS, folder: Path) -> None:
    """Write `picture.png`, `history.csv`, `metrics.json` and the plots into `folder`, and frames
    that are to be files into its folder `frames`: `001.png`, `002.png`, ...

    lpips: built with Keras' default policy, float32.
    """
    options = transfer.options
    picture, history = pictures.to_picture(transfer.result()), pd.DataFrame(transfer.history)
    picture.save(folder / "picture.png")
    history.to_csv(folder / "history.csv", index=False)
    exact = network.load(Path(options.network))
    write_json(folder / "metrics.json", metrics.measure(transfer, exact, lpips))
    frames = [*transfer.frames, picture]
    if options.frames == "files":
        (folder / "frames").mkdir()
        for number, frame in enumerate(transfer.frames, start=1):
            frame.save(folder / "frames" / f"{number:03}.png")
    plots.write(transfer.sources, frames, history, options.frames_per_second, folder)
