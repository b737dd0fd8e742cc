"""The code that runs is the code that is hashed, whichever checkout an environment was made for."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.workspace import PROJECT, Workspace, make_workspace

OWN_PACKAGE = 'sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))\n'
TAIL = """\


if __name__ == "__main__":
    stage.run(main)
"""
# A stage that needs no network and no TensorFlow.
STAGE = "prepare@stories"


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory, mirror: Path) -> Workspace:
    """A workspace whose code tells where it is. The environment of the tests is the project's."""
    made = make_workspace(tmp_path_factory.mktemp("checkouts") / "origin", mirror)
    file = made.folder / "src" / "generative" / "datasets" / "stories.py"
    file.write_text(f"{file.read_text()}\nprint('code of', __file__, flush=True)\n")
    made.commit("code that tells where it is")
    return made


def code_of(output: str) -> Path:
    """The file that said where it is."""
    (line,) = re.findall(r"^code of (.+)$", output, re.MULTILINE)
    return Path(line)


def run_stage(workspace: Workspace, *arguments: str) -> Path:
    return code_of(workspace.run(sys.executable, "-m", "dvc", "repro", "--force", *arguments))


def test_every_stage_begins_and_ends_alike() -> None:
    for file in (PROJECT / "stages").glob("*.py"):
        text = file.read_text()
        before, _, after = text.partition(OWN_PACKAGE)
        assert "generative" not in before.split('"""')[2], file
        assert after.endswith(TAIL), file


def test_a_copied_checkout(origin: Workspace, tmp_path: Path) -> None:
    copy = Workspace(tmp_path / "copy", origin.mirror)
    shutil.copytree(origin.folder, copy.folder, symlinks=True)
    assert code_of(copy.run(sys.executable, "stages/prepare.py", "stories")).is_relative_to(
        copy.folder
    )
    assert run_stage(copy, STAGE).is_relative_to(copy.folder)


def test_a_renamed_checkout(origin: Workspace, tmp_path: Path) -> None:
    before = Workspace(tmp_path / "before", origin.mirror)
    shutil.copytree(origin.folder, before.folder, symlinks=True)
    after = Workspace(before.folder.rename(tmp_path / "after"), origin.mirror)
    assert run_stage(after, STAGE).is_relative_to(after.folder)


def test_a_worktree(origin: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "worktree"
    origin.run("git", "worktree", "add", "--quiet", "--detach", str(folder))
    assert run_stage(Workspace(folder, origin.mirror), STAGE).is_relative_to(folder)


def test_an_experiment_in_a_temporary_copy(origin: Workspace) -> None:
    command = (sys.executable, "-m", "dvc", "exp", "run", "--temp", "--force", STAGE)
    found = code_of(origin.run(*command, "--set-param", "prepare.stories.seed=2"))
    assert found.is_relative_to(origin.folder / ".dvc" / "tmp")


def test_a_key_reaches_no_shell(origin: Workspace) -> None:
    document = origin.params()
    key = "stories; touch hacked"
    origin.write_params({**document, "prepare": {key: document["prepare"]["stories"]}})
    done = origin.attempt(sys.executable, "-m", "dvc", "repro", "--single-item", f"prepare@{key}")
    origin.write_params(document)
    assert done.returncode != 0
    assert not (origin.folder / "hacked").exists()


def test_another_copy_that_is_loaded_already_is_refused(origin: Workspace, tmp_path: Path) -> None:
    """As an interpreter would have it that serves several checkouts."""
    program = (
        f"import sys; sys.path.insert(0, {str(PROJECT / 'src')!r})\n"
        "from generative.core import stage\nimport runpy\n"
        "sys.argv = ['stages/prepare.py', 'stories']\n"
        "runpy.run_path('stages/prepare.py', run_name='__main__')"
    )
    done = origin.attempt(sys.executable, "-c", program)
    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert line.startswith("error: python ")
    assert f"would run the code of {PROJECT}, not that of {origin.folder}" in line


def test_the_command_of_another_checkout_is_refused(origin: Workspace) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(PROJECT / 'src')!r}); sys.argv[1:] = ['params', "
        "'check']\nfrom generative.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=origin.folder, capture_output=True, text=True
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"would run the code of {PROJECT}, not that of {origin.folder}" in line
