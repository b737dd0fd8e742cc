"""Ready views of MLflow: what they hold, and that its UI opens them."""

import json
from pathlib import Path

import pytest

from generative.core import params
from generative.tracking.store import EXPERIMENT, Store
from generative.tracking.views import KIND, PREFIX, View, of_model, views
from tests.support import browser, server
from tests.support.tracking import query

DOCUMENT = {
    "defaults": {"gan": {"epochs": 3, "model": {"momentum": 0.5}}},
    "train": {
        "gan": {"family": "gan", "model": {"generator_learning_rate": 0.001}},
        "cgan": {"family": "gan", "model": {"generator_learning_rate": 0.002, "dropout": 0.1}},
        "cvae": {"family": "vae"},
    },
    "tune": {"separable": {"space": {"width": {"choices": [8]}}}},
    "repeat": {"gan": {"seeds": [2]}},
}


def test_there_is_a_view_of_each_comparison() -> None:
    found = {view.key: view for view in views(DOCUMENT)}
    assert list(found) == ["gan", "trials-separable", "seeds-gan"]
    assert found["gan"].parameters == ("model.generator_learning_rate",)
    assert "samples/frechet_distance" in found["gan"].metrics
    assert found["trials-separable"].parameters == ("model.width",)
    assert found["seeds-gan"].parameters == ("seed",)


def test_every_view_fits_into_a_tag() -> None:
    for view in views(params.read_document()):
        assert len(view.tag()[1]) < 5000


def test_a_view_is_kept_and_not_written_twice(database: Path) -> None:
    store = Store()
    for _ in range(2):
        store.keep_views(views(DOCUMENT))
    tags = dict(query(database, "select key, value from experiment_tags"))
    assert tags[KIND[0]] == "custom_model_development"
    state = json.loads(tags[f"{PREFIX}gan"])
    assert "tags.family = 'gan'" in state["searchFilter"]
    (parallel,) = (c for c in state["compareRunCharts"] if c["type"] == "PARALLEL")
    assert parallel["selectedParams"] == ["model.generator_learning_rate"]


def add_run(
    store: Store, folder: Path, key: str, rate: float, distance: float, seed: int = 1
) -> None:
    section = {"family": "gan", "seed": seed, "model": {"generator_learning_rate": rate}}
    run = store.create(f"train@{key}", {"train": {key: section}, "runtime": {}}, {}, folder)
    store.log(run, [({"samples/frechet_distance": distance}, 0)])
    store.client.set_terminated(run)


def test_the_runs_of_a_model_are_compared_by_what_differs(database: Path, tmp_path: Path) -> None:
    store = Store()
    for rate, seed in ((0.001, 1), (0.001, 2), (0.002, 1)):
        add_run(store, tmp_path, "gan", rate, 10.0, seed)
    add_run(store, tmp_path, "cgan", 0.003, 11.0)
    view = of_model("gan", store.search)
    assert view.parameters == ("model.generator_learning_rate", "seed")
    assert "samples/frechet_distance" in view.metrics
    found = store.client.search_runs([store.experiment], view.query)
    assert {run.data.tags["model"] for run in found} == {"gan"}
    assert len(found) == 3
    assert of_model("vae", store.search).parameters == ()


@pytest.mark.slow
@pytest.mark.skipif(not browser.CHROMIUM, reason="Chromium is not installed")
def test_the_ui_opens_a_view(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Path
) -> None:
    """With its runs, its title and its charts; a link to a view that is not there says so."""
    port = server.free_port()
    address = f"http://127.0.0.1:{port}"
    with server.serving(tmp_path, port):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        store = Store()
        store.keep_views(views(DOCUMENT))
        data = tmp_path / "mnist"
        data.mkdir()
        add_run(store, data, "gan", 0.001, 12.5)
        add_run(store, data, "cgan", 0.002, 11.5)
        add_run(store, data, "another", 0.003, 10.5)
        store.client.set_tag(store.find({"model": "another"})[0].info.run_id, "family", "vae")
        add_run(store, data, "gan", 0.001, 13.5, seed=2)
        (view, *_) = views(DOCUMENT)
        html = browser.page(view.link(address, store.experiment))
        assert "compare: gan" in html
        assert "frechet_distance" in html
        for name, shown in (("gan ·", True), ("cgan ·", True), ("another ·", False)):
            assert (name in html) == shown, name
        assert EXPERIMENT in html
        seeds = of_model("gan", store.search)
        assert seeds.parameters == ("seed",)
        store.keep_views([seeds])
        html = browser.page(seeds.link(address, store.experiment))
        assert "runs: gan" in html
        assert ("gan ·" in html, "cgan ·" in html) == (True, False)
        gone = View("gone", "", "", (), ("a",))
        assert "does not exist" in browser.page(gone.link(address, store.experiment))
