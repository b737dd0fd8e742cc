"""Results where they are: a checkout, a profile's workspace, a results file; and what is none."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generative.core.errors import BadInput
from generative.results import collect, records
from generative.results.comparison import compare, verdicts
from tests.support.results import HERE, THERE
from tests.support.training import Small

PARAMS = {
    "train": {"cvae": {"family": "vae", "dataset": "mnist", "seed": 3, "model": {"beta": 1.0}}},
    "runtime": {"threads": 1},
}


PARAMETERS = {"evaluate.vae": {"seed": 1}, "references.mnist": {"samples": 100}}
MODEL = {"path": "data/models/cvae", "md5": "a" * 32}


def write(folder: Path, profile: str = "default", **document: Any) -> None:
    """What a training and its measures leave; `document` is more of params.yaml."""
    measured = {"deps": [MODEL], "params": {"params.yaml": PARAMETERS}}
    stages = {
        "train@cvae": {"outs": [MODEL]},
        "evaluate@cvae": measured,
        "image_quality@cvae": measured,
        "evaluate_judge@mnist": {"params": {"params.yaml": {"evaluate.classifiers": {"bins": 5}}}},
        "references@mnist": {"params": {"params.yaml": {"references.mnist": {"samples": 100}}}},
        "style@harbour": {"params": {"params.yaml": {"style.harbour": {"steps": 5}}}},
    }
    for name, content in {
        "data/history/cvae/params.json": PARAMS,
        "data/history/cvae/machine.json": HERE,
        "data/metrics/cvae/metrics.json": {"elbo_nats": -150.5, "note": "a text"},
        "data/image_quality/cvae/metrics.json": {"frechet_distance": 2.5, "extractor": "ab12"},
        "params.yaml": {"profile": profile, "train": {"cvae": {}}, **document},
        "dvc.lock": {"schema": "2.0", "stages": stages},
    }.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content))


def test_a_checkout(tmp_path: Path) -> None:
    write(tmp_path)
    (found,) = collect.of(str(tmp_path))
    assert (found.model, found.seed, found.profile) == ("cvae", 3, "default")
    assert found.metrics == {"test/elbo_nats": -150.5, "samples/frechet_distance": 2.5}
    assert found.machine == HERE
    assert found.parameters == {
        "model.beta": 1.0,
        "runtime.threads": 1,
        "evaluate.seed": 1,
        "references.samples": 100,
    }
    (file,) = records.add([found], tmp_path / "results")
    assert collect.of(str(file)) == collect.of(str(tmp_path / "results")) == [found]


def test_the_judge_known_cases_and_pictures_are_records_too(tmp_path: Path) -> None:
    write(
        tmp_path,
        judge={"mnist": {"members": ["residual"]}},
        references={"mnist": {"samples": 7}},
        style={"harbour": {"steps": 5}},
    )
    for folder, content in {
        "metrics/judge": {"test_accuracy": 0.99},
        "references/mnist": {"extractor": "ab12", "floor": {"recall": 0.95}},
        "style/harbour": {"style_loss_ratio": 0.01},
    }.items():
        file = tmp_path / "data" / folder / "metrics.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(content))
    found = {record.model: record for record in collect.of(str(tmp_path))}
    assert list(found) == ["cvae", "judge", "references_mnist", "style_harbour"]
    assert found["judge"].metrics == {"test/accuracy": 0.99}
    assert found["judge"].parameters == {"bins": 5}
    assert found["references_mnist"].metrics == {"floor.recall": 0.95}
    # As it was measured, whatever params.yaml says now.
    assert found["references_mnist"].parameters == {"samples": 100}
    assert found["style_harbour"].parameters == {"steps": 5}
    assert {record.seed for record in found.values()} == {3, 0}


def test_what_was_measured_of_an_older_model_is_none_of_this_one(tmp_path: Path) -> None:
    write(tmp_path)
    lock = json.loads((tmp_path / "dvc.lock").read_text())
    lock["stages"]["image_quality@cvae"]["deps"] = [{**MODEL, "md5": "b" * 32}]
    (tmp_path / "dvc.lock").write_text(json.dumps(lock))
    (found,) = collect.of(str(tmp_path))
    assert found.metrics == {"test/elbo_nats": -150.5}
    lock["stages"]["train@cvae"]["outs"] = [{**MODEL, "md5": "c" * 32}]
    (tmp_path / "dvc.lock").write_text(json.dumps(lock))
    with pytest.raises(BadInput, match="has no results"):
        collect.of(str(tmp_path))


def test_a_model_that_params_yaml_does_not_name_any_more(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "params.yaml").write_text(json.dumps({"train": {"vae": {}}}))
    with pytest.raises(BadInput, match="has no results"):
        collect.of(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data/metrics/cvae/metrics.json", '{"elbo'),
        ("data/metrics/cvae/metrics.json", '{"elbo_nats": NaN}'),
        ("data/history/cvae/machine.json", ""),
        ("data/history/cvae/params.json", "{}"),
        ("data/history/cvae/params.json", '{"train": {"vae": {}}}'),
        ("params.yaml", "train: ["),
        ("dvc.lock", "[]"),
    ],
)
def test_what_was_cut_or_edited(tmp_path: Path, name: str, content: str) -> None:
    write(tmp_path)
    (tmp_path / name).write_text(content)
    with pytest.raises(BadInput, match="cut or edited"):
        collect.of(str(tmp_path))


def test_a_profile_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / ".cache/profiles/demo", "demo")
    (found,) = collect.of("demo")
    assert found.profile == "demo"


def test_what_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="nowhere: neither results, a checkout"):
        collect.of("nowhere")
    (tmp_path / "params.yaml").write_text("profile: default\n")
    with pytest.raises(BadInput, match="has no results, or they are of an older version; run"):
        collect.of(str(tmp_path))


@pytest.mark.slow
def test_half_the_epochs_and_a_wrong_weight_are_off(
    tiny_params: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Five seeds that are trained, and three trainings as of another machine."""

    def train(seed: int, machine: dict[str, Any], epochs: int = 32, **model: Any) -> records.Record:
        small = Small("cvae", tiny_params, request, epochs=epochs, seed=seed, snapshot_count=1)
        small.train.model.update(model)
        workspace = tmp_path / f"{seed}_{epochs}_{len(model)}"
        last = small.fit(small.build(), workspace).table.iloc[-1]
        measured = {str(n): float(v) for n, v in last.items() if str(n).startswith("val_")}
        assert np.isfinite(list(measured.values())).all()
        return records.Record(
            model="cvae",
            seed=seed,
            profile="tiny",
            commit="",
            date="",
            machine=machine,
            parameters={"epochs": epochs, **model},
            metrics=measured,
        )

    known = [train(seed, HERE) for seed in range(1, 6)]
    verdict = {
        name: verdicts(compare([found], known))["cvae"]
        for name, found in {
            "right": train(7, THERE),
            "half": train(7, THERE, epochs=16),
            "wrong": train(7, THERE, beta=0.0),
        }.items()
    }
    assert verdict == {"right": "within", "half": "off", "wrong": "off"}
