"""`generative tune`: a search for the best arguments, beyond what the stage does."""

from pathlib import Path
from typing import Annotated

import typer

from generative.cli.options import given
from generative.core import params, stopping


def tune(
    key: Annotated[str, typer.Argument(help="A section of `tune` in params.yaml: separable.")],
    trials: Annotated[int | None, typer.Option(help="Instead of tune.<key>.trials.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes at once.")] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write the best arguments into params.yaml.")
    ] = False,
) -> None:
    """Search on, beyond what the stage does: a killed search, or another terminal's, is joined.

    Nothing is tested: dvc repro does that with the arguments that --apply wrote.
    """
    from generative.core.runtime import Runtime
    from generative.datasets.base.dataset import Prepared
    from generative.pipeline import overlay
    from generative.training.schema import Train
    from generative.tuning.schema import Tune
    from generative.tuning.search import Search, tracked

    written, train = params.read(f"tune.{key}", Tune), params.read(f"train.{key}", Train)
    values = {**written.written(), **given(trials=trials, workers=workers)}
    options = params.check(f"tune.{key}", Tune, values, Path("generative tune"))
    data = Prepared.of(train.dataset, train.data)
    search = Search(key, data, options, train, params.read("runtime", Runtime))
    stopping.watch()
    with tracked(search):
        pass
    best = search.best()
    print(f"best of {options.trials} trials: {best}")
    for name, share in search.importance().items():
        print(f"importance of {name}: {share:.2f}")
    if apply:
        for name in overlay.change({"train": {key: {"model": best}}}, Path(f"tune {key}")):
            print(f"changed {name}")
