"""What `passage` learns, beside linear models of the same words: five-fold cross-validation by play
over the training and validation plays. The test plays have no part in it.

The linear models are scikit-learn's ridge and logistic regression of TF-IDF.

    python benchmarks/passages.py [--folds 5]
"""

import argparse
from pathlib import Path
from typing import Any

import keras
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import StratifiedGroupKFold

from generative.datasets.base import arrays
from generative.core import params
from generative.core import runtime
from generative.datasets.base.arrays import Arrays
from generative.core.runtime import Runtime
from generative.training.schema import Train
from generative.datasets import passages
from generative.multi_io.passage import Passage

PREPARED = Path("data/prepared/passages")
NETWORKS = {
    "as in params.yaml": {},
    "shortcut: none": {"shortcut": "none"},
}


def constant(train: Arrays, test: Arrays) -> Arrays:
    """The mean year, the most frequent genre and edition."""
    guesses = {name: np.bincount(train[name].astype(int)).argmax() for name in ("genre", "edition")}
    guesses["year"] = train["year"].mean()
    return {name: np.full(len(test["year"]), guess) for name, guess in guesses.items()}


def linear(train: Arrays, test: Arrays, words: int) -> Arrays:
    counts, new_counts = (counted(part["passage"], words) for part in (train, test))
    weighting = TfidfTransformer(sublinear_tf=True)
    known, new = weighting.fit_transform(counts), weighting.transform(new_counts)
    found = {"year": Ridge(alpha=1.0).fit(known, train["year"]).predict(new)}
    for name in ("genre", "edition"):
        regression = LogisticRegression(C=10.0, max_iter=300).fit(known, train[name])
        found[name] = regression.predict(new)
    return found


def counted(passage: np.ndarray, words: int) -> csr_matrix:
    """How often each passage has each word: [N, words + 1], the first for those without an id."""
    rows = np.repeat(np.arange(len(passage)), passage.shape[1])
    return csr_matrix((np.ones(passage.size), (rows, passage.ravel())), (len(passage), words + 1))


def network(
    train: Arrays, test: Arrays, facts: dict[str, Any], block: Train, **changes: Any
) -> Arrays:
    keras.utils.set_random_seed(block.seed)
    model = Passage(**{**facts, "year": float(train["year"].mean()), **block.model, **changes})
    examples = ({"passage": train["passage"]}, {name: train[name] for name in passages.TARGETS})
    batches = arrays.shuffled(examples, block.batch_size, block.seed)
    model.compile(block.epochs * len(batches))
    model.steps_per_execution = block.steps_per_call
    model.fit(batches, epochs=block.epochs, shuffle=False, verbose=0)
    found = model.predictions({"passage": test["passage"]})
    return {
        "year": found["year"],
        "genre": found["genre"].argmax(axis=1),
        "edition": found["edition"] > 0.5,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, default=5)
    folds = parser.parse_args().folds
    block = params.read("train.passage", Train)
    runtime.configure(params.read("runtime", Runtime), block.seed)
    facts = passages.facts(PREPARED)
    halves = []
    for split in ("train", "validation"):
        inputs, targets = passages.load(PREPARED, split)
        halves.append({**inputs, **targets, **passages.groups(PREPARED, split)})
    every = {name: np.concatenate([half[name] for half in halves]) for name in halves[0]}
    division = StratifiedGroupKFold(folds).split(every["play"], every["genre"], every["play"])
    errors: dict[str, list[list[float]]] = {}
    for train, test in track(list(division)):
        known, new = ({n: array[rows] for n, array in every.items()} for rows in (train, test))
        answers = {
            "mean, most frequent": constant(known, new),
            "TF-IDF, linear": linear(known, new, len(facts["words"])),
        }
        answers |= {n: network(known, new, facts, block, **own) for n, own in NETWORKS.items()}
        for name, found in answers.items():
            right = [float((found[n] == new[n]).mean()) for n in ("genre", "edition")]
            years = float(np.abs(found["year"] - new["year"]).mean())
            errors.setdefault(name, []).append([years, *right])
    table = Table("", "error of the year, years", "genre right", "edition right")
    for name, rows in errors.items():
        years, genre, edition = np.mean(rows, axis=0)
        table.add_row(name, f"{years:.2f}", f"{genre:.3f}", f"{edition:.3f}")
    Console().print(table)


if __name__ == "__main__":
    main()
