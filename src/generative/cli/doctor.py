"""`generative doctor`: whether DVC's files are whole, after a killed process or a faulty disk."""

from pathlib import Path
from typing import Annotated

import typer

from generative.core.errors import BadInput


def doctor(
    mend: Annotated[bool, typer.Option("--mend", help="Mend what can be mended.")] = False,
) -> None:
    """Read dvc.lock, DVC's lock files and every file of its cache.

    With --mend what is damaged is put right from git, the run cache and the results in their
    places, or removed, so that dvc repro makes it anew. generative repro does the same for all that
    it reads.
    """
    from generative.pipeline.bookkeeping import locked
    from generative.pipeline.mend import LOCK, damaged_objects, is_lock, recache
    from generative.pipeline.reasons import open_repo

    if not mend and LOCK.exists() and not is_lock(LOCK.read_bytes()):
        raise BadInput(f"{LOCK} is damaged; run: generative doctor --mend")
    repo = open_repo()
    with locked(repo):
        damaged = list(damaged_objects(Path(repo.cache.local.path).parent.parent))
        for file in damaged:
            print(f"{file}: is not what its name says{'; removed' if mend else ''}")
            if mend:
                file.unlink()
        for stage in repo.index.stages if mend else []:
            for line in recache(stage):
                print(line)
    if damaged and not mend:
        raise BadInput(f"{len(damaged)} files of the cache are damaged; generative doctor --mend")
    print("dvc.lock, the locks and the cache are whole" if not damaged else "run: generative repro")
