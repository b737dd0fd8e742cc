"""Formulas of adversarial training, side by side: what the two players minimise, in nats, float32.

Everything is written in the logit s = log D / (1 - D) that an image is real, so nothing saturates
where it should not, and nothing overflows. A discriminator with two softmax outputs is the same
with s = logit of real - logit of fake.
"""

from collections.abc import Callable
from typing import Any, Literal

import tensorflow as tf

Tensor = Any
Objective = Literal["minimax", "non_saturating", "maximum_likelihood", "hinge", "wasserstein"]

# exp of more than this would drown every other sample (see `maximum_likelihood`).
LARGEST_LOGIT = 10.0


def logistic_discriminator(real: Tensor, fake: Tensor, real_target: Tensor = 1.0) -> Tensor:
    """-1/2 E log D(x) - 1/2 E log(1 - D(G(z))) (Goodfellow, 2016, arXiv:1701.00160, equation 8).

    real_target: below 1 it smooths the labels of real images, one side only (Salimans et al., 2016,
    arXiv:1606.03498, section 3.4). A target above 1 has no lower bound, so there is none.
    """
    of_real = tf.reduce_mean(tf.nn.softplus(real) - real_target * real)
    return (of_real + tf.reduce_mean(tf.nn.softplus(fake))) / 2


def hinge_discriminator(real: Tensor, fake: Tensor, real_target: Tensor = 1.0) -> Tensor:
    """E max(0, 1 - s(x)) + E max(0, 1 + s(G(z))) (Lim & Ye, 2017, arXiv:1705.02894)."""
    return tf.reduce_mean(tf.nn.relu(real_target - real)) + tf.reduce_mean(tf.nn.relu(1 + fake))


def wasserstein_discriminator(real: Tensor, fake: Tensor, real_target: Tensor = 1.0) -> Tensor:
    """E s(G(z)) - E s(x) (Arjovsky et al., 2017, arXiv:1701.07875)."""
    return tf.reduce_mean(fake) - tf.reduce_mean(real)


def minimax_generator(fake: Tensor) -> Tensor:
    """1/2 E log(1 - D(G(z))): its gradient, sigmoid(s) / 2, vanishes where the generator loses."""
    return -tf.reduce_mean(tf.nn.softplus(fake)) / 2


def non_saturating_generator(fake: Tensor) -> Tensor:
    """-1/2 E log D(G(z)): its gradient is strong just there."""
    return tf.reduce_mean(tf.nn.softplus(-fake)) / 2


def maximum_likelihood_generator(fake: Tensor) -> Tensor:
    """-1/2 E exp(s): the gradient of KL(data || model) if the discriminator is optimal.

    Its gradient comes from the few best samples; s is clipped from above so that it stays finite.
    """
    return -tf.reduce_mean(tf.exp(tf.minimum(fake, LARGEST_LOGIT))) / 2


def linear_generator(fake: Tensor) -> Tensor:
    """-E s(G(z)): the generator's side of the hinge and of the Wasserstein objective."""
    return -tf.reduce_mean(fake)


# Each objective: what the discriminator minimises, and what the generator does.
OBJECTIVES: dict[str, tuple[Callable[..., Tensor], Callable[[Tensor], Tensor]]] = {
    "minimax": (logistic_discriminator, minimax_generator),
    "non_saturating": (logistic_discriminator, non_saturating_generator),
    "maximum_likelihood": (logistic_discriminator, maximum_likelihood_generator),
    "hinge": (hinge_discriminator, linear_generator),
    "wasserstein": (wasserstein_discriminator, linear_generator),
}


def effective_sample_size(fake: Tensor) -> Tensor:
    """How many samples of the batch the maximum likelihood gradient comes from: (sum w)^2 / sum w^2
    with w = exp(s), 1 to the size of the batch."""
    weights = tf.exp(tf.minimum(fake, LARGEST_LOGIT) - tf.reduce_max(fake))
    return tf.square(tf.reduce_sum(weights)) / tf.reduce_sum(tf.square(weights))


def r1_penalty(discriminate: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """1/2 E |grad s(x)|^2 at real images (Mescheder et al., 2018, arXiv:1801.04406, equation 9)."""
    gradient = tf.gradients(tf.reduce_sum(discriminate(real)), real)[0]
    return tf.reduce_mean(_squared_norms(gradient)) / 2


def gradient_penalty(
    discriminate: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, share: Tensor
) -> Tensor:
    """E (|grad s(x)| - 1)^2 between real and fake images (Gulrajani et al., 2017,
    arXiv:1704.00028).

    share: U(0, 1), one number an image [batch, 1, 1, 1]; the norm is over all of an image.
    """
    between = share * real + (1 - share) * fake
    gradient = tf.gradients(tf.reduce_sum(discriminate(between)), between)[0]
    return tf.reduce_mean(tf.square(tf.sqrt(_squared_norms(gradient) + 1e-12) - 1))


def _squared_norms(gradient: Tensor) -> Tensor:
    return tf.reduce_sum(tf.square(tf.cast(gradient, tf.float32)), axis=[1, 2, 3])


def diffaugment(images: Tensor, uniform: Callable[[tuple[int, ...]], Tensor]) -> Tensor:
    """`images` [batch, height, width, channels] in other colours, moved and with a hole (Zhao et
    al., 2020, arXiv:2006.10738): a discriminator that sees all images so cannot learn few of them
    by heart. Differentiable, as the generator learns through it.

    uniform: draws U(0, 1) numbers of a shape; its first size is the batch's.
    """
    batch, (height, width) = tf.shape(images)[0], images.shape[1:3]

    def draw(*shape: int) -> Tensor:
        return tf.cast(uniform((batch, *shape)), images.dtype)

    images += draw(1, 1, 1) - 0.5  # brightness
    if images.shape[-1] > 1:
        grey = tf.reduce_mean(images, axis=-1, keepdims=True)
        images = grey + 2 * draw(1, 1, 1) * (images - grey)  # saturation
    mean = tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True)
    images = mean + (0.5 + draw(1, 1, 1)) * (images - mean)  # contrast

    def along(size: int) -> tuple[Tensor, Tensor]:
        """Matrices that move a line of pixels by up to an eighth, and 1 where the hole may be."""
        place = tf.range(size)
        reach = size // 8
        shift = tf.cast(tf.floor(draw(1) * (2 * reach + 1)), tf.int32) - reach
        start = tf.cast(tf.floor(draw(1) * (size + 1)), tf.int32) - size // 4
        hole = (place >= start) & (place < start + size // 2)
        # The row of a place outside of the picture is all zeros.
        return tf.one_hot(place + shift, size, dtype=images.dtype), tf.cast(hole, images.dtype)

    (down, hole_rows), (across, hole_columns) = along(height), along(width)
    images = tf.einsum("bij,bjwc->biwc", down, images)
    images = tf.einsum("bij,bhjc->bhic", across, images)
    return images * (1 - hole_rows[:, :, None, None] * hole_columns[:, None, :, None])


def variety(images: Tensor) -> Tensor:
    """Deviation of a pixel over the batch, root mean square over pixels; 0 if all are the same."""
    mean = tf.reduce_mean(images, axis=0, keepdims=True)
    return tf.sqrt(tf.reduce_mean(tf.square(tf.cast(images - mean, tf.float32))))
