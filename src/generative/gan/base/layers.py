"""Layers and networks that several GANs share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

Tensor = Any


class BatchNormalization(layers.BatchNormalization):
    """Keras' layer, which in training normalises images with TensorFlow's fused kernel. Op by op
    and in float32, as Keras computes it, it takes a fifth of a step of these networks."""

    def call(self, inputs: Tensor, training: bool | None = None, mask: Tensor = None) -> Tensor:
        if not training or not self.trainable or len(inputs.shape) != 4 or self.synchronized:
            return super().call(inputs, training=training)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.convert_to_tensor(self.gamma),
            offset=tf.convert_to_tensor(self.beta),
            mean=[],
            variance=[],
            epsilon=self.epsilon,
            is_training=True,
        )
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + value * (1 - self.momentum))
        return outputs


@contextmanager
def moving_statistics(network: keras.Model) -> Iterator[None]:
    """What is traced within it leaves the moving averages of the network's batch normalisation as
    they are and takes these, in training too, as Keras does where `trainable` is False."""
    found = [one for one in network.layers if isinstance(one, layers.BatchNormalization)]
    for layer in found:
        layer.trainable = False
    try:
        yield
    finally:
        for layer in found:
            layer.trainable = True


class ResizeConv2D(layers.Conv2D):
    """`UpSampling2D`, which repeats each pixel, and a 3x3 convolution (Odena et al., 2016,
    doi:10.23915/distill.00003), as one transposed 4x4 convolution: images [batch, height, width,
    channels] to [batch, 2 height, 2 width, filters].

    Of the 9 products of an output pixel only 4 have different inputs: the weights of the others are
    added up before. The gradient of the repetition, which a GPU adds up in no fixed order, is not
    needed.
    """

    def __init__(self, filters: int, **options: Any) -> None:
        options = {"kernel_size": 3, "padding": "same", **options}
        super().__init__(filters, **options)

    def call(self, inputs: Tensor) -> Tensor:
        kernel = ops.pad(self.kernel, ((1, 1), (1, 1), (0, 0), (0, 0)))
        kernel = kernel[1:] + kernel[:-1]
        kernel = kernel[:, 1:] + kernel[:, :-1]
        # A transposed convolution runs over its kernel backwards.
        kernel = ops.transpose(ops.flip(kernel, (0, 1)), (0, 1, 3, 2))
        outputs = ops.conv_transpose(inputs, kernel, strides=2, padding="same")
        if self.use_bias:
            outputs += self.bias
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, height, width, _ = input_shape
        return batch, height and 2 * height, width and 2 * width, self.filters


def builtin_layer(layer: keras.Layer) -> keras.Layer:
    """A copy of `layer`, without its weights, that loads without this package."""
    config = layer.get_config()
    if isinstance(layer, ResizeConv2D):
        return keras.Sequential([layers.UpSampling2D(), layers.Conv2D.from_config(config)])
    kind = layers.BatchNormalization if isinstance(layer, BatchNormalization) else type(layer)
    return kind.from_config(config)


class SpectralNormalization(layers.Wrapper):
    """A dense layer or a convolution whose kernel is divided by its largest singular value (Miyato
    et al., 2018, arXiv:1802.05957), which gradients pass through; the kernel itself stays.

    Each call in training takes one step of the power iteration; in use nothing changes. Keras'
    layer of this name overwrites the kernel, so that the optimizer's steps are taken from another.
    """

    def __init__(self, layer: keras.Layer, **options: Any) -> None:
        linear = {**layer.get_config(), "use_bias": False, "activation": "linear"}
        # The singular value is of the kernel in float32, whatever the layer computes in.
        super().__init__(type(layer).from_config(linear), autocast=False, **options)
        self.use_bias, self.activation = layer.use_bias, layer.activation

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        # A transposed convolution's kernel has its outputs before its inputs.
        self.axis = -2 if isinstance(self.layer, layers.Conv2DTranspose) else -1
        outputs = (self.layer.kernel.shape[self.axis],)
        self.singular_vector = self.add_weight(
            shape=outputs,
            initializer="random_normal",
            trainable=False,
            dtype="float32",
            name="singular_vector",
        )
        if self.use_bias:
            self.bias = self.add_weight(shape=outputs, initializer="zeros", name="bias")

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        outputs = self.layer(inputs)
        outputs /= ops.cast(self.largest_singular_value(training), outputs.dtype)
        if self.use_bias:
            outputs += ops.cast(self.bias, outputs.dtype)
        return self.activation(outputs)

    def largest_singular_value(self, training: bool) -> Tensor:
        """Of the kernel as a matrix with a column an output, by the power iteration so far."""
        kernel = ops.moveaxis(self.layer.kernel, self.axis, -1)
        matrix = ops.reshape(kernel, (-1, kernel.shape[-1]))
        fixed, right = ops.stop_gradient(matrix), ops.normalize(self.singular_vector)
        left = ops.normalize(fixed @ right[:, None], axis=0)
        if training:
            right = ops.normalize(ops.transpose(fixed) @ left, axis=0)[:, 0]
            self.singular_vector.assign(right)
        return ops.sum(left * (matrix @ right[:, None]))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        config: dict[str, Any] = super().get_config()
        activation = keras.activations.serialize(self.activation)
        config["layer"]["config"] |= {"use_bias": self.use_bias, "activation": activation}
        return config


def spectrally_normalized(network: keras.Model) -> keras.Model:
    """A copy of `network` whose convolutions and dense layers are spectrally normalised."""

    def wrapped(layer: keras.Layer) -> keras.Layer:
        has_kernel = isinstance(layer, (layers.Dense, layers.Conv2D, layers.Conv2DTranspose))
        if has_kernel:
            return SpectralNormalization(layer, dtype=layer.dtype_policy)
        return type(layer).from_config(layer.get_config())

    return keras.models.clone_model(network, clone_function=wrapped)


def digit_generator(latent_size: int, width: int, biases: bool = False) -> keras.Model:
    """The generator of Atienza (2018, "Advanced Deep Learning with Keras", chapters 4 to 6), where
    `width` is 32: latents [batch, latent_size] to images [batch, 28, 28, 1] in (0, 1).

    biases: his, also of layers whose next normalisation takes any bias away.
    """
    network = keras.Sequential(
        [
            layers.Input((latent_size,)),
            layers.Dense(7 * 7 * 4 * width),
            layers.Reshape((7, 7, 4 * width)),
        ],
        name="generator",
    )
    for channels, stride in ((4 * width, 2), (2 * width, 2), (width, 1)):
        network.add(BatchNormalization())
        network.add(layers.ReLU())
        convolution = layers.Conv2DTranspose(
            channels, 5, strides=stride, padding="same", use_bias=biases
        )
        network.add(convolution)
    network.add(BatchNormalization())
    network.add(layers.ReLU())
    network.add(layers.Conv2DTranspose(1, 5, padding="same", dtype="float32"))
    network.add(layers.Activation("sigmoid", dtype="float32"))
    return network


def digit_features(images: Tensor, width: int) -> Tensor:
    """The trunk of its discriminator, where `width` is 32: images to features [batch, 4096]."""
    x = images
    for channels, stride in ((width, 2), (2 * width, 2), (4 * width, 2), (8 * width, 1)):
        x = layers.LeakyReLU(0.2)(x)
        x = layers.Conv2D(channels, 5, strides=stride, padding="same")(x)
    return layers.Flatten()(x)
