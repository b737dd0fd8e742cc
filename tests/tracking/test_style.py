"""Style transfer in MLflow: a run that follows it, or one made from the files."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from generative.tracking import mlflow_view as tracking
from tests.conftest import query

ROWS = [{"evaluation": i, "longest_side": 32, "total": 8.0 / i} for i in (1, 2, 3)]
BLOCK: dict[str, Any] = {"content": "cat.png", "style_weight": 5.0, "precision": "bfloat16"}
PARAMS: dict[str, Any] = {"style": {"cat": BLOCK}, "runtime": {"determinism": True}}


@pytest.fixture
def result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Path) -> Path:
    """A project in which one picture was made."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data" / "style" / "cat"
    folder.mkdir(parents=True)
    for file in (tmp_path / "cat.png", folder / "picture.png"):
        Image.new("RGB", (40, 40), "red").save(file)
    (folder / "history.csv").write_text(
        "evaluation,longest_side,total\n"
        + "".join(f"{r['evaluation']},32,{r['total']}\n" for r in ROWS)
    )
    (folder / "metrics.json").write_text(json.dumps({"style_loss_ratio": 0.015}))
    params = {"style.cat": BLOCK, "runtime": {"determinism": True}}
    entry = {
        "params": {"params.yaml": params},
        "deps": [{"path": "cat.png", "md5": "1"}],
        "outs": [{"path": "data/style/cat", "md5": "2"}],
    }
    (tmp_path / "dvc.lock").write_text(yaml.safe_dump({"stages": {"style@cat": entry}}))
    (tmp_path / "params.yaml").write_text("profile: test\n")
    return folder


def runs(database: Path) -> list[dict[str, str]]:
    found = []
    for (run,) in query(database, "select run_uuid from runs where lifecycle_stage = 'active'"):
        tags = dict(query(database, f"select key, value from tags where run_uuid = '{run}'"))
        found.append({**tags, "id": run})
    return found


def curve(database: Path, run: str) -> list[tuple[int, float]]:
    sql = f"select step, value from metrics where run_uuid = '{run}' and key = 'total'"
    return sorted(query(database, sql))


def test_a_live_run_is_published_as_it_is(result: Path, database: Path) -> None:
    with tracking.live_run("style@cat", PARAMS, Path("cat.png"), {"device": "CPU"}) as run:
        run.evaluations(ROWS[:2], Image.new("RGB", (8, 8)))
        run.evaluations(ROWS[2:], Image.new("RGB", (8, 8)))
        run.finish(result / "picture.png")
    assert tracking.publish() == {"style@cat": "tagged"}
    (found,) = runs(database)
    assert found["origin"] == "live"
    assert curve(database, found["id"]) == [(1, 8.0), (2, 4.0), (3, pytest.approx(8 / 3))]
    sql = f"select value from metrics where run_uuid = '{found['id']}' and key like 'test/%'"
    assert query(database, sql) == [(0.015,)]
    ((place,),) = query(database, "select artifact_uri from runs")
    folder = Path(place.removeprefix("file://"))
    assert (folder / "pictures" / "picture.png").exists()
    for step in (2, 3):
        assert len(list(folder.rglob(f"picture?step?{step}?*.png"))) == 1
    assert tracking.publish() == {"style@cat": "kept"}


def test_a_run_that_is_missing_is_made_from_the_files(result: Path, database: Path) -> None:
    assert tracking.publish() == {"style@cat": "restored"}
    (found,) = runs(database)
    assert found["origin"] == "restored"
    assert found["precision"] == "bfloat16"
    assert found["data.md5"] == tracking.md5_of_file(Path("cat.png"))
    assert curve(database, found["id"]) == [(1, 8.0), (2, 4.0), (3, pytest.approx(8 / 3))]
