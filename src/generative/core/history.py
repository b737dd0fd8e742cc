"""How a training went, epoch by epoch: metrics, snapshots and warnings, in their own folder."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from generative.core.folders import read_json, write_json

TABLE, STEPS, SNAPSHOTS, WARNINGS, PARAMETERS, MACHINE = (
    "history.csv",
    "steps.csv",
    "snapshots.npz",
    "warnings.txt",
    "params.json",
    "machine.json",
)


@dataclass(frozen=True)
class History:
    """What happened: one row an epoch with every metric, and what the model showed.

    table: columns `epoch` (from 1), `loss`, the terms, and the same with `val_` before them.
    snapshots: what the model shows before the training and after each epoch: float32 images
        [1 + epochs, count, height, width, channels] in [0, 1], or texts [1 + epochs, count];
        nothing where the count is 0.
    activations: for each epoch, where they are logged, every layer's output for one example.
    warnings: lines that say what looked wrong, and in which epoch.
    steps: one row a step with every metric, where they are logged.
    """

    table: pd.DataFrame
    snapshots: np.ndarray
    activations: list[dict[str, np.ndarray]]
    warnings: list[str]
    steps: pd.DataFrame = field(default_factory=pd.DataFrame)

    def save(self, folder: Path, params: dict[str, Any], machine: dict[str, Any]) -> None:
        """Write it into `folder`, with the parameters of the training and what it ran on; images as
        8 bits."""
        folder.mkdir(parents=True, exist_ok=True)
        self.table.to_csv(folder / TABLE, index=False)
        if len(self.steps):
            self.steps.to_csv(folder / STEPS, index_label="step")
        write_json(folder / PARAMETERS, params)
        write_json(folder / MACHINE, machine)
        if self.snapshots.size:
            frames = self.snapshots
            if frames.dtype.kind == "f":  # texts stay as they are
                frames = np.rint(frames * 255).astype(np.uint8)
            np.savez_compressed(folder / SNAPSHOTS, frames=frames)
        if self.warnings:
            lines = "".join(f"{line}\n" for line in self.warnings)
            (folder / WARNINGS).write_text(lines, encoding="utf-8")
        for epoch, outputs in enumerate(self.activations, start=1):
            file = folder / f"activations_{epoch:03}.npz"
            np.savez_compressed(file, allow_pickle=False, **outputs)


def read_table(folder: Path) -> pd.DataFrame:
    """One row an epoch."""
    return pd.read_csv(folder / TABLE)


def read_steps(folder: Path) -> pd.DataFrame | None:
    """One row a step, if they were logged."""
    file = folder / STEPS
    return pd.read_csv(file) if file.exists() else None


def read_snapshots(folder: Path) -> np.ndarray:
    """Float32 images [1 + epochs, count, height, width, channels], or texts [1 + epochs, count]:
    the first before the training."""
    with np.load(folder / SNAPSHOTS) as snapshots:
        frames: np.ndarray = snapshots["frames"]
    return frames if frames.dtype.kind == "U" else frames / np.float32(255)


def read_warnings(folder: Path) -> list[str]:
    """The lines of the warnings; none where there were none."""
    file = folder / WARNINGS
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def read_params(folder: Path) -> dict[str, Any]:
    """The parameters of the training, nested as in params.yaml."""
    params: dict[str, Any] = read_json(folder / PARAMETERS)
    return params
