"""`generative export`: a trained model as one file of Keras' own layers."""

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from generative.cli.trained import MODELS, folder_of
from generative.core.errors import BadInput
from generative.core.folders import atomic_file, check_new

SUFFIX = ".keras"


def export(
    model: Annotated[str, typer.Argument(help="The key of a trained model, or its folder.")],
    out: Annotated[Path, typer.Option(help="The file, .keras.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Write the part of a trained model that generates or predicts into one file.

    generative export infogan --out generator.keras

    Whoever has Keras loads it, without this package: keras.saving.load_model("generator.keras").
    """
    network = write(model, out, force, MODELS)
    print(f"{out}: {network}")


def write(model: str, out: Path, force: bool, models: Path) -> str:
    """Write the inference model into `out`, as Keras saves a model; from which shapes to which.

    Raises `BadInput` for a model that was not trained, another suffix, and a file that is there
    unless `force`.
    """
    from generative.core import saving

    if out.suffix != SUFFIX:
        raise BadInput(f"--out: received {out}, must end in {SUFFIX}")
    check_new(out, force)
    network = saving.load(folder_of(model, models)).inference_model()
    with atomic_file(out, force) as part, tempfile.TemporaryDirectory() as made:
        whole = Path(made) / out.name  # Keras writes into no other name
        network.save(whole)
        shutil.copyfile(whole, part)
    described = saving.signature(network)
    inputs, outputs = ([tuple(t["shape"]) for t in described[n]] for n in ("inputs", "outputs"))
    return f"{', '.join(map(str, inputs))} to {', '.join(map(str, outputs))}"
