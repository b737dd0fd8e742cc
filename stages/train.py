"""Train one network on prepared data: a trained model, and how its training went."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from generative.core import errors, members, params, runtime, saving, stage
from generative.core.folders import atomic_folder
from generative.core.runtime import Runtime
from generative.datasets.base.dataset import Prepared
from generative.tracking.live import live_run
from generative.training import fit
from generative.training.schema import Train
from generative.training.workspace import training_workspace

DIVERGED = Path(".cache/diverged")


def main(arguments: list[str]) -> None:
    (key,) = arguments
    train = params.read(f"train.{key}", Train)
    runtime_options = params.read("runtime", Runtime)
    network = members.network(train.network)
    # Networks that bfloat16 makes worse are float32 where nobody asks for a precision.
    of_network = getattr(network, "precision_by_default", "auto")
    precision = of_network if train.precision == "auto" else train.precision
    device = runtime.configure(runtime_options, train.seed, precision)
    print(f"{device.name}, {runtime.threads()} threads, {device.precision}")
    data = Prepared.of(train.dataset, train.data)
    batches = data.batches(train.batch_size, train.seed)
    validation = data.load("validation")
    # What the network must know of the data beyond its parameters: the vocabulary of a text.
    built = {**data.facts(), **train.model}
    try:
        with device.strategy.scope():
            model = network(**built)
    except errors.BadInput as error:
        raise errors.BadInput(f"train.{key}.model.{error}") from None
    description = saving.Description(train.network, built, train.dataset, train.data)

    recorded = {"train": {key: train.written()}, "runtime": runtime_options.written()}
    with (
        training_workspace(key, train, runtime_options, device, data.folder) as workspace,
        live_run(f"train@{key}", recorded, data.folder, device.tags(), workspace.name) as run,
    ):
        try:
            history = fit.fit(
                f"train.{key}",
                model,
                train,
                device,
                batches,
                validation,
                run.epoch,
                workspace,
            )
        except fit.Diverged as error:
            with atomic_folder(DIVERGED / key) as folder:
                saving.save(model, description, folder)
            raise fit.Diverged(f"{error}. The weights before that: {DIVERGED / key}") from None
        with atomic_folder(Path("data/history") / key) as folder:
            history.save(folder, recorded, device.machine())
        with atomic_folder(Path("data/models") / key) as folder:
            saving.save(model, description, folder)
        run.finish(Path("data/models") / key / "model.weights.h5")


if __name__ == "__main__":
    stage.run(main)
