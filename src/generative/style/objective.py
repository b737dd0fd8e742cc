"""The loss of a picture and its gradient, against targets that are computed once."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from generative.core.errors import BadInput, unknown
from generative.style import losses
from generative.style.schema import Style

Array = np.ndarray


class Objective:
    """The distance of a picture from the content of one picture and the style of others.

    network: of `vgg.network.load`. content: float32 [1, height, width, 3] in [0, 1]; the picture
    has its shape. styles: pictures of any sizes, and the share of each. Raises `BadInput` for a
    layer that the network does not have.
    """

    def __init__(
        self,
        network: keras.Model,
        content: Array,
        styles: Sequence[tuple[Array, float]],
        options: Style,
    ) -> None:
        layers = {**options.content_layers, **options.style_layers}
        for name in layers:
            if name not in network.output:
                raise unknown(f"layer of {network.name}", name, network.output)
        self.options, self.shape = options, content.shape
        outputs = {name: network.output[name] for name in layers}
        self.network = keras.Model(network.input, outputs)
        features = self.network(content, training=False)
        self.contents = {name: tf.constant(features[name][0]) for name in options.content_layers}
        total = sum(share for _, share in styles)
        self.grams = {name: 0.0 for name in options.style_layers}
        for picture, share in styles:
            features = self.network(picture, training=False)
            for name in self.grams:
                self.grams[name] += share / total * losses.gram_matrix(features[name][0])
        self.names = ["total", "content", "style", "variation"]
        self.names += [f"style_{name}" for name in options.style_layers]
        signature = [tf.TensorSpec(content.shape, tf.float32)]
        self._with_gradient = tf.function(self.with_gradient, signature)

    def terms(self, picture: Any) -> Any:
        """float32 [len(names)]: every term of the loss, unweighted but for the layers' shares, and
        the weighted `total` of them."""
        options, features = self.options, self.network(picture, training=False)
        normalization = options.normalization
        pixels = float(self.shape[1] * self.shape[2])
        content = tf.add_n(
            [
                share * losses.content_loss(features[name][0], self.contents[name], normalization)
                for name, share in options.content_layers.items()
            ]
        )
        styles = []
        for name, target in self.grams.items():
            positions = float(np.prod(features[name].shape[1:3]))
            gram = losses.gram_matrix(features[name][0])
            styles.append(losses.style_loss(gram, target, positions, pixels, normalization))
        shares = options.style_layers.values()
        style = tf.add_n([share * term for share, term in zip(shares, styles, strict=True)])
        variation = losses.total_variation(picture[0], normalization)
        total = (
            options.content_weight * content
            + options.style_weight * style
            + options.variation_weight * variation
        )
        return tf.stack([total, content, style, variation, *styles])

    def with_gradient(self, picture: Any) -> Any:
        """`terms`, and the gradient of the total with respect to the picture, of its shape."""
        with tf.GradientTape() as tape:
            tape.watch(picture)
            terms = self.terms(picture)
            total = terms[0]
        return terms, tape.gradient(total, picture)

    def measure(self, picture: Array) -> dict[str, float]:
        """The terms of a picture by name."""
        values = self.terms(tf.constant(picture, tf.float32)).numpy()
        return dict(zip(self.names, map(float, values), strict=True))

    def evaluate(self, flat: Array) -> tuple[Array, Array]:
        """The terms, float64 [len(names)], and the gradient, float32 [height x width x 3], of a
        picture that an optimizer gives, float64 [height x width x 3].

        Raises `BadInput` where they are not finite.
        """
        picture = tf.constant(flat.reshape(self.shape), tf.float32)
        terms, gradient = self._with_gradient(picture)
        if not (np.isfinite(terms).all() and np.isfinite(gradient).all()):
            raise BadInput(
                "the loss became NaN or infinite; lower content_weight, style_weight or "
                "variation_weight"
            )
        return terms.numpy().astype(np.float64), gradient.numpy().ravel()
