"""Search for one classifier's best arguments, train it with them, and only then test it."""

import sys
from pathlib import Path

import pandas as pd

from generative.core import errors, members, params
from generative.core.folders import atomic_folder, write_json
from generative.core.runtime import Runtime
from generative.plots import grids as rendering
from generative.training.schema import Train
from generative.tuning import search as tuning
from generative.tuning.schema import Tune


def main(arguments: list[str]) -> None:
    key, prepared, out = arguments[0], *map(Path, arguments[1:])
    blocks = params.read(f"tune.{key}", Tune), params.read(f"train.{key}", Train)
    search = tuning.Search(key, prepared, *blocks, params.read("runtime", Runtime))
    train = search.train
    with tuning.followed(search) as (device, run):
        best, table = search.best(), pd.DataFrame(search.rows())
        importance = search.importance()
        print(f"best: {best}; training with it as train.{key} says")
        scratch = tuning.JOURNALS / key
        model, _ = tuning.fit(search, train, best, device, batches=-1, scratch=scratch)
        dataset = members.dataset(train.dataset)
        images, labels = dataset.load(prepared, "test", **train.data)
        accuracy = float((model.probabilities(images).argmax(axis=1) == labels).mean())
        metrics = {
            "test_accuracy": accuracy,
            "best_val_loss": float(table["val_loss"].min()),
            "trials": len(table),
        }
        with atomic_folder(out) as folder:
            table.to_csv(folder / "trials.csv", index=False)
            for name, values in (("best", best), ("importance", importance), ("metrics", metrics)):
                write_json(folder / f"{name}.json", values)
            rendering.trials(table["val_loss"].to_numpy()).save(folder / "history.png")
            rendering.shares(importance).save(folder / "importance.png")
        run.finish(out / "trials.csv")


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
