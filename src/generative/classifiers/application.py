"""A network of keras.applications, untrained: InceptionV3, Xception, ... (Chollet, 2017, section
7.1.4)."""

import inspect
from typing import Annotated, Unpack

import keras
from keras import layers
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from generative.classifiers.base.classifier import (
    Classifier,
    Options,
    augmented_images,
    resized,
)
from generative.core.errors import BadInput, first_line
from generative.core.params import Count

APPLICATIONS = [name for name, _ in inspect.getmembers(keras.applications, inspect.isfunction)]


def checked(name: str) -> str:
    """`name`; an error of pydantic's where keras.applications has no such network."""
    if name not in APPLICATIONS:
        text = f"of keras.applications: {', '.join(APPLICATIONS)}"
        raise PydanticCustomError("application", "{text}", {"text": text})
    return name


class Application(Classifier):
    """The network up to its last feature maps, and their means.

    application: its name in keras.applications.
    side: pixels that images are resized to; three equal channels are made of them. Each network
        has a least side: 75 of InceptionV3, 71 of Xception, 32 of most others.
    """

    def __init__(
        self,
        *,
        application: Annotated[str, AfterValidator(checked)],
        side: Count,
        **options: Unpack[Options],
    ) -> None:
        images, x = augmented_images(options)
        x = resized(x, side)
        x = layers.Concatenate(name="channels")([x, x, x])
        build = getattr(keras.applications, application)
        shape = (side, side, 3)
        # Some scale grey levels of 0 to 255 themselves; not all can be told that these are scaled.
        has_option = "include_preprocessing" in inspect.signature(build).parameters
        options_of_build = {"include_preprocessing": False} if has_option else {}
        if application.startswith("EfficientNetB"):
            x = layers.Rescaling(255.0, name="unscaled")(x)
        try:
            # On the tensor, not as a model inside of this one: its layers are then layers of this.
            network = build(
                weights=None,
                include_top=False,
                pooling="avg",
                input_tensor=x,
                input_shape=shape,
                **options_of_build,
            )
        except ValueError as error:
            raise BadInput(f"side: received {side}; {application}: {first_line(error)}") from None
        super().__init__(images, network.output, **options)
