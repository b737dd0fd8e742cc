"""Make MLflow agree with the results: one run for each trained model, whatever happened to it."""

import sys
from pathlib import Path

from generative.core import errors
from generative.core.folders import write_json
from generative.tracking import mlflow_view as tracking


def main(arguments: list[str]) -> None:
    data, out = map(Path, arguments)
    if tracking.is_off():
        print(
            f"tracking is off ({tracking.SWITCH}): nothing is published; later: generative publish"
        )
    else:
        for key, done in tracking.publish(data).items():
            print(f"{key}: {done}")
    lock = tracking.read_lock()
    hashes = {entry.stage: tracking.digest(entry.lock) for entry in tracking.entries(lock)}
    out.parent.mkdir(parents=True, exist_ok=True)
    write_json(out, hashes)


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
