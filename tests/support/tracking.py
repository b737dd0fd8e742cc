"""What a SQLite store of MLflow holds, and what the pipeline leaves for `publish` to read."""

import json
import sqlite3
from pathlib import Path
from typing import Any

# Stores that cannot be used.
UNUSABLE = [
    "http://127.0.0.1:9",  # a server that is gone
    "sqlite:////proc/mlflow.db",  # a place where nobody may write
    "sqlite:////dev/null/mlflow.db",  # no folder at all
]


def query(database: Path, sql: str) -> list[Any]:
    """The rows that `sql` finds in a store."""
    with sqlite3.connect(database) as connection:
        return connection.execute(sql).fetchall()


def artifacts(database: Path, run: str = "") -> Path:
    """The folder of the files of a run, or of the only one there is."""
    where = f" where run_uuid = '{run}'" if run else ""
    ((uri,),) = query(database, f"select artifact_uri from runs{where}")
    return Path(uri.removeprefix("file://"))


def write_results(
    folder: Path, document: dict[str, Any], lock: dict[str, Any], files: dict[str, Any]
) -> None:
    """A project in `folder`: params.yaml, dvc.lock and, below `data/`, `files`."""
    for name, content in {
        "params.yaml": document,
        "dvc.lock": {"stages": lock},
        **{f"data/{name}": content for name, content in files.items()},
    }.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))
