"""Write a trained model as files that a page computes with."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from generative.browser.export import export
from generative.browser.schema import Browser
from generative.core import errors, params, runtime, saving, stage
from generative.core.folders import atomic_folder
from generative.core.runtime import Runtime


def main(arguments: list[str]) -> None:
    (key,) = arguments
    options = params.read(f"browser.{key}", Browser)
    runtime.configure(params.read("runtime", Runtime), seed=0)
    model = saving.load(Path("data/models") / key)
    with atomic_folder(Path("data/browser") / key) as folder:
        try:
            export(model, options, folder)
        except errors.BadInput as error:
            raise errors.BadInput(f"browser.{key}: {error}; take the section away") from None


if __name__ == "__main__":
    stage.run(main)
