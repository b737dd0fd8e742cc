"""Measure one trained likelihood model on the test digits: how probable it finds them, and what the
judge says of those that it generates."""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from generative.core import errors
from generative.image_quality import comparison as judge
from generative.core import params
from generative.core import runtime
from generative.core import saving
from generative.image_quality.schema import EvaluateImages
from generative.vae.schema import EvaluateLikelihood
from generative.core.runtime import Runtime
from generative.datasets import mnist
from generative.core.folders import atomic_folder
from generative.core.folders import write_json
from generative.vae import metrics as likelihood


def main(arguments: list[str]) -> None:
    model_folder, prepared, judge_folder, out = map(Path, arguments)
    block = params.read("evaluate.likelihood", EvaluateLikelihood)
    compared = params.read("evaluate.images", EvaluateImages)
    # Always float32: a metric must not depend on the precision that training could afford.
    runtime.configure(params.read("runtime", Runtime), block.seed)
    model = saving.load(model_folder)
    own = saving.describe(model_folder).data
    splits = {name: mnist.load(prepared, name, **own) for name in ("train", "test")}
    metrics: dict[str, Any] = dict(measure(model, splits, block))

    # The judge sees grey digits, whatever the model was trained on, so that models compare.
    grey = {**own, "binarization": "none"}
    (train, _), (test, labels) = (mnist.load(prepared, name, **grey) for name in splits)
    ensemble = saving.load(judge_folder)
    metrics |= judge.Comparison(ensemble, test, train, compared, labels).of_model(model)
    metrics["judge"] = judge.identity(judge_folder)
    with atomic_folder(out) as folder:
        write_json(folder / "metrics.json", metrics)


def measure(
    model: Any, splits: dict[str, Any], block: EvaluateLikelihood
) -> dict[str, float | int]:
    images, labels = splits["test"]
    reconstruction, kl = likelihood.elbo_terms(model, images, block.elbo_samples, block.seed)
    elbo = -(reconstruction + kl)

    # Few samples for every image, all of them for some: see `two_level_mean`.
    guides = splits["train"][0][: block.importance_guides]
    proposal = likelihood.guided_posterior(model, images, guides, block.importance_components)
    chosen = np.random.default_rng(block.seed).permutation(len(images))[: block.importance_images]
    coarse, fine = (
        likelihood.importance_log_likelihood(model, images[i], proposal.of(i), samples, block.seed)
        for i, samples in (
            (np.arange(len(images)), max(2, block.importance_samples // 100)),
            (chosen, block.importance_samples),
        )
    )
    importance, standard_error = likelihood.two_level_mean(coarse, fine, chosen)

    codes = {name: likelihood.encode(model, x)[0] for name, (x, _) in splits.items()}
    metrics: dict[str, float | int] = {
        "elbo_nats": float(elbo.mean()),
        "elbo_standard_error_nats": float(elbo.std(ddof=1) / np.sqrt(len(images))),
        "reconstruction_nats": float(reconstruction.mean()),
        "kl_nats": float(kl.mean()),
        "nll_importance_nats": -importance,
        "nll_importance_standard_error_nats": standard_error,
        "importance_samples": block.importance_samples,
    }
    if model.latent_size == 2:
        exact, moved = likelihood.exact_log_likelihood(model, images, block.grid_tolerance_nats)
        metrics["nll_exact_nats"] = float(-exact.mean())
        metrics["exact_last_refinement_nats"] = moved
    metrics["active_units"] = likelihood.active_units(codes["test"])
    metrics["latent_knn_accuracy"] = likelihood.nearest_neighbour_accuracy(
        (codes["train"], splits["train"][1]), (codes["test"], labels), block.neighbours
    )
    return metrics


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
