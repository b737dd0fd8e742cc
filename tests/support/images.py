"""Images of known content and extractors of known features, for the image metrics."""

import numpy as np

Array = np.ndarray


class Quarters:
    """A feature extractor whose features are the brightness of the quarters; it names the digit by
    the mean."""

    identity = "quarters"

    def features(self, images: Array) -> Array:
        return images.reshape(-1, 2, 14, 2, 14).mean(axis=(2, 4)).reshape(-1, 4)

    def probabilities(self, images: Array) -> Array:
        digit = np.clip(images.mean(axis=(1, 2, 3)) * 10, 0, 9).astype(int)
        return np.eye(10)[digit]


class UnnamedQuarters:
    """The same features, and no names."""

    identity = "quarters"
    features = Quarters.features


def digits(count: int, seed: int) -> tuple[Array, Array]:
    """Images of ten brightnesses, the same number of each, and what `Quarters` should call them."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    brightness = (labels + 0.5) / 10
    noise = generator.uniform(-0.3, 0.3, (count, 28, 28, 1))
    return (brightness[:, np.newaxis, np.newaxis, np.newaxis] + noise).astype(np.float32), labels


def colour_images(count: int, height: int, width: int, seed: int = 0) -> Array:
    """Smooth and coloured: red grows from left to right, blue and green are weak."""
    generator = np.random.default_rng(seed)
    images = generator.uniform(0, 0.2, (count, height, width, 3))
    images[..., 0] += np.linspace(0, 0.8, width)
    images *= generator.uniform(0.3, 1, (count, 1, 1, 1))
    return images.astype(np.float32)
