"""Errors for people: one line that says what was received and what to do, and exit status 1."""

import errno
import sys
from collections.abc import Callable, Iterable
from difflib import get_close_matches


class BadInput(Exception):
    """Something the user gave or can mend. The message is the whole explanation."""


def unknown(kind: str, name: str, known: Iterable[str]) -> BadInput:
    """An error for a name that is not in `known`, with the nearest one that is."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(names)}"
    return BadInput(f"unknown {kind} {name!r}; {hint}")


def run(program: Callable[[], None]) -> None:
    """Run `program`; turn `BadInput`, a full disk and Ctrl-C into one line and a failing exit."""
    try:
        program()
    except BadInput as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        where = f" while writing {error.filename}" if error.filename else ""
        sys.exit(f"error: the disk is full{where}; free some space and run the command again")
