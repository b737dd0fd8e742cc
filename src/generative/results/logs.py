"""What `generative repro` leaves: the output of each stage, and which failed in the last run."""

from pathlib import Path
from urllib.parse import quote

LOGS = Path(".cache/logs")
# {"failed": {stage: why}, "waiting": [stage]}
FAILURES = LOGS / "failures.json"


def log_of(stage: str) -> Path:
    """The file of a stage's output."""
    return LOGS / f"{quote(stage, safe='@')}.log"
