"""The pipeline, several stages at once: the results and the dvc.lock of `dvc repro`, sooner."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from dvc.env import DVC_ROOT, DVC_STAGE
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.repo.reproduce import collect_stages, get_active_graph, plan_repro
from dvc.utils import fix_env

from generative.core.errors import unknown
from generative.core.params import read_document
from generative.pipeline import timings
from generative.pipeline.bookkeeping import Bookkeeping, locked, params_read_once
from generative.pipeline.reasons import open_repo
from generative.pipeline.timings import Timing
from generative.pipeline.view import View
from generative.pipeline.workers import Executor, Finished, Job

LOGS = Path(".cache/logs")
# Lines of a failed stage's output that are shown.
SHOWN_LINES = 15


@dataclass
class Results:
    """What became of the stages of a run, by name."""

    ran: dict[str, Timing] = field(default_factory=dict)
    restored: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    # The line that says why, and the output of those that ran.
    failed: dict[str, str] = field(default_factory=dict)
    logs: dict[str, Path] = field(default_factory=dict)
    # Those that wait for one that failed.
    skipped: list[str] = field(default_factory=list)
    seconds: float = 0.0


def reproduce(
    targets: list[str],
    executor: Executor,
    view: View,
    check: Callable[[], None],
    jobs: int | None = None,
    force: bool = False,
    single_item: bool = False,
) -> Results:
    """Bring `targets`, or all stages, up to date.

    check: called before the first stage runs, to raise `BadInput` for parameters that are wrong.
    jobs: stages at once; as many as fill the machine if None. force: run them even if nothing
    changed. single_item: the targets without what they depend on. A stage that fails stops only
    what depends on it. Raises `BadInput` for an unknown target, and if another process is at work
    on the project.
    """
    repo = open_repo()
    jobs = jobs or jobs_for(read_document()["runtime"]["threads"])
    with locked(repo), params_read_once(), stoppable():
        graph = get_active_graph(repo.index.graph)
        stages = collect(repo, targets)
        steps = stages if single_item else plan_repro(graph, stages)
        engine = Engine(repo, steps, {} if single_item else graph, executor, jobs, view, force)
        try:
            return engine.run(check)
        finally:
            executor.stop()
            engine.book.write_lock()


def collect(repo: Repo, targets: list[str]) -> list[Any]:
    """The stages that are meant. Raises `BadInput` for a target that is none."""
    names = [stage.addressing for stage in repo.index.stages]
    if not targets:
        return list(repo.index.stages)
    try:
        found: list[Any] = collect_stages(repo, targets)
    except DvcException:
        known = {name for stage in names for name in (stage, stage.partition("@")[0])}
        for target in targets:
            if target not in known:
                raise unknown("stage", target, known) from None
        raise
    return found


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM end a run as Ctrl-C does."""

    def stop(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def jobs_for(threads: int) -> int:
    """How many stages of so many threads fill the machine; a GPU counts as one."""
    if Path("/dev/nvidiactl").exists():
        return 1
    return max(1, cores() // (threads or cores()))


class Engine:
    """One run over the stages `steps`, which are in the order of `dvc repro`."""

    def __init__(
        self,
        repo: Repo,
        steps: list[Any],
        graph: Any,
        executor: Executor,
        jobs: int,
        view: View,
        force: bool,
    ) -> None:
        self.book = Bookkeeping(repo, steps)
        self.executor, self.view, self.jobs = executor, view, jobs
        self.force, self.root = force, repo.root_dir
        self.known = timings.read()
        self.waiting = {stage.addressing: stage for stage in steps}
        self.needs = {
            stage.addressing: {s.addressing for s in (graph[stage] if graph else ())}
            for stage in steps
        }
        needed_by: dict[str, list[str]] = {name: [] for name in self.waiting}
        for name, needs in self.needs.items():
            for need in needs & needed_by.keys():
                needed_by[need].append(name)
        seconds = {name: timings.seconds_of(name, self.known) for name in self.waiting}
        self.paths = timings.longest_paths(needed_by, seconds)
        self.to_run: dict[str, Any] = {}  # changed, in nobody's cache, and not begun
        self.running: dict[str, tuple[Any, float]] = {}
        self.results = Results()
        self.checked = False
        self.begun = time.monotonic()
        self.memory_mb = psutil.virtual_memory().available / 1024**2

    def run(self, check: Callable[[], None]) -> Results:
        """Until nothing is left that can run."""
        self.view.begin(len(self.waiting))
        while self.waiting or self.to_run or self.running:
            self.look()
            if self.to_run and not self.checked:
                check()
                self.checked = True
            self.start()
            self.view.update(self.running, self.left())
            for finished in self.executor.wait(0.5) if self.running else []:
                self.end(finished)
        self.results.seconds = time.monotonic() - self.begun
        timings.write(self.known)
        return self.results

    def look(self) -> None:
        """Find out which of the stages that nothing holds up have to run."""
        blocked = {*self.waiting, *self.to_run, *self.running}
        failed = {*self.results.failed, *self.results.skipped}
        for name, stage in list(self.waiting.items()):
            needs = self.needs[name]
            if needs & failed:
                failed.add(name)
                blocked.discard(name)
                self.results.skipped.append(self.waiting.pop(name).addressing)
            elif not needs & blocked:
                del self.waiting[name]
                try:
                    self.decide(stage)
                except DvcException as error:
                    self.fail(name, str(error))
                if name not in self.to_run:
                    blocked.discard(name)
                    failed |= {name} & self.results.failed.keys()

    def decide(self, stage: Any) -> None:
        name = stage.addressing
        if not self.force and not stage.changed():
            self.results.unchanged.append(name)
        elif stage.frozen or not stage.cmd:
            self.book.verify(stage)
            self.results.unchanged.append(name)
        elif not self.force and self.book.restore(stage):
            self.results.restored.append(name)
            self.view.line(f"{name}: from the cache")
        else:
            self.to_run[name] = stage

    def start(self) -> None:
        """Begin what there is room for, first what the longest chain waits for."""
        for name in sorted(self.to_run, key=lambda name: -self.paths[name]):
            expected = [timings.memory_of(n, self.known) for n in (name, *self.running)]
            full = len(self.running) >= self.jobs or sum(expected) > self.memory_mb
            if self.running and full:
                return
            stage = self.to_run.pop(name)
            if (stage.meta or {}).get("reads_lock"):
                self.book.write_lock()
            self.book.begin(stage)
            self.running[name] = stage, time.monotonic()
            self.executor.start(self.job(stage))

    def job(self, stage: Any) -> Job:
        LOGS.mkdir(parents=True, exist_ok=True)
        log = (LOGS / f"{stage.addressing.replace('/', '_')}.log").absolute()
        self.results.logs[stage.addressing] = log
        return Job(
            name=stage.addressing,
            command=stage.cmd if isinstance(stage.cmd, str) else " && ".join(stage.cmd),
            folder=stage.wdir,
            environment={
                **fix_env(None),
                DVC_ROOT: self.root,
                DVC_STAGE: stage.addressing,
            },
            log=str(log),
            usage=str(log.with_suffix(".json")),
        )

    def end(self, finished: Finished) -> None:
        name = finished.name
        stage, started = self.running.pop(name)
        if finished.status:
            ended = "was killed" if finished.status < 0 else "failed"
            number = abs(finished.status)
            self.fail(name, f"{ended} ({'signal' if finished.status < 0 else 'status'} {number})")
            return
        try:
            self.book.finish(stage)
        except DvcException as error:
            self.fail(name, str(error))
            return
        timing = Timing(
            round(started - self.begun, 1),
            round(finished.seconds, 1),
            round(finished.cpu_seconds, 1),
            round(finished.peak_mb),
        )
        self.results.ran[name] = self.known[name] = timing
        self.view.line(f"{name}: {timings.clock(finished.seconds)}")

    def fail(self, name: str, reason: str) -> None:
        self.results.failed[name] = reason
        log = self.results.logs.get(name)
        lines = log.read_text(errors="replace").splitlines()[-SHOWN_LINES:] if log else []
        self.view.line("\n".join([f"{name}: {reason}", *(f"    {line}" for line in lines)]))

    def left(self) -> tuple[int, float]:
        """The number of stages that have not ended, and the seconds that they will take."""
        open_ones = [*self.waiting, *self.to_run, *self.running]
        now = time.monotonic()
        done = {name: now - started for name, (_, started) in self.running.items()}

        def rest(seconds: float, name: str) -> float:
            return max(seconds - done.get(name, 0.0), 0.0)

        all_of_it = sum(rest(timings.seconds_of(n, self.known), n) for n in open_ones)
        longest = max((rest(self.paths[n], n) for n in open_ones), default=0.0)
        return len(open_ones), max(all_of_it / self.jobs, longest)
