"""Errors of `passage` beside those of linear models of the same words: five-fold cross-validation
by play over the training and validation plays. The test plays are left out.

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

from generative.core import params, runtime
from generative.core.runtime import Runtime
from generative.datasets import passages
from generative.datasets.base.arrays import Arrays, shuffled_batches
from generative.multi_io.passage import Passage
from generative.training.optimizers import ADAM
from generative.training.schema import Train

PREPARED = Path("data/prepared/passages")
NETWORKS: dict[str, dict[str, Any]] = {
    "as in params.yaml": {},
    "architecture: chollet2017": {"architecture": "chollet2017"},
    "not clipped": {"optimizer": ADAM},
    **{
        f"global_clipnorm: {norm:g}": {"optimizer": {**ADAM, "config": {"global_clipnorm": norm}}}
        for norm in (0.3, 1.0, 10.0)
    },
}


def constant(train: Arrays, test: Arrays) -> Arrays:
    """The mean year, the most frequent genre and edition."""
    values = {name: np.bincount(train[name].astype(int)).argmax() for name in ("genre", "edition")}
    values["year"] = train["year"].mean()
    return {name: np.full(len(test["year"]), value) for name, value in values.items()}


def linear(train: Arrays, test: Arrays, words: int) -> Arrays:
    """Ridge and logistic regression of TF-IDF."""
    train_counts, test_counts = (word_counts(split["passage"], words) for split in (train, test))
    weighting = TfidfTransformer(sublinear_tf=True)
    features = weighting.fit_transform(train_counts)
    test_features = weighting.transform(test_counts)
    found = {"year": Ridge(alpha=1.0).fit(features, train["year"]).predict(test_features)}
    for name in ("genre", "edition"):
        regression = LogisticRegression(C=10.0, max_iter=300).fit(features, train[name])
        found[name] = regression.predict(test_features)
    return found


def word_counts(passage: np.ndarray, words: int) -> csr_matrix:
    """How often each passage has each word: [N, words + 1], the first for those without an id."""
    rows = np.repeat(np.arange(len(passage)), passage.shape[1])
    return csr_matrix((np.ones(passage.size), (rows, passage.ravel())), (len(passage), words + 1))


def network(
    train: Arrays, test: Arrays, facts: dict[str, Any], section: Train, **changes: Any
) -> Arrays:
    """`passage`, trained as the section `train.passage` says but for `changes`."""
    keras.utils.set_random_seed(section.seed)
    model = Passage(**{**facts, "year": float(train["year"].mean()), **section.model, **changes})
    examples = ({"passage": train["passage"]}, {name: train[name] for name in passages.TARGETS})
    batches = shuffled_batches(examples, section.batch_size, section.seed).epoch(0)
    model.compile(section.epochs * int(batches.cardinality()))
    model.steps_per_execution = section.steps_per_call
    model.fit(batches, epochs=section.epochs, shuffle=False, verbose=0)
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
    section = params.read("train.passage", Train)
    runtime.configure(params.read("runtime", Runtime), section.seed)
    facts = passages.facts(PREPARED)
    splits = []
    for split in ("train", "validation"):
        inputs, targets = passages.load(PREPARED, split)
        splits.append({**inputs, **targets, **passages.groups(PREPARED, split)})
    examples = {name: np.concatenate([split[name] for split in splits]) for name in splits[0]}
    division = StratifiedGroupKFold(folds).split(
        examples["play"], examples["genre"], examples["play"]
    )
    errors: dict[str, list[list[float]]] = {}
    for rows in track(list(division)):
        train, test = ({n: array[own] for n, array in examples.items()} for own in rows)
        predictions = {
            "mean, most frequent": constant(train, test),
            "TF-IDF, linear": linear(train, test, len(facts["words"])),
        }
        for name, changes in NETWORKS.items():
            predictions[name] = network(train, test, facts, section, **changes)
        for name, found in predictions.items():
            correct = [float((found[n] == test[n]).mean()) for n in ("genre", "edition")]
            years = float(np.abs(found["year"] - test["year"]).mean())
            errors.setdefault(name, []).append([years, *correct])
    table = Table("", "error of the year, years", "genre accuracy", "edition accuracy")
    for name, rows in errors.items():
        years, genre, edition = np.mean(rows, axis=0)
        table.add_row(name, f"{years:.2f}", f"{genre:.3f}", f"{edition:.3f}")
    Console().print(table)


if __name__ == "__main__":
    main()
