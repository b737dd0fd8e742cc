"""dvc.yaml, params.yaml, the tables and the files agree; and the real pipeline, run small, re-runs
exactly what depends on a change. The tests of `story` are steps: each starts where the last ended.

The story leaves out what differs from its siblings in the model alone; `make smoke` runs them all.
"""

import ast
import json
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.repo import Repo
from ruamel.yaml import YAML

from generative.core import params
from generative.datasets.download import SOURCES
from generative.core import members
from tests.conftest import PROJECT, Workspace, make_workspace

PACKAGE = PROJECT / "src" / "generative"
# What a stage imports but need not depend on, see the head of dvc.yaml.
TABLES = {
    "src/generative/blocks/__init__.py",
    "src/generative/models/__init__.py",
    "src/generative/topologies/__init__.py",
    "src/generative/datasets/__init__.py",
}
OBSERVER = "src/generative/tracking.py"

# These are fetched by hand, and these are no data sets.
BY_HAND = {"frogs", "nietzsche", "vgg19"}
NO_DATA_SETS = {"alexnet", "editions", "photographs", "vgg16"}
FETCHED = set(SOURCES) - BY_HAND
# A data set that is made of a file of the project's own.
OWN = {"stories": "src/generative/datasets/stories.yaml"}
# Data sets whose models the story leaves out.
UNUSED = {"lines", "passages", "views"}
# What the story trains; one of the classifiers is tuned, too.
CLASSIFIERS = {"residual", "separable"}
DIGITS = {"cvae": "likelihood", "gan_non_saturating": "adversarial"}
DISENTANGLED = {"infogan"}
PICTURES = {"dcgan"}
TEXTS = {"char_lstm"}
GRAPHS = {"question_answering"}
OF_CVAE = {"train@cvae", "evaluate_likelihood@cvae", "render_likelihood@cvae"}
EVERYTHING = {
    *(f"fetch@{key}" for key in FETCHED - {"editions", "views"}),
    *(f"prepare@{key}" for key in set(DATASETS) - UNUSED),
    *(
        f"train@{key}"
        for key in CLASSIFIERS | set(DIGITS) | PICTURES | DISENTANGLED | TEXTS | GRAPHS
    ),
    *(f"{stage}_classifiers@{key}" for key in CLASSIFIERS for stage in ("evaluate", "render")),
    *(f"{stage}_{DIGITS[key]}@{key}" for key in DIGITS for stage in ("evaluate", "render")),
    *(f"evaluate_pictures@{key}" for key in PICTURES),
    *(f"render_adversarial@{key}" for key in PICTURES | DISENTANGLED),
    *(f"evaluate_{key}" for key in DISENTANGLED),
    "repeat@infogan",
    *(f"{stage}_text@{key}" for key in TEXTS for stage in ("evaluate", "render")),
    *(f"{stage}_graphs@{key}" for key in GRAPHS for stage in ("evaluate", "render")),
    "ensemble",
    "evaluate_ensemble",
    "render_ensemble",
    "calibrate",
    "compare_objectives",
    "tune@separable",
    "convert",
    "style@chelsea_ihc",
    "report",
    "publish",
}


# --- the files agree ---------------------------------------------------------------------------


def test_one_key_everywhere() -> None:
    document = params.read_document()
    # The ensemble is made of trained networks and has a block of its own.
    trained = {block["network"] for block in document["train"].values()}
    assert trained | {"topologies/ensemble"} == set(NETWORKS)
    assert set(document["prepare"]) == set(DATASETS)
    assert set(SOURCES) <= {*DATASETS, *NO_DATA_SETS, *BY_HAND}
    stages = yaml.safe_load(Path("dvc.yaml").read_text())["stages"]
    assert set(stages["fetch"]["foreach"]) == FETCHED
    for key, block in document["prepare"].items():
        assert block["raw"] == OWN.get(key) or block["raw"].removeprefix("data/raw/") in FETCHED
    tables = (("models", MODELS), ("topologies", TOPOLOGIES), ("datasets", DATASETS))
    for folder, table in tables:
        files = {file.stem for file in (PACKAGE / folder).glob("*.py")} - {"__init__"}
        assert files == set(table)
        for key, place in table.items():
            assert place.partition(":")[0] == f"generative.{folder}.{key}"


def test_tables_hold_only_names() -> None:
    """They are left out of the deps, so nothing that could change a result may stand in them."""
    for table in TABLES:
        docstring, assignment = ast.parse((PROJECT / table).read_text()).body
        assert isinstance(docstring, ast.Expr)
        assert isinstance(assignment, ast.Assign)
        assert all(isinstance(v, str) for v in ast.literal_eval(assignment.value).values())


def test_every_model_is_measured_and_drawn() -> None:
    stages = yaml.safe_load(Path("dvc.yaml").read_text())["stages"]
    for key, block in params.read_document()["train"].items():
        drawn = {"classification": "classifiers"}.get(block["family"], block["family"])
        measured = "pictures" if block["dataset"] in ("coloured_digits", "pictures") else drawn
        # Some are measured by a stage of their own.
        own = {f"evaluate_{key}"} & set(stages)
        for stage in {f"evaluate_{measured}", f"render_{drawn}"} - (
            own and {f"evaluate_{measured}"}
        ):
            assert key in stages[stage]["foreach"], f"dvc.yaml: add {key} to {stage}"


def test_models_import_no_sibling() -> None:
    for folder in ("models", "topologies"):
        for file in (PACKAGE / folder).glob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.ImportFrom):
                    assert not (node.module or "").startswith(f"generative.{folder}")


def test_stages_declare_what_they_import() -> None:
    """All stages, also those that the story leaves out. What is imported only when a function is
    called, and what else a stage reads, the story sees."""
    for stage in Repo(str(PROJECT)).index.stages:
        declared = {dep.def_path for dep in stage.deps}
        code = {dep for dep in declared - {*OWN.values()} if dep.startswith(("src/", "stages/"))}
        folders = tuple(f"{dep}/" for dep in code if not dep.endswith(".py"))
        program = stage.cmd.split()[1]
        files = closure({program, *found_by_name(declared | {out.def_path for out in stage.outs})})
        files -= TABLES if stage.name == "publish" else TABLES | {OBSERVER}
        assert {dep for dep in code if dep.endswith(".py")} == {
            file for file in files if not file.startswith(folders)
        }, stage.addressing


def found_by_name(paths: set[str]) -> Iterator[str]:
    """The files that a stage with these deps and outs looks up in the tables."""
    document = params.read_document()
    for path in paths:
        match path.split("/"):
            case ["data", "prepared", key]:
                yield f"src/generative/datasets/{key}.py"
            case ["data", "models", "ensemble"]:
                for key in ("ensemble", *document["ensemble"]["members"]):
                    yield f"src/generative/topologies/{key}.py"
            case ["data", "models" | "tuning", key]:
                yield f"src/generative/{document['train'][key]['network']}.py"


def closure(files: set[str]) -> set[str]:
    """The project's `files` and those that they import as they are loaded."""
    waiting, seen = list(files), set()
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            waiting += imports(file)
    return seen


def imports(file: str) -> Iterator[str]:
    names = []
    for node in ast.parse(Path(file).read_text()).body:
        if isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    for name in names:
        while name:
            place = "src/" + name.replace(".", "/")
            yield from (f for f in (f"{place}.py", f"{place}/__init__.py") if Path(f).exists())
            name = name.rpartition(".")[0]


def test_our_reading_of_params_is_dvcs() -> None:
    """DVC reads YAML 1.2, PyYAML reads 1.1: `2e-4` is a number to one and text to the other."""
    for file in [params.PATH, *Path("profiles").glob("*.yaml"), Path("tests/tiny.yaml")]:
        assert params.read_document(file) == YAML(typ="safe").load(file.read_text())


def test_plots_name_every_model() -> None:
    text = json.dumps(yaml.safe_load(Path("dvc.yaml").read_text())["plots"])
    for key, block in params.read_document()["train"].items():
        assert f"data/models/{key}/history.csv" in text
        if block["family"] == "graphs":
            assert f"data/samples/{key}/learning_curves.png" in text
        if block["network"].startswith("models/"):
            picture = "learning_curves" if block["family"] == "text" else "samples"
            assert f"data/samples/{key}/{picture}.png" in text
    for key in params.read_document()["style"]:
        assert f"data/style/{key}/history.csv" in text
        assert f"data/style/{key}/picture.png" in text


def test_profiles_are_valid(tmp_path: Path) -> None:
    for profile in Path("profiles").glob("*.yaml"):
        copy = tmp_path / "params.yaml"
        shutil.copy("params.yaml", copy)
        assert params.use(profile, copy)
        document = params.read_document(copy)
        made, taken = document["prepare"]["pictures"], document["train"]["dcgan"]["model"]
        assert (made["height"], made["width"]) == (taken["height"], taken["width"])


# --- the story ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, mirror: Path) -> Workspace:
    return make_workspace(tmp_path_factory.mktemp("story") / "project", mirror)


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
        query = "select key, step, value from metrics where run_uuid = ? and step > 0"
        return {(k, s, round(v, 4)) for k, s, v in database.execute(query, [run]).fetchall()}


def test_first_run_makes_everything(story: Workspace) -> None:
    assert story.repro() == EVERYTHING
    (run,) = runs(story)
    assert run["status"] == "FINISHED"
    assert run["origin"] == "live"
    assert run["dvc.stage"] == "train@cvae"
    assert run["profile"] == "tiny"
    for tag in ("dvc.lock_hash", "git.sha", "params.hash", "data.md5", "device", "precision"):
        assert run[tag]
    assert run["git.dirty"] == "false"
    assert history(story, run["id"])
    for stage in EVERYTHING:
        if stage.startswith(("train@", "tune@", "style@")) or stage == "ensemble":
            (run,) = runs(story, stage)
            assert (run["status"], run["origin"]) == ("FINISHED", "live"), stage
    assert trials(story) == ["1", "2"]


def test_stages_declare_what_they_read(story: Workspace) -> None:
    lock = yaml.safe_load((story.folder / "dvc.lock").read_text())["stages"]
    assert set(lock) == EVERYTHING
    for stage, entry in lock.items():
        record = json.loads((story.reads / f"{stage}.json").read_text())
        declared = {dep["path"] for dep in entry.get("deps", [])}
        check_deps(stage, declared, record)
        blocks = set(entry.get("params", {}).get("params.yaml", {}))
        # DVC adds the keys that `${item.dataset}` and the like were filled in from; their block
        # says the same.
        blocks = {b for b in blocks if not b.endswith((".dataset", ".network", ".family"))}
        assert blocks == set(record["blocks"]), stage


def check_deps(stage: str, declared: set[str], record: dict[str, Any]) -> None:
    ignored = TABLES if stage == "publish" else TABLES | {OBSERVER}
    modules = set(record["modules"]) - ignored
    code = {dep for dep in declared - {*OWN.values()} if dep.startswith(("src/", "stages/"))}
    folders = {dep for dep in code if not dep.endswith(".py")}
    covered = {m for m in modules if any(m.startswith(f"{folder}/") for folder in folders)}
    assert code - folders == modules - covered, stage
    assert all(any(m.startswith(f"{folder}/") for m in modules) for folder in folders), stage

    def is_declared(file: str) -> bool:
        return any(file == dep or file.startswith(f"{dep}/") for dep in declared)

    state = ("mlruns/", ".cache/", ".git/", "dvc.lock", "params.yaml", *TABLES, OBSERVER)
    kinds = (
        *("raw", "prepared", "networks", "models", "metrics", "samples", "style", "repeats"),
        "tuning",
    )
    own = tuple(f"data/{kind}/" for kind in kinds)
    for file in record["files"]:
        written_by_itself = file.startswith(own) and not is_declared(file)
        parent = str(Path(file).parent)
        assert (
            is_declared(file)
            or file.startswith(state)
            or (written_by_itself and parent in outputs_of(stage))
        ), f"{stage} reads {file}, which is no dep"


def outputs_of(stage: str) -> set[str]:
    name, _, key = stage.partition("@")
    kinds = {"fetch": "raw", "prepare": "prepared", "train": "models", "tune": "tuning"}
    kind = {**kinds, "style": "style"}.get(name, "none")
    return {f"data/{kind}/{key}", "data/models/ensemble"}


def test_nothing_changed(story: Workspace) -> None:
    before = runs(story)
    assert story.repro() == set()
    assert runs(story) == before


def test_a_render_parameter_redraws(story: Workspace) -> None:
    story.set("render.likelihood.rows", 3)
    assert story.repro() == {"render_likelihood@cvae", "report", "publish"}
    assert len(runs(story)) == 1


def test_an_epoch_more_retrains(story: Workspace) -> None:
    story.set("train.cvae.epochs", 2)
    assert story.repro() == {*OF_CVAE, "report", "publish"}
    first, second = runs(story)
    assert first["dvc.lock_hash"] != second["dvc.lock_hash"]
    assert second["origin"] == "live"


def test_going_back_restores_from_the_run_cache(story: Workspace) -> None:
    before = runs(story)
    story.set("train.cvae.epochs", 1)
    assert story.repro() == {"publish"}
    # The run of these parameters was there: nothing is made anew.
    assert [run["id"] for run in runs(story)] == [run["id"] for run in before]


def test_one_model_file_retrains_only_that_model(story: Workspace) -> None:
    before = story.hashes()
    file = story.folder / "src" / "generative" / "models" / "cvae.py"
    text = file.read_text()
    file.write_text(text + "# a remark\n")
    assert story.repro() == OF_CVAE
    assert story.hashes() == before
    file.write_text(text)
    assert story.repro() == set()


def test_a_fresh_clone_with_the_cache_rebuilds_the_runs(story: Workspace, tmp_path: Path) -> None:
    clone = Workspace(tmp_path / "clone", story.mirror)
    story.run("git", "add", "--all")
    identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    story.run("git", *identity, "commit", "--quiet", "--message", "results")
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


def test_a_deleted_store_is_rebuilt(story: Workspace) -> None:
    before = {run.get("dvc.lock_hash") for run in runs(story)}
    shutil.rmtree(story.folder / "mlruns")
    assert story.repro() == {"publish"}
    (run,) = runs(story)
    assert run["origin"] == "restored"
    assert run["dvc.lock_hash"] in before


def test_two_runs_from_scratch_make_the_same_bytes(story: Workspace, mirror: Path) -> None:
    """The second one untracked: MLflow has no part in any result."""
    other = make_workspace(story.folder.parent / "other", mirror)
    other.set("render.likelihood.rows", 3)
    drawn = (
        "likelihood@cvae",
        "adversarial@gan_non_saturating",
        "classifiers@residual",
        "text@char_lstm",
    )
    targets = (*(f"render_{stage}" for stage in drawn), "tune@separable")
    other.repro(*targets, GENERATIVE_TRACKING="off")
    assert not (other.folder / "mlruns" / "mlflow.db").exists()
    hashes = other.hashes()
    assert len(hashes) == 13
    assert hashes.items() <= story.hashes().items()


def test_what_was_not_tracked_is_published_later(story: Workspace) -> None:
    """Switched on again, one command brings MLflow up to date."""
    shutil.rmtree(story.folder / "mlruns")
    story.run(sys.executable, "-c", "from generative.cli import main; main()", "publish")
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


def test_a_loss_that_explodes_keeps_the_last_good_weights(story: Workspace) -> None:
    story.set("train.cvae.model.latent_size", 2)
    story.set("train.cvae.model.beta", 10**40)  # infinite in float32
    done = story.attempt(sys.executable, "-m", "dvc", "repro")
    assert done.returncode != 0
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("error:")]
    assert "train.cvae: the term kl of the loss became NaN or infinite in epoch 1" in line
    assert "The weights before that: .cache/diverged/cvae" in line
    assert not (story.folder / "data" / "models" / "cvae").exists()
    program = (
        "import generative; print(generative.load('.cache/diverged/cvae').generate(2, 1).shape)"
    )
    assert "(2, 28, 28, 1)" in story.run(sys.executable, "-c", program)
