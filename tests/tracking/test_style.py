"""Style transfer in MLflow: a run that follows it, or one made from the files."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from generative.core.folders import file_hash
from generative.tracking.live import live_run
from generative.tracking.publish import publish
from tests.support.tracking import artifacts, query, write_results

ROWS = [{"evaluation": i, "longest_side": 32, "total": 8.0 / i} for i in (1, 2, 3)]
SECTION: dict[str, Any] = {
    **{"content": "cat.png", "style_weight": 5.0, "precision": "bfloat16"},
    **{"scales": [{"longest_side": 32, "evaluations": 3}], "frame_every": 2},
}
PARAMS: dict[str, Any] = {"style": {"cat": SECTION}, "runtime": {"determinism": True}}


@pytest.fixture
def result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Path) -> Path:
    """A project in which one picture was made."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data" / "style" / "cat"
    lines = [",".join(map(str, row)) for row in (ROWS[0], *(row.values() for row in ROWS))]
    files = {"history.csv": "\n".join([*lines, ""]), "metrics.json": {"style_loss_ratio": 0.015}}
    own = {name: value for name, value in SECTION.items() if name != "style_weight"}
    params = {
        "defaults.style": {"style_weight": 5.0},
        "style.cat": own,
        "runtime": {"determinism": True},
    }
    entry = {
        "params": {"params.yaml": params},
        "deps": [{"path": "cat.png", "md5": "1"}],
        "outs": [{"path": "data/style/cat", "md5": "2"}],
    }
    document = {"profile": "test", "style": {"cat": own}}
    named = {f"style/cat/{name}": content for name, content in files.items()}
    write_results(tmp_path, document, {"style@cat": entry}, named)
    for file in (tmp_path / "cat.png", folder / "picture.png"):
        Image.new("RGB", (40, 40), "red").save(file)
    return folder


def runs(database: Path) -> list[dict[str, str]]:
    found = []
    for (run,) in query(database, "select run_uuid from runs where lifecycle_stage = 'active'"):
        tags = dict(query(database, f"select key, value from tags where run_uuid = '{run}'"))
        found.append({**tags, "id": run})
    return found


def curve(database: Path, run: str) -> list[tuple[int, float]]:
    sql = f"select step, value from metrics where run_uuid = '{run}' and key = 'train/total'"
    return sorted(query(database, sql))


def test_a_live_run_is_published_as_it_is(result: Path, database: Path) -> None:
    with live_run("style@cat", PARAMS, Path("cat.png"), {"device": "CPU"}) as run:
        run.evaluations(ROWS[:2], Image.new("RGB", (8, 8)))
        run.evaluations(ROWS[2:], Image.new("RGB", (8, 8)))
        run.finish(result / "picture.png")
    assert dict(publish()) == {"style@cat": "tagged"}
    (found,) = runs(database)
    assert found["origin"] == "live"
    assert curve(database, found["id"]) == [(1, 8.0), (2, 4.0), (3, pytest.approx(8 / 3))]
    sql = f"select value from metrics where run_uuid = '{found['id']}' and key like 'test/%'"
    assert query(database, sql) == [(0.015,)]
    folder = artifacts(database)
    assert (folder / "pictures" / "picture.png").exists()
    for step in (2, 3):
        assert len(list(folder.rglob(f"samples~training?step?{step}?*.png"))) == 1
    assert dict(publish()) == {"style@cat": "kept"}


def test_a_run_that_is_missing_is_made_from_the_files(result: Path, database: Path) -> None:
    assert dict(publish()) == {"style@cat": "restored"}
    (found,) = runs(database)
    assert found["origin"] == "restored"
    assert found["precision"] == "bfloat16"
    assert found["data.md5"] == file_hash(Path("cat.png"))
    assert curve(database, found["id"]) == [(1, 8.0), (2, 4.0), (3, pytest.approx(8 / 3))]
    names = dict(query(database, "select key, value from params"))
    assert names["style_weight"] == "5.0"
