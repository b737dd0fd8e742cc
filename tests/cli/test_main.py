import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from generative.cli.main import app, main
from generative.core import params
from generative.core.errors import BadInput


def call(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_params_check() -> None:
    assert re.search(r"params.yaml: \d+ sections are right\n", call("params", "check"))


def test_an_unknown_profile() -> None:
    with pytest.raises(BadInput, match="unknown profile 'ful'; did you mean full"):
        call("params", "use", "ful")


def test_help_names_every_command() -> None:
    text = call("--help")
    for command in ("params", "fetch", "publish", "ui", "sample", "stylize"):
        assert command in text
    for command in ("register", "tune", "repro", "accept"):
        assert command in text


def test_ui_of_a_server_is_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Links into it are printed, and none is started."""
    monkeypatch.setattr("generative.cli.ui.publish", lambda: None)
    monkeypatch.setattr("generative.tracking.store.Store", lambda: SimpleNamespace(experiment="7"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://user:secret@127.0.0.1:9")
    printed = call("ui")
    assert "MLflow: http://127.0.0.1:9/#/experiments/7/runs" in printed
    assert "compare: gan: http://127.0.0.1:9/#/experiments/7/runs?viewStateShareKey=gan" in printed
    assert printed.strip().endswith("names a server that has a UI of its own")


def test_ui_of_a_server_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(BadInput, match="MLflow at http://127.0.0.1:9 cannot be used"):
        call("ui")


def test_committed_profiles_are_listed() -> None:
    assert {file.stem for file in Path("profiles").glob("*.yaml")} == {
        *("chollet2017", "tutorial_cvae", "goodfellow2016", "colour_dcgan", "atienza2018"),
        *("choose", "demo", "full"),
        "other_features",
        "smoke",
        "study",
    }
    assert params.read_document(Path("profiles/smoke.yaml"))["profile"] == "smoke"


def test_an_interrupted_command_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("generative.pipeline.check.check_all", interrupt)
    monkeypatch.setattr("sys.argv", ["generative", "params", "check"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 130
    assert capsys.readouterr().err == "interrupted; run it again to go on\n"
