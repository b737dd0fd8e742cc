"""How a program of `stages/` runs: with the package of its own checkout, errors as one line."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from generative.core import errors, stopping


def run(main: Callable[[list[str]], None]) -> None:
    """Run a stage's `main` with its key: that of the command line, or of the stage that DVC runs.
    It ends at a signal, and with the process that runs it.

    Commands in dvc.yaml name no key: they go through a shell, and a key is anybody's text.
    """

    def program() -> None:
        stopping.watch()
        own = Path(sys.argv[0]).resolve().parent.parent
        check_checkout(own, f"python {own / 'stages' / Path(sys.argv[0]).name}")
        _, _, key = os.environ.get("DVC_STAGE", "").partition("@")
        main(sys.argv[1:] or ([key] if key else []))

    errors.run(program)


def check_checkout(project: Path, program: str) -> None:
    """Raise `BadInput` if this package is not the one of the checkout `project`.

    A result is cached by the hash of the code that lies in its checkout: code from elsewhere would
    leave a wrong result there for good.
    """
    own, imported = project / "src" / "generative", Path(__file__).resolve().parent.parent
    if own.resolve() != imported:
        raise errors.BadInput(
            f"{program} would run the code of {imported.parent.parent}, not that of {project}; "
            f"set up an environment there: rm -rf .venv && make -C {project} lint"
        )
