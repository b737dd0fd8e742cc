"""dvc.yaml, params.yaml and the code agree: what a stage imports and reads lies in its
dependencies, and a change rebuilds what it should. Nothing runs here: test_story.py runs it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from dvc.repo import Repo
from networkx import ancestors
from ruamel.yaml import YAML

from generative.core import members, params
from generative.pipeline.check import check_all, undeclared
from generative.pipeline.overlay import use
from tests.support.workspace import PROJECT, STORY, TINY

# It watches trainings: no output depends on it but the report, on the names of metrics.
OBSERVER = "src/generative/tracking/"
READERS = "generative.datasets.readers"
# Data sets made of a file of the project's own.
OWN = {"src/generative/datasets/stories.yaml"}


@pytest.fixture(scope="module")
def repo() -> Repo:
    return Repo(str(PROJECT))


# --- what depends on what ----------------------------------------------------------------------


def test_stages_depend_on_what_they_import(repo: Repo) -> None:
    """Also what is imported when a function is called. What else a stage reads, the story shows."""
    for stage in repo.index.stages:
        declared = {dep.def_path for dep in stage.deps}
        code = {d for d in declared - OWN if d.startswith(("src/", "stages/"))}
        program = stage.cmd.split()[1]
        needed = closure({program, *found_by_name(stage)})
        if not program.endswith("publish.py"):
            needed = {f for f in needed if not f.startswith(OBSERVER) or covered(f, code)}
        undeclared = {file for file in needed if not covered(file, code)}
        assert not undeclared, f"{stage.addressing} imports what is no dependency of it"
        idle = {d for d in code if not any(covered(file, {d}) for file in needed)}
        assert not idle, f"{stage.addressing} depends on what it does not import"


def covered(file: str, dependencies: set[str]) -> bool:
    return any(file == dep or file.startswith(f"{dep}/") for dep in dependencies)


def found_by_name(stage: Any) -> Iterator[str]:
    """The modules that a stage imports by the names in params.yaml."""
    document = params.read_document()
    name, _, key = stage.name.partition("@")
    package = "src/generative"
    section = (document.get({"judge": "train"}.get(name, "train")) or {}).get(key, {})
    keys = [key]
    if name == "judge":
        keys = document["judge"][key]["members"]
    elif name == "objectives":
        keys = list(document["objectives"][key]["models"].values())
    trained = [document["train"][k] for k in keys if k in document["train"]]
    if name not in ("fetch", "prepare", "style"):
        yield from (f"{package}/{model['network']}.py" for model in trained)
    for dep in stage.deps:
        match dep.def_path.split("/"):
            case ["data", "prepared", data_set]:
                yield f"{package}/datasets/{data_set}.py"
    if name in ("evaluate", "render"):
        yield f"{package}/{section['family']}/{name}.py"
    if name == "prepare":
        yield f"{package}/datasets/{key}.py"
    if name == "disentanglement":
        network = Path(document[name][key]["network"]).name
        yield f"{package}/gan/disentanglement/{network}.py"


def closure(files: set[str]) -> set[str]:
    """The project's `files` and those that they import, also inside of functions.

    A data set imports readers of raw files in what `prepare` calls, a model in what `predict` does.
    That other stages read none the story shows.
    """
    waiting, seen = list(files), set()
    prepares = "stages/prepare.py" in files
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            waiting += imports(file, prepares)
    return {file for file in seen if not file.endswith("__init__.py")}


@cache
def imports(file: str, prepares: bool) -> list[str]:
    """The project's files that `file` imports; readers in a function only if it prepares."""
    names = []
    tree = ast.parse((PROJECT / file).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            if not prepares and node.module.startswith(READERS) and node not in tree.body:
                continue
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    places = ("src/" + name.replace(".", "/") + ".py" for name in names)
    return [place for place in places if (PROJECT / place).exists()]


# What each file rebuilds: models, and whether anything else. `*` are all of a family.
TABLE = {
    "core/folders.py": ("every model", {"report", "publish", "fetch@mnist"}),
    "training/fit.py": ("every model", {"report", "publish", "tune@separable"}),
    "datasets/base/arrays.py": ("every model", {"prepare@mnist", "publish"}),
    "datasets/mnist.py": ("models of mnist", {"prepare@mnist", "references@mnist"}),
    # As far as the graph says: data that come out as before stop it there.
    "datasets/readers/texts.py": ("every model", {"prepare@shakespeare"}),
    "vae/base/model.py": ("cvae vae", {"evaluate@cvae", "image_quality@vae", "render@vae"}),
    "vae/cvae.py": ("cvae", {"evaluate@cvae", "image_quality@cvae", "render@cvae"}),
    "vae/evaluate.py": ("", {"evaluate@cvae", "evaluate@vae", "report", "publish"}),
    "vae/render.py": ("", {"render@cvae", "render@vae", "report", "publish"}),
    "gan/gan.py": (
        "gan_maximum_likelihood gan_minimax gan_non_saturating",
        {"objectives@gan", "image_quality@gan_minimax"},
    ),
    "gan/infogan.py": ("infogan", {"disentanglement@infogan", "repeat@infogan"}),
    "text/base/model.py": ("char_conv char_lstm char_transformer", {"evaluate@char_lstm"}),
    "classifiers/residual.py": (
        "residual residual_sharp",
        {"judge@mnist", "references@mnist", "image_quality@cgan"},
    ),
    "multi_io/siamese.py": ("siamese", {"evaluate@siamese", "render@siamese"}),
    "image_quality/distances.py": ("", {"references@mnist", "image_quality@dcgan"}),
    "style/losses.py": ("", {"style@chelsea_ihc", "report", "publish"}),
    "style/vgg/network.py": ("", {"vgg@vgg16", "style@chelsea_ihc"}),
    "plots/grids.py": ("", {"render@cvae", "report", "publish"}),
    "tracking/publish.py": ("", {"publish"}),
    "report/page.py": ("", {"report"}),
    "cli/main.py": ("", set()),
    "pipeline/check.py": ("", set()),
}


@pytest.mark.parametrize("file", TABLE)
def test_what_a_change_rebuilds(file: str, repo: Repo) -> None:
    models, others = TABLE[file]
    assert (PROJECT / "src/generative" / file).exists()
    stages = rebuilt(f"src/generative/{file}", repo)
    trained = {name.removeprefix("train@") for name in stages if name.startswith("train@")}
    train = params.read_document()["train"]
    expected = {
        "every model": set(train),
        **{
            f"models of {d}": {k for k, s in train.items() if s["dataset"] == d}
            for d in members.datasets()
        },
    }.get(models, set(models.split()))
    assert trained == expected
    assert others <= stages
    if not others:
        assert not stages
    if others in ({"publish"}, {"report"}):
        assert stages == others


def rebuilt(file: str, repo: Repo) -> set[str]:
    """The stages that depend on `file`, and all that follow from them."""
    graph = repo.index.graph
    direct = [
        stage
        for stage in repo.index.stages
        if any(covered(file, {dep.def_path}) for dep in stage.deps)
    ]
    following = {after for stage in direct for after in ancestors(graph, stage)}
    return {stage.addressing for stage in {*direct, *following}}


def test_no_family_is_rebuilt_by_another(repo: Repo) -> None:
    train = params.read_document()["train"]
    for family in members.families():
        stages = rebuilt(f"src/generative/{family}/base", repo)
        trained = {name.removeprefix("train@") for name in stages if name.startswith("train@")}
        assert trained == {key for key, section in train.items() if section["family"] == family}


def test_no_commands_hold_text_of_the_user(repo: Repo) -> None:
    """A command goes through a shell: it names a program alone, never a key, a path or a text."""
    for stage in repo.index.stages:
        assert stage.cmd == f"python stages/{stage.name.partition('@')[0]}.py"


def test_a_key_that_a_shell_would_run_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    text = params.PATH.read_text()
    file.write_text(text.replace("\ntrain:\n", "\ntrain:\n  $(touch x): {family: vae}\n", 1))
    with pytest.raises(Exception, match=r"train: the key '\$\(touch x\)' must be small letters"):
        check_all(file)


# --- the files agree ---------------------------------------------------------------------------


def test_one_key_everywhere(repo: Repo) -> None:
    document = params.read_document()
    used = {section["network"] for section in document["train"].values()}
    # Which network of keras.applications it is, is for a profile to say.
    assert used | {"classifiers/application"} == set(members.networks())
    assert set(document["prepare"]) == set(members.datasets())
    sources = {file.stem for file in (PROJECT / "src/generative/datasets/sources").glob("*.yaml")}
    assert set(document["fetch"]) <= sources
    for section in document["prepare"].values():
        raw = section["raw"]
        assert raw in OWN or raw.removeprefix("data/raw/") in document["fetch"]
    assert not list(undeclared(document))


def test_generators_are_those_that_generate() -> None:
    document = params.read_document()
    generating = {
        key
        for key, section in document["train"].items()
        if hasattr(members.network(section["network"]), "images")
    }
    assert set(document["generators"]) == generating


def test_every_family_offers_the_same() -> None:
    for family in members.families():
        evaluate, render = (members.part(family, name) for name in ("evaluate", "render"))
        assert issubclass(evaluate.Evaluate, params.Schema)
        assert issubclass(render.Render, params.Schema)
        names = tuple(evaluate.evaluate.__annotations__)
        assert names == ("model", "data", "options", "folder", "return"), family
        names = tuple(render.render.__annotations__)
        assert names == ("model", "data", "history", "options", "folder", "return"), family


def test_package_files_are_empty() -> None:
    """Every import runs them."""
    (settings,) = (PROJECT / "src" / "generative" / "__init__.py").read_text().splitlines()
    assert settings.startswith("from generative.core import environment")
    for file in (PROJECT / "src" / "generative").glob("*/**/__init__.py"):
        assert not file.read_text(), file


def test_sizes() -> None:
    """A reader holds a file in mind at once."""
    for file in [*(PROJECT / "src").rglob("*.py"), *(PROJECT / "stages").glob("*.py")]:
        assert len(file.read_text().splitlines()) < 400, file
    assert len((PROJECT / "dvc.yaml").read_text().splitlines()) <= 400
    assert len((PROJECT / "params.yaml").read_text().splitlines()) <= 680


def test_our_reading_of_params_is_dvcs() -> None:
    """DVC reads YAML 1.2, PyYAML reads 1.1: `2e-4` is a number to one and text to the other."""
    for file in [params.PATH, *Path("profiles").glob("*.yaml"), TINY, STORY]:
        assert params.read_document(file) == YAML(typ="safe").load(file.read_text())


@pytest.mark.parametrize("profile", [*Path("profiles").glob("*.yaml"), TINY], ids=lambda f: f.stem)
def test_profiles_are_valid(profile: Path, tmp_path: Path) -> None:
    copy = tmp_path / "params.yaml"
    copy.write_text(params.PATH.read_text())
    changed = use(profile, copy)
    assert changed or profile.stem == "study"  # which says what the default is already
    document = params.read_document(copy)
    if "dcgan" in document["train"]:
        made = document["prepare"]["pictures"]
        taken = params.section("train.dcgan", document)["model"]
        assert (made["height"], made["width"]) == (taken["height"], taken["width"])


def test_tests_import_no_test() -> None:
    for file in (PROJECT / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            module = getattr(node, "module", None) or ""
            if module.startswith("tests"):
                assert module.startswith("tests.support"), file
