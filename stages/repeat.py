"""Train one InfoGAN again with other seeds: how much of what it learns is luck."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from typing import Any

from generative.core import members, params, runtime, saving, stage

# isort: split
import keras

from generative.core.folders import atomic_folder
from generative.core.history import TABLE
from generative.core.runtime import Runtime
from generative.datasets.base.dataset import Prepared
from generative.gan.disentanglement import infogan
from generative.gan.disentanglement.repeat import Repeat, write_seeds
from generative.image_quality import extractors
from generative.tracking.live import live_run
from generative.training import fit
from generative.training.schema import Train
from generative.training.workspace import training_workspace


def main(arguments: list[str]) -> None:
    (key,) = arguments
    train = params.read(f"train.{key}", Train)
    seeds = params.read(f"repeat.{key}", Repeat).seeds
    options = params.read(f"disentanglement.{key}", infogan.Disentanglement)
    runtime_options = params.read("runtime", Runtime)
    device = runtime.configure(runtime_options, train.seed, train.precision)
    data = Prepared.of(train.dataset, train.data)
    trained = Path("data/models") / key
    with training_workspace(
        f"{key}.repeat", train, runtime_options, device, data.folder
    ) as workspace:
        models = {train.seed: trained}
        for number, seed in enumerate(seeds, start=1):
            models[seed] = workspace / f"seed_{seed}"
            if models[seed].exists():
                print(f"seed {seed}: {number} of {len(seeds)}, is there", flush=True)
                continue
            print(f"seed {seed}: {number} of {len(seeds)}", flush=True)
            repeated = train.model_copy(update={"seed": seed})
            keras.utils.set_random_seed(seed)
            with device.strategy.scope():
                model = members.network(train.network)(**train.model)
            recorded = {"train": {key: repeated.written()}, "runtime": runtime_options.written()}
            name = f"{workspace.name}-{seed}"
            with live_run(f"repeat@{key}", recorded, data.folder, device.tags(), name) as run:
                history = fit.fit(
                    f"train.{key}",
                    model,
                    repeated,
                    device,
                    data.batches(train.batch_size, seed),
                    data.load("validation"),
                    run.epoch,
                    workspace / f"training_{seed}",
                )
                with atomic_folder(models[seed]) as folder:
                    saving.save(model, saving.describe(trained), folder)
                    history.save(folder, recorded, device.machine())
                run.finish(models[seed] / TABLE)
        write(models, data, options, key)


def write(models: dict[int, Path], data: Prepared, options: Any, key: str) -> None:
    """What the models of all seeds have learnt."""
    # Models are loaded in the precision of all measurements, whatever they were trained in.
    keras.mixed_precision.set_global_policy("float32")
    splits = data.load("train"), data.load("test")
    judge = extractors.load(Path("data/judge/mnist"))
    metrics = {
        seed: infogan.measure_controls(saving.load(folder), *splits, judge, options)[0]
        for seed, folder in models.items()
    }
    with atomic_folder(Path("data/repeats") / key) as folder:
        write_seeds(metrics, models, folder)


if __name__ == "__main__":
    stage.run(main)
