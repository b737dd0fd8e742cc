"""Train one InfoGAN again with other seeds: how much of what it learns is luck."""

import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from generative import errors, params, runtime, saving, steering, tracking, training
from generative.blocks.disentangled import EvaluateInfogan, Repeat
from generative.blocks.runtime import Runtime
from generative.blocks.train import Train
from generative.datasets import mnist
from generative.folders import whole, write_json
from generative.tables import NETWORKS, find

SCRATCH = Path(".cache/training")


def main(arguments: list[str]) -> None:
    key, trained, prepared, judge_folder, out = arguments
    block = params.read(f"train.{key}", Train)
    seeds = params.read(f"repeat.{key}", Repeat).seeds
    how = params.read("evaluate.infogan", EvaluateInfogan)
    device_block = params.read("runtime", Runtime)
    device = runtime.configure(device_block, block.seed, block.precision)
    folder = Path(prepared)
    train, test = (mnist.load(folder, split, **block.data) for split in ("train", "test"))
    eyes = saving.load(Path(judge_folder))

    def name_digits(images: np.ndarray) -> np.ndarray:
        return np.asarray(eyes.probabilities(images).argmax(axis=1))

    def measured(model: Any, seed: int) -> dict[str, Any]:
        metrics, _ = steering.measure(model, train, test, name_digits, how)
        return {"seed": seed, **metrics}

    rows = [measured(saving.load(Path(trained)), block.seed)]
    for seed in seeds:
        print(f"seed {seed}: {len(rows)} of {len(seeds)}", flush=True)
        again = block.model_copy(update={"seed": seed})
        keras.utils.set_random_seed(seed)
        with device.strategy.scope():
            model = find(NETWORKS, "network", block.network)(**block.model)
        recorded = {"train": {key: again.written()}, "runtime": device_block.written()}
        with tracking.live_run(f"repeat@{key}", recorded, folder, device.tags()) as run:
            training.fit(
                f"train.{key}",
                model,
                again,
                device,
                mnist.batches(folder, block.batch_size, seed, **block.data),
                mnist.load(folder, "validation", **block.data),
                run.epoch,
                SCRATCH / f"{key}_{seed}",
            )
        rows.append(measured(model, seed))
    table = pd.DataFrame(rows)
    with whole(Path(out)) as written:
        table.to_csv(written / "seeds.csv", index=False)
        write_json(written / "metrics.json", table.drop(columns="seed").median().to_dict())


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
