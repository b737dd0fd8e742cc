"""How a program ends before its time: told to by a signal, or because whoever started it is gone.

A signal's handler in Python waits for the call of TensorFlow that the main thread is in, which may
take half a minute. So another thread ends the process, after what must not be left open is closed.
"""

import multiprocessing
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Seconds between two looks at the process that started this one, and that closing may take.
INTERVAL, PATIENCE = 0.5, 3.0

to_close: list[Callable[[], object]] = []


@contextmanager
def closed_if_stopped(close: Callable[[], object]) -> Iterator[None]:
    """Call `close`, from another thread, if the process is ended inside the `with`."""
    to_close.append(close)
    try:
        yield
    finally:
        to_close.remove(close)


def watch() -> None:
    """From now on end this process, with those that it started, at a signal of `SIGNALS` or when
    the one that runs it as a stage is gone, however that ended."""
    owner = owner_of_stage()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
    threading.Thread(target=wait, args=(reader, owner), daemon=True).start()


def wait(reader: int, owner: psutil.Process | None) -> None:
    """Until there is a reason to end."""
    while True:
        if select.select([reader], [], [], INTERVAL)[0]:
            number = os.read(reader, 1)[0]
            if number in SIGNALS:
                end(f"stopped by {signal.Signals(number).name}", 128 + number)
        elif owner and not lives(owner):
            end("stopped: the process that ran this stage is gone", 1)


def end(reason: str, status: int) -> None:
    """Close what is open, end all children, say why and end."""
    closing = threading.Thread(target=close_all, daemon=True)
    closing.start()
    closing.join(PATIENCE)
    with suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                child.kill()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        print(reason, file=sys.stderr, flush=True)
    os._exit(status)


def close_all() -> None:
    """What was opened last first; an error in one stops no other."""
    for close in reversed(to_close):
        with suppress(Exception):
            close()


def owner_of_stage() -> psutil.Process | None:
    """The process that runs this one as a stage: the engine, or DVC; None if none does.

    DVC's own process is the first above this one that does not have the stage's name in its
    environment; a shell may be between them. If it has ended, what is above is in another session.
    """
    engine = multiprocessing.parent_process()
    stage = os.environ.get("DVC_STAGE")
    if not engine and not stage:
        return None
    with suppress(psutil.Error, ProcessLookupError):  # ended while it was looked at
        if engine and engine.pid:
            return psutil.Process(engine.pid)
        for process in psutil.Process().parents():
            try:
                if process.environ().get("DVC_STAGE") == stage:
                    continue
            except psutil.AccessDenied:
                pass  # somebody else's, and not in the stage
            if os.getsid(process.pid) == os.getsid(0):
                return process
            break
    end("stopped: the process that ran this stage is gone", 1)
    return None


def lives(process: psutil.Process) -> bool:
    """Whether it is there, and not only because nobody has asked for its status."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
