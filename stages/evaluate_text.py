"""Measure one trained text model: how well it predicts held-out text, and what it writes beside the
same of held-out text."""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from generative.core import errors
from generative.core import params
from generative.core import runtime
from generative.core import saving
from generative.core.runtime import Runtime
from generative.text.schema import EvaluateText
from generative.datasets import shakespeare
from generative.core.errors import BadInput
from generative.core.folders import atomic_folder
from generative.core.folders import write_json
from generative.text import metrics as text

HELD_OUT = "held_out"


def main(arguments: list[str]) -> None:
    model_folder, prepared, out = map(Path, arguments)
    block = params.read("evaluate.text", EvaluateText)
    runtime.configure(params.read("runtime", Runtime), block.seed)
    model, card = saving.load(model_folder), saving.describe(model_folder)
    train, test = (model.text_of(shakespeare.stream(prepared, s)) for s in ("train", "test"))
    if len(test) < block.characters:
        raise BadInput(
            f"evaluate.text.characters: received {block.characters}, the test text has {len(test)} "
            "characters; lower it, or raise prepare.shakespeare.test_share"
        )
    metrics: dict[str, Any] = dict(
        text.prediction(model, *shakespeare.load(prepared, "test", **card.data))
    )
    metrics["compressed_bits_per_character"] = text.compressed_bits(train, test)
    metrics["parameters"] = model.count_params()
    corpus, longest = text.Corpus(train), {}
    written = {f"temperature_{heat}": of_model(model, heat, block) for heat in block.temperatures}
    for name, texts in {**written, HELD_OUT: spread(test, block)}.items():
        found, longest[name] = corpus.measure(texts)
        metrics |= {f"{metric}_{name}": value for metric, value in found.items()}
    suspicions = text.leaks(
        metrics["bits_per_character"],
        metrics["compressed_bits_per_character"],
        metrics[f"copied_{text.CHARACTERS}gram_share_{HELD_OUT}"],
    )
    for suspicion in suspicions:
        print(f"warning: too good to be true: {suspicion}")
    metrics["leaks_suspected"] = len(suspicions)
    with atomic_folder(out) as folder:
        write_json(folder / "metrics.json", metrics)
        lines = [*(f"Too good to be true: {s}.\n\n" for s in suspicions), table(longest, train)]
        (folder / "longest_copies.txt").write_text("".join(lines), encoding="utf-8")


def of_model(model: Any, temperature: float, block: EvaluateText) -> list[str]:
    texts: list[str] = model.generate(
        block.texts, block.seed, characters=block.characters, temperature=temperature
    )
    return texts


def spread(test: str, block: EvaluateText) -> list[str]:
    """As many texts as models write, of the same length, from all over the held-out text."""
    starts = np.linspace(0, len(test) - block.characters, block.texts).astype(int)
    return [test[start : start + block.characters] for start in starts]


def table(longest: dict[str, text.Passage], train: str) -> str:
    """The longest passage that each has in common with the training text, and where it is there."""
    rows = []
    for name, passage in longest.items():
        line = train.count("\n", 0, passage.place) + 1
        place = f"line {line:,}, character {passage.place:,} of the training text"
        rows.append(f"{name.replace('_', ' ')}: {len(passage.text)} characters, {place}\n")
        rows.append(f"    {passage.text}\n")
    return "".join(rows)


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
