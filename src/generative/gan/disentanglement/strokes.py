"""Measurements of the strokes of handwritten digits (Castro et al., 2019, arXiv:1809.10795)."""

import numpy as np
from scipy.ndimage import distance_transform_edt, zoom
from scipy.stats import trim_mean
from skimage.morphology import skeletonize

Array = np.ndarray

# Skeletons of strokes three pixels wide are too ragged to be measured at the images' own size.
ENLARGED = 4


def thickness(images: Array) -> Array:
    """Mean width of the strokes, pixels, float64 [N]; not a number for an image without any.

    images: [N, height, width, 1] in [0, 1], bright strokes on a dark ground. Twice the mean
    distance from the middle line of the strokes to their edge.
    """
    return np.array([_thickness(image[..., 0]) for image in images])


def _thickness(image: Array) -> float:
    large = zoom(image, ENLARGED, order=1, grid_mode=True, mode="nearest")
    stroke = np.pad(large > image.max() / 2, 1)  # a stroke may end at the border
    middle = skeletonize(stroke)
    if not middle.any():
        return np.nan
    # Distances run from pixel to pixel: the edge is half a pixel nearer than the first dark one.
    return float((2 * trim_mean(distance_transform_edt(stroke)[middle], 0.25) - 0.5) / ENLARGED)


def slant(images: Array) -> Array:
    """How far strokes lean to the right, degrees from upright, float64 [N]; not a number for a
    dark image. images: [N, height, width, 1] in [0, 1].

    The angle whose shear would make the second moments upright.
    """
    weights = images[..., 0].astype(np.float64)
    total = weights.sum(axis=(1, 2), keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = weights / total
        rows, columns = (np.arange(size, dtype=np.float64) for size in weights.shape[1:])
        down = rows - np.einsum("nij,i->n", weights, rows)[:, None]
        across = columns - np.einsum("nij,j->n", weights, columns)[:, None]
        mixed = np.einsum("nij,ni,nj->n", weights, down, across)
        height = np.einsum("nij,ni->n", weights, down**2)
        return np.degrees(np.arctan2(-mixed, height))
