"""Hostile inputs, the same in every run, and what a reader owes to them: a result or a line."""

import copy
import json
import random
import resource
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest

from generative.core.errors import BadInput

# Seconds for one input, on a machine under load.
LIMIT = 30
MEMORY = 2**31  # bytes, for one input
LONGEST_LINE = 2000
# Inputs of a kind: for every change, and for `make check`.
COUNTS = [60, pytest.param(2000, marks=pytest.mark.slow)]


class Endless(BaseException):
    """A reader that does not come to an end; no reader catches it."""


@contextmanager
def within(seconds: int, more_bytes: int) -> Iterator[None]:
    """Raise `Endless` in the main thread if it takes longer, and `MemoryError` if the process asks
    for more memory than it has."""

    def end(number: int, frame: Any) -> None:
        raise Endless

    before = signal.signal(signal.SIGALRM, end)
    limits = resource.getrlimit(resource.RLIMIT_AS)
    most = psutil.Process().memory_info().vms + more_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most, limits[1]))
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        resource.setrlimit(resource.RLIMIT_AS, limits)
        signal.signal(signal.SIGALRM, before)


def survives(
    read: Callable[[], object], given: object, refusal: type[Exception] = BadInput
) -> bool:
    """Whether `read` took what is `given`; fails the test for anything but a result or a refusal of
    short lines."""
    try:
        with within(LIMIT, MEMORY):
            read()
    except refusal as refused:
        # A bound comes before the memory is asked for.
        assert not isinstance(refused.__context__, MemoryError), given
        lines = str(refused).splitlines()
        assert lines, given
        assert max(map(len, lines)) < LONGEST_LINE, given
        assert "Traceback" not in str(refused), given
        return False
    except (Exception, Endless) as error:
        pytest.fail(f"{type(error).__name__}: {error}\nfor {given!r:.2000}")
    return True


def mutated(content: bytes, generator: random.Random) -> bytes:
    """`content` with one to four changes: cut, flipped, set, doubled, left out, another number."""
    changed = bytearray(content)
    for _ in range(generator.randint(1, 4)):
        if not changed:
            break
        # The beginning says what the rest is.
        span = len(changed) if generator.random() < 0.5 else min(64, len(changed))
        place, length = generator.randrange(span), generator.randint(1, 64)
        match generator.randrange(6):
            case 0:
                del changed[place:]
            case 1:
                changed[place] ^= 1 << generator.randrange(8)
            case 2:
                changed[place] = generator.choice((0, 1, 127, 128, 255))
            case 3:
                changed[place:place] = changed[place : place + length]
            case 4:
                del changed[place : place + length]
            case _:
                number = generator.choice((0, 1, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**62))
                size = generator.choice((2, 4, 8))
                order = generator.choice(("little", "big"))
                changed[place : place + size] = (number % 2 ** (8 * size)).to_bytes(size, order)
    return bytes(changed)


# What stands where something else is expected.
HOSTILE: list[Any] = [
    None,
    True,
    0,
    -1,
    1,
    2**31,
    2**63,
    10**30,
    0.5,
    -0.0,
    1e308,
    float("inf"),
    float("nan"),
    "",
    "a",
    "on",
    "5e-05",
    "../..",
    "/dev/zero",
    "a\0b",
    "$(touch x)",
    "-rf",
    "星夜 (1)",
    "x" * 10_000,
    [],
    [1],
    ["a"],
    [[]],
    {},
    {"a": 1},
    {"a": {"a": {"a": 1}}},
    json.loads("[" * 60 + "]" * 60),
    [1, 1],
    "2001-02-30",
]


def paths(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places of all that is in `value`."""
    inside: Iterable[tuple[Any, Any]] = enumerate(value) if isinstance(value, list) else ()
    if isinstance(value, dict):
        inside = value.items()
    found = [above] if above else []
    for key, inner in inside:
        found += paths(inner, (*above, key))
    return found


def disturbed(document: Any, generator: random.Random) -> Any:
    """A copy of `document` with one to three values replaced, left out, renamed or added."""
    changed = copy.deepcopy(document)
    for _ in range(generator.randint(1, 3)):
        *outer, last = generator.choice(paths(changed) or [(0,)])
        holder = changed
        for key in outer:
            holder = holder[key]
        match generator.randrange(4):
            case 0 | 1:
                holder[last] = hostile(generator)
            case 2 if len(holder) > 1:
                del holder[last]
            case _ if isinstance(holder, dict):
                name = generator.choice(("a", "", "a.b", "a b", "[0]", "星", "x" * 300))
                holder[name] = hostile(generator)
            case _:
                holder.append(hostile(generator))
    return changed


def hostile(generator: random.Random) -> Any:
    """A copy of one, which may be changed further."""
    return copy.deepcopy(generator.choice(HOSTILE))
