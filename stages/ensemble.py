"""Make the judge of trained classifiers: weights fitted on validation digits."""

import sys
from pathlib import Path
from typing import Any

from generative.core import errors
from generative.core import params
from generative.core import runtime
from generative.core import saving
from generative.tracking import mlflow_view as tracking
from generative.classifiers.judge_schema import Judge
from generative.core.runtime import Runtime
from generative.core.folders import atomic_folder
from generative.core import members
from generative.classifiers.ensemble import Ensemble


def main(arguments: list[str]) -> None:
    models, prepared, out = map(Path, arguments)
    block = params.read("ensemble", Judge)
    device_block = params.read("runtime", Runtime)
    device = runtime.configure(device_block, seed=0)
    cards = {name: saving.describe(models / name) for name in block.members}
    first = cards[block.features]
    dataset = members.dataset(first.dataset)
    built: dict[str, Any] = {
        "members": {
            name: {"network": card.network, "arguments": card.arguments}
            for name, card in cards.items()
        },
        "features": block.features,
    }
    recorded = {"ensemble": block.written(), "runtime": device_block.written()}
    with tracking.live_run("ensemble", recorded, prepared, device.tags()) as run:
        model = Ensemble(**built)
        for name, member in model.members.items():
            member.set_weights(saving.load(models / name).get_weights())
        train, _ = dataset.load(prepared, "train", **first.data)
        model.fit_to(train, dataset.load(prepared, "validation", **first.data))
        for name, share in zip(block.members, model.average.shares.numpy(), strict=True):
            print(f"{name}: weight {share:.3f}")
        with atomic_folder(out) as folder:
            saving.save(
                model, saving.Description("topologies/ensemble", built, first.dataset, first.data), folder
            )
        run.finish(out / "model.weights.h5")


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
