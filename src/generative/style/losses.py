"""The terms of the loss of style transfer (Gatys, Ecker and Bethge, 2016, CVPR; arXiv:1508.06576).

Features F have the shape [height, width, channels]; N is the number of channels, M = height x
width that of positions, both of the layer. G = F'F is the Gram matrix, [N, N]. Pictures are in
[0, 1]. All of it is float32: the sums behind a Gram matrix are long.

The normalizations, of style, content and variation:

- gatys: the paper's style term, sum((G / M - A / M_A)^2) / (4 N^2), whose A may come from a picture
  of another size; half the mean square of the content's difference (the paper's is half the sum,
  which would weigh more in a larger picture); the mean of the variation.
- mean: means everywhere, as in TensorFlow's tutorial; its style term is four times the paper's.
- source: that of Keras' example and of Chollet, 2017, *Deep Learning with Python*: N = 3 and M the
  pixels of the picture in every layer, so that block 1 outweighs block 5 about a thousandfold; sums
  of content and variation, of pixels in [0, 255], which weigh more in a larger picture.
"""

from typing import Any, Literal

import tensorflow as tf

Normalization = Literal["gatys", "mean", "source"]


def gram_matrix(features: Any) -> Any:
    """The mean over positions of the products of two channels, G / M: float32 [channels, channels].

    features: [height, width, channels].
    """
    flat = tf.cast(tf.reshape(features, (-1, features.shape[-1])), tf.float32)
    positions = tf.cast(tf.shape(flat)[0], tf.float32)
    return tf.matmul(flat, flat, transpose_a=True) / positions


def style_loss(
    gram: Any, target: Any, positions: Any, pixels: Any, normalization: Normalization
) -> Any:
    """The distance of a layer's Gram matrix from the target's, both of `gram_matrix`.

    positions: M of the layer. pixels: height x width of the picture. "source" alone needs them.
    """
    squares = tf.reduce_sum(tf.square(gram - target))
    if normalization == "source":
        return squares * (positions / pixels) ** 2 / (4.0 * 3.0**2)
    channels = float(gram.shape[-1])
    return squares / channels**2 / (4.0 if normalization == "gatys" else 1.0)


def content_loss(features: Any, target: Any, normalization: Normalization) -> Any:
    """The distance of a layer's features from the target's, both [height, width, channels]."""
    squares = tf.square(tf.cast(features, tf.float32) - tf.cast(target, tf.float32))
    if normalization == "source":
        return tf.reduce_sum(squares)
    return tf.reduce_mean(squares) / (2.0 if normalization == "gatys" else 1.0)


def total_variation(picture: Any, normalization: Normalization) -> Any:
    """The squared differences of neighbouring pixels of a picture, float32 [height, width, 3].

    The sum of that to the pixel below and that to the right; "source" raises it to the power 1.25.
    """
    down = tf.square(picture[:-1, :-1] - picture[1:, :-1])
    across = tf.square(picture[:-1, :-1] - picture[:-1, 1:])
    if normalization == "source":
        # The root of 0 has no gradient.
        return tf.reduce_sum((255.0**2 * (down + across) + 1e-8) ** 1.25)
    return tf.reduce_mean(down + across)
