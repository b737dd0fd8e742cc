"""Where the program runs: other settings, terminals and places than those of who wrote it."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.workspace import PROJECT

MAIN = "import sys; sys.argv[0] = 'generative'; from generative.cli.main import main; main()"


def generative(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", MAIN, *arguments],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "src"), **environment},
        capture_output=True,
        check=False,
    )


def test_settings_of_other_projects_change_nothing(tmp_path: Path) -> None:
    """Of Keras, of the terminal, of the place and of the time, all at once."""
    settings = {"backend": "jax", "image_data_format": "channels_first", "floatx": "float16"}
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps(settings))
    (tmp_path / ".keras" / "keras.json").chmod(0o444)
    tmp_path.chmod(0o555)
    done = generative(
        "params",
        "check",
        HOME=str(tmp_path),
        XDG_CONFIG_HOME=str(tmp_path / "none"),
        KERAS_BACKEND="jax",
        LC_ALL="C",
        LANG="tr_TR.ISO-8859-9",
        PYTHONIOENCODING="ascii",
        PYTHONUTF8="0",
        TZ="Pacific/Kiritimati",
    )
    tmp_path.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"params.yaml: ")
    assert done.stderr == b""


@pytest.mark.parametrize("stage", sorted((PROJECT / "stages").glob("*.py")), ids=lambda s: s.stem)
def test_a_stage_reads_no_settings_of_keras(stage: Path) -> None:
    """`generative` says which before Keras is imported: it comes first."""
    imports = [
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.parse(stage.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    roots = [str(name).partition(".")[0] for name in imports]
    assert not {"keras", "tensorflow"} & set(roots[: roots.index("generative")])


def test_a_standard_output_that_is_closed() -> None:
    for arguments in ("--help", "params use none"):
        done = subprocess.run(
            ["sh", "-c", '"$@" >&-', "sh", sys.executable, "-c", MAIN, *arguments.split()],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT / "src")},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert done.returncode in (0, 1)


def test_a_terminal_that_lacks_characters(tmp_path: Path) -> None:
    done = generative("params", "use", "星夜", PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: unknown profile '\\u661f\\u591c'")


@pytest.mark.parametrize("arguments", ["--help", "params use none"])
def test_nobody_reads_on(arguments: str) -> None:
    """A pipe that is closed, as by head."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", MAIN, *arguments.split()],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "src")},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_line_ends_are_those_of_the_repository() -> None:
    """So that a checkout on another system has the same hashes, and retrains nothing."""
    listed = subprocess.run(
        ["git", "ls-files", "--eol", "src", "stages", "params.yaml", "dvc.yaml"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert len(listed) > 150
    for line in listed:
        index, _, attributes = line.split("\t")[0].split(maxsplit=2)
        assert index in ("i/lf", "i/none", "i/-text"), line
        assert "eol=lf" in attributes, line
