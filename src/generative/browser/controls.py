"""What a visitor of the page sets: the parts of a model's input, in order."""

from typing import Any, Literal

from pydantic import BaseModel

from generative.core.errors import BadInput

# Codes of more dimensions are drawn, not set one by one.
MOST_SLIDERS = 4


class Part(BaseModel):
    """Some numbers of the input, side by side.

    kind: "number", set from low to high; "choice", one of `size`, one-hot; "noise", `size` numbers
        drawn from `distribution`, of which the page goes from one draw to another.
    """

    name: str
    kind: Literal["number", "choice", "noise"]
    size: int = 1
    low: float = 0.0
    high: float = 0.0
    distribution: Literal["normal", "uniform", "symmetric"] = "normal"


def parts(model: Any, inputs: int) -> list[Part]:
    """Those of a VAE or a GAN whose input has so many numbers; `BadInput` for one that is not
    made of them."""
    if hasattr(model, "control_size"):
        noise = Part(name="noise", kind="noise", size=model.noise_size, distribution="symmetric")
        category = Part(name="category", kind="choice", size=10)
        codes = [Part(name=n, kind="number", low=-2, high=2) for n in model.code_names]
        found = [noise, category, *codes]
    elif hasattr(model, "code_range"):
        found = of_codes(model)
    else:
        names = ("z1", "z0") if hasattr(model, "upper_generator") else ("noise",)
        size = model.latent_size // len(names)
        found = [
            Part(name=name, kind="noise", size=size, distribution=model.latent) for name in names
        ]
        if model.classes:
            found.append(Part(name="digit", kind="choice", size=model.classes))
    if sum(part.size for part in found) != inputs:
        raise BadInput(
            f"the network takes {inputs} numbers, its controls are for "
            f"{', '.join(f'{part.size} of {part.name}' for part in found)}"
        )
    return found


def of_codes(model: Any) -> list[Part]:
    """Of a VAE."""
    count, reach = model.latent_size, model.code_range
    if count > MOST_SLIDERS:
        return [Part(name="noise", kind="noise", size=count)]
    names = (f"code{number}" for number in range(1, count + 1))
    return [Part(name=name, kind="number", low=-reach, high=reach) for name in names]
