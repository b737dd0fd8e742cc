"""Make the judge of generated digits from trained classifiers."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from generative.classifiers.judge import JudgeOptions, build_judge
from generative.core import params, runtime, saving, stage
from generative.core.folders import atomic_folder
from generative.core.runtime import Runtime
from generative.datasets.base.dataset import Prepared
from generative.tracking.live import live_run


def main(arguments: list[str]) -> None:
    (key,) = arguments
    options = params.read(f"judge.{key}", JudgeOptions)
    runtime_options = params.read("runtime", Runtime)
    device = runtime.configure(runtime_options, seed=0)
    models = Path("data/models")
    described = saving.describe(models / options.features)
    data = Prepared.of(described.dataset, described.data)
    recorded = {"judge": {key: options.written()}, "runtime": runtime_options.written()}
    with live_run(f"judge@{key}", recorded, data.folder, device.tags()) as run:
        members = {name: saving.load(models / name) for name in options.members}
        judge = build_judge(members, saving.load(models / options.features), data, options.weights)
        for name, weight in judge.weights.items():
            print(f"{name}: weight {weight:.3f}")
        with atomic_folder(Path("data/judge") / key) as folder:
            judge.save(folder)
        run.finish(Path("data/judge") / key / "digits.weights.h5")


if __name__ == "__main__":
    stage.run(main)
