"""`generative predict`: a trained model on one's own input."""

from pathlib import Path
from typing import Annotated

import typer

from generative.cli.options import given


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
    from generative.cli import prediction

    asked = given(
        story=story, question=question, text=text, line=line, other=other, left=left, right=right
    )
    print(prediction.predict(model, asked))
