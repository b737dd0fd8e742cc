"""The journal of a search: a file of its trials that outlasts the process.

A search that was killed goes on from there, and several processes may work on one at once.
"""

import os
from pathlib import Path

import optuna
from filelock import FileLock
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock


def open_study(file: Path, name: str) -> optuna.Study:
    """The study `name` that the journal `file` holds; an empty one where it holds none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    lock = JournalLock(file)
    truncate_to_whole_lines(file, lock)
    storage = optuna.storages.JournalStorage(JournalFileBackend(str(file), lock))
    return optuna.create_study(storage=storage, study_name=name, load_if_exists=True)


class JournalLock(JournalFileOpenLock):
    """A lock that the system releases when its process dies; optuna's own would stay for ever."""

    def __init__(self, journal: Path) -> None:
        super().__init__(str(journal))
        self.file_lock = FileLock(journal.with_suffix(".lock"))

    def acquire(self) -> bool:
        self.file_lock.acquire()
        return True

    def release(self) -> None:
        self.file_lock.release()


def truncate_to_whole_lines(journal: Path, lock: JournalLock) -> None:
    """Cut off a last line that a full disk or a killed process left unfinished."""
    with lock.file_lock:
        content = journal.read_bytes() if journal.exists() else b""
        length = content.rfind(b"\n") + 1
        if length < len(content):
            os.truncate(journal, length)


def finished(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """Trials in the order of their ends; one that was killed never ends and does not count."""
    trials = study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))
    return sorted(trials, key=lambda trial: (trial.datetime_complete, trial.number))
