"""What a run would do, and why."""

from collections.abc import Iterable

from generative.pipeline import timings
from generative.pipeline.engine import collect
from generative.pipeline.reasons import Reasons, all_reasons, open_repo
from generative.pipeline.timings import clock


def changed(targets: list[str], single_item: bool = False) -> list[Reasons]:
    """Those of the stages `targets`, or of all, that would run, in order, with their reasons."""
    repo = open_repo()
    wanted = {stage.addressing for stage in collect(repo, targets, single_item)}
    return [r for r in all_reasons(repo) if r.runs and r.stage.addressing in wanted]


def describe(reasons: Iterable[Reasons]) -> str:
    """The plan in lines: each stage, why it runs and how long it took last time."""
    lines, total, unknown = [], 0.0, 0
    known = timings.read()
    for found in reasons:
        name = found.stage.addressing
        seconds = known[name].seconds if name in known else None
        total, unknown = total + (seconds or 0), unknown + (seconds is None)
        lines.append(f"{name}{'' if seconds is None else f' ({clock(seconds)})'}")
        lines += [f"    {line}" for line in found.lines]
        lines += [f"    {dep}: only words changed; generative accept" for dep in found.only_words]
        lines += [f"    after {', '.join(found.upstream)}"] if found.upstream else []
    if not lines:
        return "Every result is up to date."
    return "\n".join([*lines, summary(total, unknown)])


def summary(seconds: float, unknown: int) -> str:
    """How long it takes, as far as it was measured here."""
    if not seconds:
        return "How long it takes is not known: no stage of it has run here yet."
    beside = f", and {unknown} that have not run here yet" if unknown else ""
    return f"About {clock(seconds)}{beside}."
