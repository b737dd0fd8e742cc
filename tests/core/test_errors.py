import errno
import os

import pytest
import tensorflow as tf

from generative.core import errors


def message(error: BaseException) -> str:
    def program() -> None:
        raise error

    with pytest.raises(SystemExit) as leaving:
        errors.run(program)
    assert leaving.value.code not in (0, None)
    return str(leaving.value.code)


def test_bad_input_is_one_line() -> None:
    assert message(errors.BadInput("mend it")) == "error: mend it"


def test_where_nothing_is_known_it_is_said() -> None:
    assert str(errors.unknown("profile", "x", [])) == "unknown profile 'x'; known: none"
    assert str(errors.unknown("model", "cvea", ["cvae"])).endswith("did you mean cvae?")


def test_a_full_disk_is_one_line() -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "data/models/cvae/model.weights.h5")
    assert message(full) == (
        "error: the disk is full: data/models/cvae/model.weights.h5; "
        "free some space and run the command again"
    )


@pytest.mark.parametrize("number", errors.REFUSALS)
def test_what_the_system_refuses_is_one_line(number: int) -> None:
    line = message(OSError(number, os.strerror(number), ".cache/training"))
    assert line.startswith("error: ")
    assert ": .cache/training; " in line
    assert "\n" not in line


def test_memory_that_is_used_up() -> None:
    assert message(MemoryError()).startswith("error: the memory is used up; ")


def test_memory_of_a_device_that_is_used_up() -> None:
    error = tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
    assert message(error).startswith("error: the memory is used up; ")


def test_interruption() -> None:
    assert message(KeyboardInterrupt()) == "interrupted"


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(OSError, match="refused"):
        errors.run(lambda: (_ for _ in ()).throw(OSError(errno.ECONNREFUSED, "refused")))
