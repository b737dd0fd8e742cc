"""What is measured of a VAE, and which options contradict each other."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generative.core import params
from generative.core.errors import BadInput
from generative.datasets.base.dataset import Prepared
from generative.vae.evaluate import Evaluate, evaluate
from tests.support.vae import build_cvae

OPTIONS: dict[str, Any] = {
    "seed": 1,
    "elbo_samples": 2,
    "importance_samples": 300,
    "importance_images": 10,
    "importance_guides": 50,
    "importance_components": 3,
    "grid_tolerance_nats": 1.0,
    "neighbours": 5,
}


@pytest.fixture
def data(prepared_mnist: Path) -> Prepared:
    options = {"binarization": "threshold", "binarization_seed": 1}
    return Prepared("mnist", options, prepared_mnist)


@pytest.mark.parametrize("latent_size", [2, 3])
def test_what_is_measured(latent_size: int, data: Prepared, tmp_path: Path) -> None:
    model = build_cvae(latent_size=latent_size)
    found = evaluate(model, data, Evaluate(**OPTIONS), tmp_path)
    errors = {name for name in found if name.endswith("_standard_error")}
    exact = {"nll_exact_nats", "exact_last_refinement_nats"} if latent_size == 2 else set()
    means = {"elbo_nats", "reconstruction_nats", "kl_nats", "nll_importance_nats"}
    means |= {"latent_knn_accuracy"} | (exact & {"nll_exact_nats"})
    assert errors == {f"{name}_standard_error" for name in means}
    assert set(found) - errors == exact | {
        "elbo_nats",
        "reconstruction_nats",
        "kl_nats",
        "nll_importance_nats",
        "nll_importance_subset_error_nats",
        "importance_samples",
        "active_units",
        "latent_knn_accuracy",
    }
    assert np.isfinite(list(found.values())).all()
    terms = found["reconstruction_nats"] + found["kl_nats"]
    assert found["elbo_nats"] == pytest.approx(-terms, rel=1e-6)
    assert found["nll_importance_nats"] < -found["elbo_nats"]
    if latent_size == 2:
        assert found["nll_exact_nats"] == pytest.approx(found["nll_importance_nats"], abs=1.0)
    assert not list(tmp_path.iterdir())


def test_a_mixture_has_no_more_components_than_guides(tmp_path: Path) -> None:
    document = {"evaluate": {"vae": {**OPTIONS, "importance_components": 51}}}
    message = "importance_components: received 51, at most evaluate.vae.importance_guides, .* 50"
    with pytest.raises(BadInput, match=message):
        params.read_section("evaluate.vae", Evaluate, document, tmp_path / "params.yaml")
