"""Make the judge of generated digits from trained classifiers."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from generative.classifiers import judge
from generative.core import params, runtime, saving, stage
from generative.core.folders import atomic_folder
from generative.core.runtime import Runtime
from generative.datasets.base.dataset import Prepared


def main(arguments: list[str]) -> None:
    options = params.read("judge", judge.JudgeOptions)
    runtime.configure(params.read("runtime", Runtime), seed=0)
    folders = {name: Path("data/models") / name for name in options.members}
    described = saving.describe(folders[options.features])
    data = Prepared.of(described.dataset, described.data)
    trained = {name: saving.load(folder) for name, folder in folders.items()}
    with atomic_folder(Path("data/judge")) as folder:
        judge.build_judge(trained, data, options, folder)


if __name__ == "__main__":
    stage.run(main)
