"""Publishing models and the judge, on a real store. tests/pipeline/test_story.py publishes results
as they come and go."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from generative.core.errors import BadInput
from generative.tracking import publish as publishing
from generative.tracking.entries import entries, nest
from generative.tracking.publish import publish
from generative.tracking.store import Store, StoreUnavailable
from tests.support.tracking import artifacts, query, write_results

PARAMS = {
    "train": {"cvae": {"family": "vae", "epochs": 2, "precision": "bfloat16"}},
    "runtime": {"determinism": True},
}
DOCUMENT: dict[str, Any] = {"profile": "test", "train": {"cvae": {"family": "vae"}}}
LOCK: dict[str, Any] = {
    "train@cvae": {
        "deps": [{"path": "data/prepared/mnist"}, {"path": "src/generative/core"}],
        "outs": [{"path": "data/history/cvae"}, {"path": "data/models/cvae"}],
        "params": {
            "params.yaml": {
                "defaults.vae": {"precision": "auto", "model": {"beta": 1.0, "latent_size": 2}},
                "train.cvae": {"family": "vae", "model": {"beta": 2.0}},
                "runtime": {"determinism": True},
            }
        },
    },
    "evaluate@cvae": {"outs": [{"path": "data/metrics/cvae", "md5": "1"}]},
}
FILES = {
    "prepared/mnist/mnist.npz": "digits",
    "models/cvae/model.json": "{}",
    "models/cvae/model.weights.h5": "weights",
    "history/cvae/history.csv": "epoch,loss\n1,3.5\n2,2.5\n",
    "history/cvae/params.json": PARAMS,
    "metrics/cvae/metrics.json": '{"elbo_nats": -150.5, "judge": "abc"}',
    "samples/cvae/samples.png": "picture",
}


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Path) -> Path:
    """What the pipeline leaves of one model, without the pipeline."""
    monkeypatch.chdir(tmp_path)
    write_results(tmp_path, DOCUMENT, LOCK, FILES)
    return tmp_path


def model_files(database: Path) -> Path:
    """The folder of the files of the only logged model."""
    ((uri,),) = query(database, "select artifact_location from logged_models")
    return Path(uri.removeprefix("file://"))


def params_of_run(database: Path) -> dict[str, str]:
    return dict(query(database, "select key, value from params"))


def published() -> tuple[dict[str, str], str]:
    """What was done for each stage, and the error at the end."""
    done: dict[str, str] = {}
    with pytest.raises(BadInput) as failure:
        done.update(publish())
    assert "\n" not in str(failure.value)
    return done, str(failure.value)


def test_publish_restores_keeps_and_updates(results: Path, database: Path) -> None:
    assert dict(publish()) == {"train@cvae": "restored"}
    assert dict(publish()) == {"train@cvae": "kept"}
    (results / "data/metrics/cvae/metrics.json").write_text('{"elbo_nats": -149.5}')
    newer = {**LOCK, "evaluate@cvae": {"outs": [{"path": "data/metrics/cvae", "md5": "2"}]}}
    write_results(results, DOCUMENT, newer, {})
    assert dict(publish()) == {"train@cvae": "updated"}
    assert query(database, "select status from runs") == [("FINISHED",)]
    assert query(database, "select value from tags where key = 'judge'") == [("abc",)]
    points = set(query(database, "select key, step, value from latest_metrics"))
    assert points == {("train/loss", 2, 2.5), ("test/elbo_nats", 0, -149.5)}
    assert (artifacts(database) / "pictures" / "samples.png").exists()
    assert (model_files(database) / "model.weights.h5").exists()


def test_a_restored_run_has_the_parameters_of_its_training(results: Path, database: Path) -> None:
    assert dict(publish()) == {"train@cvae": "restored"}
    assert params_of_run(database) == {
        "epochs": "2",
        "precision": "bfloat16",
        "runtime.determinism": "True",
    }
    tags = dict(query(database, "select key, value from tags"))
    assert (tags["precision"], tags["determinism"]) == ("bfloat16", "bitwise")


def test_where_a_training_wrote_none_they_are_those_of_the_lock(
    results: Path, database: Path
) -> None:
    (results / "data/history/cvae/params.json").unlink()
    assert dict(publish()) == {"train@cvae": "restored"}
    assert params_of_run(database) == {
        "precision": "auto",
        "model.beta": "2.0",
        "model.latent_size": "2",
        "runtime.determinism": "True",
    }


def test_publish_sends_all_of_a_generator(results: Path, database: Path) -> None:
    """Its metrics and pictures lie in several folders, and its training warned."""
    images = {
        "frechet_distance": 0.25,
        "digits_covered": 10,
        "extractor": "alexnet 0123",
        "judge": "abc",
    }
    document = {**DOCUMENT, "generators": {"cvae": {}}, "disentanglement": {"cvae": {}}}
    files = {
        "metrics/cvae/curve.png": "picture",
        "image_quality/cvae/metrics.json": images,
        "image_quality/cvae/digits_by_epoch.png": "picture",
        "image_quality/cvae/digits_by_epoch.csv": "epoch,digit_0\n1,5\n",
        "disentanglement/cvae/metrics.json": {"category_error": 0.125, "codes": {"slant": 0.5}},
        "disentanglement/cvae/sweep.png": "picture",
        "history/cvae/warnings.txt": "epoch 1: it dominates\n",
        "history/cvae/history.csv": "epoch,generator,norm,val_generator\n1,-0.5,0.1,-0.4\n",
    }
    write_results(results, document, LOCK, files)
    assert dict(publish()) == {"train@cvae": "restored"}
    points = dict(query(database, "select key, value from latest_metrics"))
    assert points == {
        "train/generator": -0.5,
        "train/norm": 0.1,
        "val/generator": -0.4,
        "test/elbo_nats": -150.5,
        "samples/frechet_distance": 0.25,
        "samples/digits_covered": 10,
        "samples/category_error": 0.125,
        "samples/codes.slant": 0.5,
    }
    tags = dict(query(database, "select key, value from tags"))
    assert (tags["extractor"], tags["judge"]) == ("alexnet 0123", "abc")
    assert {file.name for file in (artifacts(database) / "pictures").iterdir()} == {
        "samples.png",
        "curve.png",
        "digits_by_epoch.png",
        "sweep.png",
    }
    history = artifacts(database) / "history"
    assert (history / "warnings.txt").read_text() == "epoch 1: it dominates\n"
    assert (history / "history.csv").exists()
    for name in ("model.json", "model.weights.h5", "README.md", "requirements.txt", "MLmodel"):
        assert (model_files(database) / name).exists()


@pytest.mark.parametrize("kind", ["image_quality", "disentanglement", "samples"])
def test_a_run_is_updated_by_any_of_its_results(results: Path, database: Path, kind: str) -> None:
    document = {**DOCUMENT, "generators": {"cvae": {}}, "disentanglement": {"cvae": {}}}
    files: dict[str, Any] = {
        f"{name}/cvae/metrics.json": {} for name in ("image_quality", "disentanglement")
    }
    first, newer = (
        {**LOCK, f"{kind}@cvae": {"outs": [{"path": f"data/{kind}/cvae", "md5": md5}]}}
        for md5 in ("1", "2")
    )
    write_results(results, document, first, files)
    assert dict(publish()) == {"train@cvae": "restored"}
    assert dict(publish()) == {"train@cvae": "kept"}
    write_results(results, document, newer, {})
    assert dict(publish()) == {"train@cvae": "updated"}


def test_the_judge_has_a_run_of_its_own(results: Path, database: Path) -> None:
    members = {"mnist": {"members": ["one", "two"]}}
    lock = {
        "judge@mnist": {
            "deps": [{"path": "data/models/one"}, {"path": "data/prepared/mnist"}],
            "outs": [{"path": "data/judge/mnist"}],
            "params": {"params.yaml": {"judge": members, "runtime": {"determinism": False}}},
        },
        "evaluate_judge@mnist": {"outs": [{"path": "data/metrics/judge", "md5": "1"}]},
    }
    files = {
        "judge/mnist/digits.json": "{}",
        "judge/mnist/digits.weights.h5": "weights",
        "metrics/judge/metrics.json": {"test_accuracy": 0.995},
        "metrics/judge/reliability.png": "picture",
    }
    write_results(results, {"profile": "test", "judge": members}, lock, files)
    assert dict(publish()) == {"judge@mnist": "restored"}
    assert dict(publish()) == {"judge@mnist": "kept"}
    ((name,),) = query(database, "select name from runs")
    assert name.startswith("judge mnist · test · ")
    assert query(database, "select key, value from latest_metrics") == [("test/accuracy", 0.995)]
    assert params_of_run(database) == {
        "members": "['one', 'two']",
        "runtime.determinism": "False",
    }
    assert (artifacts(database) / "model" / "digits.weights.h5").exists()
    assert (artifacts(database) / "pictures" / "reliability.png").exists()


def test_sections_that_are_gone_are_not_published(results: Path, database: Path) -> None:
    """What a removed section leaves in dvc.lock and under data/ is not published."""
    gone = {"deps": [{"path": "data/prepared/mnist"}], "outs": [{"path": "data/models/old"}]}
    lock = {**LOCK, "train@old": gone, "ensemble": {"outs": [{"path": "data/models/ensemble"}]}}
    # Metrics of a generator and codes that params.yaml does not name any more, and cannot be read.
    files = {f"{kind}/cvae/metrics.json": "{" for kind in ("image_quality", "disentanglement")}
    write_results(results, DOCUMENT, lock, files)
    (results / "data/models/old").mkdir()
    assert dict(publish()) == {"train@cvae": "restored"}
    write_results(results, {"profile": "test"}, lock, {})
    assert dict(publish()) == {}
    assert query(database, "select status from runs where lifecycle_stage = 'active'") == [
        ("FINISHED",)
    ]


def test_a_section_that_was_never_trained_is_not_published(results: Path) -> None:
    document = {**DOCUMENT, "train": {**DOCUMENT["train"], "new": {"family": "gan"}}}
    document["judge"] = {"mnist": {"members": ["new"]}}
    assert [entry.stage for entry in entries(LOCK, document)] == ["train@cvae"]


def test_publish_needs_a_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="dvc.lock is missing; run dvc repro first"):
        dict(publish())
    assert query(database, "select * from runs") == []


@pytest.mark.parametrize(
    "folder", ["models/cvae", "history/cvae", "metrics/cvae", "samples/cvae", "prepared/mnist"]
)
def test_publish_asks_for_what_is_missing(results: Path, database: Path, folder: str) -> None:
    shutil.rmtree(results / "data" / folder)
    done, error = published()
    expected = f"failed: data/{folder} is missing; run dvc pull, then dvc repro"
    assert done == {"train@cvae": expected}
    assert error.startswith("1 of 1 runs are not published: train@cvae; ")
    assert query(database, "select * from runs") == []


def test_one_failure_stops_no_other(results: Path, database: Path) -> None:
    keys = ("one", "two", "three", "cvae")
    document = {"profile": "test", "train": {key: {"family": "vae"} for key in keys}}
    lock: dict[str, Any] = {}
    files: dict[str, Any] = {}
    for key in keys:
        lock |= json.loads(json.dumps(LOCK).replace("cvae", key))
        files |= {name.replace("cvae", key): content for name, content in FILES.items()}
    files["metrics/one/metrics.json"] = '{"elbo_nats": '
    files["metrics/two/metrics.json"] = "[1, 2]"
    files["history/three/history.csv"] = ""
    write_results(results, document, lock, files)
    done, error = published()
    assert list(done) == [f"train@{key}" for key in keys]
    for key in ("one", "two"):
        line = done[f"train@{key}"]
        assert line.startswith(f"failed: data/metrics/{key}/metrics.json cannot be read (")
    assert done["train@three"].startswith("failed: EmptyDataError: ")
    assert done["train@cvae"] == "restored"
    assert error == (
        "3 of 4 runs are not published: train@one, train@two, train@three; "
        "mend what is named above and run: generative publish"
    )
    files = {f"{name}/metrics.json": {"elbo_nats": -1.5} for name in ("metrics/one", "metrics/two")}
    write_results(results, document, lock, {**files, "history/three/history.csv": "epoch,loss\n"})
    assert set(dict(publish()).values()) == {"restored", "kept"}
    names = "select count(*) from runs where lifecycle_stage = 'active'"
    assert query(database, names) == [(4,)]


def test_a_store_that_goes_away_stops_all(
    results: Path, monkeypatch: pytest.MonkeyPatch, database: Path
) -> None:
    def gone(*arguments: Any) -> None:
        raise ConnectionError("the server is gone")

    monkeypatch.setattr(Store, "find", gone)
    monkeypatch.setattr(Store, "ping", gone)
    with pytest.raises(StoreUnavailable, match=r"cannot be used \(the server is gone\)"):
        dict(publish())


def test_two_at_once_agree(results: Path, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits for the first, and finds its runs."""
    program = "from generative.tracking import publish\nprint(list(publish.publish()))"
    both = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    printed = [process.communicate()[0] for process in both]
    assert sorted("restored" in text for text in printed) == [False, True]
    assert sorted("kept" in text for text in printed) == [False, True]
    monkeypatch.setattr(publishing, "PATIENCE", 0.1)
    with FileLock(publishing.LOCKED), pytest.raises(BadInput, match="another publish is at work"):
        list(publish())


def test_an_experiment_that_was_deleted_is_restored(
    results: Path, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dict(publish()) == {"train@cvae": "restored"}
    store = Store()
    store.client.delete_experiment(store.experiment)
    assert set(dict(publish())) == {"train@cvae"}
    assert "experiment generative was deleted; it is restored" in capsys.readouterr().out
    assert query(database, "select lifecycle_stage from experiments where name = 'generative'") == [
        ("active",)
    ]


def test_a_publish_that_was_cut_off_is_done_again(
    results: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "add_files", lambda *_: 1 / 0)
        done, _ = published()
        assert done == {"train@cvae": "failed: ZeroDivisionError: division by zero"}
    assert dict(publish()) == {"train@cvae": "restored"}
    active = "select count(*) from runs where lifecycle_stage = 'active'"
    assert query(database, active) == [(1,)]


def test_nest_undoes_the_names_of_the_lock() -> None:
    sections = {
        "train.cvae": {"epochs": 1},
        "train.cvae.dataset": "mnist",
        "runtime": {"threads": 0},
    }
    assert nest(sections) == {
        "train": {"cvae": {"epochs": 1, "dataset": "mnist"}},
        "runtime": {"threads": 0},
    }


def test_a_description_of_a_persons_own_stays(results: Path, database: Path) -> None:
    assert dict(publish()) == {"train@cvae": "restored"}
    store = Store()
    (run,) = store.find({"model": "cvae"})
    assert "train@cvae" in run.data.tags["mlflow.note.content"]
    newer = {**LOCK, "evaluate@cvae": {"outs": [{"path": "data/metrics/cvae", "md5": "2"}]}}
    store.client.set_tag(run.info.run_id, "mlflow.note.content", "mine")
    write_results(results, DOCUMENT, newer, {})
    assert dict(publish()) == {"train@cvae": "updated"}
    (run,) = store.find({"model": "cvae"})
    assert run.data.tags["mlflow.note.content"] == "mine"


def test_a_renamed_experiment_is_found(
    results: Path, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dict(publish()) == {"train@cvae": "restored"}
    store = Store()
    store.client.rename_experiment(store.experiment, "mine")
    assert dict(publish()) == {"train@cvae": "kept"}
    assert "experiment generative is now called mine" in capsys.readouterr().out
    assert query(database, "select count(*) from runs") == [(1,)]


def test_an_experiment_of_dvc_names_what_it_shares(
    results: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dict(publish()) == {"train@cvae": "restored"}
    for name in ("wide", "deep", "wide"):
        monkeypatch.setenv("DVC_EXP_NAME", name)
        assert dict(publish()) == {"train@cvae": "kept"}
    assert query(database, "select value from tags where key = 'dvc.exp'") == [("wide deep",)]


def test_which_commit_has_the_weights(results: Path, database: Path) -> None:
    """DVC's hash of the model is in dvc.lock, and so in git."""
    outs = [{"path": "data/history/cvae"}, {"path": "data/models/cvae", "md5": "0123.dir"}]
    lock = {**LOCK, "train@cvae": {**LOCK["train@cvae"], "outs": outs}}
    write_results(results, DOCUMENT, lock, {})
    assert dict(publish()) == {"train@cvae": "restored"}
    assert query(database, "select value from tags where key = 'dvc.out'") == [("0123.dir",)]
    # The commit that a restored run was trained with is not known.
    assert query(database, "select value from tags where key like '%git%'") == []


def test_each_seed_of_a_repeated_training_is_inside_it(results: Path, database: Path) -> None:
    document = {**DOCUMENT, "repeat": {"cvae": {"seeds": [2, 3]}}}
    lock = {**LOCK, "repeat@cvae": {**LOCK["train@cvae"], "outs": [{"path": "data/repeats/cvae"}]}}
    files: dict[str, Any] = {}
    for seed in (2, 3):
        files |= {
            f"repeats/cvae/seed_{seed}/metrics.json": {"leakage": seed / 10},
            f"repeats/cvae/seed_{seed}/history.csv": f"epoch,loss\n1,{seed}.5\n",
        }
    write_results(results, document, lock, files)
    done = {"train@cvae": "restored", "repeat@cvae seed 2": "restored"}
    assert dict(publish()) == {**done, "repeat@cvae seed 3": "restored"}
    assert set(dict(publish()).values()) == {"kept"}
    store = Store()
    (parent,) = store.find({"dvc.stage": "train@cvae"})
    runs = store.find({"mlflow.parentRunId": parent.info.run_id})
    found = {run.data.tags["seed"]: run.data.metrics for run in runs}
    assert found == {
        "2": {"train/loss": 2.5, "samples/leakage": 0.2},
        "3": {"train/loss": 3.5, "samples/leakage": 0.3},
    }


@pytest.mark.parametrize("top", ["tune", "repeat", "style"])
def test_an_empty_section_stops_nothing(results: Path, database: Path, top: str) -> None:
    write_results(results, {**DOCUMENT, top: {"a": None}}, LOCK, {})
    assert dict(publish()) == {"train@cvae": "restored"}
