"""Images of a trained model: what `generative sample` does for generators."""

import inspect
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from generative.cli.trained import MODELS, folder_of
from generative.core import saving
from generative.core.errors import BadInput
from generative.core.folders import atomic_file, check_new
from generative.plots import grids

Array = np.ndarray
FORMATS = (".png", ".gif", ".npz")
# Values of a sweep, and frames a second of its animation.
PLACES, FRAMES_PER_SECOND = 9, 6
# So many times the trained range is allowed, with a warning.
FURTHEST = 2
CLASSES = 10


@dataclass(frozen=True)
class Control:
    """What an option means to a model: an argument of its `latents`, and the values this takes.

    sign: of a quantity against the code that controls it. categories: of each digit.
    """

    argument: str
    sign: int = 1
    categories: dict[str, int] | None = None


def sample(
    model: str,
    out: Path,
    count: int,
    seed: int,
    wanted: dict[str, float] | None = None,
    noise: int | None = None,
    sweep: str | None = None,
    force: bool = False,
    models: Path = MODELS,
) -> list[str]:
    """Write images of a trained model into `out`; warnings.

    model: a key, or a folder that holds a trained model.
    out: a .png of them all; a .gif of a sweep; or the arrays, .npz.
    wanted: values of controls by name, see `controls_of`. What is not wanted is random.
    noise: all images share their noise, which this seed draws.
    sweep: the control that takes its values in turn, `count` times, whatever is wanted of it; a row
        of the picture each.

    Raises `BadInput` for what the model does not have, for a value further than twice the trained
    range, and for a file that is there unless `force`.
    """
    if out.suffix not in FORMATS:
        raise BadInput(f"--out: received {out}, must end in {', '.join(FORMATS)}")
    if out.suffix == ".gif" and not sweep:
        raise BadInput(f"--out: received {out}; an animation shows a sweep, name one with --sweep")
    check_new(out, force)
    folder = folder_of(model, models)
    trained = saving.load(folder)
    if not hasattr(trained, "images"):
        raise BadInput(f"{model} generates no images: {saving.describe(folder).network}")
    known = controls_of(trained, folder)
    arguments: dict[str, float] = {}
    warnings: list[str] = []
    for name, value in (wanted or {}).items():
        if name == sweep:
            continue
        control = control_called(name, known, model, folder)
        if control.argument in arguments:
            raise BadInput(f"--{name}: another option sets {control.argument} already; leave one")
        arguments[control.argument] = value_of(name, control, value, trained, warnings)
    places = [arguments]
    if sweep:
        control = control_called(sweep, known, model, folder)
        if control.argument in arguments:
            raise BadInput(f"--sweep {sweep}: another option sets {control.argument}; leave one")
        values = sweep_values(control, trained)
        places = [
            {**arguments, control.argument: value_of(sweep, control, value, trained, [])}
            for value in values
        ]
    with atomic_file(out, force) as part:
        images = np.stack([generate(trained, count, seed, noise, at) for at in places], axis=1)
        write(part, out.suffix, images)
    return warnings


def controls_of(trained: Any, folder: Path) -> dict[str, Control]:
    """What can be asked of a model, by the name of the option without its dashes.

    A label, the numbers of a code; and the digit, the thickness and the slant, where it was
    measured which category and which code of an InfoGAN they are (`codes.json`).
    """
    taken = inspect.signature(trained.latents).parameters
    known = {name: Control(name) for name in getattr(trained, "code_names", ())}
    # An InfoGAN's labels are its categories; other models take them only where they have classes.
    if "labels" in taken and (known or trained.classes):
        known["label"] = Control("labels")
    file = folder.parent.parent / "disentanglement" / folder.name / "codes.json"
    if "label" in known and "code1" in known and file.exists():
        measured = json.loads(file.read_text(encoding="utf-8"))
        known["digit"] = Control("labels", categories=measured.pop("digits"))
        for name, found in measured.items():
            if found:
                known[name] = Control(found["code"], found["sign"])
    return known


def control_called(name: str, known: dict[str, Control], model: str, folder: Path) -> Control:
    if name in known:
        return known[name]
    options = ", ".join(f"--{option}" for option in known) or "no control but --noise"
    reason = ""
    if "code1" in known and "label" in known:
        reason = " (disentanglement, which measures what its codes control, found none for it)"
        if "digit" not in known:
            reason = " (run dvc repro disentanglement: it measures what its codes control)"
    raise BadInput(f"--{name}: {model} does not have it{reason}; it has {options}")


def value_of(name: str, control: Control, value: float, trained: Any, warnings: list[str]) -> float:
    """The value of a control as its model takes it; one beyond the trained range adds a warning."""
    if control.categories is not None:
        if str(value) not in control.categories:
            raise BadInput(f"--{name}: received {value}, must be 0 to {CLASSES - 1}")
        return control.categories[str(value)]
    if control.argument == "labels":
        return value  # the model knows which it has
    largest = trained.code_range
    if not abs(value) <= FURTHEST * largest:
        raise BadInput(
            f"--{name}: received {value:g}, trained from {-largest:g} to {largest:g}; "
            f"must be {-FURTHEST * largest:g} to {FURTHEST * largest:g}"
        )
    if abs(value) > largest:
        warnings.append(
            f"--{name} {value:g} is beyond the range from {-largest:g} to {largest:g} that was "
            "trained"
        )
    return control.sign * value


def sweep_values(control: Control, trained: Any) -> list[Any]:
    """The values of a control that a sweep shows."""
    if control.argument == "labels":
        return list(range(CLASSES))
    furthest = FURTHEST * trained.code_range
    return np.linspace(-furthest, furthest, PLACES).tolist()


def generate(trained: Any, count: int, seed: int, noise: int | None, arguments: Any) -> Array:
    """Images [count, height, width, channels] of one place of a sweep."""
    if noise is None:
        return np.asarray(trained.images(*trained.latents(count, seed, **arguments)))
    latents, *labels = trained.latents(count, seed, **arguments)
    size = latents.shape[1] - getattr(trained, "control_size", 0)
    latents[:, :size] = trained.latents(1, noise, **arguments)[0][:, :size]
    return np.asarray(trained.images(latents, *labels))


def write(file: Path, suffix: str, images: Array) -> None:
    """Images [count, places, height, width, channels] as a file of the kind that `suffix` names."""
    count, places = images.shape[:2]
    columns = places if places > 1 else math.ceil(math.sqrt(count))
    with file.open("wb") as opened:
        if suffix == ".npz":
            np.savez_compressed(opened, images=images if places > 1 else images[:, 0])
        elif suffix == ".gif":
            side = math.ceil(math.sqrt(count))
            frames = [grids.grid(images[:, place], side) for place in range(places)]
            opened.write(grids.animation(frames, FRAMES_PER_SECOND))
        else:
            flat = images.reshape(-1, *images.shape[2:])
            grids.grid(flat, columns).save(opened, "PNG")
