"""How sharp images are, by the energy of their gradients: what a feature space may overlook."""

import numpy as np

Array = np.ndarray


def gradient_energies(images: Array) -> Array:
    """The mean squared difference of a pixel and the next one, down and across, of images [N,
    height, width, channels]: float64 [N]. Blur takes from it and noise adds to it."""
    differences = (np.diff(images, axis=axis) for axis in (1, 2))
    energies = (np.square(one, dtype=np.float64).mean(axis=(1, 2, 3)) for one in differences)
    return np.sum([*energies], axis=0)
