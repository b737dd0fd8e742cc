"""The pipeline, several stages at once: the results and the dvc.lock of `dvc repro`, sooner."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dvc.dvcfile import PROJECT_FILE
from dvc.env import DVC_ROOT, DVC_STAGE
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.repo.reproduce import collect_stages, get_active_graph, plan_repro
from dvc.stage.run import _make_cmd, get_executable
from dvc.utils import fix_env
from dvc_objects.errors import ObjectFormatError

from generative.core.errors import BadInput, unknown
from generative.core.folders import write_json
from generative.core.params import read_document
from generative.pipeline import machine, timings
from generative.pipeline.bookkeeping import Bookkeeping, locked, params_read_once
from generative.pipeline.mend import lost, put_back
from generative.pipeline.reasons import open_repo
from generative.pipeline.timings import Timing
from generative.pipeline.view import View
from generative.pipeline.workers import STOPPING, Executor, Finished, Job
from generative.results.logs import FAILURES, LOGS, log_of

# How much of a failed stage's output is shown.
SHOWN_LINES, SHOWN_BYTES = 15, 10_000
# A command that needs no shell: what a shell does not read otherwise.
PROGRAM = re.compile(r"python( [\w./=+-]+)+")


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
    """Bring `targets`, or all stages of dvc.yaml, up to date.

    check: called before the first stage runs, to raise `BadInput` for parameters that are wrong.
    jobs: stages at once; as many as fill the machine if None. force: run them even if nothing
    changed. single_item: the targets without what they depend on. A stage that fails stops only
    what depends on it. Raises `BadInput` for an unknown target, and if another process is at work
    on the project.
    """
    repo = open_repo()
    with locked(repo), params_read_once(), on_signal(interrupt):
        document = read_document()
        threads = threads_of(document, check)
        expected = timings.expected(document.get("profile"))
        steps = collect(repo, targets, single_item)
        jobs = jobs or jobs_for(threads)
        engine = Engine(repo, steps, executor, view, check, expected, jobs, force)
        try:
            return engine.run()
        finally:
            with on_signal(signal.SIG_IGN):  # however often Ctrl-C is pressed
                executor.stop()
                engine.book.write_lock()
                engine.save_timings()
                engine.save_failures()


def collect(repo: Repo, targets: list[str], single_item: bool = False) -> list[Any]:
    """The stages that `targets` mean, in the order of `dvc repro`. Raises `BadInput` for one that
    is none."""
    if targets:
        try:
            stages = collect_stages(repo, targets)
        except DvcException:
            names = {stage.addressing for stage in repo.index.stages}
            known = names | {name.partition("@")[0] for name in names}
            for target in targets:
                if target not in known:
                    raise unknown("stage", target, known) from None
            raise
    else:
        stages = [stage for stage in repo.index.stages if stage.path_in_repo == PROJECT_FILE]
    if single_item:
        return list(stages)
    graph = get_active_graph(repo.index.graph)
    needed = set(plan_repro(graph, stages))
    return [stage for stage in plan_repro(graph) if stage in needed]


def threads_of(document: dict[str, Any], check: Callable[[], None]) -> int:
    """`runtime.threads`; what is no such number, `check` refuses."""
    runtime = document.get("runtime")
    threads = runtime.get("threads") if isinstance(runtime, dict) else None
    if type(threads) is int and threads >= 0:
        return threads
    check()
    raise BadInput(f"runtime.threads: received {threads!r}, must be a whole number from 0")


def interrupt(number: int, frame: Any) -> None:
    """End a run as Ctrl-C does."""
    raise KeyboardInterrupt


@contextmanager
def on_signal(handler: Any) -> Iterator[None]:
    """Give what ends a process to `handler` instead."""
    heard = [n for n in STOPPING if signal.getsignal(n) is not signal.SIG_IGN]  # nohup's is not
    before = {number: signal.signal(number, handler) for number in heard}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def jobs_for(threads: int) -> int:
    """How many stages of so many threads fill the machine; a GPU counts as one."""
    if Path("/dev/nvidiactl").exists():
        return 1
    return max(1, machine.cores() // (threads or machine.cores()))


class Engine:
    """One run over the stages `steps`, which are in the order of `dvc repro`."""

    def __init__(
        self,
        repo: Repo,
        steps: list[Any],
        executor: Executor,
        view: View,
        check: Callable[[], None],
        expected: dict[str, Timing],
        jobs: int,
        force: bool,
    ) -> None:
        self.book, self.root = Bookkeeping(repo, steps), repo.root_dir
        self.executor, self.view, self.check = executor, view, check
        self.jobs, self.force = jobs, force
        self.waiting = {stage.addressing: stage for stage in steps}
        graph = get_active_graph(repo.index.graph)
        self.needs = {
            stage.addressing: {s.addressing for s in graph[stage]} & self.waiting.keys()
            for stage in steps
        }
        needed_by: dict[str, list[str]] = {name: [] for name in self.waiting}
        for name, needs in self.needs.items():
            for need in needs:
                needed_by[need].append(name)
        self.expected = expected
        seconds = {name: timings.seconds_of(name, expected) for name in self.waiting}
        self.paths = timings.longest_paths(needed_by, seconds)
        self.to_run: dict[str, Any] = {}  # changed, in nobody's cache, and not begun
        self.running: dict[str, tuple[Any, float]] = {}
        self.ended: set[str] = set()  # whatever became of them
        self.results = Results()
        self.checked = False
        self.begun = time.monotonic()
        self.memory_mb = machine.memory_mb()
        self.kernel_kills = machine.kernel_kills()

    def run(self) -> Results:
        """Until nothing is left that can run."""
        self.view.begin(len(self.waiting))
        while self.waiting or self.to_run or self.running:
            self.look()
            if self.to_run and not self.checked:
                self.check()
                self.checked = True
            self.start()
            self.view.update(self.running, *self.left())
            for finished in self.executor.wait(0.5) if self.running else []:
                self.end(finished)
            if self.book.overdue:
                self.book.write_lock()
        self.results.seconds = time.monotonic() - self.begun
        return self.results

    def look(self) -> None:
        """Find out which of the stages that nothing holds up have to run."""
        for name, stage in list(self.waiting.items()):
            needs = self.needs[name]
            if needs & {*self.results.failed, *self.results.skipped}:
                del self.waiting[name]
                self.results.skipped.append(name)
                self.ended.add(name)
            elif needs <= self.ended:
                del self.waiting[name]
                with self.failure_of(name):
                    self.decide(name, stage)
                if name not in self.to_run:
                    self.ended.add(name)

    def decide(self, name: str, stage: Any) -> None:
        """Leave a stage as it is, take it from the cache, or let it run."""
        changed = self.force or stage.changed()
        if changed and not self.force and (outs := list(lost(stage))):
            for out in outs:
                put_back(out)
                self.view.line(f"{out}: was not in the cache; put there from its place")
            changed = stage.changed()
        if not changed:
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
            expected = sum(timings.memory_of(n, self.expected) for n in (name, *self.running))
            if len(self.running) >= self.jobs:
                return
            if self.running and expected > self.memory_mb:
                continue
            stage = self.to_run.pop(name)
            with self.failure_of(name):
                if (stage.meta or {}).get("reads_lock"):
                    self.book.write_lock()
                self.book.begin(stage)
                self.executor.start(self.job(stage))
                self.running[name] = stage, time.monotonic()
            if name not in self.running:
                self.ended.add(name)

    def job(self, stage: Any) -> Job:
        """How a stage is run: as DVC would, but for a plain Python program."""
        log = new_log(stage.addressing)
        self.results.logs[stage.addressing] = log
        lines = stage.cmd if isinstance(stage.cmd, list) else stage.cmd.splitlines()
        plain = len(lines) == 1 and PROGRAM.fullmatch(lines[0])
        return Job(
            name=stage.addressing,
            program=lines[0].split()[1:] if plain else [],
            commands=[] if plain else [_make_cmd(get_executable(), line) for line in lines],
            folder=stage.wdir,
            environment={**fix_env(None), DVC_ROOT: self.root, DVC_STAGE: stage.addressing},
            log=str(log),
            usage=str(log.with_suffix(".json")),
        )

    def end(self, finished: Finished) -> None:
        """Take in the results of a stage that has ended."""
        name = finished.name
        stage, started = self.running.pop(name)
        self.ended.add(name)
        if finished.status:
            self.fail(name, self.how_it_ended(finished.status))
            return
        with self.failure_of(name):
            self.book.finish(stage)
            self.expected[name] = self.results.ran[name] = Timing(
                round(started - self.begun, 1),
                round(finished.seconds, 1),
                round(finished.cpu_seconds, 1),
                round(finished.peak_mb),
            )
            self.view.line(f"{name}: {timings.clock(finished.seconds)}")

    def how_it_ended(self, status: int) -> str:
        """The exit status, or the signal, or that it was the kernel because memory ran out."""
        if status > 0:
            return f"failed with status {status}"
        kills = machine.kernel_kills()
        if status == -signal.SIGKILL and kills > self.kernel_kills:
            self.kernel_kills = kills
            return (
                "was killed by the kernel, because memory ran out; close other programs, or run "
                "fewer stages at once with --jobs"
            )
        return f"was killed by signal {-status}"

    @contextmanager
    def failure_of(self, name: str) -> Iterator[None]:
        """Let an error of DVC or of the file system end one stage and not the run."""
        try:
            yield
        except FileNotFoundError as error:
            self.fail(name, f"{os.path.relpath(error.filename)} is missing, and no stage makes it")
        except (DvcException, ObjectFormatError, OSError) as error:
            self.fail(name, " ".join(str(error).split()))

    def fail(self, name: str, reason: str) -> None:
        self.results.failed[name] = reason
        lines = last_lines(self.results.logs.get(name))
        self.view.line("\n".join([f"{name}: {reason}", *(f"    {line}" for line in lines)]))

    def left(self) -> tuple[int, float]:
        """The number of stages that have not ended, and the seconds that they will take."""
        unfinished = [*self.waiting, *self.to_run, *self.running]
        now = time.monotonic()
        done = {name: now - started for name, (_, started) in self.running.items()}

        def rest(seconds: float, name: str) -> float:
            return max(seconds - done.get(name, 0.0), 0.0)

        all_of_it = sum(rest(timings.seconds_of(n, self.expected), n) for n in unfinished)
        longest = max((rest(self.paths[n], n) for n in unfinished), default=0.0)
        return len(unfinished), max(all_of_it / self.jobs, longest)

    def save_timings(self) -> None:
        with suppress(OSError):  # the next run knows less, no more
            timings.write(timings.read() | self.results.ran)

    def save_failures(self) -> None:
        with suppress(OSError):  # the report says less, no more
            LOGS.mkdir(parents=True, exist_ok=True)
            found = {"failed": self.results.failed, "waiting": self.results.skipped}
            write_json(FAILURES, found)


def new_log(name: str) -> Path:
    """An empty file for a stage's output. Raises `BadInput` if there can be none."""
    try:
        LOGS.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{LOGS}, for what stages print: {error.strerror}") from None
    log = log_of(name).absolute()
    log.touch()
    return log


def last_lines(log: Path | None) -> list[str]:
    """The end of a stage's output."""
    if not log or not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - SHOWN_BYTES))
        return file.read().decode(errors="replace").splitlines()[-SHOWN_LINES:]
