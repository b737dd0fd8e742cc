"""The folders of data/ that results lie in, and what is missing of them and why."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from generative.core.errors import BadInput
from generative.core.folders import read_json
from generative.results.collect import MEASURED, checkout
from generative.results.logs import FAILURES, log_of
from generative.results.records import Record

State = Literal["failed", "waiting", "not_run", "old", "unusable"]
# The stages that make the folders, and which of these are of a trained model.
MAKERS = {
    **MEASURED,
    "history": "train",
    "samples": "render",
    "browser": "browser",
    "style": "style",
    "tuning": "tune",
    "repeats": "repeat",
    "objectives": "objectives",
    "references": "references",
    "judge": "judge",
}
OF_MODEL = (*MEASURED, "samples", "browser")
ERROR = "error: "


class Folders:
    """The results below `data`.

    A folder of a model that was trained anew since, or failed to, is as good as missing: it is not
    of the model that is shown.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self.checkout = checkout(data.parent)
        failures: dict[str, Any] = {}
        with suppress(OSError, ValueError):
            failures = read_json(data.parent / FAILURES)
        self.failed: dict[str, str] = failures.get("failed", {})
        self.waiting: list[str] = failures.get("waiting", [])
        self.noted: dict[str, tuple[State, str]] = {}

    def there(self, kind: str, key: str) -> Path | None:
        """`data/<kind>/<key>`, or None and a note of what is missing."""
        folder, stage = self.data / kind / key, stage_of(kind, key)
        if not folder.is_dir():
            self.noted.setdefault(stage, self.why(stage))
        elif kind in OF_MODEL and self.is_old(stage, key):
            self.noted.setdefault(stage, ("old", ""))
        else:
            return folder
        return None

    def metrics(self, kind: str, key: str) -> dict[str, Any]:
        """Those of a folder; none where they are missing or were cut."""
        folder = self.there(kind, key)
        try:
            return read(folder / "metrics.json") if folder else {}
        except BadInput as error:
            self.unusable(kind, key, str(error))
            return {}

    def unusable(self, kind: str, key: str, reason: str) -> None:
        """Note why a folder that is there is not shown."""
        self.noted.setdefault(stage_of(kind, key), ("unusable", reason))

    def is_old(self, stage: str, key: str) -> bool:
        """Whether what a stage made is of another training than what lies there; what dvc.lock does
        not know is not."""
        if not {stage, f"train@{key}"} <= self.checkout.lock.keys():
            return False
        trained = (self.data / "history" / key).is_dir()
        return not (trained and self.checkout.is_of_model(stage, key))

    def records(self) -> dict[str, Record]:
        """What `generative compare` knows of these results, by model; nothing of those cut."""
        try:
            return {record.model: record for record in self.checkout.records()}
        except BadInput:
            return {}

    def missing(self) -> list[dict[str, str]]:
        """The stages whose results are missing, and first those that these wait for."""
        causes = {stage: self.why(stage) for stage in self.failed if stage not in self.noted}
        found = {**(causes if self.noted else {}), **self.noted}
        return [
            {"stage": stage, "state": state, "reason": reason}
            for stage, (state, reason) in found.items()
        ]

    def why(self, stage: str) -> tuple[State, str]:
        """Why a stage made nothing: what it said last, or what became of it."""
        if stage in self.waiting:
            return "waiting", ""
        log = self.data.parent / log_of(stage)
        text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
        said = "\n".join(error_in(text.splitlines()))
        reason = " ".join(said.split()) or self.failed.get(stage, "")
        return ("failed", reason) if reason else ("not_run", "")


def error_in(lines: list[str]) -> Iterator[str]:
    """The lines of the last error in a log."""
    starts = [number for number, line in enumerate(lines) if line.startswith(ERROR)]
    for line in lines[starts[-1] :] if starts else []:
        yield line.removeprefix(ERROR)


def stage_of(kind: str, key: str) -> str:
    """The stage that makes a folder."""
    if (kind, key) == ("metrics", "judge"):
        return "evaluate_judge@mnist"
    return f"{MAKERS[kind]}@{key}"


def read(file: Path) -> dict[str, Any]:
    """A file of JSON; raises `BadInput` where it was cut."""
    try:
        found: dict[str, Any] = read_json(file)
    except (OSError, ValueError):
        raise BadInput(f"{file} is missing, or it was cut; run dvc checkout") from None
    return found
