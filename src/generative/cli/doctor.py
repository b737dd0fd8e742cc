"""`generative doctor`: whether DVC's files are whole and this machine can run the pipeline."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from generative.cli.options import AsJson
from generative.core.errors import BadInput


def doctor(
    mend: Annotated[bool, typer.Option("--mend", help="Mend what can be mended.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read dvc.lock, DVC's lock files and every file of its cache; then look at the device,
    libraries, memory, disk, inputs and versions.

    With --mend what is damaged is put right from git, the run cache and the results in their
    places, or removed, so that dvc repro makes it anew. generative repro does the same for all that
    it reads. Nothing else is looked at then.
    """
    from generative.pipeline import health

    say = (lambda line: None) if as_json else partial(print, flush=True)
    damaged = 0
    for line in dvc_state(mend):
        damaged += 1
        say(line)
    if damaged and not mend:
        raise BadInput(f"damaged or lost: {damaged}; run: generative doctor --mend")
    whole = "run: generative repro" if damaged else "dvc.lock, the locks and the cache are whole"
    say(whole)
    if mend:
        return
    found = [health.Finding("results", whole)]
    for finding in health.findings():
        found.append(finding)
        remedy = f"; {finding.remedy}" if finding.remedy else ""
        mark = "BAD" if finding.remedy else "ok "
        say(f"{mark} {finding.name}: {finding.found}{remedy}")
    if as_json:
        print(json.dumps([asdict(finding) for finding in found], indent=1))
    bad = [finding.name for finding in found if finding.remedy]
    if bad:
        raise BadInput(f"this machine is not ready: {', '.join(bad)}; what to do stands above")


def dvc_state(mend: bool) -> Iterator[str]:
    """A line for each file of DVC's that is damaged or lost; `mend` mends it."""
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
    with locked(repo, mend=False):
        cache = Path(repo.cache.local.path).parent.parent
        for path in chain(unreadable(repo), damaged_objects(cache)):
            yield f"{path}: is damaged{'; removed' if mend else ''}"
            if mend:
                remove(path)
        for out in chain.from_iterable(lost(stage) for stage in repo.index.stages):
            yield f"{out}: is not in the cache{'; put there from its place' if mend else ''}"
            if mend:
                put_back(out)
