"""`generative doctor`: whether DVC's files are whole, after a killed process or a faulty disk."""

from itertools import chain
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
    from generative.pipeline.mend import (
        LOCK,
        damaged_objects,
        is_lock,
        lost,
        put_back,
        remove,
        unreadable,
    )
    from generative.pipeline.reasons import open_repo

    if not mend and LOCK.exists() and not is_lock(LOCK.read_bytes()):
        raise BadInput(f"{LOCK} is damaged; run: generative doctor --mend")
    repo = open_repo()
    found = 0
    with locked(repo, mend=False):
        cache = Path(repo.cache.local.path).parent.parent
        for path in chain(unreadable(repo), damaged_objects(cache)):
            found += 1
            print(f"{path}: is damaged{'; removed' if mend else ''}")
            if mend:
                remove(path)
        for out in chain.from_iterable(lost(stage) for stage in repo.index.stages):
            found += 1
            print(f"{out}: is not in the cache{'; put there from its place' if mend else ''}")
            if mend:
                put_back(out)
    if found and not mend:
        raise BadInput(f"damaged or lost: {found}; run: generative doctor --mend")
    print("run: generative repro" if found else "dvc.lock, the locks and the cache are whole")
