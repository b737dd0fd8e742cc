"""The real pipeline, run small, re-runs exactly what depends on a change. The tests are steps: each
starts where the last ended, and the slow ones end where they started. What differs from its
siblings in the model alone is left out; `make smoke` runs it all."""

import json
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.workspace import ODD_NAME, Workspace, make_workspace

OBSERVER = "src/generative/tracking/"
CLASSIFIERS = {"residual", "residual_sharp", "separable"}
GENERATORS = {"cvae", "gan_non_saturating", "infogan", "dcgan"}
MODELS = CLASSIFIERS | GENERATORS | {"char_lstm", "question_answering"}
OF_CVAE = {f"{stage}@cvae" for stage in ("train", "evaluate", "image_quality", "render", "browser")}
TRAINING = {f"train@{key}" for key in MODELS} | {"tune@separable", "style@chelsea_ihc"}
EVERYTHING = {
    *(
        f"fetch@{k}"
        for k in ("alexnet", "mnist", "photographs", "pictures", "shakespeare", "vgg16")
    ),
    *(f"prepare@{key}" for key in ("mnist", "pictures", "shakespeare", "stories")),
    *(f"{stage}@{key}" for stage in ("train", "evaluate", "render") for key in MODELS),
    *(f"image_quality@{key}" for key in GENERATORS),
    "judge@mnist",
    "evaluate_judge@mnist",
    "references@mnist",
    "references@pictures",
    "browser@cvae",
    "browser@char_lstm",
    "disentanglement@infogan",
    "repeat@infogan",
    "objectives@gan",
    "tune@separable",
    "vgg@vgg16",
    "style@chelsea_ihc",
    "report",
    "publish",
}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, mirror: Path) -> Workspace:
    return make_workspace(tmp_path_factory.mktemp("story") / ODD_NAME, mirror)


@pytest.fixture(scope="module", autouse=True)
def first_run(story: Workspace) -> set[str]:
    """The stages of the first run, which every test begins with."""
    return story.repro()


def runs(workspace: Workspace, stage: str = "train@cvae") -> list[dict[str, str]]:
    """The tags of the runs of `stage` that the workspace's MLflow holds, oldest first."""
    with sqlite3.connect(workspace.folder / "mlruns" / "mlflow.db") as database:
        rows = database.execute(
            "select run_uuid, status from runs where lifecycle_stage = 'active' order by start_time"
        )
        found = []
        for run, status in rows.fetchall():
            tags = dict(
                database.execute("select key, value from tags where run_uuid = ?", [run]).fetchall()
            )
            if tags.get("dvc.stage") == stage:
                found.append({**tags, "status": status, "id": run})
        return found


def trials(workspace: Workspace) -> list[str]:
    """The numbers of the trials that are nested in the one run of the search."""
    (search,) = runs(workspace, "tune@separable")
    query = (
        "select n.value from tags p join tags n using (run_uuid) join runs using (run_uuid) where "
        "p.key = 'mlflow.parentRunId' and p.value = ? and n.key = 'trial' "
        "and lifecycle_stage = 'active' order by n.value"
    )
    with sqlite3.connect(workspace.folder / "mlruns" / "mlflow.db") as database:
        return [number for (number,) in database.execute(query, [search["id"]]).fetchall()]


def history(workspace: Workspace, run: str) -> set[tuple[str, int, float]]:
    with sqlite3.connect(workspace.folder / "mlruns" / "mlflow.db") as database:
        query = (
            "select key, step, value from metrics where run_uuid = ? and step > 0 "
            "and key not like 'system/%'"  # which only a live run can measure
        )
        return {(k, s, round(v, 4)) for k, s, v in database.execute(query, [run]).fetchall()}


def test_first_run_makes_everything(story: Workspace, first_run: set[str]) -> None:
    assert first_run == EVERYTHING
    (run,) = runs(story)
    assert run["status"] == "FINISHED"
    assert run["origin"] == "live"
    assert run["dvc.stage"] == "train@cvae"
    assert run["profile"] == "tiny"
    for tag in ("dvc.lock_hash", "git.sha", "params.hash", "data.md5", "device", "precision"):
        assert run[tag]
    assert run["git.dirty"] == "false"
    assert history(story, run["id"])
    for stage in TRAINING:
        (run,) = runs(story, stage)
        assert (run["status"], run["origin"]) == ("FINISHED", "live"), stage
    assert trials(story) == ["1", "2"]


def test_stages_declare_what_they_read(story: Workspace) -> None:
    lock = story.lock()
    assert set(lock) == EVERYTHING
    for stage, entry in lock.items():
        record = json.loads((story.reads / f"{stage}.json").read_text())
        declared = {dep["path"] for dep in entry.get("deps", [])}
        training = lock.get(f"train@{stage.partition('@')[2]}", {})
        trained = {path["path"] for kind in ("deps", "outs") for path in training.get(kind, [])}
        check_deps(stage, declared, trained if not stage.startswith("train@") else set(), record)
        sections = set(entry.get("params", {}).get("params.yaml", {}))
        # DVC adds the keys that the paths in dvc.yaml were filled in from.
        filled = {name for name in sections if name.count(".") > 1}
        if "params.yaml" not in declared:
            assert sections - filled == set(record["sections"]), stage


def check_deps(stage: str, declared: set[str], trained: set[str], record: dict[str, Any]) -> None:
    """Everything read is declared, and everything declared is read."""
    read = set(record["modules"]) | set(record["files"])

    def covers(dep: str, file: str) -> bool:
        return file == dep or file.startswith(f"{dep}/")

    if stage != "publish":
        read = {file for file in read if not file.startswith(OBSERVER) or file in declared}
    idle = {dep for dep in declared if not any(covers(dep, file) for file in read)}
    # What its training depends on or makes rebuilds no more than that does: a family's render may
    # need no data, and image_quality reads the history of GANs of digits.
    idle -= trained
    if stage == "publish":
        idle -= {"data/prepared"}  # read for a run that MLflow lacks
    assert not idle, f"{stage} declares what it does not read: {sorted(idle)}"
    # The program that runs a stage is none of it.
    state: tuple[str, ...] = (
        "src/generative/pipeline/child.py",
        "mlruns/",
        ".cache/",
        ".git/",
        "dvc.lock",
        "dvc.yaml",
        "params.yaml",
    )
    own = tuple(f"{path}/" for path in story_outs(stage))
    if stage == "publish":
        state += ("src/generative/",)  # docstrings describe the runs, and are no result
    for file in read:
        if file.endswith("__init__.py") or file.startswith((*state, *own)):
            continue
        assert any(covers(dep, file) for dep in declared), f"{stage} reads {file}, which is no dep"


def story_outs(stage: str) -> list[str]:
    """Where a stage writes, and may read what it has written."""
    name, _, key = stage.partition("@")
    if name == "train":
        return [f"data/models/{key}", f"data/history/{key}"]
    kind = {"fetch": "raw", "prepare": "prepared", "tune": "tuning", "vgg": "networks"}
    return [f"data/{kind.get(name, name)}/{key}".rstrip("/"), "data/networks"]


def test_nothing_changed(story: Workspace) -> None:
    before = runs(story)
    assert story.repro() == set()
    assert story.dvc_repro() == set()
    assert runs(story) == before


def test_a_stray_file_rebuilds_nothing(story: Workspace) -> None:
    core = story.folder / "src" / "generative" / "core"
    for name in (".DS_Store", "runtime.py~", ".runtime.py.swp", "Thumbs.db"):
        (core / name).write_text("left by an editor or a system")
    (core / "__pycache__").mkdir(exist_ok=True)
    (core / "__pycache__" / "gone.pyc").write_text("")
    assert story.repro() == set()


def test_a_render_parameter_redraws(story: Workspace) -> None:
    story.set("render.vae.rows", 3)
    assert story.repro() == {"render@cvae", "report", "publish"}
    assert len(runs(story)) == 1


@pytest.mark.slow
def test_an_inherited_parameter_of_one_model(story: Workspace) -> None:
    """As `dvc exp run -S` writes it; then the default itself is changed."""
    from dvc.utils.hydra import apply_overrides

    file = story.folder / "params.yaml"
    text = file.read_text()
    apply_overrides(file, ["++train.cvae.seed=2"])
    plan = story.generative("repro", "--dry")
    assert "train.cvae.seed: not there -> 2" in plan
    assert "train@gan_non_saturating" not in plan
    file.write_text(text)
    apply_overrides(file, ["defaults.gan.model.real_target=0.9"])
    plan = story.generative("repro", "--dry")
    assert "defaults.gan.model.real_target: 1.0 -> 0.9" in plan
    assert {"train@gan_non_saturating", "train@infogan", "train@dcgan"} <= stages_of(plan)
    assert "train@cvae" not in stages_of(plan)
    apply_overrides(file, ["++train.dcgan.model.real_targed=0.9"])
    done = story.attempt(sys.executable, "-m", "dvc", "repro", "train@dcgan")
    assert (
        "train.dcgan.model.real_targed: unknown parameter 'real_targed'; did you mean"
        in done.stdout
    )
    file.write_text(text)


def stages_of(plan: str) -> set[str]:
    """The stages that a dry run names."""
    lines = [line for line in plan.splitlines() if "@" in line and not line.startswith(" ")]
    return {line.split(" (")[0] for line in lines}


def test_an_epoch_more_retrains(story: Workspace) -> None:
    story.set("train.cvae.epochs", 2)
    assert story.repro() == {*OF_CVAE, "report", "publish"}
    first, second = runs(story)
    assert second["git.dirty"] == "true"  # params.yaml
    assert first["dvc.lock_hash"] != second["dvc.lock_hash"]
    assert second["origin"] == "live"


def test_going_back_restores_from_the_run_cache(story: Workspace) -> None:
    before = runs(story)
    story.set("train.cvae.epochs", 1)
    assert story.repro() == {"publish"}
    # The run of these parameters was there: nothing is made anew.
    assert [run["id"] for run in runs(story)] == [run["id"] for run in before]


def test_words_do_not_retrain(story: Workspace) -> None:
    before = story.hashes()
    story.commit("results")
    file = story.folder / "src" / "generative" / "vae" / "cvae.py"
    text = file.read_text()
    file.write_text(f"# A remark.\n{text.replace('import keras', 'import keras  # the library')}")
    plan = story.generative("repro", "--dry")
    assert "src/generative/vae/cvae.py: only words changed; generative accept" in plan
    said = story.generative("accept")
    assert "accepted: train@cvae" in said
    assert "accepted: render@cvae" in said
    assert story.repro() == set()
    assert story.hashes() == before
    assert "Every result is up to date." in story.generative("repro", "--dry")


@pytest.mark.slow
def test_code_that_means_something_else_is_not_accepted(story: Workspace) -> None:
    story.commit("words")
    file = story.folder / "src" / "generative" / "vae" / "cvae.py"
    text = file.read_text()
    file.write_text(f"{text}\nUNUSED = 1\n")
    said = story.generative("accept")
    assert "accepted" not in said
    assert "src/generative/vae/cvae.py changed" in said
    before = story.hashes()
    assert story.repro() == OF_CVAE  # the same bytes: what follows does not run
    assert story.hashes() == before
    file.write_text(text)
    assert story.repro() == set()


@pytest.mark.slow
def test_a_removed_model_is_no_part_of_report_and_mlflow(story: Workspace) -> None:
    file = story.folder / "params.yaml"
    text = file.read_text()
    document = story.params()
    del document["train"]["question_answering"]
    story.write_params(document)
    assert story.repro() == {"report", "publish"}
    assert (story.folder / "data" / "models" / "question_answering").exists()
    page = (story.folder / "data" / "report" / "index.html").read_text()
    assert "question_answering" not in page
    published = json.loads((story.folder / "mlruns" / "published.json").read_text())
    assert "train@question_answering" not in published
    assert "train@cvae" in published
    file.write_text(text)
    assert story.repro() <= {"publish"}


@pytest.mark.slow
def test_a_fresh_clone_with_the_cache_rebuilds_the_runs(story: Workspace, tmp_path: Path) -> None:
    clone = Workspace(tmp_path / "clone", story.mirror)
    story.commit("all")
    story.run("git", "clone", "--quiet", ".", str(clone.folder))
    local = clone.folder / ".dvc" / "config.local"
    local.write_text(f"[cache]\n    dir = {story.folder}/.dvc/cache\n")
    clone.run(sys.executable, "-m", "dvc", "checkout")
    assert clone.repro() == {"publish"}
    (run,) = runs(clone)
    assert run["origin"] == "restored"
    live = next(r for r in runs(story) if r["dvc.lock_hash"] == run["dvc.lock_hash"])
    assert history(clone, run["id"]) == history(story, live["id"])
    for tag in ("params.hash", "data.md5", "profile", "determinism"):
        assert run[tag] == live[tag]


@pytest.mark.slow
def test_a_deleted_store_is_rebuilt(story: Workspace) -> None:
    before = {run.get("dvc.lock_hash") for run in runs(story)}
    shutil.rmtree(story.folder / "mlruns")
    assert story.repro() == {"publish"}
    (run,) = runs(story)
    assert run["origin"] == "restored"
    assert run["dvc.lock_hash"] in before


@pytest.mark.slow
def test_what_was_not_tracked_is_published_later(story: Workspace) -> None:
    """Switched on again, one command brings MLflow up to date."""
    shutil.rmtree(story.folder / "mlruns")
    story.generative("publish")
    (run,) = runs(story)
    assert run["origin"] == "restored"
    assert trials(story) == ["1", "2"]


def test_a_wrong_parameter_is_one_line(story: Workspace) -> None:
    story.set("train.cvae.model.latent_size", 0)
    done = story.attempt(sys.executable, "-m", "dvc", "repro")
    assert done.returncode != 0
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("error:")]
    assert "train.cvae.model.latent_size: received 0, must be greater than or equal to 1" in line
    assert "Traceback" not in done.stdout


@pytest.mark.slow
def test_a_loss_that_explodes_keeps_the_last_good_weights(story: Workspace) -> None:
    story.set("train.cvae.model.latent_size", 2)
    story.set("train.cvae.model.beta", 1e12)
    story.set("train.cvae.model.learning_rate", 1.0)
    story.set("train.cvae.model.optimizer", {"class_name": "SGD", "config": {}})
    done = story.attempt(sys.executable, "-m", "dvc", "repro")
    assert done.returncode != 0
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("error:")]
    assert "train.cvae: the term kl of the loss became NaN or infinite in epoch 1" in line
    assert "The weights before that: .cache/diverged/cvae" in line
    assert not (story.folder / "data" / "models" / "cvae").exists()
    program = (
        "from pathlib import Path\nfrom generative.core import saving\n"
        "print(saving.load(Path('.cache/diverged/cvae')).generate(2, 1).shape)"
    )
    assert "(2, 28, 28, 1)" in story.python(program)
