"""Train one InfoGAN again with other seeds: how much of what it learns is luck."""

import sys
from pathlib import Path

import keras
import pandas as pd

from generative.core import errors
from generative.core import params
from generative.core import runtime
from generative.core import saving
from generative.gan.disentanglement import steering
from generative.tracking import mlflow_view as tracking
from generative.training import fit as training
from generative.gan.disentanglement.schema import EvaluateInfogan
from generative.gan.disentanglement.schema import Repeat
from generative.core.runtime import Runtime
from generative.training.schema import Train
from generative.datasets import mnist
from generative.core.folders import atomic_folder
from generative.core.folders import write_json
from generative.core import members

SCRATCH = Path(".cache/training")


def main(arguments: list[str]) -> None:
    key, trained, prepared, judge_folder, out = arguments
    block = params.read(f"train.{key}", Train)
    seeds = params.read(f"repeat.{key}", Repeat).seeds
    how = params.read("evaluate.infogan", EvaluateInfogan)
    device_block = params.read("runtime", Runtime)
    device = runtime.configure(device_block, block.seed, block.precision)
    folder = Path(prepared)
    models = {block.seed: Path(trained)}
    for number, seed in enumerate(seeds, start=1):
        print(f"seed {seed}: {number} of {len(seeds)}", flush=True)
        again = block.model_copy(update={"seed": seed})
        keras.utils.set_random_seed(seed)
        with device.strategy.scope():
            model = members.network(block.network)(**block.model)
        recorded = {"train": {key: again.written()}, "runtime": device_block.written()}
        scratch = SCRATCH / f"{key}_{seed}"
        with tracking.live_run(f"repeat@{key}", recorded, folder, device.tags()) as run:
            training.fit(
                f"train.{key}",
                model,
                again,
                device,
                mnist.batches(folder, block.batch_size, seed, **block.data),
                mnist.load(folder, "validation", **block.data),
                run.epoch,
                scratch,
            )
        models[seed] = scratch / "model"
        saving.save(model, saving.describe(Path(trained)), models[seed])
    # Models are loaded in the precision of all measurements, whatever they were trained in.
    keras.mixed_precision.set_global_policy("float32")
    train, test = (mnist.load(folder, split, **block.data) for split in ("train", "test"))
    eyes = saving.load(Path(judge_folder))
    rows = []
    for seed, place in models.items():
        metrics, _ = steering.measure(saving.load(place), train, test, eyes, how)
        rows.append({"seed": seed, **metrics})
    table = pd.DataFrame(rows)
    with atomic_folder(Path(out)) as written:
        table.to_csv(written / "seeds.csv", index=False)
        write_json(written / "metrics.json", table.drop(columns="seed").median().to_dict())


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
