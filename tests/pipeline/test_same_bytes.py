"""Two checkouts, one by the engine and one by `dvc repro`: the same bytes."""

from pathlib import Path

import pytest

from tests.support.workspace import make_workspace

DRAWN = ("cvae", "gan_non_saturating", "residual", "char_lstm")
TARGETS = (*(f"render@{key}" for key in DRAWN), "tune@separable")


@pytest.mark.slow
def test_two_runs_from_scratch_make_the_same_bytes(tmp_path: Path, mirror: Path) -> None:
    """The second one is untracked, too: MLflow has no part in any result."""
    one, other = (make_workspace(tmp_path / name, mirror) for name in ("one", "other"))
    one.repro(*TARGETS)
    other.dvc_repro(*TARGETS, GENERATIVE_TRACKING="off")
    assert (one.folder / "mlruns" / "mlflow.db").exists()
    assert not (other.folder / "mlruns" / "mlflow.db").exists()
    assert len(one.hashes()) == 17
    assert one.hashes() == other.hashes()
    assert one.repro(*TARGETS) == other.repro(*TARGETS) == set()
