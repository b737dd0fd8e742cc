"""Records what a DVC stage reads: loaded project files, opened files, sections of params.yaml.

Python imports this module by itself when its folder is in PYTHONPATH.
"""

import atexit
import json
import os
import sys
from pathlib import Path
from typing import Any

WORKSPACE = Path.cwd()
opened: set[str] = set()
sections: set[str] = set()


def listen(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "generative.params.read":
        sections.add(arguments[0])
    elif event == "open" and isinstance(arguments[0], str | os.PathLike):
        mode = arguments[1]
        if mode is None or "r" in str(mode):
            opened.add(os.path.abspath(os.fspath(arguments[0])))


def inside(path: str | None) -> str | None:
    full = Path(os.path.abspath(path)) if path else None
    if full and full.is_relative_to(WORKSPACE) and full.is_file():
        return str(full.relative_to(WORKSPACE))
    return None


def write() -> None:
    """A record of this process, if it is a stage: that of `dvc repro`, or one that was forked."""
    stage = os.environ.get("DVC_STAGE")
    if not stage:
        return
    modules = {inside(getattr(module, "__file__", None)) for module in list(sys.modules.values())}
    modules.add(inside(sys.argv[0]))
    files = {inside(path) for path in set(opened)}
    record = {
        "modules": sorted(m for m in modules if m),
        "files": sorted(f for f in files if f and "__pycache__" not in f),
        "sections": sorted(sections),
    }
    folder = Path(os.environ["RECORD_READS"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stage}.json").write_text(json.dumps(record))


if os.environ.get("RECORD_READS") and sys.argv[:1] != ["-m"]:
    sys.addaudithook(listen)
    atexit.register(write)
