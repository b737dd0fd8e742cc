"""A program that is killed in a chosen moment of its work."""

from dataclasses import dataclass

# Replaces a function by one that kills the process before or after its call of this number.
PROGRAM = """
import importlib, os, runpy, signal, sys
path, attribute, number, when, script, *arguments = sys.argv[1:]
module, *holders = path.split(":")
holder = importlib.import_module(module)
for name in holders:
    holder = getattr(holder, name)
original, calls = getattr(holder, attribute), []

def function(*given, **named):
    calls.append(1)
    last = len(calls) == int(number)
    if last and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = original(*given, **named)
    if last:
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(holder, attribute, function)
sys.argv = [script, *arguments]
sys.path.insert(0, os.path.dirname(os.path.abspath(script)))
runpy.run_path(script, run_name="__main__")
"""


@dataclass(frozen=True)
class Kill:
    """Before or after the call of this number of `attribute` of `holder`, module:class."""

    holder: str
    attribute: str
    number: int
    when: str

    def arguments(self) -> list[str]:
        return [self.holder, self.attribute, str(self.number), self.when]
