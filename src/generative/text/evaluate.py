"""How well a text model predicts held-out text, and its generated text beside held-out text."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from generative.core.errors import BadInput
from generative.core.params import Count, Different, Schema, Seed
from generative.datasets.base.dataset import Prepared
from generative.text import metrics
from generative.text.base.sampling import Temperature

HELD_OUT = "held_out"


class Evaluate(Schema):
    """What a model generates at each of the temperatures, to be compared with held-out text.

    texts, characters: how many texts, and their length; as many of the held-out text.
    """

    seed: Seed
    texts: Count
    characters: Annotated[int, Field(ge=metrics.COPY_CHARACTERS)]
    temperatures: Annotated[list[Temperature], Field(min_length=1), Different]


def evaluate(model: Any, data: Prepared, options: Evaluate, folder: Path) -> dict[str, Any]:
    """Bits per character and accuracy on the test text, and metrics of generated texts, by name.

    Writes `longest_copies.txt` into `folder`. Raises `BadInput` if the test text is too short.
    """
    train, test = (
        model.decode(data.dataset.stream(data.folder, split)) for split in ("train", "test")
    )
    if len(test) < options.characters:
        raise BadInput(
            f"evaluate.text.characters: received {options.characters}, the test text has "
            f"{len(test)} characters; lower it, or raise prepare.{data.key}.test_share"
        )
    results: dict[str, Any] = {
        **metrics.prediction_metrics(model, *data.load("test")),
        "compressed_bits_per_character": data.dataset.compressed_bits_per_character(data.folder),
        "parameters": model.count_params(),
    }
    texts = {
        f"temperature_{temperature}": model.generate(
            options.texts, options.seed, characters=options.characters, temperature=temperature
        )
        for temperature in options.temperatures
    }
    texts[HELD_OUT] = evenly_spaced(test, options.texts, options.characters)
    corpus, longest_copies = metrics.Corpus(train), {}
    for name, own in texts.items():
        found, longest_copies[name] = corpus.measure(own)
        results |= {f"{metric}_{name}": value for metric, value in found.items()}
    leaks = metrics.suspected_leaks(
        results["bits_per_character"],
        results["compressed_bits_per_character"],
        results[f"copied_{metrics.COPY_CHARACTERS}gram_share_{HELD_OUT}"],
    )
    for leak in leaks:
        print(f"warning: too good to be true: {leak}")
    results["leaks_suspected"] = len(leaks)
    lines = [*(f"Too good to be true: {leak}.\n\n" for leak in leaks), table(longest_copies, train)]
    (folder / "longest_copies.txt").write_text("".join(lines), encoding="utf-8", newline="\n")
    return results


def evenly_spaced(text: str, count: int, characters: int) -> list[str]:
    """`count` passages of `characters`, from the beginning of `text` to its end."""
    starts = np.linspace(0, len(text) - characters, count).astype(int)
    return [text[start : start + characters] for start in starts]


def table(longest_copies: dict[str, metrics.CopiedPassage], train: str) -> str:
    """The longest copies by the name of the texts, and where they stand in the training text."""
    rows = []
    for name, passage in longest_copies.items():
        line = train.count("\n", 0, passage.start) + 1
        place = f"line {line:,}, character {passage.start:,} of the training text"
        rows.append(f"{name.replace('_', ' ')}: {len(passage.text)} characters, {place}\n")
        rows.append(f"    {passage.text}\n")
    return "".join(rows)
