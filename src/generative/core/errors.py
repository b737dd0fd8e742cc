"""Errors for people: one line that says what was received and what to do, and exit status 1."""

import errno
import io
import os
import sys
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

# Why the system does not write a file, and what to do.
REFUSALS = {
    errno.ENOSPC: ("the disk is full", "free some space"),
    errno.EDQUOT: ("your quota of the disk is used up", "free some space"),
    errno.EFBIG: ("a file would be larger than the limit (ulimit -f)", "raise the limit"),
    errno.EROFS: ("the disk is read-only", "make it writable"),
    errno.EACCES: ("permission is denied", "change the permissions"),
    errno.EPERM: ("permission is denied", "change the permissions"),
    errno.EEXIST: ("there is a file in the place of a folder", "move it away"),
    errno.ENOTDIR: ("there is a file in the place of a folder", "move it away"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter one"),
    errno.EISDIR: ("there is a folder in the place of a file", "move it away"),
    errno.ELOOP: ("a link leads to itself", "remove it"),
    errno.EIO: ("the disk fails to read or write", "look for its errors (dmesg)"),
    errno.ESTALE: ("the network's disk was lost", "mount it again"),
    errno.EMFILE: ("too many files are open (ulimit -n)", "raise the limit"),
    errno.ENOTEMPTY: ("the folder is not empty", "name another"),
    errno.ENOMEM: ("the memory is used up", "close other programs or lower the batch size,"),
}
SHOWN = 100  # characters of a value or a key in a message
LINE = 160  # characters of another library's message


class BadInput(Exception):
    """Something the user gave or can mend. The message is the whole explanation."""


def shown(value: Any) -> str:
    """A value in a message: all of it, or its beginning."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def unknown(kind: str, name: str, known: Iterable[str]) -> BadInput:
    """An error for a name that is not in `known`, with the nearest one that is."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(names) or 'none'}"
    return BadInput(f"unknown {kind} {shown(name)}; {hint}")


def first_line(error: Exception, without: Callable[[str], str] = str) -> str:
    """What another library says, in a line: the first of its message, or the name of its class.

    without: leaves out what nobody is to read.
    """
    first, *_ = without(str(error)).strip().splitlines() or [type(error).__name__]
    return first if len(first) <= LINE else f"{first[:LINE]}..."


def run(program: Callable[[], None]) -> None:
    """Run `program`; turn `BadInput`, what the system refuses and Ctrl-C into one line and a
    failing exit. What the terminal has no character for is printed as its number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        program()
        if sys.stdout:  # it may be closed from the beginning
            sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output, such as head, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)
    except BadInput as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
    except Exception as error:
        sys.exit(f"error: {refusal(error)}")


def refusal(error: Exception) -> str:
    """What the system refused, and what to do; raises an `error` of any other kind."""
    number = getattr(error, "errno", None)
    # TensorFlow's is not imported for its name's sake.
    if type(error).__name__ == "ResourceExhaustedError":
        number = errno.ENOSPC if "No space left" in str(error) else errno.ENOMEM
    elif isinstance(error, MemoryError):
        number = errno.ENOMEM
    if number not in REFUSALS:
        raise error
    reason, remedy = REFUSALS[number]
    name = getattr(error, "filename", None)
    where = f": {name}" if name else ""
    return f"{reason}{where}; {remedy} and run the command again"
