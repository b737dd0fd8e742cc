"""`generative repro`: the pipeline, several stages at once, or what it would do and why."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from generative.cli.params import check, find_profile
from generative.core.errors import BadInput
from generative.core.folders import read_json

if TYPE_CHECKING:
    from generative.pipeline.engine import Results

# Where the judge was kept when code and results had another layout, and where it is kept now.
FORMER_JUDGE, JUDGE = Path("data/models/ensemble"), Path("data/judge/mnist")
REPORT, MODELS = Path("data/report/index.html"), Path("data/models")


def repro(
    targets: Annotated[
        list[str] | None, typer.Argument(help="Stages, such as train@cvae; all if left out.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Stages at once; cores / runtime.threads if left out.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="A file of profiles/: run in .cache/profiles/NAME with it.")
    ] = None,
    budget: Annotated[
        float,
        typer.Option(help="Of a profile: the share of all training steps, from 0 to 1."),
    ] = 1.0,
    dry: Annotated[
        bool, typer.Option("--dry", help="Only say what would run, why and how long it takes.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Run what did not change, too.")] = False,
    single_item: Annotated[
        bool, typer.Option("--single-item", help="The targets without what they depend on.")
    ] = False,
    show_timings: Annotated[
        bool, typer.Option("--timings", help="Show where the time went.")
    ] = False,
) -> None:
    """Check params.yaml, then rebuild every result that is out of date.

    The results and dvc.lock are those of dvc repro, which does the same one stage at a time.
    """
    if not 0 < budget <= 1:
        raise BadInput(f"--budget: received {budget:g}, must be above 0 and at most 1")
    if budget < 1 and not profile:
        raise BadInput("--budget: needs --profile, which has a workspace of its own")
    if profile:
        from generative.pipeline import workspace

        # Beside the workspace of the whole length, whose results stay.
        part = f"_{budget:g}" if budget < 1 else ""
        folder = workspace.WORKSPACES / f"{profile}{part}"
        if os.environ.pop("MLFLOW_TRACKING_URI", None):
            print(f"the runs of a profile are in {folder}/mlruns; MLFLOW_TRACKING_URI is not used")
        if mirror := os.environ.get("GENERATIVE_MIRROR"):
            os.environ["GENERATIVE_MIRROR"] = os.path.abspath(mirror)
        workspace.create(find_profile(profile), folder, budget)
        os.chdir(folder)
    if dry:
        if force:
            raise BadInput("--force: leave it out; --dry says what would run without it")
        check()
        from generative.pipeline import plan

        print(plan.describe(plan.changed(targets or [], single_item)))
        return

    from generative.pipeline import engine, timings
    from generative.pipeline.view import View
    from generative.pipeline.workers import LocalProcesses

    if FORMER_JUDGE.exists() and not JUDGE.exists():
        print(
            "the results under data/ are of an older layout: every stage runs again, once, about "
            "90 minutes on two cores; nothing of yours is deleted",
            flush=True,
        )
    with View() as view:
        results = engine.reproduce(
            targets or [],
            LocalProcesses(),
            view,
            check_apart,
            jobs=jobs,
            force=force,
            single_item=single_item,
        )
    if show_timings:
        print(timings.table(results.ran))
    print(summary(results))
    if results.failed:
        raise BadInput(failures(results, Path.cwd().name if profile else ""))
    if REPORT.exists() and not targets:
        print(what_next(profile))


def check_apart() -> None:
    """`generative params check` in a process of its own, which imports every family. It ends with
    this one, however that ends: then the pipe that it reads is closed."""
    reader, writer = os.pipe()
    program = (
        "import os, threading\n"
        f"end = lambda: os._exit(1 + len(os.read({reader}, 1)))\n"
        "threading.Thread(target=end, daemon=True).start()\n"
        "from generative.cli.main import main; main()"
    )
    try:
        checked = subprocess.run(
            [sys.executable, "-c", program, "params", "check"],
            env={**os.environ, "PYTHONPATH": str(Path("src").absolute())},
            pass_fds=[reader],
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.close(reader)
        os.close(writer)
    if checked.returncode:
        lines = checked.stderr.partition("error: ")[2] or checked.stderr
        raise BadInput(lines.strip())


def what_next(profile: str | None) -> str:
    """What was made, where it is shown and what to try."""
    networks = {
        file.parent.name: read_json(file)["network"] for file in MODELS.glob("*/model.json")
    }
    pictures = sorted(k for k, network in networks.items() if network.startswith(("vae/", "gan/")))
    first = f"cd {Path.cwd()}; " if profile else ""
    sample = f" or generative sample {pictures[0]} --out samples.png" if pictures else ""
    return (
        f"trained: {', '.join(sorted(networks))}\n"
        f"the page of all results: {REPORT.absolute()}\n"
        f"next: {first}generative ui (compare the runs){sample}"
    )


def summary(results: "Results") -> str:
    """What a run came to, in a line."""
    from generative.pipeline.timings import clock

    counts = {
        "ran": len(results.ran),
        "came from the cache": len(results.restored),
        "did not change": len(results.unchanged),
        "failed": len(results.failed),
        "wait for those": len(results.skipped),
    }
    parts = [f"{count} {words}" for words, count in counts.items() if count]
    return f"stages: {', '.join(parts) or 'none'}; {clock(results.seconds)}"


def failures(results: "Results", profile: str) -> str:
    """A line for each stage that failed, with the file of its output, and how to see the rest.

    profile: whose workspace it was; empty for the project's own.
    """
    lines = [
        f"{name} {reason}{f'; its output: {results.logs[name]}' if name in results.logs else ''}"
        for name, reason in results.failed.items()
    ]
    of_profile = f" --profile {profile}" if profile else ""
    page = f"what there is, and what is missing: generative report{of_profile}"
    return "\n       ".join([*lines, page])
