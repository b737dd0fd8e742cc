"""Losses and penalties of GANs: free functions of tensors, in nats, float32.

Every loss is written in the logit s = log D / (1 - D) that an image is real, so that nothing
saturates where it should not, and nothing overflows. A discriminator with two softmax outputs is
the same with s = logit of real - logit of fake.
"""

from collections.abc import Callable
from typing import Any, Literal

import tensorflow as tf

Tensor = Any
Objective = Literal["minimax", "non_saturating", "maximum_likelihood", "hinge", "wasserstein"]

# exp of more than this would outweigh every other sample (see `maximum_likelihood_generator`).
LARGEST_LOGIT = 10.0


def logistic_discriminator(
    real: Tensor, fake: Tensor, real_target: Tensor = 1.0, fake_target: Tensor = 0.0
) -> Tensor:
    """-1/2 E log D(x) - 1/2 E log(1 - D(G(z))) (Goodfellow, 2016, arXiv:1701.00160, equation 8).

    real_target: below 1 it smooths the labels of real images, one side only (Salimans et al., 2016,
    arXiv:1606.03498, section 3.4). fake_target: the label of fake ones. A target above 1 or below 0
    has no lower bound, so there is none.
    """
    of_real = tf.reduce_mean(tf.nn.softplus(real) - real_target * real)
    return (of_real + tf.reduce_mean(tf.nn.softplus(fake) - fake_target * fake)) / 2


def hinge_discriminator(
    real: Tensor, fake: Tensor, real_target: Tensor = 1.0, fake_target: Tensor = 0.0
) -> Tensor:
    """E max(0, 1 - s(x)) + E max(0, 1 + s(G(z))) (Lim & Ye, 2017, arXiv:1705.02894)."""
    of_fake = tf.reduce_mean(tf.nn.relu(1 - fake_target + fake))
    return tf.reduce_mean(tf.nn.relu(real_target - real)) + of_fake


def wasserstein_discriminator(
    real: Tensor, fake: Tensor, real_target: Tensor = 1.0, fake_target: Tensor = 0.0
) -> Tensor:
    """E s(G(z)) - E s(x) (Arjovsky et al., 2017, arXiv:1701.07875)."""
    return tf.reduce_mean(fake) - tf.reduce_mean(real)


def minimax_generator(fake: Tensor) -> Tensor:
    """1/2 E log(1 - D(G(z))): its gradient, sigmoid(s) / 2, vanishes where D rejects the fakes."""
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


# Each objective: the discriminator's loss and the generator's.
OBJECTIVES: dict[str, tuple[Callable[..., Tensor], Callable[[Tensor], Tensor]]] = {
    "minimax": (logistic_discriminator, minimax_generator),
    "non_saturating": (logistic_discriminator, non_saturating_generator),
    "maximum_likelihood": (logistic_discriminator, maximum_likelihood_generator),
    "hinge": (hinge_discriminator, linear_generator),
    "wasserstein": (wasserstein_discriminator, linear_generator),
}


def label_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """-E log p(label): logits [batch, classes], integer labels [batch]."""
    labels = tf.cast(labels, tf.int32)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))


def label_squared_error(logits: Tensor, labels: Tensor) -> Tensor:
    """E (p(c) - [c = label])^2, the mean over classes c too: logits [batch, classes], labels
    [batch]."""
    probabilities = tf.nn.softmax(logits)
    one_hot = tf.one_hot(tf.cast(labels, tf.int32), logits.shape[-1])
    return tf.reduce_mean(tf.square(probabilities - one_hot))


def label_accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """How often the likeliest class is the label: logits [batch, classes], labels [batch]."""
    predicted = tf.argmax(logits, axis=1, output_type=tf.int32)
    return tf.reduce_mean(tf.cast(tf.equal(predicted, tf.cast(labels, tf.int32)), tf.float32))


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


def effective_sample_size(fake: Tensor) -> Tensor:
    """How many samples of the batch the maximum likelihood gradient comes from: (sum w)^2 / sum w^2
    with w = exp(s), 1 to the size of the batch."""
    weights = tf.exp(tf.minimum(fake, LARGEST_LOGIT) - tf.reduce_max(fake))
    return tf.square(tf.reduce_sum(weights)) / tf.reduce_sum(tf.square(weights))


def variety(images: Tensor) -> Tensor:
    """Deviation of a pixel over the batch, root mean square over pixels; 0 if all are the same."""
    mean = tf.reduce_mean(images, axis=0, keepdims=True)
    return tf.sqrt(tf.reduce_mean(tf.square(tf.cast(images - mean, tf.float32))))
