"""What a run shows: a line for each stage that ended, and on a terminal what is running."""

import sys
import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from generative.pipeline.timings import clock


class View:
    """Use as a context manager. Without a terminal only the lines are written."""

    def __init__(self) -> None:
        self.console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
        self.live = Live(console=self.console, transient=True, auto_refresh=False)
        self.count = 0

    def __enter__(self) -> "View":
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self.console.is_terminal:
            self.live.stop()

    def begin(self, count: int) -> None:
        """There are `count` stages."""
        self.count = count

    def line(self, text: str) -> None:
        """Something that stays."""
        self.console.print(Text(text))

    def update(self, running: Mapping[str, tuple[Any, float]], stages: int, seconds: float) -> None:
        """running: when each began, by name. stages, seconds: that are left."""
        if not self.console.is_terminal:
            return
        head = f"{self.count - stages} of {self.count} stages, about {clock(seconds)} left"
        now = time.monotonic()
        rows = [f"  {name}  {clock(now - begun)}" for name, (_, begun) in running.items()]
        self.live.update(Group(*map(Text, [head, *rows])), refresh=True)
