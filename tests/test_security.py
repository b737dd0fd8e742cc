"""What SECURITY.md promises and no other test holds."""

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from generative.cli.main import app
from generative.core import inputs
from generative.core.errors import BadInput
from generative.tracking import store

SECURITY = Path("SECURITY.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(tests/[\w/]+\.py)`", SECURITY))))
def test_every_test_that_it_names_is_there(named: str) -> None:
    assert Path(named).exists()


def commands(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["cmd"]] if "cmd" in value else []
        return own + [c for inner in value.values() for c in commands(inner)]
    return []


def test_no_value_reaches_a_shell() -> None:
    found = commands(inputs.yaml(Path("dvc.yaml"))["stages"])
    assert len(found) > 15
    for command in found:
        assert re.fullmatch(r"python stages/\w+\.py", command)


def test_a_password_is_in_no_message_and_no_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    uri = "http://someone:secret@127.0.0.1:9"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    done = CliRunner().invoke(app, ["ui"])
    assert "http://***@127.0.0.1:9" in str(done.exception)
    assert "secret" not in f"{done.exception} {done.output}"
    with pytest.raises(BadInput) as refused, store.wrap_store_errors():
        raise OSError(f"no answer from {uri}/api")
    assert "secret" not in str(refused.value)
    assert str(refused.value).count("http://***@127.0.0.1:9") == 2


@pytest.mark.parametrize(
    "address",
    [
        "http://someone:secret@host/x",
        "https://someone:p@ss/secret@host:1",
        "postgresql://host/db?user=a&password=secret&sslmode=off",
        "mysql+pymysql://secret@host",
        "no answer from http://a:secret@host, http://b:secret@other",
    ],
)
def test_passwords_anywhere_in_an_address(address: str) -> None:
    shown = store.without_password(address)
    assert "secret" not in shown
    assert "host" in shown


def test_the_ui_is_for_this_machine_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _, arguments: started.append(arguments))
    monkeypatch.setenv("MLFLOW_BACKEND_STORE_URI", "")
    assert CliRunner().invoke(app, ["ui"], catch_exceptions=False).exit_code == 0
    ((program, *arguments),) = started
    assert program == sys.executable
    assert arguments[arguments.index("--host") + 1] == "127.0.0.1"
    assert not any("sqlite" in argument for argument in arguments)
    assert os.environ["MLFLOW_BACKEND_STORE_URI"].startswith("sqlite:///")
