"""The command `generative`: what is done by hand, beside the pipeline."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from generative.core import errors
from generative.core import params
from generative.core.runtime import Runtime
from generative.training.schema import Train
from generative.tuning.schema import Tune

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
params_app = typer.Typer(
    no_args_is_help=True, help="Check params.yaml, or merge a profile into it."
)
app.add_typer(params_app, name="params")

PROFILES = Path("profiles")


def main() -> None:
    errors.run(app)


@app.callback()
def family() -> None:
    """A family of generative models. The pipeline itself is: dvc repro."""


@params_app.command()
def check() -> None:
    """Check every block of params.yaml: unknown names, types, ranges."""
    names = params.check_all()
    print(f"{params.PATH}: {len(names)} blocks are right: {', '.join(names)}")


@params_app.command()
def use(
    profile: Annotated[str, typer.Argument(help="A file of profiles/, without .yaml.")],
) -> None:
    """Merge a profile into params.yaml; git checkout params.yaml undoes it."""
    for name in params.use(find_profile(profile)):
        print(f"changed {name}")


@app.command()
def fetch(
    key: Annotated[str, typer.Argument(help="A data set of sources.py: frogs, nietzsche, ...")],
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
) -> None:
    """Download one data set into a folder, such as frogs for prepare.pictures.raw."""
    from generative.datasets import download as sources

    # Fetching replaces the folder, which here may be any of the user's.
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise errors.BadInput(f"{folder} is there already and not empty; name a new folder")
    sources.fetch(key, folder.absolute())
    print(f"files in {folder}: {len(list(folder.iterdir())):,}")


@app.command()
def publish() -> None:
    """Make MLflow hold a run for every trained model, now."""
    from generative.tracking import mlflow_view as tracking

    for key, done in tracking.publish().items():
        print(f"{key}: {done}")


@app.command()
def ui(port: Annotated[int, typer.Option(help="Port on this machine.")] = 5000) -> None:
    """Publish, then open the MLflow UI on 127.0.0.1 until Ctrl-C."""
    from generative.tracking import mlflow_view as tracking

    if Path("dvc.lock").exists():
        publish()
    uri = tracking.store_uri()
    if uri.startswith("http"):
        print(f"MLFLOW_TRACKING_URI names a server that has a UI of its own: {uri}")
        return
    with tracking.reached():
        tracking.Store()
    # Without the job runner the server is two processes instead of ten.
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    artifacts = Path("mlruns").resolve().as_uri()
    arguments = ["server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    arguments += ["--backend-store-uri", uri, "--default-artifact-root", artifacts]
    print(f"MLflow: http://127.0.0.1:{port}", flush=True)
    os.execv(sys.executable, [sys.executable, "-m", "mlflow", *arguments])


@app.command()
def sample(
    model: Annotated[str, typer.Argument(help="The key of a trained model, or its folder.")],
    out: Annotated[
        Path | None,
        typer.Option(help="A picture, .png; the film of a sweep, .gif; or the arrays, .npz."),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(min=1, help="How many: 16 images or 1 text; of a sweep, how many rows."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other samples.")] = 1,
    label: Annotated[
        int | None, typer.Option(help="The class (cgan, acgan, stackedgan), infogan's category.")
    ] = None,
    digit: Annotated[
        int | None, typer.Option(help="Of infogan: by the category that was measured to be it.")
    ] = None,
    thickness: Annotated[
        float | None, typer.Option(help="Of strokes, thin -1 to thick 1, by the code for it.")
    ] = None,
    slant: Annotated[
        float | None, typer.Option(help="To the left -1, to the right 1, by the code for it.")
    ] = None,
    code1: Annotated[
        float | None, typer.Option(help="The first code itself: infogan -1 to 1, cvae -2 to 2.")
    ] = None,
    code2: Annotated[float | None, typer.Option(help="The second.")] = None,
    noise: Annotated[
        int | None, typer.Option(min=0, help="One noise for all images, drawn by this seed.")
    ] = None,
    sweep: Annotated[
        str | None, typer.Option(help="A control that takes its values in turn: thickness.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    prompt: Annotated[str | None, typer.Option(help="What a text begins with; - reads it.")] = None,
    characters: Annotated[int | None, typer.Option(min=1, help="Of a text: 400.")] = None,
    temperature: Annotated[
        float | None, typer.Option(help="Of a text: 1; 0 takes the most probable.")
    ] = None,
    top_k: Annotated[int | None, typer.Option(help="Choose of so many characters.")] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Only the most probable, to this sum.")
    ] = None,
) -> None:
    """Let a trained model generate images or texts; what is not asked for is random.

    generative sample acgan --label 3 --out threes.png

    generative sample infogan --digit 7 --slant -1 --count 8 --out sevens.png

    generative sample infogan --digit 7 --sweep slant --count 4 --out sevens.gif

    generative sample char_lstm --prompt "ROMEO:" --temperature 0.5

    Codes may go to twice the range that was trained, with a warning. A model that lacks a control
    says which it has.
    """
    from generative.cli import sampling
    from generative.cli import writing

    wanted = given(
        label=label, digit=digit, thickness=thickness, slant=slant, code1=code1, code2=code2
    )
    ways = given(
        prompt=prompt, characters=characters, temperature=temperature, top_k=top_k, top_p=top_p
    )
    if writing.writes(model):
        drawn = given(out=out, noise=noise, sweep=sweep, force=force or None, **wanted)
        refuse(drawn, f"{model} writes texts, it makes no images")
        writing.write(model, count or 1, ways.pop("prompt", ""), seed=seed, **ways)
        return
    refuse(ways, f"{model} makes images, no texts")
    if not out:
        raise errors.BadInput("--out is missing: name a file that ends in .png, .gif or .npz")
    count = count or 16
    for warning in sampling.sample(model, out, count, seed, wanted, noise, sweep, force):
        print(f"warning: {warning}")
    swept = f", {sweep} swept" if sweep else ""
    print(f"{count} samples of {model}{swept}: {out}")


def given(**options: Any) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in options.items() if value is not None}


def refuse(options: dict[str, Any], why: str) -> None:
    for name in options:
        raise errors.BadInput(f"--{name.replace('_', '-')}: {why}")


@app.command()
def predict(
    model: Annotated[str, typer.Argument(help="The key of a trained model, or its folder.")],
    story: Annotated[str | None, typer.Option(help="Of question_answering.")] = None,
    question: Annotated[str | None, typer.Option(help="About the story.")] = None,
    text: Annotated[str | None, typer.Option(help="Of passage.")] = None,
    line: Annotated[str | None, typer.Option(help="Of siamese.")] = None,
    other: Annotated[str | None, typer.Option(help="To compare the line with.")] = None,
    left: Annotated[Path | None, typer.Option(help="A picture, of stereo.")] = None,
    right: Annotated[Path | None, typer.Option(help="To compare the left one with.")] = None,
) -> None:
    """Ask a trained model about your own input.

    generative predict question_answering --story "Mary went home." --question "Where is Mary?"

    generative predict passage --text "Now is the winter of our discontent ..."

    generative predict siamese --line "Long live the King!" --other "Long liue the King"

    generative predict stereo --left one.png --right two.png
    """
    from generative.cli import predicting

    asked = given(
        story=story, question=question, text=text, line=line, other=other, left=left, right=right
    )
    print(predicting.predict(model, asked))


@app.command()
def stylize(
    content: Annotated[Path, typer.Argument(help="Any picture.")],
    style: Annotated[Path, typer.Argument(help="Another, or a folder of several.")],
    out: Annotated[Path, typer.Option(help="The new picture: .png, .webp, .tif or .jpg.")],
    style_weight: Annotated[float, typer.Option(min=0.001, help="More is less content.")] = 500.0,
    original_colours: Annotated[
        bool, typer.Option("--original-colours", help="Keep the colours of the content.")
    ] = False,
    size: Annotated[int, typer.Option(min=32, help="Longest side; no picture is enlarged.")] = 512,
    preset: Annotated[str, typer.Option(help="fast (Adam) or fine (L-BFGS).")] = "fine",
    network: Annotated[Path, typer.Option(help="A folder of dvc repro convert.")] = Path(
        "data/networks/vgg16"
    ),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Paint one picture in the style of another; Ctrl-C keeps the best so far."""
    from generative.style import stylize as by_hand

    colours = "content" if original_colours else "style"
    file, evaluations, finished = by_hand.stylize(
        content, style, out, network, style_weight, colours, size, preset, force
    )
    how = "" if finished else ", interrupted: the best so far"
    print(f"{file}: {evaluations} evaluations{how}")


@app.command()
def register(
    model: Annotated[str, typer.Argument(help="The key of a trained model, such as cvae.")],
    alias: Annotated[str, typer.Option(help="The name that marks this version.")] = "champion",
) -> None:
    """Register the part of a trained model that generates in MLflow, under an alias."""
    from generative.tracking import registry as exporting

    version = exporting.register(model, alias)
    print(f"models:/{model}@{alias} is version {version}")


@app.command()
def tune(
    key: Annotated[str, typer.Argument(help="A block of `tune:` in params.yaml: separable.")],
    trials: Annotated[int | None, typer.Option(help="Instead of tune.<key>.trials.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes at once.")] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write the best arguments into params.yaml.")
    ] = False,
) -> None:
    """Search on, beyond what the stage does: a killed search, or another terminal's, is joined.

    Nothing is tested: dvc repro does that with the arguments that --apply wrote.
    """
    block, train = params.read(f"tune.{key}", Tune), params.read(f"train.{key}", Train)
    values = {**block.written(), **given(trials=trials, workers=workers)}
    block = params.check(Path("generative tune"), f"tune.{key}", Tune, values)
    from generative.tuning import search as tuning

    prepared = Path("data/prepared") / train.dataset
    search = tuning.Search(key, prepared, block, train, params.read("runtime", Runtime))
    with tuning.followed(search):
        pass
    best = search.best()
    print(f"best of {block.trials} trials: {best}")
    for name, share in search.importance().items():
        print(f"importance of {name}: {share:.2f}")
    if apply:
        for name in params.change({"train": {key: {"model": best}}}, Path(f"tune {key}")):
            print(f"changed {name}")


@app.command()
def smoke(
    folder: Annotated[Path, typer.Option(help="The scratch workspace.")] = Path(".cache/smoke"),
) -> None:
    """Run the whole pipeline with profiles/smoke.yaml in a scratch workspace."""
    from generative.pipeline import workspace as scratch

    scratch.repro(find_profile("smoke"), folder)


def find_profile(name: str) -> Path:
    file = PROFILES / f"{name}.yaml"
    if not file.exists():
        raise errors.unknown("profile", name, (known.stem for known in PROFILES.glob("*.yaml")))
    return file
