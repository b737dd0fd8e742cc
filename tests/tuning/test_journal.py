"""What becomes of a search whose process is killed, or whose file is cut off."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.tuning import make_search, python, run

# In a process of its own: in the folder argv[1] the search of argv[2] goes on until its end, or
# until training has ended argv[3] epochs.
ALONE = """
import json, os, signal, sys
from pathlib import Path
from generative.tuning import search as tuning
from tests.support.tuning import make_search

tuning.JOURNALS = Path(sys.argv[1])
left, fit = [int(sys.argv[3])], tuning.fit

def on_epoch(*arguments):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)

tuning.fit = lambda *arguments: fit(*arguments[:-2], on_epoch, arguments[-1])
search = make_search(Path(sys.argv[2]))
device = search.configure()
tuning.run(search, device, lambda: None)
print(json.dumps(search.rows()))
tuning.JOURNALS = Path(sys.argv[1]) / "elsewhere"
left[0] = -1
tuning.run(search, device, lambda: None)
print(json.dumps(search.rows()))
"""


@pytest.mark.slow
def test_a_killed_search_goes_on_as_if_it_had_not_been(
    prepared_mnist: Path, journals: Path
) -> None:
    killed = python("-c", ALONE, journals, prepared_mnist, 3)
    assert killed.returncode == -signal.SIGKILL, killed.stdout
    assert len(make_search(prepared_mnist).rows()) == 2
    resumed = python("-c", ALONE, journals, prepared_mnist, -1)
    assert resumed.returncode == 0, resumed.stdout
    assert resumed.stdout.count("trial 3/3") == 2
    assert resumed.stdout.count("trial 1/3") == 1
    rows, in_one_go = [line for line in resumed.stdout.splitlines() if line.startswith("[{")]
    assert rows == in_one_go
    assert len(json.loads(rows)) == 3


def test_a_process_that_dies_with_the_lock_holds_nobody_up(
    prepared_mnist: Path, journals: Path, tried: list[Any]
) -> None:
    search = make_search(prepared_mnist, {"trials": 4})
    journals.mkdir()
    lock = journals / f"{search.name}.lock"
    program = (
        "import os, sys\n"
        "from filelock import FileLock\n"
        "lock = FileLock(sys.argv[1])\n"
        "lock.acquire()\n"
        "os._exit(7)"
    )
    assert python("-c", program, lock).returncode == 7
    assert len(run(search)) == 4


def test_a_line_that_was_cut_off_is_forgotten(
    prepared_mnist: Path, journals: Path, tried: list[Any]
) -> None:
    first = run(make_search(prepared_mnist))
    (journal,) = journals.glob("*.journal")
    with journal.open("ab") as file:
        file.write(b'{"op_code":4,"worker')
    assert run(make_search(prepared_mnist, {"trials": 5}))[:3] == first
    assert len(tried) == 5
