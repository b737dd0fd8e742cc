"""`generative sample`: images or texts of a trained model."""

from pathlib import Path
from typing import Annotated

import typer

from generative.cli.options import given, refuse
from generative.core import errors

LARGEST_SEED = 2**31 - 1


def sample(
    model: Annotated[str, typer.Argument(help="The key of a trained model, or its folder.")],
    out: Annotated[
        Path | None,
        typer.Option(help="A picture, .png; an animation of a sweep, .gif; or the arrays, .npz."),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(min=1, help="How many: 16 images or 1 text; of a sweep, how many rows."),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_SEED, help="Another seed, other samples.")
    ] = 1,
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
        int | None,
        typer.Option(min=0, max=LARGEST_SEED, help="One noise for all images, drawn by this seed."),
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
    from generative.cli import sample_images, sample_text

    wanted = given(
        label=label, digit=digit, thickness=thickness, slant=slant, code1=code1, code2=code2
    )
    ways = given(
        prompt=prompt, characters=characters, temperature=temperature, top_k=top_k, top_p=top_p
    )
    if sample_text.writes(model):
        drawn = given(out=out, noise=noise, sweep=sweep, force=force or None, **wanted)
        refuse(drawn, f"{model} writes texts, it makes no images")
        sample_text.write(model, count or 1, ways.pop("prompt", ""), seed=seed, **ways)
        return
    refuse(ways, f"{model} makes images, no texts")
    if not out:
        raise errors.BadInput("--out is missing: name a file that ends in .png, .gif or .npz")
    count = count or 16
    for warning in sample_images.sample(model, out, count, seed, wanted, noise, sweep, force):
        print(f"warning: {warning}")
    swept = f", {sweep} swept" if sweep else ""
    print(f"{count} samples of {model}{swept}: {out}")
