"""Weights in eight bits: whole numbers from -127 to 127, and a scale for each channel."""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray
LARGEST = 127


@dataclass(frozen=True)
class Quantized:
    """numbers: int8, of the shape of the weights; scales: float32, one for each index of `axis`."""

    numbers: Array
    scales: Array
    axis: int


def quantize(weights: Array, axis: int) -> Quantized:
    """The nearest multiples of each channel's largest absolute weight over 127.

    axis: of the channels. A channel of zeros has the scale 0.
    """
    others = tuple(i for i in range(weights.ndim) if i != axis % weights.ndim)
    scales = (np.abs(weights).max(axis=others) / LARGEST).astype(np.float32)
    divisors = along(np.where(scales > 0, scales, 1), axis, weights.ndim)
    numbers = np.rint(weights / divisors).astype(np.int8)
    return Quantized(numbers, scales, axis % weights.ndim)


def dequantize(quantized: Quantized) -> Array:
    """The float32 weights that a page computes with."""
    numbers = quantized.numbers
    scales = along(quantized.scales, quantized.axis, numbers.ndim)
    return numbers.astype(np.float32) * scales


def along(values: Array, axis: int, dimensions: int) -> Array:
    """`values` shaped so that they multiply an array of so many dimensions along `axis`."""
    return np.moveaxis(values.reshape((-1,) + (1,) * (dimensions - 1)), 0, axis)
