"""Make MLflow agree with the results: one run for each trained model, whatever happened to it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from generative.core import params, stage
from generative.core.folders import write_json
from generative.tracking import provenance, publish, store


def main(arguments: list[str]) -> None:
    if store.is_off():
        print(f"tracking is off ({store.SWITCH}): nothing is published; later: generative publish")
    else:
        for name, done in publish.publish():
            print(f"{name}: {done}")
    entries = publish.entries(publish.read_lock(), params.read_document())
    out = Path("mlruns/published.json")
    out.parent.mkdir(exist_ok=True)
    write_json(out, {entry.stage: provenance.digest(entry.lock) for entry in entries})


if __name__ == "__main__":
    stage.run(main)
