"""Why `dvc repro` would run a stage: which dependency or parameter changed, from what to what."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dvc.dependency import ParamsDependency
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.stage import PipelineStage

from generative.core.errors import BadInput
from generative.core.params import flatten
from generative.pipeline import sources
from generative.pipeline.bookkeeping import database_errors, locked
from generative.pipeline.mend import mend_lock

CODE = ("src/", "stages/")
SHOWN = 3  # files of one dependency that are named


@dataclass
class Reasons:
    """Why a stage would run; nothing where it would not.

    lines: one for each cause. upstream: stages that make its inputs anew.
    only_words: code that changed in comments, docstrings and layout alone.
    """

    stage: PipelineStage
    lines: list[str] = field(default_factory=list)
    upstream: list[str] = field(default_factory=list)
    only_words: list[str] = field(default_factory=list)

    @property
    def runs(self) -> bool:
        """Whether DVC would run the stage."""
        return bool(self.lines or self.upstream or self.only_words)

    @property
    def acceptable(self) -> bool:
        """Whether nothing but words changed."""
        return bool(self.only_words) and not self.lines and not self.upstream


def open_repo() -> Repo:
    """The DVC repository of this folder; `BadInput` where there is none, or it cannot be read.

    A dvc.lock that cannot be read is mended, with a line.
    """
    logging.getLogger("dvc").setLevel(logging.WARNING)
    try:
        with database_errors():
            try:
                return checked_repo()
            except DvcException:
                with locked(Repo()):
                    for line in mend_lock():
                        print(line, flush=True)
                return checked_repo()
    except DvcException as error:
        raise BadInput(" ".join(str(error).split())) from None


def checked_repo() -> Repo:
    """The repository, with all its stages read."""
    repo = Repo()
    repo.index.check_graph()
    return repo


def all_reasons(repo: Repo) -> list[Reasons]:
    """The reasons of every stage of dvc.yaml, in the order in which they would run."""
    found: dict[str, Reasons] = {}
    made: dict[str, str] = {}  # what would be made anew, and by which stage
    for stage in in_order(repo):
        reasons = of_stage(stage)
        for dep in stage.deps:
            inside = (n for path, n in made.items() if overlap(path, dep.fs_path))
            reasons.upstream += [name for name in inside if name not in reasons.upstream]
        # Words of one stage need not run it, and then not what follows from it either.
        reasons.upstream = [name for name in reasons.upstream if not found[name].acceptable]
        found[stage.addressing] = reasons
        if reasons.runs:
            made |= {out.fs_path: stage.addressing for out in stage.outs}
    return list(found.values())


def in_order(repo: Repo) -> list[PipelineStage]:
    """All stages, each behind those whose outputs it needs."""
    from networkx import descendants

    graph = repo.index.graph  # from a stage to those that it needs
    return sorted(repo.index.stages, key=lambda stage: len(descendants(graph, stage)))


def overlap(one: str, other: str) -> bool:
    """Whether two paths are equal or one lies in the other."""
    first, second = Path(one), Path(other)
    return first == second or first in second.parents or second in first.parents


def of_stage(stage: PipelineStage) -> Reasons:
    """What changed for this stage by itself."""
    reasons = Reasons(stage)
    if stage.changed_stage():
        reasons.lines.append(f"its command is new: {stage.cmd}")
    for dep in stage.deps:
        if isinstance(dep, ParamsDependency):
            reasons.lines += changed_params(dep)
        else:
            changed_dependency(dep, reasons)
    for out in stage.outs:
        state = out.status().get(str(out)) if out.hash_info else "new"
        if state:
            words = {"deleted": "is missing", "not in cache": "is not in the cache"}
            reasons.lines.append(f"{out} {words.get(state, f'is {state}')}")
    return reasons


def changed_params(dep: ParamsDependency) -> list[str]:
    """A line for each parameter with another value than in dvc.lock."""
    before = flatten(dep.hash_info.value or {})
    after = flatten(dep.read_params())
    return [
        f"{name}: {before.get(name, 'not there')} -> {after.get(name, 'not there')}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def changed_dependency(dep: Any, reasons: Reasons) -> None:
    """Add what the change of a file or a folder is."""
    name = str(dep)
    state = dep.status().get(name)
    if not state:
        return
    if state != "modified" or not name.startswith(CODE):
        words = {"deleted": "is missing", "new": "is new", "modified": "has other content"}
        reasons.lines.append(f"{name} {words.get(state, f'is {state}')}")
        return
    before = sources.files_by_hash(name, dep.hash_info.value)
    if before is None:
        reasons.lines.append(f"{name} changed; git does not have it as it was")
        return
    after = sources.files_in_workspace(name, dep.repo.dvcignore)
    files = sources.differences(before, after)
    if not files:
        reasons.only_words.append(name)
        return
    shown = ", ".join(file for file in files[:SHOWN] if file)
    more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
    reasons.lines.append(f"{name} changed{': ' if shown else ''}{shown}{more}")
