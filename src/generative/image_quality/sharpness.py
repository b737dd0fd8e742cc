"""How sharp images are, by the energy of their gradients: what a feature space may overlook."""

import numpy as np

Array = np.ndarray


def gradient_energy(images: Array) -> float:
    """The mean squared difference of a pixel and the next one, down and across, of images [N,
    height, width, channels]. Blur takes from it and noise adds to it."""
    differences = (np.diff(images, axis=axis) for axis in (1, 2))
    return float(sum(np.square(one, dtype=np.float64).mean() for one in differences))
