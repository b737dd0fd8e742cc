"""`generative study`: several training seeds of the models, each added to results/ as it comes."""

import os
from typing import Annotated, Literal

import typer

from generative.cli import results
from generative.cli.params import find_profile
from generative.cli.repro import check_apart
from generative.core.errors import BadInput, unknown

PROFILE = "study"


def study(
    models: Annotated[
        list[str] | None, typer.Argument(help="Keys of train in params.yaml; all without.")
    ] = None,
    seeds: Annotated[
        list[int] | None, typer.Option("--seed", help="A seed; those of the study without.")
    ] = None,
    precision: Annotated[
        Literal["float32", "bfloat16"] | None,
        typer.Option(help="Of the trainings; that of the study without."),
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Stages at once.")] = None,
) -> None:
    """Train and measure models with each seed in .cache/profiles/study, and add it to results/.

    Interrupted, it goes on where it was: what was trained once comes from the cache. With a model
    of 20 minutes a seed, three seeds may do: --seed 1 --seed 2 --seed 3.
    """
    from generative.core import params
    from generative.pipeline import engine, workspace
    from generative.pipeline.view import View
    from generative.pipeline.workers import LocalProcesses
    from generative.results import collect, records
    from generative.results.study import Study, apart, stages

    check_apart()
    profile, folder = find_profile(PROFILE).absolute(), workspace.WORKSPACES / PROFILE
    document = params.read_document()
    options = params.read_section("study", Study, document, params.PATH)
    chosen = models or list(document["train"])
    for model in chosen:
        if model not in document["train"]:
            raise unknown("model", model, document["train"])
    os.environ.pop("MLFLOW_TRACKING_URI", None)  # the seeds are not runs of the project
    records.committed()  # what is damaged is known before the work
    failed: list[str] = []
    for seed in seeds or options.seeds:
        for group in apart(chosen, document):
            print(f"seed {seed}: {', '.join(group)}", flush=True)
            own = {"seed": seed, **({"precision": precision} if precision else {})}
            changes = {"train": {key: own for key in group}}
            try:
                with workspace.entered(profile, folder, changes), View() as view:
                    done = engine.reproduce(
                        stages(group, document), LocalProcesses(), view, lambda: None, jobs=jobs
                    )
                failed += [f"{name} with seed {seed}: {why}" for name, why in done.failed.items()]
            finally:  # what is complete counts, if the rest is interrupted, too
                found = collect.of_checkout(folder)
                fresh = [r for r in found if r.model in group and r.seed == seed]
                for file, (count, _) in records.add(fresh).items():
                    print(f"written: {file}, {count} records", flush=True)
    results.write()
    if failed:
        raise BadInput("\n       ".join(failed))
