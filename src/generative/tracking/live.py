"""Live runs: MLflow follows a training while it goes on."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from generative.core.errors import BadInput
from generative.core.folders import file_hash
from generative.core.stopping import closed_if_stopped
from generative.tracking import names
from generative.tracking.provenance import checkout, is_alive, params_hash, this_process
from generative.tracking.store import SNAPSHOTS, Store, is_off, shown_epochs, wrap_store_errors

CLOSE_SECONDS = 30  # how long a finished training waits for a slow store
STOP_SECONDS = 2  # and one that was stopped
RETRY_SECONDS = 10  # until a store that was gone is asked again
# What MLflow says of a request that it will never take.
REFUSED = ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST", "BAD_REQUEST")


class LiveRun:
    """A run that follows a training. A thread sends to the store, so no step waits for it; a store
    that is gone gets what it missed when it is back."""

    def __init__(self, create: Callable[[Store], str], epochs: int) -> None:
        self.store: Store
        self.epochs, self.begun = epochs, time.monotonic()
        self.run = ""
        # What the store has; None if that is not known.
        self.steps: set[int] | None = None
        self.shown: set[int] = set()
        self.frames = self.trials_sent = 0
        self.closing = threading.Event()
        self.jobs: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self.jobs.put(partial(self._open, create))
        self.thread = threading.Thread(target=self._send, daemon=True)
        self.thread.start()

    def _open(self, create: Callable[[Store], str]) -> None:
        self.store = Store()
        self.run = create(self.store)

    def _send(self) -> None:
        """Do one job after the other; one that fails again and again, and once more when the run
        is closed."""
        gone = False
        while job := self.jobs.get():
            while True:
                try:
                    with wrap_store_errors():
                        job()
                    break
                except BadInput as error:
                    self.steps = None
                    if not gone:
                        print(f"warning: not tracked: {error}", flush=True)
                    gone = True
                    if getattr(error.__cause__, "error_code", "") in REFUSED:
                        break  # and would be again; what follows need not be
                if self.closing.is_set():
                    return
                self.closing.wait(RETRY_SECONDS)
            if gone:
                print("MLflow is back: the run gets what it missed", flush=True)
                gone = False

    def epoch(self, epoch: int, values: dict[str, float], snapshot: Any) -> None:
        """Send the curves' next points and, every few epochs, the snapshot: texts, or images in
        one picture. What the store has already is not sent; an epoch that another process did has
        None for a snapshot."""
        curves = {names.curve(name): value for name, value in values.items()}
        now = time.monotonic()
        if snapshot is not None:
            curves["system/epoch_seconds"] = now - self.begun
            curves["system/memory_mib"] = psutil.Process().memory_info().rss / 2**20
        self.begun = now
        if epoch not in shown_epochs(self.epochs):
            snapshot = None  # nor is it kept while the store is away
        self.jobs.put(partial(self._epoch, epoch, curves, snapshot))

    def _epoch(self, epoch: int, curves: dict[str, float], snapshot: Any) -> None:
        if self._is_new(epoch, curves):
            if snapshot is not None and len(snapshot) and epoch not in self.shown:
                self.store.log_snapshot(self.run, snapshot, epoch)
                self.shown.add(epoch)
            self._log(epoch, curves)

    def _is_new(self, step: int, curves: dict[str, float]) -> bool:
        """Whether the run has no point of this step."""
        if self.steps is None:
            self.shown = self.store.snapshots(self.run)
            self.steps = self.store.steps(self.run, next(iter(curves)))
        return step not in self.steps

    def _log(self, step: int, curves: dict[str, float]) -> None:
        self.store.log(self.run, [(curves, step)])
        assert self.steps is not None
        self.steps.add(step)

    def evaluations(self, rows: list[dict[str, float]], picture: Any) -> None:
        """Send the next rows of a style transfer's history and, every few calls, the best picture
        so far."""
        self.frames += 1
        shown = self.frames in shown_epochs(self.epochs)
        self.jobs.put(partial(self._evaluations, rows, picture if shown else None))

    def _evaluations(self, rows: list[dict[str, float]], picture: Any) -> None:
        points = []
        for row in rows:
            (_, number), *items = row.items()  # the first is the number of the evaluation
            points.append((int(number), {names.curve(name): value for name, value in items}))
        new = [(step, values) for step, values in points if self._is_new(step, values)]
        last = points[-1][0]
        if new and picture is not None and last not in self.shown:
            self.store.client.log_image(self.run, picture, key=SNAPSHOTS, step=last)
            self.shown.add(last)
        for step, values in new:
            self._log(step, values)

    def trials(self, rows: list[dict[str, Any]]) -> None:
        """The trials of a search so far, each a nested run; those that are there stay."""
        new, self.trials_sent = rows[self.trials_sent :], len(rows)
        self.jobs.put(lambda: self.store.add_trials(self.run, new))

    def finish(self, result: Path) -> None:
        """The stage has written the file `result`, by whose hash `publish` finds the run."""
        md5 = file_hash(result)
        self.jobs.put(lambda: self.store.client.set_tag(self.run, "result.md5", md5))

    def close(self, status: str, seconds: float = CLOSE_SECONDS) -> None:
        """End the run once everything is sent, or leave that to `publish` if it takes too long."""
        self.jobs.put(partial(self._close, status))
        self.jobs.put(None)
        self.closing.set()
        self.thread.join(seconds)
        if self.thread.is_alive():
            print("warning: MLflow is slow; run generative publish later", flush=True)

    def _close(self, status: str) -> None:
        if self.run:
            self.store.client.set_terminated(self.run, status)


class NoRun:
    """Has the methods of `LiveRun` and does nothing: tracking is off."""

    def epoch(self, epoch: int, values: dict[str, float], snapshot: Any) -> None:
        pass

    def evaluations(self, rows: list[dict[str, float]], picture: Any) -> None:
        pass

    def trials(self, rows: list[dict[str, Any]]) -> None:
        pass

    def finish(self, result: Path) -> None:
        pass


@contextmanager
def live_run(
    stage: str, params: dict[str, Any], data: Path, tags: dict[str, Any], workspace: str = ""
) -> Iterator[LiveRun | NoRun]:
    """A run of `stage` that follows the training inside the `with`.

    What the training raises is recorded and goes on its way. `workspace` names the computation: one
    that was stopped goes on in the run that it had, two at one time have one each.
    """
    if is_off():
        yield NoRun()
        return

    def create(store: Store) -> str:
        own = {"workspace": workspace, "checkout": checkout()}
        for run in store.find(own) if workspace else []:
            number, process = str(run.info.run_id), run.data.tags.get("process", "")
            if process != this_process() and is_alive(process):
                continue
            if "params.hash" not in run.data.tags:  # the store went while it was made
                store.delete(number)
            elif goes_on(run, stage, params):
                store.client.update_run(number, status="RUNNING")
                store.client.set_tag(number, "process", this_process())
                return number
        live = {"origin": "live", "process": this_process()}
        return store.create(stage, params, {**tags, **own, **live}, data)

    live = LiveRun(create, snapshots_of(stage, params))
    status = "FAILED"
    try:
        with closed_if_stopped(lambda: live.close("KILLED", STOP_SECONDS)):
            yield live
        status = "FINISHED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        live.close(status)


def goes_on(run: Any, stage: str, params: dict[str, Any]) -> bool:
    """Whether a computation with these parameters goes on in a run of an earlier process: one that
    was stopped, or a search, which any number of processes work on."""
    tags, stopped = run.data.tags, run.info.status != "FINISHED"
    equal = tags["params.hash"] == params_hash(params)
    return equal and "dvc.lock_hash" not in tags and (stopped or stage.startswith("tune@"))


def snapshots_of(stage: str, params: dict[str, Any]) -> int:
    """How many times a computation shows what it has: its epochs, or the frames of a style
    transfer."""
    top, _, key = stage.partition("@")
    own = params.get("style" if top == "style" else "train", {}).get(key, {})
    evaluations = [scale["evaluations"] for scale in own.get("scales", [])]
    if every := own.get("frame_every", 1):
        # The first evaluation of a scale, every so many after it, and the last.
        frames = sum(len({*range(0, count, every), count - 1}) for count in evaluations)
    else:
        most = [count // own["restart_every"] for count in evaluations]
        frames = sum(min(own["rounds"] or count, count) for count in most)
    return int(own.get("epochs", 0) or frames or 1)
