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
from generative.tuning.schema import Tune
from generative.tuning.search import Search, tracked, train_network


def main(arguments: list[str]) -> None:
    (key,) = arguments
    tune, train = params.read(f"tune.{key}", Tune), params.read(f"train.{key}", Train)
    data = Prepared.of(train.dataset, train.data)
    search = Search(key, data, tune, train, params.read("runtime", Runtime))
    with tracked(search) as (device, run):
        best, table = search.best(), pd.DataFrame(search.rows())
        importance = search.importance()
        print(f"best: {best}; training with it as train.{key} says")
        model, _ = train_network(search, train, best, device, -1, f"{key}.tune")
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
            for name, values in (("best", best), ("importance", importance), ("metrics", metrics)):
                write_json(folder / f"{name}.json", values)
            curves.trials(table["val_loss"].to_numpy()).save(folder / "history.png")
            curves.shares(importance).save(folder / "importance.png")
        run.finish(out / "trials.csv")


if __name__ == "__main__":
    stage.run(main)
