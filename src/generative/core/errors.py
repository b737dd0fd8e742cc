"""Errors for people: one line that says what was received and what to do, and exit status 1."""

import errno
import io
import os
import sys
from collections.abc import Callable, Iterable
from difflib import get_close_matches

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
    errno.ENOMEM: ("the memory is used up", "close other programs"),
}
NO_MEMORY = "the memory is used up; close other programs, or lower the batch size"


class BadInput(Exception):
    """Something the user gave or can mend. The message is the whole explanation."""


def unknown(kind: str, name: str, known: Iterable[str]) -> BadInput:
    """An error for a name that is not in `known`, with the nearest one that is."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(names)}"
    return BadInput(f"unknown {kind} {name!r}; {hint}")


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
    except MemoryError:
        sys.exit(f"error: {NO_MEMORY}")
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        reason, remedy = REFUSALS[error.errno]
        where = f": {error.filename}" if error.filename else ""
        sys.exit(f"error: {reason}{where}; {remedy} and run the command again")
    except Exception as error:
        # TensorFlow's, which is not imported for its name's sake.
        if type(error).__name__ != "ResourceExhaustedError":
            raise
        sys.exit(f"error: {NO_MEMORY}")
