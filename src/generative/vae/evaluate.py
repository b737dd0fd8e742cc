"""How probable a variational autoencoder finds the test images, and what its codes tell of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from generative.core.params import Count, Schema, Seed
from generative.core.uncertainty import STANDARD_ERROR, mean_with_error, standard_error
from generative.datasets.base.dataset import Prepared
from generative.vae import metrics
from generative.vae.base.model import BaseVAE

Array = np.ndarray


class Evaluate(Schema):
    """The samples, images and seeds behind each number: the section `evaluate.vae`."""

    seed: Seed
    elbo_samples: Count
    importance_samples: Count
    importance_images: Annotated[int, Field(ge=2)]  # one has no standard error
    importance_guides: Count
    importance_components: Count
    grid_tolerance_nats: Annotated[float, Field(gt=0)]
    neighbours: Count

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        if self.importance_components > self.importance_guides:
            yield (
                f"{name}.importance_components: received {self.importance_components}, "
                f"at most {name}.importance_guides, which is {self.importance_guides}"
            )


def evaluate(model: BaseVAE, data: Prepared, options: Evaluate, folder: Path) -> dict[str, Any]:
    """The ELBO and its terms, the negative log-likelihood by importance sampling and, of a
    two-dimensional latent space, by quadrature, in nats an image of the test split; how many latent
    dimensions are in use, and how well the nearest codes tell the label."""
    (train, train_labels), (test, labels) = data.load("train"), data.load("test")
    guides = train[: options.importance_guides]
    found = elbo(model, test, options) | importance_sampling(model, test, guides, options)
    if model.latent_size == 2:
        exact, change = metrics.exact_log_likelihood(model, test, options.grid_tolerance_nats)
        found |= mean_with_error("nll_exact_nats", -exact)
        found["exact_last_refinement_nats"] = change
    train_codes, codes = (metrics.encode(model, images)[0] for images in (train, test))
    found["active_units"] = metrics.active_units(codes)
    right = metrics.nearest_neighbours_agree(
        (train_codes, train_labels), (codes, labels), options.neighbours
    )
    return found | mean_with_error("latent_knn_accuracy", right)


def elbo(model: BaseVAE, images: Array, options: Evaluate) -> dict[str, float]:
    """The evidence lower bound and its two terms, means over `images` in nats."""
    reconstruction, kl = metrics.elbo_terms(model, images, options.elbo_samples, options.seed)
    return {
        **mean_with_error("elbo_nats", -(reconstruction + kl)),
        **mean_with_error("reconstruction_nats", reconstruction),
        **mean_with_error("kl_nats", kl),
    }


def importance_sampling(
    model: BaseVAE, images: Array, guides: Array, options: Evaluate
) -> dict[str, float]:
    """The negative log-likelihood by importance sampling, the mean over `images` in nats: few
    samples for every image, all of them for a random subset (see `metrics.two_level_mean`).

    nll_importance_subset_error_nats: the standard error that the subset alone brings."""
    seed, samples = options.seed, options.importance_samples
    proposal = metrics.guided_posterior(model, images, guides, options.importance_components)
    subset = np.random.default_rng(seed).permutation(len(images))[: options.importance_images]
    coarse, fine = (
        metrics.importance_log_likelihood(model, images[i], proposal.subset(i), count, seed)
        for i, count in ((np.arange(len(images)), max(2, samples // 100)), (subset, samples))
    )
    log_likelihood, of_subset = metrics.two_level_mean(coarse, fine, subset)
    return {
        "nll_importance_nats": -log_likelihood,
        f"nll_importance_nats{STANDARD_ERROR}": float(np.hypot(standard_error(coarse), of_subset)),
        "nll_importance_subset_error_nats": of_subset,
        "importance_samples": samples,
    }
