"""`generative tune`: a search for the best arguments, beyond what the stage does."""

from pathlib import Path
from typing import Annotated

import typer

from generative.cli.options import given
from generative.core import params


def tune(
    key: Annotated[str, typer.Argument(help="A block of `tune:` in params.yaml: separable.")],
    trials: Annotated[int | None, typer.Option(help="Instead of tune.<key>.trials.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes at once.")] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write the best arguments into params.yaml.")
    ] = False,
) -> None:
    """Search on, beyond what the stage does: a killed search, or another terminal's, is joined.

    Nothing is tested: dvc repro does that with the arguments that --apply wrote.
    """
    block, train = params.read(f"tune.{key}", Tune), params.read(f"train.{key}", Train)
    values = {**block.written(), **given(trials=trials, workers=workers)}
    block = params.check(Path("generative tune"), f"tune.{key}", Tune, values)
    from generative.tuning import search as tuning

    prepared = Path("data/prepared") / train.dataset
    search = tuning.Search(key, prepared, block, train, params.read("runtime", Runtime))
    with tuning.followed(search):
        pass
    best = search.best()
    print(f"best of {block.trials} trials: {best}")
    for name, share in search.importance().items():
        print(f"importance of {name}: {share:.2f}")
    if apply:
        for name in params.change({"train": {key: {"model": best}}}, Path(f"tune {key}")):
            print(f"changed {name}")
