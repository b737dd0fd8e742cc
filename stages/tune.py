"""Search for one classifier's best arguments, train it with them, and only then test it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

import pandas as pd

from generative.core import params, stage
from generative.core.folders import atomic_folder, write_json
from generative.core.runtime import Runtime
from generative.datasets.base.dataset import Prepared
from generative.plots import curves
from generative.training.schema import Train
from generative.training.workspace import training_workspace
from generative.tuning.schema import Tune
from generative.tuning.search import Search, tracked, train_network, with_arguments


def main(arguments: list[str]) -> None:
    (key,) = arguments
    tune, train = params.read(f"tune.{key}", Tune), params.read(f"train.{key}", Train)
    data = Prepared.of(train.dataset, train.data)
    search = Search(key, data, tune, train, params.read("runtime", Runtime))
    with tracked(search) as (device, run):
        best, table = search.best(), pd.DataFrame(search.rows())
        importance = search.importance()
        print(f"best: {best}; training with it as train.{key} says")
        train, name = with_arguments(train, best), f"{key}.tune"
        with training_workspace(name, train, search.runtime, device, data.folder) as workspace:
            model, _ = train_network(search, train, device, -1, workspace)
            images, labels = data.load("test")
            accuracy = float((model.probabilities(images).argmax(axis=1) == labels).mean())
            metrics = {
                "test_accuracy": accuracy,
                "best_val_loss": float(table["val_loss"].min()),
                "trials": len(table),
            }
            out = Path("data/tuning") / key
            with atomic_folder(out) as folder:
                table.to_csv(folder / "trials.csv", index=False)
                write_json(folder / "best.json", best)
                write_json(folder / "importance.json", importance)
                write_json(folder / "metrics.json", metrics)
                curves.trials(table["val_loss"].to_numpy()).save(folder / "history.png")
                curves.shares(importance).save(folder / "importance.png")
        run.finish(out / "trials.csv")


if __name__ == "__main__":
    stage.run(main)
