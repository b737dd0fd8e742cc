"""Code as it was when a result was made: found in git by the hash that dvc.lock holds."""

import ast
import hashlib
import json
import subprocess
from functools import cache
from pathlib import Path, PurePosixPath

import yaml
from dvc.fs import LocalFileSystem
from dvc.ignore import DvcIgnoreFilter

# The code of a file by its path below a dependency; a dependency that is a file has one, "".
Files = dict[str, bytes]


def files_in_workspace(dependency: str, ignore: DvcIgnoreFilter) -> Files:
    """What lies at `dependency`, a file or a folder, without what .dvcignore names."""
    place = Path(dependency)
    if place.is_file():
        return {"": place.read_bytes()}
    found = sorted(map(Path, ignore.find(LocalFileSystem(), str(place.absolute()))))
    return {file.relative_to(place.absolute()).as_posix(): file.read_bytes() for file in found}


@cache
def files_by_hash(dependency: str, md5: str) -> Files | None:
    """The newest content of `dependency` in git that has this hash; None if there is none."""
    for commit in commits(dependency):
        files = files_in_commit(commit, dependency)
        if files and hash_of(files) == md5:
            return files
    return None


def hash_of(files: Files) -> str:
    """The hash that DVC gives a file, or a folder of files."""
    hashes = {name: hashlib.md5(content).hexdigest() for name, content in files.items()}
    if hashes.keys() == {""}:
        return hashes[""]
    listed = [{"md5": md5, "relpath": name} for name, md5 in sorted(hashes.items())]
    return f"{hashlib.md5(json.dumps(listed).encode()).hexdigest()}.dir"


@cache
def commits(path: str) -> list[str]:
    """The commits that changed `path`, the newest first; none outside a git repository."""
    return git("log", "--format=%H", "--", path).decode().split()


@cache
def files_in_commit(commit: str, path: str) -> Files:
    """What lies at `path` in a commit; empty if nothing does."""
    place = prefix() + path
    listed = git("ls-tree", "-r", "-z", "--full-tree", commit, "--", place).decode()
    entries = (line.split("\t", 1) for line in listed.split("\0") if line)
    files = {}
    for description, name in entries:
        blob = description.split()[2]
        relative = PurePosixPath(name).relative_to(place).as_posix()
        files["" if relative == "." else relative] = git("cat-file", "blob", blob)
    return files


@cache
def prefix() -> str:
    """Where the project lies in the git repository: empty, or the path of a folder and a slash."""
    return git("rev-parse", "--show-prefix").decode().strip()


def git(*arguments: str) -> bytes:
    """What git prints; nothing where it fails or is not installed."""
    try:
        return subprocess.run(("git", *arguments), capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return b""


def differences(before: Files, after: Files) -> list[str]:
    """The names of files that are new, gone, or mean something else."""
    return [
        name
        for name in sorted(before.keys() | after.keys())
        if name not in before
        or name not in after
        or meaning(name, before[name]) != meaning(name, after[name])
    ]


@cache
def meaning(name: str, content: bytes) -> str | bytes:
    """What is left of a file without comments, docstrings and layout; other than Python and YAML
    its bytes."""
    suffix = PurePosixPath(name).suffix
    try:
        if suffix in ("", ".py"):
            return ast.dump(without_docstrings(ast.parse(content)))
        if suffix in (".yaml", ".yml"):
            return json.dumps(yaml.safe_load(content), default=str)
    except (SyntaxError, ValueError, yaml.YAMLError):
        pass  # a file of another kind
    return content


def without_docstrings(tree: ast.AST) -> ast.AST:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return tree
