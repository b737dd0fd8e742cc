"""Train one network on prepared data: arrays to a trained model, its history and its snapshots."""

import sys
from pathlib import Path

import numpy as np

from generative.core import errors
from generative.core import params
from generative.core import runtime
from generative.core import saving
from generative.tracking import mlflow_view as tracking
from generative.training import fit as training
from generative.core.runtime import Runtime
from generative.training.schema import Train
from generative.core.folders import atomic_folder
from generative.core import members

SCRATCH = Path(".cache/training")
DIVERGED = Path(".cache/diverged")


def main(arguments: list[str]) -> None:
    key, prepared, out = arguments
    block = params.read(f"train.{key}", Train)
    device_block = params.read("runtime", Runtime)
    device = runtime.configure(device_block, block.seed, block.precision)
    dataset = members.dataset(block.dataset)
    batches = dataset.batches(Path(prepared), block.batch_size, block.seed, **block.data)
    validation = dataset.load(Path(prepared), "validation", **block.data)
    # What the network must know of the data beyond its parameters: the vocabulary of a text.
    facts = dataset.facts(Path(prepared)) if hasattr(dataset, "facts") else {}
    built = {**facts, **block.model}
    try:
        with device.strategy.scope():
            model = members.network(block.network)(**built)
    except errors.BadInput as error:
        raise errors.BadInput(f"train.{key}.model.{error}") from None
    card = saving.Description(block.network, built, block.dataset, block.data)

    recorded = {"train": {key: block.written()}, "runtime": device_block.written()}
    with tracking.live_run(f"train@{key}", recorded, Path(prepared), device.tags()) as run:
        try:
            course = training.fit(
                f"train.{key}",
                model,
                block,
                device,
                batches,
                validation,
                run.epoch,
                SCRATCH / key,
            )
        except training.Diverged as error:
            with atomic_folder(DIVERGED / key) as folder:
                saving.save(model, card, folder)
            raise training.Diverged(f"{error}. The weights before that: {DIVERGED / key}") from None
        with atomic_folder(Path(out)) as folder:
            saving.save(model, card, folder)
            course.history.to_csv(folder / "history.csv", index=False)
            if block.snapshot_count:
                frames = course.snapshots
                if frames.dtype.kind == "f":  # pictures; texts stay as they are
                    frames = np.rint(frames * 255).astype(np.uint8)
                np.savez_compressed(folder / "snapshots.npz", frames=frames)
            if course.concerns:
                lines = "".join(f"{line}\n" for line in course.concerns)
                (folder / "concerns.txt").write_text(lines, encoding="utf-8")
            for epoch, outputs in enumerate(course.activations, start=1):
                file = folder / f"activations_{epoch:03}.npz"
                np.savez_compressed(file, allow_pickle=False, **outputs)
        run.finish(Path(out) / "model.weights.h5")


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
