"""The command `generative`, one file a subcommand, beside the pipeline itself: dvc repro."""

import sys
from pathlib import Path

import typer

from generative.cli import (
    accept,
    compare,
    doctor,
    export,
    fetch,
    params,
    predict,
    publish,
    register,
    report,
    repro,
    results,
    sample,
    study,
    stylize,
    tune,
    ui,
    verify,
)
from generative.core import environment, errors  # noqa: F401  # before TensorFlow
from generative.core.stage import check_checkout

INTERRUPTED = 130  # what typer makes of Ctrl-C, without a word
app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
app.add_typer(params.app, name="params")
app.add_typer(results.app, name="results")
COMMANDS = (
    repro,
    accept,
    doctor,
    fetch,
    publish,
    ui,
    report,
    verify,
    compare,
    study,
    sample,
    predict,
    stylize,
    export,
    register,
    tune,
)
for command in COMMANDS:
    app.command()(getattr(command, command.__name__.rpartition(".")[2]))


def main() -> None:
    """Run a subcommand; errors and interruptions become one line."""

    def program() -> None:
        try:
            app()
        except SystemExit as leaving:
            if leaving.code == INTERRUPTED:
                print("interrupted; run it again to go on", file=sys.stderr)
            raise

    errors.run(program)


@app.callback()
def project() -> None:
    """Generative models, trained, measured, drawn, compared. The pipeline itself is: dvc repro."""
    here = Path.cwd()
    if (here / "src" / "generative").is_dir():
        check_checkout(here, "this command")
