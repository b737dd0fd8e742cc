"""`generative register`: a trained model in MLflow's registry."""

from typing import Annotated

import typer


def register(
    model: Annotated[str, typer.Argument(help="The key of a trained model, such as cvae.")],
    alias: Annotated[str, typer.Option(help="The name that marks this version.")] = "champion",
) -> None:
    """Register the part of a trained model that generates in MLflow, under an alias."""
    from generative.tracking import registry

    version = registry.register(model, alias)
    print(f"models:/{model}@{alias} is version {version}")
