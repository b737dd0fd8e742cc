"""A profile merged into params.yaml that has changes of one's own."""

import subprocess
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from generative.cli import params as cli
from generative.core.errors import BadInput

PROFILE = "train: {cvae: {epochs: 100}, vae: null}\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """params.yaml, committed, and a profile."""
    document = Path("params.yaml").read_text()
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "long.yaml").write_text(PROFILE)
    (tmp_path / "params.yaml").write_text(document)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commit(project: Path) -> None:
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], cwd=project, check=True)


def use(force: bool = False) -> None:
    from generative.pipeline import overlay

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overlay, "check_all", lambda path: [])
        cli.use("long", force=force)


def test_what_changes_is_said_with_what_it_was(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(project)
    use()
    assert "changed train.cvae.epochs, which was 16\n" in capsys.readouterr().out
    train = yaml.safe_load((project / "params.yaml").read_text())["train"]
    assert (train["cvae"]["epochs"], "vae" in train) == (100, False)
    # Again: nothing of one's own is lost.
    use()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("epochs: 16", "epochs: 17", "train.cvae.epochs: 17"),
        ("steps_per_epoch: 858", "steps_per_epoch: 859", "train.vae.steps_per_epoch: 859"),
    ],
)
def test_what_is_not_committed_is_not_overwritten(
    project: Path, old: str, new: str, lost: str
) -> None:
    commit(project)
    file = project / "params.yaml"
    changed = file.read_text().replace(old, new, 1)
    file.write_text(changed)
    with pytest.raises(BadInput, match=f"would overwrite: {lost}; commit them first"):
        use()
    assert file.read_text() == changed
    use(force=True)
    assert new not in file.read_text()


def test_a_change_that_the_profile_leaves_alone_is_no_obstacle(project: Path) -> None:
    commit(project)
    file = project / "params.yaml"
    file.write_text(file.read_text().replace("latent_size: 2", "latent_size: 3", 1))
    use()
    assert "latent_size: 3" in file.read_text()


def test_without_git_everything_is_taken(project: Path) -> None:
    use()
    assert "epochs: 100" in (project / "params.yaml").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--budget", "0.5"], "--budget: needs --profile"),
        (["--profile", "long", "--budget", "0"], "--budget: received 0, must be above 0"),
        (["--profile", "long", "--budget", "1.5"], "--budget: received 1.5"),
    ],
)
def test_a_budget_that_is_none(project: Path, arguments: list[str], message: str) -> None:
    from generative.cli.main import app

    result = CliRunner().invoke(app, ["repro", *arguments])
    assert isinstance(result.exception, BadInput)
    assert message in str(result.exception)
